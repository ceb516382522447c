"""WeChat chats exported by chatlog: JSON and CSV."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import Clock
from lianyi.memory.sources.chats.csv_rows import Column, Layout
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage, converted, csv_records, json_records
from lianyi.memory.sources.chats.room import Person, Room, RowIds
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import batches
from lianyi.memory.sources.source import Batch, Options
from lianyi.memory.sources.wechat.talk import Quote, Said, events_in, looks_like_quote, placeholder_word, type_props
from lianyi.memory.sources.wechat.types import MessageType, by_number, by_word

CSV_COLUMNS = (
    Column(name="seq", headers=("Seq", "MessageID"), en="number of the message", zh="消息序号", required=False),
    Column(name="time", headers=("Time",), en="time as text", zh="时间"),
    Column(name="name", headers=("SenderName",), en="name shown for the sender", zh="发送人名称"),
    Column(name="sender", headers=("Sender",), en="the sender's WeChat id", zh="发送人微信号"),
    Column(name="room_name", headers=("TalkerName",), en="name of the chat", zh="会话名称"),
    Column(name="room", headers=("Talker",), en="WeChat id of the chat", zh="会话编号"),
    Column(name="text", headers=("Content",), en="what was said", zh="内容"),
)
SYSTEM_SENDER = "系统消息"
# So many messages are remembered, to find the one that a quote answers (it gives time and author only).
REMEMBERED = 50_000


class Message(msgspec.Struct, rename="camel"):
    """One message of chatlog's JSON."""

    time: str
    talker: str
    type: int
    seq: int = 0
    talker_name: str | None = None
    is_chat_room: bool = False
    sender: str | None = None
    sender_name: str | None = None
    is_self: bool = False
    sub_type: int = 0
    content: str | None = None
    contents: dict[str, Any] | None = None


class Refer(msgspec.Struct, rename="camel"):
    """The quoted message within `contents.refer`."""

    time: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    content: str | None = None


class Contents(msgspec.Struct):
    """What chatlog says of shared things and quotes, of any type that it may have."""

    title: str | None = None
    url: str | None = None
    refer: Refer | None = None


def read_json(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of chatlog's JSON, of one chat or of many."""
    talk = _Chats("chatlog", path, options)
    return batches(json_records(path, options, talk.message, array="messages"), options)


def read_csv(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of chatlog's CSV, of one chat or of many."""
    talk = _Chats("chatlog_csv", path, options)
    return batches(csv_records(path, options, CSV_COLUMNS, talk.row), options)


class _Chats:
    """The messages of one export as events, by the chats in it."""

    def __init__(self, format: str, path: Path, options: Options) -> None:  # noqa: A002
        self._format = format
        self._options = options
        self._fallback = options.room or file_stem(path, options)
        self._clock = Clock(options.timezone)
        self._rooms: dict[str, Room] = {}
        self._ids = RowIds()
        self._by_time: OrderedDict[tuple[str, int, str], str] = OrderedDict()

    def message(self, element: Element) -> list[Event]:
        """Events of one message of the JSON."""
        message = converted(element.value, Message)
        at = self._time(message.time, "time")
        room = self._room(message.talker, message.talker_name)
        kind = by_number(message.type, message.sub_type)
        text = clean(message.content or "")
        by, extra = self._author(room, at, message)
        if kind.treatment == "system":
            by = None
        message_id = str(message.seq) if message.seq else self._ids.next(message.talker, message.time, text)
        contents = _contents(message.contents)
        said = Said(
            id=message_id,
            at=at,
            by=by,
            type=kind,
            text=text,
            quote=self._quote(room, contents.refer),
            title=contents.title or None,
            url=contents.url or None,
            target=f"wechat:{message.talker}" if message.is_self and not message.is_chat_room else None,
            named_with_ids=True,
            props=type_props(kind, message.type, message.sub_type),
        )
        self._remember(room, at, by, message_id)
        introduced = room.introduced(at, kind="group" if message.is_chat_room else "private")
        return [*introduced, *room.seen(at, by), *extra, *events_in(room, said, "content")]

    def row(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of one row of the CSV."""
        at = self._time(layout.cell(row, "time"), "Time")
        talker, sender = layout.cell(row, "room").strip(), layout.cell(row, "sender").strip()
        room = self._room(talker, layout.cell(row, "room_name").strip())
        text = clean(layout.cell(row, "text"))
        kind = _kind_of_text(sender, text)
        name = clean(layout.cell(row, "name")).strip() or None
        by = None
        if kind.treatment != "system" and (sender or name):
            by = room.me if sender in {"", "我"} and name in {None, "我"} else _person(room, sender, name)
        seq = layout.cell(row, "seq").strip()
        parts = (talker, layout.cell(row, "time"), sender, text)
        said = Said(id=seq or self._ids.next(*parts), at=at, by=by, type=kind, text=text, named_with_ids=True)
        return [*room.introduced(at), *room.seen(at, by), *events_in(room, said, "Content")]

    def _room(self, talker: str, name: str | None) -> Room:
        room = self._rooms.get(talker)
        if room is None:
            room_id = talker or self._fallback
            room = Room(
                options=self._options,
                format=self._format,
                platform="wechat",
                id=room_id,
                name=name or self._options.room,
            )
            self._rooms[talker] = room
        return room

    def _author(self, room: Room, at: datetime, message: Message) -> tuple[Person | None, list[Event]]:
        name = clean(message.sender_name or "").strip() or None
        sender = (message.sender or "").strip()
        if message.is_self:
            if not sender or sender == "我" or not room.me.key.startswith("name:"):
                return room.me, []
            person = Person(f"wechat:{sender}", name)
            return person, room.same(at, room.me, person, how="the account that exported the chat", verified=True)
        return (_person(room, sender, name) if sender or name else None), []

    def _quote(self, room: Room, refer: Refer | None) -> Quote | None:
        if refer is None:
            return None
        sender = (refer.sender or "").strip()
        name = clean(refer.sender_name or "").strip() or None
        author = _person(room, sender, name) if sender or name else None
        answered = None
        if refer.time and author:
            at = self._time(refer.time, "contents.refer.time")
            answered = self._by_time.get((room.id, int(at.timestamp()), author.key))
        return Quote(author=author, text=clean(refer.content or "") or None, message_id=answered)

    def _remember(self, room: Room, at: datetime, by: Person | None, message_id: str) -> None:
        if by is None:
            return
        self._by_time.setdefault((room.id, int(at.timestamp()), by.key), message_id)
        if len(self._by_time) > REMEMBERED:
            self._by_time.popitem(last=False)

    def _time(self, text: str, field: str) -> datetime:
        try:
            return self._clock.read(text)
        except ValueError as error:
            raise BadMessage(field, text, str(error)) from None


def _contents(found: Mapping[str, Any] | None) -> Contents:
    if not found:
        return Contents()
    try:
        return msgspec.convert({name: found.get(name) for name in ("title", "url", "refer")}, Contents)
    except msgspec.ValidationError:
        # what is said beside the message may have any form; the message itself stands
        return Contents()


def _person(room: Room, sender: str, name: str | None) -> Person:
    if sender and sender != SYSTEM_SENDER:
        return Person(f"wechat:{sender}", name)
    return room.called(name or sender)


def _kind_of_text(sender: str, text: str) -> MessageType:
    if sender == SYSTEM_SENDER:
        return by_number(10000, 0)
    if looks_like_quote(text):
        return by_number(49, 57)
    word = placeholder_word(text)
    kind = by_word(word) if word else None
    return kind if kind and kind.treatment != "system" else by_number(1, None)
