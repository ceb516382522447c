"""QQ chats that people export as XLSX."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff(head: Head) -> Guess:
    if not head.start.startswith(b"PK\x03\x04"):
        return NO
    from lianyi.memory.sources.chats.csv_rows import layout
    from lianyi.memory.sources.qq.workbook import COLUMNS

    grid = head.grid
    if grid is not None and layout(grid.columns, COLUMNS):
        return Guess(confidence=0.98, why="the header of a QQ export: 发送者, 发送者QQ号, 消息类型 …")
    return NO


def _read(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.qq.workbook import read

    return read(path, options)


SOURCES = (
    Source(
        name="qq",
        en="QQ chat, XLSX",
        zh="QQ 聊天记录（XLSX）",
        suffixes=(".xlsx",),
        yields=(
            *("message", "reply", "share", "mention", "invite", "join", "leave"),
            *("recall", "notice", "group", "identify", "alias"),
        ),
        sniff=_sniff,
        read=_read,
        fields={
            "时间": ("time", "时间"),
            "发送者, 发送者QQ号": ("who wrote it: name and number", "发送者名称与QQ号"),
            "消息类型": ("type of the message", "消息类型"),
            "消息内容": ("what was said", "消息内容"),
            "是否撤回": ("是 where it was taken back", "是否撤回"),
        },
    ),
)
