"""Telegram Desktop's result.json as events: one chat, or a whole account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import Clock, epoch
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage, converted, json_records
from lianyi.memory.sources.chats.room import Person, Room, digest
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import batches
from lianyi.memory.sources.source import Batch, Options

PRIVATE = frozenset({"personal_chat", "bot_chat", "saved_messages", "replies"})
# Fields of a message that are kept as they are among the props.
KEPT = frozenset(
    {"media_type", "via_bot", "saved_from", "author", "duration_seconds", "sticker_emoji", "place_name", "title"}
)


class Message(msgspec.Struct, rename={"from_": "from"}):
    """One message or service message. Ids of people are user123, channel123; in old exports bare numbers."""

    id: int
    type: str
    date: str | None = None
    date_unixtime: str | int | None = None
    edited_unixtime: str | int | None = None
    from_: str | None = None
    from_id: str | int | None = None
    actor: str | None = None
    actor_id: str | int | None = None
    action: str | None = None
    members: list[str | None] | None = None
    inviter: str | None = None
    text: str | list[Any] = ""
    reply_to_message_id: int | None = None
    reply_to_peer_id: str | int | None = None
    forwarded_from: str | msgspec.UnsetType | None = msgspec.UNSET
    reactions: list[dict[str, Any]] | None = None


def read(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of all chats in the file."""
    export = Chats(options, fallback=options.room or file_stem(path, options))
    found = json_records(path, options, export.message, array="messages", into={"chats", "left_chats", "list"})
    return batches(found, options)


class Chats:
    """The chats of one export, or of a bot (see updates.py)."""

    def __init__(self, options: Options, *, fallback: str) -> None:
        self._options = options
        self._fallback = fallback
        self._clock = Clock(options.timezone)
        self._rooms: dict[str, tuple[Room, str]] = {}

    def message(self, element: Element) -> list[Event]:
        """Events of one message."""
        message = converted(element.value, Message)
        room, kind = self.room(element.around)
        at = self._at(message)
        if message.type == "service":
            return [*room.introduced(at, kind=kind), *self._service(room, at, message, element.value)]
        author = _person(room, message.from_id, message.from_)
        if author:
            room.wrote(str(message.id), author)
        said = self._said(room, kind, at, message, author, element.value)
        return [*room.introduced(at, kind=kind), *room.seen(at, author), *said]

    def room(self, around: Mapping[str, Any]) -> tuple[Room, str]:
        """The chat that has these fields, and of which type it is."""
        chat_id, name, kind = around.get("id"), around.get("name"), around.get("type")
        key = str(chat_id) if isinstance(chat_id, int | str) else self._fallback
        if key not in self._rooms:
            shown = clean(name) if isinstance(name, str) else self._options.room
            room = Room(options=self._options, format="telegram", platform="telegram", id=key, name=shown)
            self._rooms[key] = room, kind if isinstance(kind, str) else "group"
        return self._rooms[key]

    def _at(self, message: Message) -> datetime:
        if message.date_unixtime is not None:
            try:
                return epoch(int(message.date_unixtime))
            except ValueError as error:
                raise BadMessage("date_unixtime", message.date_unixtime, str(error)) from None
        if not message.date:
            raise BadMessage("date", message.type, "the message has no date: Telegram Desktop could not export it")
        return self._read(message.date, "date")

    def _read(self, text: str, field: str) -> datetime:
        try:
            return self._clock.read(text)
        except ValueError as error:
            raise BadMessage(field, text, str(error)) from None

    def _said(
        self, room: Room, kind: str, at: datetime, message: Message, author: Person | None, raw: Mapping[str, Any]
    ) -> Iterator[Event]:
        text, mentioned = _text(room, message.text)
        props: dict[str, Any] = {name: raw[name] for name in KEPT & raw.keys() if isinstance(raw[name], str | int)}
        props |= _media(raw)
        if message.edited_unixtime is not None:
            props["edited"] = True
        counts, reacted = self._reactions(room, at, message)
        if counts:
            props["reactions"] = counts
        thing = None
        if message.forwarded_from is not msgspec.UNSET:
            whence = clean(message.forwarded_from or "") or "deleted account"
            props["forwarded_from"] = whence
            content = text or str(raw.get("file") or raw.get("photo") or message.id)
            thing = f"content:telegram/{whence[:200]}/{digest(content)[:16]}"
        answers, parent = self._answers(room, message)
        target = room.author(answers)
        if target is None and kind in PRIVATE and author and author.key != f"telegram:{room.id}":
            target = Person(f"telegram:{room.id}") if kind == "personal_chat" else None
        yield room.message(
            str(message.id),
            at,
            author,
            text,
            answers=answers,
            parent=parent,
            target=target.key if target else None,
            object_key=thing,
            props=props,
        )
        if mentioned:
            yield from room.mentions(str(message.id), at, author, mentioned)
        yield from reacted

    def _answers(self, room: Room, message: Message) -> tuple[str | None, str | None]:
        """(id in this room, whole id in another room) of the message that is answered."""
        if message.reply_to_message_id is None:
            return None, None
        other = _bare(message.reply_to_peer_id)
        if other and other != room.id:
            return None, f"{room.source}:{other}/{message.reply_to_message_id}"
        return str(message.reply_to_message_id), None

    def _reactions(self, room: Room, at: datetime, message: Message) -> tuple[dict[str, int], list[Event]]:
        """Counts by emoji, and an event for each reaction whose author the export names."""
        counts: dict[str, int] = {}
        events: list[Event] = []
        if not message.reactions:
            return counts, events
        target = _person(room, message.from_id, message.from_)
        for reaction in message.reactions:
            emoji = str(reaction.get("emoji") or reaction.get("document_id") or reaction.get("type") or "?")
            count = reaction.get("count")
            counts[emoji] = count if isinstance(count, int) else 0
            recent = reaction.get("recent")
            for who in recent if isinstance(recent, list) else ():
                if not isinstance(who, dict):
                    continue
                person = _person(room, who.get("from_id"), who.get("from"))
                if person is None:
                    continue
                when = self._read(str(who["date"]), "reactions.recent.date") if who.get("date") else at
                event_id = f"{message.id}/reaction/{emoji}/{digest(person.key)[:16]}"
                props = {"emoji": emoji}
                events.append(room.act("reaction", event_id, when, person, target, parent=str(message.id), props=props))
        return counts, events

    def _service(self, room: Room, at: datetime, message: Message, raw: Mapping[str, Any]) -> Iterator[Event]:
        actor = _person(room, message.actor_id, message.actor)
        yield from room.seen(at, actor)
        members = [room.called(clean(name)) for name in message.members or () if name]
        action, mid = message.action or "", str(message.id)
        props: dict[str, Any] = {"how": _HOW.get(action, action)}
        if action in {"create_group", "invite_members"}:
            if action == "create_group" and actor:
                yield room.act("join", f"{mid}/join/0", at, actor, props=props)
            yield from self._came(room, at, mid, actor, members, props)
        elif action in {"join_group_by_link", "join_group_by_request"}:
            yield room.act("join", f"{mid}/join/1", at, actor, props=props)
            if message.inviter and actor:
                inviter = room.called(clean(message.inviter))
                yield room.act("invite", f"{mid}/invite/1", at, inviter, actor, props={**props, "certain": False})
        elif action == "remove_members":
            for number, member in enumerate(members or ([actor] if actor else []), 1):
                left = actor is not None and (member.key == actor.key or member.name == actor.name)
                how = {"how": "left" if left else "removed", **({} if left else {"certain": False})}
                gone, by = (actor, None) if left else (member, actor)
                yield room.act("leave", f"{mid}/leave/{number}", at, gone, by, props=how)
        else:
            kept = {name: raw[name] for name in ("title", "message_id", "duration", "text") if name in raw}
            yield room.act("notice", mid, at, actor, props={"action": action or message.type, **kept})

    def _came(
        self, room: Room, at: datetime, mid: str, actor: Person | None, members: list[Person], props: dict[str, Any]
    ) -> Iterator[Event]:
        for number, member in enumerate(members, 1):
            if actor and member.name == actor.name:
                # who joins a public group is written as having invited himself
                if "created" not in props["how"]:
                    yield room.act("join", f"{mid}/join/{number}", at, actor, props={"how": "joined"})
                continue
            certain = {**props, "certain": False}
            if actor:
                yield room.act("invite", f"{mid}/invite/{number}", at, actor, member, props=certain)
            yield room.act("join", f"{mid}/join/{number}", at, member, props=certain)


_MEDIA = ("photo", "poll", "location_information", "contact_information", "game_title", "invoice_information")
_SHOWN = frozenset({*_MEDIA, "file"})
_HOW = {
    "create_group": "created the group",
    "invite_members": "invited",
    "join_group_by_link": "link",
    "join_group_by_request": "request",
}


def _bare(peer: str | int | None) -> str | None:
    """user123 -> 123, channel5 -> 5: the ids of chats in this export are bare numbers."""
    return None if peer is None else str(peer).lstrip("abcdefghijklmnopqrstuvwxyz")


def _person(room: Room, peer: object, name: object) -> Person | None:
    """Who `user123` or `channel123` is; by name where there is no id; None where there is neither (deleted)."""
    shown = clean(name).strip() or None if isinstance(name, str) else None
    if isinstance(peer, str | int) and not isinstance(peer, bool) and str(peer):
        return Person(f"telegram:{str(peer).removeprefix('user')}", shown)
    return room.called(shown) if shown else None


def _text(room: Room, text: str | list[Any]) -> tuple[str, list[Person]]:
    """The text whole, and whom it names."""
    if isinstance(text, str):
        return clean(text), []
    parts: list[str] = []
    mentioned: list[Person] = []
    for part in text:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, dict):
            shown = str(part.get("text", ""))
            parts.append(shown)
            if part.get("type") == "mention_name" and part.get("user_id"):
                mentioned.append(Person(f"telegram:{part['user_id']}"))
            elif part.get("type") == "mention" and shown.startswith("@"):
                mentioned.append(room.called(clean(shown)))
    return clean("".join(parts)), mentioned


def _media(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What a message shows beside its text, by kind."""
    if _SHOWN.isdisjoint(raw):
        return {}
    for name in _MEDIA:
        if name in raw:
            kind = name.partition("_")[0]
            question = raw[name].get("question") if name == "poll" and isinstance(raw[name], dict) else None
            return {"type": kind, **({"question": question} if isinstance(question, str) else {})}
    return {"type": "file"} if "file" in raw and "media_type" not in raw else {}
