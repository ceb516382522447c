"""One person at a time: find, read the timeline, tag, merge, unmerge, erase. What operators do becomes events."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi import acquaintances, timelines
from lianyi.errors import InputError, NotFound
from lianyi.memory.events import Event
from lianyi.memory.keys import as_kept, namespace_of

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

PERSON_ID = re.compile(r"p[0-9a-z]{8,40}\Z")
SOURCE = "operator"
# Traits whose values are names by which others call a person; an erasure looks for them everywhere.
NAME_TRAITS = ("name", "nickname", "remark", "first_name", "last_name", "display_name")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person as the tables know them.

    profile: the row of table `people`. keys: rows of table `keys`. tags: rows of `person_tags`, manual changes since
    the refresh included. ties: rows of `person_ties`, the strongest first. as_of: the moment for which profile, tags
    and ties speak. asked: the id or key asked for.
    """

    person_id: str
    profile: Mapping[str, Any]
    keys: Sequence[Mapping[str, Any]]
    tags: Sequence[Mapping[str, Any]]
    as_of: datetime
    asked: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    ties: Sequence[Mapping[str, Any]] = ()

    @property
    def key_names(self) -> tuple[str, ...]:
        """All keys of the person."""
        return tuple(row["key"] for row in self.keys)


def resolve(ws: Workspace, key_or_id: str) -> str:
    """The person id behind a key (`email:a@b.cn`) or an id given out at any time; NotFound says what to try."""
    if not {"people", "keys"} <= set(ws.states()):
        raise NotFound("the tables are not built yet; run: lianyi refresh")
    if PERSON_ID.match(key_or_id):
        known = ws.look_up("people", [key_or_id], columns=["person_id"]).to_pylist()
        found = known or ws.rows("SELECT person_id FROM keys WHERE key_id = ?", [key_or_id])
    elif ":" in key_or_id:
        found = ws.look_up("keys", [key_or_id], columns=["person_id"]).to_pylist()
        if not found and as_kept(key_or_id) != key_or_id:
            found = ws.look_up("keys", [as_kept(key_or_id)], columns=["person_id"]).to_pylist()
    else:
        raise InputError(
            f"{key_or_id!r} is neither a person id (p…) nor a key; write namespace:value, e.g. phone:8613800138000"
        )
    if not found:
        late = " (there are events that the tables do not know yet: lianyi refresh)" if ws.stale() else ""
        raise NotFound(f"nobody is known as {key_or_id!r}{late}")
    return str(found[0]["person_id"])


def person(ws: Workspace, key_or_id: str) -> Person:
    """Everything the tables know of one person."""
    profile = _profile(ws, key_or_id)
    person_id = profile["person_id"]
    keys = _key_rows(ws, profile["keys"])
    tags = sorted(ws.look_up("person_tags", [person_id]).to_pylist(), key=lambda row: (-row["weight"], row["tag"]))
    as_of = ws.states()["people"].as_of
    names = [row["key"] for row in keys]
    return Person(
        person_id=person_id,
        profile=profile,
        keys=keys,
        tags=with_manual(tags, _tags_since(ws, names, as_of)),
        as_of=as_of,
        asked=key_or_id,
        attributes=json.loads(profile.get("attributes") or "{}"),
        ties=acquaintances.ties(ws, person_id),
    )


def _profile(ws: Workspace, key_or_id: str) -> dict[str, Any]:
    """The row of table `people`. Mostly asked for by an id that still holds, which then is one look-up and not two."""
    if PERSON_ID.match(key_or_id) and "people" in ws.states():
        for row in ws.look_up("people", [key_or_id]).to_pylist():
            return dict(row)
    return dict(ws.look_up("people", [resolve(ws, key_or_id)]).to_pylist()[0])


def timeline(
    ws: Workspace,
    who: str | Person,
    *,
    limit: int = 100,
    before: datetime | None = None,
    before_id: str | None = None,
    kinds: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The newest events that the person did (`role` = actor) or that were done to them (`role` = target).

    Newest first, events of one moment by id. For the next page give `at` and `id` of the last event as `before` and
    `before_id` (without before_id: only events earlier than `before`). kinds: only these. who: a key, an id, or the
    person where they have been looked up already.
    """
    return past(ws, who).newest(limit=limit, before=before, before_id=before_id, kinds=kinds)


def past(ws: Workspace, who: str | Person) -> timelines.Timeline:
    """All that the person did and received, to be asked several times."""
    return timelines.read(ws, who.key_names if isinstance(who, Person) else _keys_of(ws, resolve(ws, who)))


def with_manual(tags: Sequence[Mapping[str, Any]], acts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tags of the last refresh with the operators' acts since then applied in order."""
    current = {(row["tag"], row["source"] == "manual"): row for row in tags}
    for act in acts:
        props = json.loads(act["props"] or "{}")
        name = str(props.get("tag", ""))
        if props.get("remove"):
            current.pop((name, True), None)
        else:
            by = props.get("by") or act["actor_key"] or SOURCE
            current[name, True] = {
                "person_id": None,
                "tag": name,
                "source": "manual",
                "evidence_en": f"set by {by}",
                "evidence_zh": f"由 {by} 设置",
                "weight": 1.0,
                "since": act["at"],
            }
    return list(current.values())


def tag(ws: Workspace, key_or_id: str, name: str, *, by: str | None = None, why: str = "") -> None:
    """Set a tag by hand. SensitiveTag refuses what may not be said of a person by default."""
    from lianyi.insight.people.tags import refuse_sensitive

    clean = _clean_tag(name)
    refuse_sensitive(clean)
    _tag_event(ws, key_or_id, {"tag": clean, "why": why}, by)


def untag(ws: Workspace, key_or_id: str, name: str, *, by: str | None = None, why: str = "") -> None:
    """Take a manual tag back."""
    _tag_event(ws, key_or_id, {"tag": _clean_tag(name), "remove": True, "why": why}, by)


def merge(ws: Workspace, one: str, other: str, *, by: str | None = None, why: str = "") -> None:
    """Say that two people are one. Takes effect with the next refresh; `unmerge` takes it back."""
    keys = [_keys_of(ws, resolve(ws, asked))[0] for asked in (one, other)]
    if resolve(ws, one) == resolve(ws, other):
        raise InputError(f"{one!r} and {other!r} are one person already")
    _record(ws, Event(id=_new_id("merge"), at=ws.clock(), kind="merge", source=SOURCE, actor_key=keys[0],
                      target_key=keys[1], props={"by": by, "why": why}))  # fmt: skip


def merge_preview(ws: Workspace, one: str, other: str) -> dict[str, Any]:
    """What a merge would do, nothing changed: both people, the keys they would share, and clashes.

    clashes: namespaces of which a person has one value only, with the different values the two have.
    """
    both = [person(ws, asked) for asked in (one, other)]
    values: dict[str, set[str]] = {}
    for key in (*both[0].key_names, *both[1].key_names):
        if namespace_of(key).exclusive:
            values.setdefault(key.partition(":")[0], set()).add(key)
    return {
        "same": both[0].person_id == both[1].person_id,
        "people": [{"person_id": found.person_id, "profile": found.profile} for found in both],
        "keys": sorted({*both[0].key_names, *both[1].key_names}),
        "clashes": {namespace: sorted(keys) for namespace, keys in values.items() if len(keys) > 1},
    }


def suggestions(ws: Workspace, *, limit: int = 200) -> list[dict[str, Any]]:
    """Pairs who may be one person, the surest first: rows of `merge_suggestions` with both names."""
    if "merge_suggestions" not in ws.states():
        return []
    return ws.rows(
        "SELECT s.*, a.name AS name_a, b.name AS name_b FROM merge_suggestions s "
        "JOIN people a ON a.person_id = s.person_a JOIN people b ON b.person_id = s.person_b "
        "ORDER BY s.score DESC, s.person_a, s.person_b LIMIT ?",
        [limit],
    )


def unmerge(
    ws: Workspace, key_or_id: str, *, parts: Sequence[Sequence[str]] | None = None, by: str | None = None, why: str = ""
) -> list[list[str]]:
    """Take a person apart: into `parts` (lists of keys), else where the last merge or the weakest link joined them.

    Returns the parts. InputError where there is nothing to take apart, or a part names a key of somebody else.
    """
    person_id = resolve(ws, key_or_id)
    keys = _keys_of(ws, person_id)
    chosen = [list(part) for part in parts] if parts else _parting(ws, person_id)
    if len(chosen) < 2:
        raise InputError(f"{key_or_id!r} has one key only; there is nothing to take apart")
    unknown = {key for part in chosen for key in part} - set(keys)
    if unknown:
        raise InputError(f"{sorted(unknown)[0]!r} is not a key of {key_or_id!r}; its keys are {', '.join(keys)}")
    _record(ws, Event(id=_new_id("unmerge"), at=ws.clock(), kind="unmerge", source=SOURCE, actor_key=chosen[0][0],
                      props={"parts": chosen, "by": by, "why": why}))  # fmt: skip
    return chosen


def _parting(ws: Workspace, person_id: str) -> list[list[str]]:
    from lianyi.insight.people.identity.history import parting

    keys = ws.rows("SELECT * FROM keys WHERE person_id = ?", [person_id])
    marks = ", ".join("?" for _ in keys)
    links = ws.rows(f"SELECT * FROM identity_links WHERE key_a IN ({marks})", [row["key"] for row in keys])
    return parting(keys, links)


def note(ws: Workspace, key_or_id: str, text: str, *, by: str | None = None) -> None:
    """Write a note on a person."""
    if not text.strip():
        raise InputError("the note is empty; write something")
    key = _keys_of(ws, resolve(ws, key_or_id))[0]
    _record(ws, Event(id=_new_id("note"), at=ws.clock(), kind="note", source=SOURCE, target_key=key,
                      text=text.strip(), props={"by": by} if by else None))  # fmt: skip


def _tag_event(ws: Workspace, key_or_id: str, props: dict[str, Any], by: str | None) -> None:
    key = _keys_of(ws, resolve(ws, key_or_id))[0]
    # By whom stands in the props, as with merges: an actor key would make a person of the operator.
    _record(ws, Event(id=_new_id("tag"), at=ws.clock(), kind="tag", source=SOURCE, target_key=key,
                      props={**props, "by": by} if by else props))  # fmt: skip


def _clean_tag(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 60:
        raise InputError(f"a tag has 1 to 60 characters, not {len(clean)}")
    return clean


def _keys_of(ws: Workspace, person_id: str) -> list[str]:
    found = ws.look_up("people", [person_id], columns=["keys"]).to_pylist()
    return [row["key"] for row in _key_rows(ws, found[0]["keys"])]


def _key_rows(ws: Workspace, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of table `keys`, first seen first. It is sorted by key, so whose they are is asked of `people`."""
    found = ws.look_up("keys", keys).sort_by([("first_at", "ascending"), ("key", "ascending")])
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _tags_since(ws: Workspace, keys: Sequence[str], since: datetime) -> list[dict[str, Any]]:
    marks = ", ".join("?" for _ in keys)
    return ws.rows(
        "SELECT * FROM late_events e WHERE e.received_at > ? AND e.kind = 'tag' AND e.source = ? "
        f'AND e.target_key IN ({marks}) ORDER BY e."at", e.id',
        [since, SOURCE, *keys],
    )


def _record(ws: Workspace, event: Event) -> None:
    ws.record([event])


def _new_id(kind: str) -> str:
    return f"{SOURCE}:{kind}/{secrets.token_hex(12)}"
