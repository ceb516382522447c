"""One community at a time: read it, name it, place it, declare one from a room. What operators say becomes events."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound
from lianyi.memory.events import Event

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
SOURCE = "operator"
PREFIX = "community:"
SIDES, AIMS = ("brand", "product", "user"), ("product", "self_media", "service")
MEMBERS, NEIGHBOURS, CHANGES = 50, 12, 50
LONGEST_NAME = 60
MOST_OF_ONE = 30


@dataclass(frozen=True, kw_only=True)
class Community:
    """One community as the tables know it. row: of table `communities`, what operators said since included.

    parts: the verdict's parts. path: communities above it, the top first. inside: those one height below, largest
    first. health: its periods, newest first, without the whole (−1). as_of: the moment for which all of it speaks.
    """

    row: Row
    path: Sequence[Row]
    inside: Sequence[Row]
    traits: Sequence[Row]
    health: Sequence[Row]
    members: Sequence[Row]
    roles: Mapping[str, int]
    likely: Sequence[Row]
    neighbours: Sequence[Row]
    changes: Sequence[Row]
    as_of: datetime

    @property
    def parts(self) -> Sequence[Row]:
        """Parts of the verdict: part, value, needs, at_most, holds."""
        found: Sequence[Row] = json.loads(self.row["verdict_parts"])
        return found


def community(ws: Workspace, community_id: str) -> Community:
    """Everything the tables know of one community; NotFound where there is none of this id."""
    row = _one(ws, community_id)
    key = (community_id,)
    roles = ws.rows(
        "SELECT role, count(*) AS people FROM community_members WHERE community_id = ? GROUP BY role "
        "ORDER BY people DESC, role", key,
    )  # fmt: skip
    return Community(
        row=row,
        path=_above(ws, row),
        inside=with_words(ws, ws.rows(
            "SELECT * FROM communities WHERE parent_id = ? ORDER BY size DESC, community_id LIMIT 60", key)),
        traits=ws.rows("SELECT * FROM community_traits WHERE community_id = ? ORDER BY kind, place", key),
        health=ws.rows(
            "SELECT * FROM community_health WHERE community_id = ? AND period >= 0 ORDER BY period", key),
        members=members(ws, community_id),
        roles={one["role"]: one["people"] for one in roles},
        likely=_likely(ws, community_id),
        neighbours=with_words(ws, ws.rows(
            f"SELECT n.*, c.name_en, c.name_zh, c.size FROM community_neighbours n JOIN communities c "
            f"ON c.community_id = n.other_id WHERE n.community_id = ? ORDER BY n.place LIMIT {NEIGHBOURS}", key),
            key="other_id"),
        changes=ws.rows(
            'SELECT * FROM community_changes WHERE community_id = ? OR other_id = ? '
            f'ORDER BY "at" DESC LIMIT {CHANGES}', (community_id, community_id)),
        as_of=ws.states()["communities"].as_of,
    )  # fmt: skip


def members(ws: Workspace, community_id: str, *, role: str = "", offset: int = 0, limit: int = MEMBERS) -> list[Row]:
    """Rows of `community_members`, firmest first; only those of a role where one is given."""
    narrowed, values = (" AND role = ?", (community_id, role)) if role else ("", (community_id,))
    return ws.rows(
        f"SELECT * FROM community_members WHERE community_id = ?{narrowed} ORDER BY standing "
        f"LIMIT {int(limit)} OFFSET {int(offset)}", values,
    )  # fmt: skip


def of_person(ws: Workspace, person_id: str) -> list[Row]:
    """The communities of one person, firmest first, with their names as they are now; those by behaviour last."""
    if not {"memberships", "communities"} <= set(ws.states()):
        return []
    mine = ws.look_up("memberships", [person_id]).to_pylist()
    if not mine:
        return []
    marks = ", ".join("?" for _ in mine)
    names = "community_id, name_en, name_zh, size, verdict"
    named = ws.rows(f"SELECT {names} FROM communities WHERE community_id IN ({marks})",
                  [row["community_id"] for row in mine])  # fmt: skip
    known = {row["community_id"]: row for row in named}
    found = [{**row, **known[row["community_id"]]} for row in mine if row["community_id"] in known]
    return with_words(ws, sorted(found, key=_firmest)[:MOST_OF_ONE])


def _firmest(row: Row) -> tuple[Any, ...]:
    """Joined before by behaviour, then by weight, then by ties; no tie weight comes last."""
    ties = row["tie_weight"]
    return row["how"] == "behaviour", -row["weight"], ties is None, -(ties or 0), row["community_id"]


def listed(ws: Workspace, *, inside: str | None = None, limit: int = 60) -> list[Row]:
    """Communities of one view (None: the top), largest first, names as they are now."""
    built(ws)
    where, values = ("parent_id = ?", (inside,)) if inside else ("parent_id IS NULL AND height > 0", ())
    return with_words(
        ws, ws.rows(f"SELECT * FROM communities WHERE {where} ORDER BY size DESC, community_id LIMIT {int(limit)}",
                  values),
    )  # fmt: skip


def peopled(ws: Workspace, *, also: Sequence[str] = (), limit: int = 300) -> list[Row]:
    """Communities to which people belong directly, largest first, names as they are now; those in `also` in any case.

    A plan's quotas and goal are about these. Empty before a refresh.
    """
    if not {"memberships", "communities"} <= set(ws.states()):
        return []
    first = f"c.community_id IN ({', '.join('?' for _ in also)}) DESC, " if also else ""
    found = ws.rows(
        "SELECT c.* FROM communities c WHERE c.community_id IN (SELECT community_id FROM memberships) "
        f"ORDER BY {first}c.size DESC, c.community_id LIMIT {int(limit)}", list(also),
    )  # fmt: skip
    return with_words(ws, sorted(found, key=lambda row: (-row["size"], row["community_id"])))


def built(ws: Workspace) -> None:
    """NotFound while the tables are not built."""
    if "communities" not in ws.states():
        raise NotFound("the tables of communities are not built yet; run: lianyi refresh")


def rename(ws: Workspace, community_id: str, *, zh: str = "", en: str = "", by: str | None = None) -> None:
    """Give a community a name of the brand's own, in one language or both; it stays until another is given."""
    names = {language: _clean(name) for language, name in (("zh", zh), ("en", en)) if name.strip()}
    if not names:
        raise InputError("give a name: zh, en or both")
    _say(ws, _one(ws, community_id)["community_id"], names, by=by)


def place(ws: Workspace, community_id: str, *, side: str = "", aim: str = "", by: str | None = None) -> None:
    """Say whose community it is (side) and what it serves (aim); replaces what was measured."""
    for name, value, allowed in (("side", side, SIDES), ("aim", aim, AIMS)):
        if value and value not in allowed:
            raise InputError(f"{name} = {value!r}; write one of {', '.join(allowed)}")
    said = {name: value for name, value in (("side", side), ("aim", aim)) if value}
    if not said:
        raise InputError(f"give side ({', '.join(SIDES)}), aim ({', '.join(AIMS)}) or both")
    _say(ws, _one(ws, community_id)["community_id"], said, by=by)


def declare(ws: Workspace, group_key: str, *, zh: str = "", en: str = "", by: str | None = None) -> str:
    """Declare the people of a room to be a community; returns its id. It is there with the next refresh."""
    from lianyi.insight.communities.people import community_id

    if not group_key.strip():
        raise InputError("name a room, e.g. group:wecom/茶友群")
    name = zh.strip() or en.strip() or group_key.rpartition("/")[2]
    made = community_id(f"declared/{group_key}")
    said = {"declared": "true", "zh": _clean(zh or name), "en": _clean(en or name)}
    _say(ws, made, said, by=by, group_key=group_key)
    return made


def with_words(ws: Workspace, rows: Sequence[Row], *, key: str = "community_id") -> list[Row]:
    """The same rows with what operators said since the refresh."""
    state = ws.states().get("communities")
    if state is None or not rows or state.lake_version == ws.lake.version():
        return list(rows)
    marks = ", ".join("?" for _ in rows)
    acts = ws.rows(
        "SELECT object_key, props FROM late_events e WHERE e.received_at > ? AND e.kind = 'community' "
        f'AND e.object_key IN ({marks}) ORDER BY e."at", e.id',
        (state.as_of, *(PREFIX + row[key] for row in rows)),
    )  # fmt: skip
    said: dict[str, dict[str, Any]] = {}
    for act in acts:
        props = json.loads(act["props"] or "{}")
        mine = said.setdefault(act["object_key"].removeprefix(PREFIX), {})
        mine |= {f"name_{name}": props[name] for name in ("zh", "en") if props.get(name)}
        mine |= {name: props[name] for name in ("side", "aim") if props.get(name)}
        if props.get("zh") or props.get("en"):
            mine["name_source"] = "operator"
            mine.setdefault("name_zh", props.get("zh") or props.get("en"))
            mine.setdefault("name_en", props.get("en") or props.get("zh"))
        if props.get("side") or props.get("aim"):
            mine["position_said"] = True
    return [{**row, **said.get(row[key], {})} for row in rows]


def _one(ws: Workspace, community_id: str) -> Row:
    built(ws)
    found = ws.rows("SELECT * FROM communities WHERE community_id = ?", (community_id,))
    if not found:
        raise NotFound(f"no community {community_id!r}; `lianyi communities` lists them")
    return with_words(ws, found)[0]


def _above(ws: Workspace, row: Row) -> list[Row]:
    path: list[Row] = []
    parent = row["parent_id"]
    while parent is not None and len(path) < 8:
        found = ws.rows("SELECT * FROM communities WHERE community_id = ?", (parent,))
        if not found:
            break
        path.insert(0, found[0])
        parent = found[0]["parent_id"]
    return with_words(ws, path)


def _likely(ws: Workspace, community_id: str) -> list[Row]:
    return ws.rows(
        "SELECT * FROM community_likely WHERE community_id = ? ORDER BY weight DESC, person_id LIMIT 20",
        (community_id,),
    )  # fmt: skip


def _clean(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= LONGEST_NAME:
        raise InputError(f"a name has 1 to {LONGEST_NAME} characters, not {len(clean)}")
    return clean


def _say(
    ws: Workspace, community_id: str, said: Mapping[str, str], *, by: str | None, group_key: str | None = None
) -> None:
    props: dict[str, Any] = {**said, "by": by} if by else dict(said)
    ws.record(
        [Event(id=f"{SOURCE}:community/{secrets.token_hex(12)}", at=ws.clock(), kind="community", source=SOURCE,
               object_key=f"{PREFIX}{community_id}", group_key=group_key, props=props)]
    )  # fmt: skip
