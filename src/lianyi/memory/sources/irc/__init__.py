"""IRC logs, as channel bots and clients write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff(head: Head) -> Guess:
    from lianyi.memory.sources.irc.lines import read_line

    if head.suffix in {".csv", ".json", ".xlsx"}:
        return NO
    lines = [line for line in head.lines[:300] if line.strip()]
    read = [read_line(line) for line in lines]
    said = sum(1 for line in read if line is not None and ((line.what == "said" and line.time) or line.channel))
    if not lines or said < max(1, len(lines) * 0.6):
        return NO
    return Guess(confidence=0.95, why=f"{said} of the first {len(lines)} lines read like [12:18] <nick> text")


def _read(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.irc.log import read

    return read(path, options)


SOURCES = (
    Source(
        name="irc",
        en="IRC log",
        zh="IRC 聊天日志",
        suffixes=(".txt", ".log", ".weechatlog"),
        yields=("message", "mention", "join", "leave", "alias", "notice", "group", "identify"),
        sniff=_sniff,
        read=_read,
        fields={
            "[HH:MM]": (
                "time of day; the day comes from the file's name or the option file_date",
                "时刻；日期取自文件名或选项 file_date",
            ),
            "<nick> text": ("who said what; `* nick` and `=== nick` for acts", "发言人与内容"),
            "=== nick has joined / has left": ("coming and going", "进出频道"),
            "=== nick is now known as": ("change of nick: an unverified alias", "更换昵称：未验证的标识关联"),
            "nick: or nick,": ("at the start of a message: to whom it is said", "句首的称呼：提及对象"),
        },
    ),
)
