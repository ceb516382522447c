"""What a person did and what was done to them, in sentences and by day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lianyi.acquaintances import names
from lianyi.action.team.rights import Text
from lianyi.memory.events import KINDS
from lianyi.timelines import Timeline
from lianyi.workspace import Workspace

LIMIT = 60


@dataclass(frozen=True, kw_only=True)
class Group:
    """Kinds that are filtered and drawn alike."""

    name: str
    title: Text
    icon: str
    kinds: tuple[str, ...]
    look: str = ""


GROUPS: Mapping[str, Group] = {
    group.name: group
    for group in (
        Group(
            name="money",
            title=_("Orders"),
            icon="order",
            look="money",
            kinds=("order", "checkout", "cancel", "refund", "cart", "collect"),
        ),
        Group(
            name="talk",
            title=_("Talk"),
            icon="message",
            look="talk",
            kinds=("message", "reply", "reaction", "mention", "review"),
        ),
        Group(name="visits", title=_("Visits"), icon="eye", kinds=("view", "click", "search", "check_in")),
        Group(name="spread", title=_("Shares"), icon="share", look="talk", kinds=("share", "arrive", "invite")),
        Group(name="groups", title=_("Groups"), icon="people", kinds=("join", "leave", "follow", "unfollow")),
        Group(
            name="touches",
            title=_("Touches"),
            icon="export",
            kinds=("sent", "delivered", "opened", "bounced", "failed", "skipped", "complained", "reward", "cost"),
        ),
        Group(
            name="team",
            title=_("Notes and tags"),
            icon="note",
            kinds=("tag", "note", "merge", "unmerge", "consent", "identify", "alias"),
        ),
    )
}
GROUP_OF = {kind: group for group in GROUPS.values() for kind in group.kinds}
OTHER = Group(name="other", title=_("Other"), icon="dot", kinds=())


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One event as it is shown. other: the second person as (person_id, name), where there is one."""

    event: Mapping[str, Any]
    kind: Any
    group: Group
    what: str
    other: tuple[str, str] | None

    @property
    def at(self) -> datetime:
        """When."""
        moment: datetime = self.event["at"]
        return moment

    @property
    def where(self) -> str:
        """Room, channel and source, each once."""
        said = (room(self.event["group_key"]), self.event["channel"], self.event["source"])
        return " · ".join(dict.fromkeys(part for part in said if part))


def room(group_key: str | None) -> str:
    """`group:wecom/Tea lovers` → `Tea lovers`."""
    return (group_key or "").removeprefix("group:").partition("/")[2] or (group_key or "")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of the timeline: days with their happenings, newest first. older: time and id of the last event, where
    there are more behind it."""

    days: Sequence[tuple[date, Sequence[Happening]]]
    older: tuple[datetime, str] | None


def stretch(
    ws: Workspace, past: Timeline, *, group: str, before: datetime | None = None, before_id: str | None = None
) -> Stretch:
    """The next events behind the one at `before` with the id `before_id`. Many events may have one and the same
    moment; they are told apart by their ids."""
    kinds = GROUPS[group].kinds if group in GROUPS else ()
    events = past.newest(limit=LIMIT + 1, before=before, before_id=before_id, kinds=kinds)
    more, events = len(events) > LIMIT, events[:LIMIT]
    shown = _happenings(ws, events)
    days = [(day, list(of)) for day, of in groupby(shown, key=lambda one: timezone.localtime(one.at).date())]
    return Stretch(days=days, older=(events[-1]["at"], events[-1]["id"]) if more else None)


def _happenings(ws: Workspace, events: Sequence[Mapping[str, Any]]) -> list[Happening]:
    others = _people(ws, {key for event in events if (key := _other_key(event))})
    titles = _titles(ws, events)
    return [
        Happening(
            event=event,
            kind=KINDS.get(event["kind"]),
            group=GROUP_OF.get(event["kind"], OTHER),
            what=_what(event, titles),
            other=others.get(_other_key(event) or ""),
        )
        for event in events
    ]


def _other_key(event: Mapping[str, Any]) -> str | None:
    key = event["target_key"] if event["role"] == "actor" else event["actor_key"]
    return None if event["kind"] in {"alias", "merge"} else key


def _people(ws: Workspace, keys: set[str]) -> dict[str, tuple[str, str]]:
    """Id and name of the people behind keys."""
    found = ws.look_up("keys", keys, columns=["key", "person_id"]).to_pylist() if keys else []
    name = names(ws, {row["person_id"] for row in found})
    return {
        row["key"]: (row["person_id"], name[row["person_id"]] or row["key"])
        for row in found
        if row["person_id"] in name
    }


def _titles(ws: Workspace, events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What things are called: a cart or a refund often names the key alone, the view of the same thing its title."""
    told = {event["object_key"]: str(title) for event in events if (title := event["props"].get("title"))}
    untold = {event["object_key"] for event in events if event["object_key"]} - set(told)
    if untold and "things" in ws.states():
        found = ws.look_up("things", untold, columns=["object_key", "title"])
        told |= {row["object_key"]: row["title"] for row in found.to_pylist()}
    return told


def _what(event: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """The thing that the event is about, in a few words."""
    props, thing = event["props"], event["object_key"]
    for value in (props.get("title"), props.get("tag"), event["campaign"], titles.get(thing, thing)):
        if value:
            return str(value)
    if event["kind"] == "identify":
        return ", ".join(f"{name}: {_brief(value)}" for name, value in sorted(props.items())[:6])
    if event["kind"] in {"alias", "merge"}:
        return f"{event['actor_key']} = {event['target_key']}"
    if event["kind"] == "unmerge":
        return " | ".join(", ".join(part) for part in props.get("parts", []))
    return ""


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
