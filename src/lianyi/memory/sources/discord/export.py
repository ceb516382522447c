"""DiscordChatExporter's JSON and CSV as events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import Clock, date_order_of
from lianyi.memory.sources.chats.csv_rows import Column, Layout
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage, converted, csv_records, json_records
from lianyi.memory.sources.chats.room import Person, Room, RowIds
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import batches
from lianyi.memory.sources.source import Batch, Options

CSV_COLUMNS = (
    Column(name="author_id", headers=("AuthorID",), en="Discord id of the author", zh="作者编号"),
    Column(name="author", headers=("Author",), en="the author's name", zh="作者"),
    Column(name="date", headers=("Date",), en="time", zh="时间"),
    Column(name="text", headers=("Content",), en="what was said", zh="内容"),
    Column(name="attachments", headers=("Attachments",), en="addresses of files", zh="附件", required=False),
    Column(name="reactions", headers=("Reactions",), en="emoji with counts", zh="表情回应", required=False),
)
# Types of messages that people write; older exports give the number.
SAID = frozenset(
    {"Default", "0", "Reply", "19", "ChatInputCommand", "ApplicationCommand", "20", "ContextMenuCommand", "23"}
)
JOINED = frozenset({"GuildMemberJoin", "7"})
ADDED = frozenset({"RecipientAdd", "1"})
REMOVED = frozenset({"RecipientRemove", "2"})
JOINED_TEXT = "Joined the server."
# Old exports write dates as the computer's region does; which that is, the first dates tell.
_DATES = 1 << 20
_CHANNEL_ID = re.compile(r"\[(\d{15,21})\]")
_REACTION = re.compile(r"(?P<emoji>[^,]+?) \((?P<count>\d+)\)")


class User(msgspec.Struct, rename="camel"):
    """An author, a mentioned person, or one who reacted."""

    id: str
    name: str | None = None
    nickname: str | None = None
    is_bot: bool = False
    avatar_url: str | None = None


class Emoji(msgspec.Struct):
    """An emoji: of the standard (no id) or of the server."""

    name: str | None = None
    code: str | None = None
    id: str | None = None


class Reaction(msgspec.Struct):
    """One emoji with its count and, in newer exports, the people."""

    emoji: Emoji
    count: int = 0
    users: list[User] = []


class Reference(msgspec.Struct, rename="camel"):
    """The message that a reply answers or a forward passes on."""

    type: str | None = None
    message_id: str | None = None
    channel_id: str | None = None


class Forwarded(msgspec.Struct):
    """What a forwarded message said."""

    content: str | None = None


class Attachment(msgspec.Struct, rename="camel"):
    """A file beside a message."""

    file_name: str | None = None


class Message(msgspec.Struct, rename="camel"):
    """One message of the JSON."""

    id: str
    type: str
    timestamp: str
    author: User
    content: str | None = None
    timestamp_edited: str | None = None
    is_pinned: bool = False
    attachments: list[Attachment] = []
    stickers: list[dict[str, Any]] = []
    embeds: list[dict[str, Any]] = []
    reactions: list[Reaction] = []
    mentions: list[User] = []
    reference: Reference | None = None
    forwarded_message: Forwarded | None = None


def read_json(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of a JSON export of one channel."""
    export = Channel(options, stem=file_stem(path, options))
    return batches(json_records(path, options, export.message, array="messages"), options)


class Channel:
    """One channel of an export, or as a bot reads it (see messages.py)."""

    def __init__(self, options: Options, *, stem: str) -> None:
        self._options = options
        self._stem = stem
        self._clock = Clock(options.timezone)
        self._room: Room | None = None

    def message(self, element: Element) -> list[Event]:
        """Events of one message."""
        message = converted(element.value, Message)
        room = self._room = self._room or self._opened(element.around)
        try:
            at = self._clock.read(message.timestamp)
        except ValueError as error:
            raise BadMessage("timestamp", message.timestamp, str(error)) from None
        author = _person(message.author)
        room.wrote(message.id, author)
        traits = _traits(message.author)
        events = [*room.introduced(at), *room.seen(at, author, traits=traits)]
        for other in message.mentions:
            events += room.seen(at, _person(other), traits=_traits(other))
        if message.type in SAID:
            return [*events, *_said(room, at, message, author)]
        return [*events, *_happened(room, at, message, author)]

    def _opened(self, around: Mapping[str, Any]) -> Room:
        channel, guild = around.get("channel"), around.get("guild")
        channel_id = _text(channel, "id") or channel_in_name(self._stem) or self._options.room or self._stem
        names = [name for name in (_text(guild, "name"), _text(channel, "name")) if name]
        name = " / ".join(names) or self._options.room
        return Room(
            options=self._options, format="discord", platform="discord", id=channel_id, name=name, bare_names=False
        )


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return clean(str(value)) if isinstance(value, str | int) else ""


def channel_in_name(stem: str) -> str | None:
    """The channel's id in a file's name: `Server - Group - channel [123456789012345678]`."""
    found = _CHANNEL_ID.search(stem)
    return found[1] if found else None


def _person(user: User) -> Person:
    name = clean(user.nickname or user.name or "").strip()
    return Person(f"discord:{user.id}", name or None)


def _traits(user: User) -> dict[str, Any]:
    traits: dict[str, Any] = {"username": clean(user.name)} if user.name else {}
    if user.avatar_url:
        traits["avatar"] = user.avatar_url
    if user.is_bot:
        traits["bot"] = True
    return traits


def _said(room: Room, at: datetime, message: Message, author: Person) -> Iterator[Event]:
    props = _props(message)
    reference = message.reference
    answers = parent = thing = None
    text = clean(message.content or "")
    if reference and reference.message_id:
        if reference.type == "Forward" or message.forwarded_message:
            thing = f"content:discord/{reference.channel_id or room.id}/{reference.message_id}"
            text = text or clean((message.forwarded_message or Forwarded()).content or "")
        elif reference.channel_id and reference.channel_id != room.id:
            parent = f"{room.source}:{reference.channel_id}/{reference.message_id}"
        else:
            answers = reference.message_id
    target = room.author(answers)
    yield room.message(
        message.id,
        at,
        author,
        text,
        answers=answers,
        parent=parent,
        target=target.key if target else None,
        object_key=thing,
        props=props,
    )
    yield from room.mentions(message.id, at, author, (_person(user) for user in message.mentions))
    yield from _reactions(room, at, message, author)


def _props(message: Message) -> dict[str, Any]:
    props: dict[str, Any] = {}
    if message.author.is_bot:
        props["bot"] = True
    if message.type not in {"Default", "Reply"}:
        props["type"] = message.type
    if message.timestamp_edited:
        props["edited"] = True
    if message.is_pinned:
        props["pinned"] = True
    if message.attachments:
        props["attachments"] = [clean(item.file_name or "") for item in message.attachments]
    for name, items in (("stickers", message.stickers), ("embeds", message.embeds)):
        if items:
            props[name] = len(items)
    if message.reactions:
        props["reactions"] = {_emoji(reaction.emoji): reaction.count for reaction in message.reactions}
    return props


def _emoji(emoji: Emoji) -> str:
    return clean(emoji.name or emoji.code or emoji.id or "?")


def _reactions(room: Room, at: datetime, message: Message, author: Person) -> Iterator[Event]:
    """One event per person and emoji, at the time of the message: the export has no other."""
    for reaction in message.reactions:
        emoji = _emoji(reaction.emoji)
        for user in reaction.users:
            props = {"emoji": emoji, **({"bot": True} if user.is_bot else {})}
            event_id = f"{message.id}/reaction/{emoji}/{user.id}"
            yield room.act("reaction", event_id, at, _person(user), author, parent=message.id, props=props)


def _happened(room: Room, at: datetime, message: Message, author: Person) -> Iterator[Event]:
    others = [_person(user) for user in message.mentions]
    bot = {"bot": True} if message.author.is_bot else {}
    if message.type in JOINED:
        yield room.act("join", message.id, at, author, props={"how": "joined the server", **bot})
    elif message.type in ADDED and others:
        for number, other in enumerate(others, 1):
            props = {"how": "invited", **bot}
            yield room.act("invite", f"{message.id}/invite/{number}", at, author, other, props=props)
            yield room.act("join", f"{message.id}/join/{number}", at, other, props=props)
    elif message.type in REMOVED:
        gone = others[0] if others else author
        by = author if gone.key != author.key else None
        yield room.act("leave", message.id, at, gone, by, props={"how": "removed" if by else "left", **bot})
    else:
        text = clean(message.content or "")
        yield room.act("notice", message.id, at, author, text=text, props={"action": message.type, **bot})


def read_csv(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of a CSV export. The room is the option `room`, or the channel in the file's name."""
    export = _Csv(path, options)
    return batches(csv_records(path, options, CSV_COLUMNS, export.row), options)


class _Csv:
    def __init__(self, path: Path, options: Options) -> None:
        stem = file_stem(path, options)
        name = _CHANNEL_ID.sub("", stem).strip(" -") or stem
        room_id = options.room or channel_in_name(stem) or stem
        self._room = Room(
            options=options,
            format="discord_csv",
            platform="discord",
            id=room_id,
            name=options.room or name,
            bare_names=False,
        )
        with path.open("rb") as file:
            order = date_order_of(file.read(_DATES).decode("utf-8", "replace"))
        self._clock = Clock(options.timezone, date_order=order)
        self._ids = RowIds()

    def row(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of one row."""
        author_id, date = layout.cell(row, "author_id").strip(), layout.cell(row, "date")
        try:
            at = self._clock.read(date)
        except ValueError as error:
            raise BadMessage("Date", date, str(error)) from None
        name = clean(layout.cell(row, "author")).strip()
        if not author_id and not name:
            raise BadMessage("AuthorID", "", "the message has no author")
        author = Person(f"discord:{author_id}", name or None) if author_id else self._room.called(name)
        text = clean(layout.cell(row, "text"))
        message_id = self._ids.next(author_id or name, date, text, layout.cell(row, "attachments"))
        events = [*self._room.introduced(at), *self._room.seen(at, author)]
        if text == JOINED_TEXT:
            props = {"how": "joined the server", "certain": False}
            return [*events, self._room.act("join", message_id, at, author, props=props)]
        return [*events, self._room.message(message_id, at, author, text, props=_cells(layout, row))]


def _cells(layout: Layout, row: list[str]) -> dict[str, Any]:
    props: dict[str, Any] = {}
    if attachments := layout.cell(row, "attachments").strip():
        props["attachments"] = attachments.split(",")
    if reactions := _REACTION.findall(layout.cell(row, "reactions")):
        props["reactions"] = {clean(emoji).strip(): int(count) for emoji, count in reactions}
    return props
