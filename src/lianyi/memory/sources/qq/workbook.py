"""QQ chats exported as XLSX, as events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lianyi.errors import InputError
from lianyi.memory.events import Event
from lianyi.memory.keys import make_key
from lianyi.memory.sources.chats.clock import Clock
from lianyi.memory.sources.chats.csv_rows import Column, Layout, layout
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.chats.room import Person, Room, RowIds
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import Record, batches
from lianyi.memory.sources.source import Batch, Options, Reject
from lianyi.memory.sources.tabular import workbook

COLUMNS = (
    Column(name="number", headers=("序号",), en="number of the row", zh="序号", required=False),
    Column(name="time", headers=("时间",), en="time", zh="时间"),
    Column(name="name", headers=("发送者",), en="name shown for the sender", zh="发送者"),
    Column(name="qq", headers=("发送者QQ号",), en="the sender's QQ number", zh="发送者QQ号"),
    Column(name="type", headers=("消息类型",), en="type of the message in words", zh="消息类型"),
    Column(name="text", headers=("消息内容",), en="what was said", zh="消息内容"),
    Column(name="recalled", headers=("是否撤回",), en="是 where it was taken back", zh="是否撤回", required=False),
)
TYPES: Mapping[str, str] = {
    "文本": "text", "文本消息": "text", "普通消息": "text", "text": "text", "图片": "image", "图片消息": "image",
    "语音": "voice", "语音消息": "voice", "视频": "video", "视频消息": "video", "文件": "file", "文件消息": "file",
    "表情": "sticker", "表情消息": "sticker", "系统": "system", "系统消息": "system", "system": "system",
    "回复": "reply", "回复消息": "reply", "reply": "reply", "转发": "forward", "合并转发": "forward",
    "转发消息": "forward", "卡片": "card", "卡片消息": "card", "json": "card", "红包": "red_packet",
}  # fmt: skip
_ROOM_IN_NAME = re.compile(r"(?:group|friend|群|好友)\D*(\d{5,12})(?!\d)")
_REPLY = re.compile(
    r"\[(?:回复|引用)(?:消息)?(?: (?P<name>[^:：\]\n]{1,60}))?(?:[:：] ?(?P<quoted>[^\]]*))?\]\s*(?P<text>.*)\Z",
    re.DOTALL,
)
_MENTION = re.compile(r"(?<![\w.])@([^\s@,，。!！?？:：;；]{1,60})")
_EVERYONE = frozenset({"全体成员", "所有人"})
_URL = re.compile(r"https?://\S+")
# (kind, pattern) of grey lines; names may stand in quotes.
_LINES = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("invite", r"[\"“]?(?P<by>.+?)[\"”]? ?邀请 ?[\"“]?(?P<who>.+?)[\"”]? ?加入了?(?:本|该)?群(?:聊)?"),
        ("leave", r"[\"“]?(?P<who>.+?)[\"”]? ?被(?:管理员|群主)? ?[\"“]?(?P<by>.*?)[\"”]? ?移出了?(?:本|该)?群(?:聊)?"),
        ("leave", r"[\"“]?(?P<by>.+?)[\"”]? ?将 ?[\"“]?(?P<who>.+?)[\"”]? ?移出了?(?:本|该)?群(?:聊)?"),
        ("join", r"[\"“]?(?P<who>.+?)[\"”]? ?(?:已|通过.{1,20}?)?加入了?(?:本|该)?群(?:聊)?"),
        ("leave", r"[\"“]?(?P<who>.+?)[\"”]? ?(?:已)?(?:退出|离开)了?(?:本|该)?群(?:聊)?"),
        ("recall", r"[\"“]?(?P<who>.+?)[\"”]? ?撤回了一条消息"),
    )
)


def read(path: Path, options: Options) -> Iterator[Batch]:
    """The messages of the sheet that has them. The room is the option `room`, or the file's name."""
    return batches(_records(path, options), options)


@dataclass(frozen=True)
class _Sheet:
    name: str
    layout: Layout
    skip: int


def _found(path: Path, options: Options) -> _Sheet | Reject:
    try:
        name, rows = workbook.sample(path, 20)
    except InputError as error:
        return Reject(line=1, column="", value=options.file_name or path.name, reason=f"the file {error}")
    for skip, row in enumerate(rows, 1):
        known = layout([cell or "" for cell in row], COLUMNS)
        if known:
            return _Sheet(options.sheet or name, known, skip)
    wanted = ", ".join(column.headers[0] for column in COLUMNS if column.required)
    return Reject(line=1, column="", value="", reason=f"no row of sheet {name!r} is a header; wanted are {wanted}")


def _records(path: Path, options: Options) -> Iterator[Record | Reject]:
    sheet = _found(path, options)
    if isinstance(sheet, Reject):
        yield sheet
        return
    chat = _Chat(path, options)
    names = _unique(sheet.layout.header)
    try:
        for part in workbook.parts(path, sheet=sheet.name, columns=names, skip=sheet.skip):
            yield from part.rejects
            cells = [part.rows[name].to_pylist() for name in names]
            for line, row in zip(part.lines.tolist(), zip(*cells, strict=True), strict=True):
                yield _record(chat, sheet.layout, line, [cell or "" for cell in row], part.bytes_done)
    except InputError as error:
        yield Reject(line=1, column="", value=options.file_name or path.name, reason=str(error))


def _unique(header: Sequence[str]) -> list[str]:
    return [
        title if title and title not in header[:place] else f"{title}#{place}" for place, title in enumerate(header)
    ]


def _record(chat: _Chat, found: Layout, line: int, row: list[str], position: int) -> Record | Reject:
    raw = found.named(row)
    try:
        return Record(line=line, events=chat.row(found, row), raw=raw, position=position)
    except BadMessage as error:
        return Reject(line=line, column=error.field, value=error.value, reason=str(error), row=raw)


class _Chat:
    """The rows of one workbook as events."""

    def __init__(self, path: Path, options: Options) -> None:
        stem = file_stem(path, options)
        number = _ROOM_IN_NAME.search(stem)
        room_id = options.room or (number[1] if number else stem)
        self.room = Room(options=options, format="qq", platform="qq", id=room_id, name=options.room or stem)
        self._clock = Clock(options.timezone)
        self._ids = RowIds()

    def row(self, found: Layout, row: list[str]) -> list[Event]:
        """Events of one row."""
        time, qq = found.cell(row, "time"), found.cell(row, "qq").strip()
        name, text = clean(found.cell(row, "name")).strip(), clean(found.cell(row, "text"))
        word = found.cell(row, "type").strip()
        try:
            at = self._clock.read(time)
        except ValueError as error:
            raise BadMessage("时间", time, str(error)) from None
        kind = TYPES.get(word.casefold(), "other" if word else "text")
        message_id = self._ids.next(time, qq, name, word, text)
        introduced = self.room.introduced(at)
        if kind == "system":
            return [*introduced, *self._system(at, message_id, text)]
        author = self._author(qq, name)
        if author is None:
            raise BadMessage("发送者QQ号", qq, "the message has no sender")
        events = [*introduced, *self.room.seen(at, author), *self._said(at, message_id, author, kind, word, text)]
        if found.cell(row, "recalled").strip() in {"是", "true", "TRUE", "1", "已撤回"}:
            # when it was taken back the export does not say
            events.append(self.room.act("recall", f"{message_id}/recall", at, author, parent=message_id))
        return events

    def _author(self, qq: str, name: str) -> Person | None:
        key = make_key("qq", qq) if qq and qq != "0" else None
        if key:
            return Person(key, name or None)
        return self.room.called(name) if name else None

    def _said(self, at: datetime, message_id: str, author: Person, kind: str, word: str, text: str) -> Iterator[Event]:
        props: dict[str, Any] = {} if kind in {"text", "reply"} else {"type": kind}
        if kind == "other":
            props["qq_type"] = word
        reply = _REPLY.match(text)
        if reply or kind == "reply":
            yield self._reply(at, message_id, author, text, reply)
        elif kind in {"forward", "card"}:
            url = _URL.search(text)
            thing = f"page:{url.group()}" if url else f"content:{text.strip()[:200] or kind}"
            yield self.room.message(message_id, at, author, text, object_key=thing, props=props)
        else:
            yield self.room.message(message_id, at, author, text, props=props)
        if "@" in text:
            people = (self.room.called(name) for name in _MENTION.findall(text) if name not in _EVERYONE)
            yield from self.room.mentions(message_id, at, author, people)

    def _reply(self, at: datetime, message_id: str, author: Person, text: str, reply: re.Match[str] | None) -> Event:
        name = reply["name"] if reply else None
        return self.room.message(
            message_id,
            at,
            author,
            reply["text"] if reply else text,
            quotes=True,
            target=self.room.called(name).key if name else None,
            props={"quoted": reply["quoted"]} if reply and reply["quoted"] else None,
        )

    def _system(self, at: datetime, message_id: str, text: str) -> list[Event]:
        line = text.strip().rstrip("。.")
        for kind, pattern in _LINES:
            match = pattern.match(line)
            if match:
                return self._happened(at, message_id, kind, match.groupdict(), line)
        return [self.room.act("notice", message_id, at, None, text=text, props={"type": "system"})]

    def _happened(
        self, at: datetime, message_id: str, kind: str, found: Mapping[str, str | None], line: str
    ) -> list[Event]:
        by = self.room.called(found["by"] or "") if found.get("by") else None
        props = {"line": line, "certain": False}
        events: list[Event] = []
        names = (found["who"] or "").split("、") if kind != "recall" else [found["who"] or ""]
        for number, name in enumerate(names, 1):
            who = self.room.called(name)
            if kind == "invite":
                events.append(self.room.act("invite", f"{message_id}/invite/{number}", at, by, who, props=props))
            shown = "join" if kind == "invite" else kind
            other = by if kind == "leave" else None
            events.append(self.room.act(shown, f"{message_id}/{shown}/{number}", at, who, other, props=props))
        return events
