"""WeChat chats exported by MemoTrace (留痕): CSV with the old and the new header, and TXT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import Clock, epoch
from lianyi.memory.sources.chats.csv_rows import Column, Layout
from lianyi.memory.sources.chats.reading import SHOWN, BadMessage, csv_records
from lianyi.memory.sources.chats.room import Person, Room, RowIds
from lianyi.memory.sources.chats.texts import as_text, clean, file_stem, lines, opened
from lianyi.memory.sources.records import Record, batches
from lianyi.memory.sources.source import Batch, Options, Reject
from lianyi.memory.sources.wechat.talk import Said, events_in, looks_like_quote, placeholder_word, type_props
from lianyi.memory.sources.wechat.types import OTHER, MessageType, by_number, by_word

OLD_COLUMNS = (
    Column(name="id", headers=("localId",), en="number within the account's database", zh="本地消息编号"),
    Column(name="talker", headers=("TalkerId",), en="number of the chat in that database", zh="会话编号"),
    Column(name="type", headers=("Type",), en="type of the message", zh="消息类型"),
    Column(name="subtype", headers=("SubType",), en="type of what is shared", zh="消息子类型"),
    Column(name="mine", headers=("IsSender",), en="1: sent by the account that exported", zh="是否自己发送"),
    Column(name="epoch", headers=("CreateTime",), en="time, Unix seconds", zh="时间戳"),
    Column(name="text", headers=("StrContent",), en="what was said, or its XML", zh="内容"),
    Column(name="time", headers=("StrTime",), en="time as text", zh="时间", required=False),
    Column(
        name="remark", headers=("Remark",), en="remark that the account set for the sender", zh="备注", required=False
    ),
    Column(name="nickname", headers=("NickName",), en="the sender's nickname", zh="昵称", required=False),
    Column(name="sender", headers=("Sender",), en="the sender's WeChat id", zh="发送人微信号", required=False),
)
NEW_COLUMNS = (
    Column(name="id", headers=("消息ID",), en="the server's number of the message", zh="消息编号"),
    Column(name="type", headers=("类型",), en="type of the message in words", zh="消息类型"),
    Column(name="sender", headers=("发送人",), en="name shown for the sender", zh="发送人"),
    Column(name="time", headers=("时间",), en="time as text", zh="时间"),
    Column(name="text", headers=("内容",), en="what was said", zh="内容"),
    Column(
        name="remark", headers=("备注",), en="remark that the account set for the sender", zh="备注", required=False
    ),
    Column(name="nickname", headers=("昵称",), en="the sender's nickname", zh="昵称", required=False),
)
TEXT_HEADER = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?: (.*?))?\s*\Z")
_SYSTEM_NAMES = frozenset({"", "系统消息", "系统", "system"})


def read_csv(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of a MemoTrace CSV. The room is the option `room`, or the file's name."""
    with path.open("rb") as file:
        old = b"localid" in file.read(4096).lower()
    talk = _Csv(path, options)
    columns, events = (OLD_COLUMNS, talk.old) if old else (NEW_COLUMNS, talk.new)
    return batches(csv_records(path, options, columns, events), options)


class _Csv:
    """The rows of one CSV file as events."""

    def __init__(self, path: Path, options: Options) -> None:
        name = options.room or file_stem(path, options)
        self.room = Room(options=options, format="wechat_memotrace", platform="wechat", id=name, name=name)
        self._clock = Clock(options.timezone)
        self._ids = RowIds()

    def old(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of a row with the header localId,TalkerId,Type …"""
        at = self._epoch(layout.cell(row, "epoch"), layout.cell(row, "time"))
        text = clean(layout.cell(row, "text"))
        number, subtype = (_number(layout.cell(row, name), name) for name in ("type", "subtype"))
        kind = by_number(number, subtype)
        sender = layout.cell(row, "sender").strip()
        name = layout.cell(row, "remark").strip() or layout.cell(row, "nickname").strip() or None
        by, extra = self._author(at, sender, name, mine=layout.cell(row, "mine").strip() == "1")
        if kind.treatment == "system":
            by, extra = None, []
        message_id = layout.cell(row, "id").strip() or self._ids.next(str(at), sender, text)
        said = Said(id=message_id, at=at, by=by, type=kind, text=text, props=type_props(kind, number, subtype))
        traits = {"nickname": layout.cell(row, "nickname"), "remark": layout.cell(row, "remark")}
        return [*self._introduced(at, by, traits), *extra, *events_in(self.room, said, "StrContent")]

    def new(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of a row with the header 消息ID,类型,发送人 …"""
        at = self._time(layout.cell(row, "time"), "时间")
        text = clean(layout.cell(row, "text"))
        word, name = layout.cell(row, "type").strip(), clean(layout.cell(row, "sender")).strip()
        kind = by_word(word) or OTHER
        by = None if kind.treatment == "system" or not name else self._called(name)
        message_id = layout.cell(row, "id").strip()
        if message_id in {"", "0", "None"}:
            message_id = self._ids.next(str(at), name, word, text)
        props = {"wechat_type": word} if kind is OTHER else {}
        said = Said(id=message_id, at=at, by=by, type=kind, text=text, server_ids=True, props=props)
        traits = {"nickname": layout.cell(row, "nickname"), "remark": layout.cell(row, "remark")}
        return [*self._introduced(at, by, traits), *events_in(self.room, said, "内容")]

    def _introduced(self, at: datetime, by: Person | None, traits: dict[str, str]) -> list[Event]:
        return [*self.room.introduced(at), *self.room.seen(at, by, traits=traits)]

    def _called(self, name: str) -> Person:
        return self.room.me if name == "我" else self.room.called(name)

    def _author(self, at: datetime, sender: str, name: str | None, *, mine: bool) -> tuple[Person | None, list[Event]]:
        if sender and sender not in {"我", "None"}:
            person = Person(f"wechat:{sender}", name)
            if mine and self.room.me.key.startswith("name:"):
                how = "the account that exported the chat"
                return person, self.room.same(at, self.room.me, person, how=how, verified=True)
            return person, []
        if mine:
            return self.room.me, []
        return (self.room.called(name) if name else None), []

    def _epoch(self, seconds: str, text: str) -> datetime:
        try:
            return epoch(int(seconds))
        except ValueError:
            return self._time(text, "CreateTime" if not text else "StrTime")

    def _time(self, text: str, column: str) -> datetime:
        try:
            return self._clock.read(text)
        except ValueError as error:
            raise BadMessage(column, text, str(error)) from None


def _number(text: str, column: str) -> int:
    try:
        return int(text.strip() or 0)
    except ValueError:
        title = next(item.headers[0] for item in OLD_COLUMNS if item.name == column)
        raise BadMessage(title, text, f"{text[:40]!r} is not a number") from None


def read_text(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of a MemoTrace TXT. The room is the option `room`, or the file's name."""
    return batches(_text_records(path, options), options)


def _text_records(path: Path, options: Options) -> Iterator[Record | Reject]:
    stream = opened(path, options)
    if isinstance(stream, Reject):
        yield stream
        return
    name = options.room or file_stem(path, options)
    room = Room(options=options, format="wechat_text", platform="wechat", id=name, name=name)
    clock, ids = Clock(options.timezone), RowIds()
    for line, header, content in _blocks(as_text(stream)):
        raw = {"message": f"{header}\n{content}"}
        match = TEXT_HEADER.match(header)
        if match is None:
            reason = "stands before the first message; a message begins like 2026-10-05 21:40:12 老王"
            yield Reject(line=line, column="", value=header[:SHOWN], reason=reason, row=raw)
            continue
        try:
            events = _text_events(room, clock, ids, match, content)
        except BadMessage as error:
            yield Reject(line=line, column=error.field, value=error.value[:SHOWN], reason=str(error), row=raw)
        else:
            yield Record(line=line, events=events, raw=raw, position=stream.position)


def _blocks(text: TextIO) -> Iterator[tuple[int, str, str]]:
    """(line, header, content) of every message; lines before the first header come one by one, as headers."""
    start, header = 0, ""
    content: list[str] = []
    for number, line in lines(text):
        bare = line.rstrip("\r\n")
        if bare[:2].isdigit() and TEXT_HEADER.match(bare):
            if header:
                yield start, header, _body(content)
            start, header = number, bare
            content.clear()
        elif header:
            content.append(bare)
        elif bare.strip("\ufeff "):
            yield number, bare, ""
    if header:
        yield start, header, _body(content)


def _body(content: list[str]) -> str:
    while content and not content[-1].strip():
        content.pop()
    return "\n".join(content)


def _text_events(room: Room, clock: Clock, ids: RowIds, header: re.Match[str], content: str) -> list[Event]:
    try:
        at = clock.read(header[1])
    except ValueError as error:
        raise BadMessage("time", header[1], str(error)) from None
    name = clean(header[2] or "").strip().removesuffix(":").removesuffix("：")
    text = clean(content)
    kind = _kind(name, text)
    system = kind.treatment == "system"
    by = None if system or not name else room.me if name == "我" else room.called(name)
    # the text of the time, not the moment: it is the same however the file is cut in the hour that comes twice
    said = Said(id=ids.next(header[1], name, text), at=at, by=by, type=kind, text=text)
    return [*room.introduced(at), *room.seen(at, by), *events_in(room, said, "content")]


def _kind(name: str, text: str) -> MessageType:
    word = placeholder_word(text)
    kind = by_word(word) if word else None
    if name.lower() in _SYSTEM_NAMES:
        return by_number(10000, 0)
    if kind is not None and kind.treatment != "system":
        return kind
    return by_number(49, 57) if looks_like_quote(text) else by_number(1, None)
