"""Element's JSON export of a Matrix room as events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import epoch
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage, converted, json_records
from lianyi.memory.sources.chats.room import Person, Room
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import batches
from lianyi.memory.sources.source import Batch, Options

_PILL = re.compile(r"https://matrix\.to/#/(@[^\"'/?<>\s]+)")
# The quoted message that older clients put above a reply: lines `> <@who:server> what`.
_FALLBACK = re.compile(r"(?:> [^\n]*\n)+\n")
_UNREADABLE = "m.bad.encrypted"


class Unsigned(msgspec.Struct):
    """What the server adds to an event."""

    redacted_because: dict[str, Any] | None = None
    prev_content: dict[str, Any] | None = None


class RoomEvent(msgspec.Struct):
    """One event of the room. content has the form that its type says."""

    type: str
    sender: str
    origin_server_ts: int | float
    event_id: str
    content: dict[str, Any] = {}
    room_id: str | None = None
    state_key: str | None = None
    redacts: str | None = None
    prev_content: dict[str, Any] | None = None
    unsigned: Unsigned | None = None


def read(path: Path, options: Options) -> Iterator[Batch]:
    """The events of one room."""
    export = RoomEvents(options, room=options.room or file_stem(path, options))
    return batches(json_records(path, options, export.event, array="messages"), options)


class RoomEvents:
    """Makes events of a homeserver's, in the order in which they are given. room: of those that name none."""

    def __init__(self, options: Options, *, room: str) -> None:
        self._options = options
        self._fallback = room
        self._rooms: dict[str, Room] = {}
        self._names: dict[str, str] = {}

    def event(self, element: Element) -> list[Event]:
        """Events of one event of the room."""
        value = element.value
        if isinstance(value, dict) and isinstance(value.get("decrypted"), dict):
            value = value["decrypted"]
        found = converted(value, RoomEvent)
        try:
            at = epoch(found.origin_server_ts / 1000)
        except ValueError as error:
            raise BadMessage("origin_server_ts", found.origin_server_ts, str(error)) from None
        room = self._room(found, element.around)
        if found.type == "m.room.encrypted":
            raise BadMessage("content", found.event_id, _encrypted())
        make = _MAKERS.get(found.type)
        if make is None:
            made = [_notice(room, at, found)]
        else:
            made = list(make(self, room, at, found))
        return [*room.introduced(at), *room.seen(at, self._person(found.sender)), *made]

    def _room(self, found: RoomEvent, around: Mapping[str, Any]) -> Room:
        room_id = found.room_id or self._fallback
        if room_id not in self._rooms:
            name = around.get("room_name")
            shown = clean(name) if isinstance(name, str) and name else self._options.room
            self._rooms[room_id] = Room(
                options=self._options, format="matrix", platform="matrix", id=room_id, name=shown, bare_names=False
            )
        return self._rooms[room_id]

    def _person(self, user_id: str) -> Person:
        return Person(f"matrix:{user_id}", self._names.get(user_id))

    def message(self, room: Room, at: datetime, found: RoomEvent) -> Iterator[Event]:
        """A message, a reply, an edit, or what is left of a redacted one."""
        content = found.content
        if content.get("msgtype") == _UNREADABLE:
            raise BadMessage("content", content.get("body", ""), _encrypted())
        author = self._person(found.sender)
        if not content or (found.unsigned and found.unsigned.redacted_because):
            yield room.message(found.event_id, at, author, None, props={"redacted": True})
            return
        relates = _object(content.get("m.relates_to"))
        if relates.get("rel_type") == "m.replace":
            new = _object(content.get("m.new_content"))
            text = clean(str(new.get("body") or content.get("body") or ""))
            yield room.act("edit", found.event_id, at, author, parent=_id(relates.get("event_id")), text=text)
            return
        room.wrote(found.event_id, author)
        answers = _answered(relates)
        text = clean(str(content.get("body") or ""))
        if answers and text.startswith("> "):
            text = _FALLBACK.sub("", text, count=1)
        target = room.author(answers)
        kind = str(content.get("msgtype") or found.type)
        props = {} if kind == "m.text" else {"type": kind.removeprefix("m.")}
        if relates.get("rel_type") == "m.thread":
            props["thread"] = _id(relates.get("event_id")) or ""
        yield room.message(
            found.event_id, at, author, text, answers=answers, target=target.key if target else None, props=props
        )
        yield from room.mentions(found.event_id, at, author, map(Person, _mentioned(content)))

    def reaction(self, room: Room, at: datetime, found: RoomEvent) -> Iterator[Event]:
        """An emoji on a message."""
        relates = _object(found.content.get("m.relates_to"))
        parent = _id(relates.get("event_id"))
        if parent is None:
            # a reaction that was taken back keeps its place but not what it was
            yield room.act("notice", found.event_id, at, self._person(found.sender), props={"action": "m.reaction"})
            return
        props = {"emoji": clean(str(relates.get("key") or "?"))[:100]}
        target = room.author(parent)
        yield room.act("reaction", found.event_id, at, self._person(found.sender), target, parent=parent, props=props)

    def member(self, room: Room, at: datetime, found: RoomEvent) -> Iterator[Event]:
        """Somebody was invited, came, went, was removed or banned, or changed the name."""
        if not found.state_key:
            raise BadMessage("state_key", "", "a membership without the person whose it is")
        before = _before(found)
        membership = found.content.get("membership")
        name = found.content.get("displayname")
        if isinstance(name, str) and name.strip():
            self._names[found.state_key] = clean(name).strip()
        person, sender = self._person(found.state_key), self._person(found.sender)
        yield from room.seen(at, person)
        reason = found.content.get("reason")
        why = {"why": clean(reason)} if isinstance(reason, str) and reason else {}
        if membership == "invite":
            yield room.act("invite", found.event_id, at, sender, person, props={"how": "invited", **why})
        elif membership == "join" and before != "join":
            yield room.act(
                "join", found.event_id, at, person, props={"how": "accepted" if before == "invite" else "joined"}
            )
        elif membership == "ban":
            yield room.act("leave", found.event_id, at, person, sender, props={"how": "banned", **why})
        elif membership == "leave":
            how = _how_left(before, alone=found.state_key == found.sender)
            by = None if found.state_key == found.sender else sender
            yield room.act(
                "notice" if how == "unbanned" else "leave", found.event_id, at, person, by, props={"how": how, **why}
            )
        elif membership != "join":
            yield _notice(room, at, found)

    def redaction(self, room: Room, at: datetime, found: RoomEvent) -> Iterator[Event]:
        """A message was taken back, by its author or a moderator."""
        parent = found.redacts or _id(found.content.get("redacts"))
        yield room.act("recall", found.event_id, at, self._person(found.sender), room.author(parent), parent=parent)

    def named(self, room: Room, at: datetime, found: RoomEvent) -> Iterator[Event]:
        """The room got a name."""
        name = clean(str(found.content.get("name") or "")).strip()
        yield room.act("group", found.event_id, at, self._person(found.sender), text=name, props={"name": name})


_Maker = Callable[[RoomEvents, Room, datetime, RoomEvent], Iterator[Event]]
_MAKERS: Mapping[str, _Maker] = {
    "m.room.message": RoomEvents.message,
    "m.sticker": RoomEvents.message,
    "m.reaction": RoomEvents.reaction,
    "m.room.member": RoomEvents.member,
    "m.room.redaction": RoomEvents.redaction,
    "m.room.name": RoomEvents.named,
}


def _encrypted() -> str:
    return "is encrypted; export the room again with a session that has the keys"


def _notice(room: Room, at: datetime, found: RoomEvent) -> Event:
    topic = found.content.get("topic")
    text = clean(topic) if isinstance(topic, str) else None
    return room.act(
        "notice", found.event_id, at, Person(f"matrix:{found.sender}"), text=text, props={"action": found.type}
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _answered(relates: Mapping[str, Any]) -> str | None:
    """The id of the message that is answered; in a thread that goes on without a reply: of the thread's first."""
    reply = _id(_object(relates.get("m.in_reply_to")).get("event_id"))
    if relates.get("rel_type") == "m.thread" and (relates.get("is_falling_back") or not reply):
        return _id(relates.get("event_id"))
    return reply


def _mentioned(content: Mapping[str, Any]) -> Iterator[str]:
    """Keys of the people named: as the client says, else by the links in the formatted text."""
    said = content.get("m.mentions")
    if isinstance(said, dict):
        ids = said.get("user_ids")
        users = [user for user in ids if isinstance(user, str)] if isinstance(ids, list) else []
    else:
        body = content.get("formatted_body")
        users = _PILL.findall(body.partition("</mx-reply>")[2] or body) if isinstance(body, str) else []
    for user in users:
        yield f"matrix:{user}"


def _before(found: RoomEvent) -> object:
    previous = found.prev_content or (found.unsigned.prev_content if found.unsigned else None)
    return previous.get("membership") if previous else None


def _how_left(before: object, *, alone: bool) -> str:
    if before == "invite":
        return "declined" if alone else "invitation withdrawn"
    if before == "ban":
        return "unbanned"
    return "left" if alone else "removed"
