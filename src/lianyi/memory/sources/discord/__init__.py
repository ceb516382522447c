"""Discord channels, exported by DiscordChatExporter as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff_json(head: Head) -> Guess:
    start = head.text[:20_000].lstrip()
    marks = [f'"{name}"' in start for name in ("guild", "channel", "messages", "exportedAt")]
    if not start.startswith("{") or not all(marks[:3]):
        return NO
    return Guess(confidence=1.0 if marks[3] else 0.9, why="guild, channel and messages of DiscordChatExporter")


def _sniff_csv(head: Head) -> Guess:
    from lianyi.memory.sources.chats.csv_rows import head_layout
    from lianyi.memory.sources.discord.export import CSV_COLUMNS

    found = head_layout(head, CSV_COLUMNS)
    return Guess(confidence=0.98, why="the header of DiscordChatExporter: AuthorID, Author, Date …") if found else NO


def _read_json(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.discord.export import read_json

    return read_json(path, options)


def _read_csv(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.discord.export import read_csv

    return read_csv(path, options)


SOURCES = (
    Source(
        name="discord",
        en="Discord channel, JSON of DiscordChatExporter",
        zh="Discord 频道（DiscordChatExporter 导出的 JSON）",
        suffixes=(".json",),
        yields=(
            *("message", "reply", "share", "mention", "reaction", "invite", "join", "leave"),
            *("notice", "group", "identify", "alias"),
        ),
        sniff=_sniff_json,
        read=_read_json,
        fields={
            "guild, channel": ("server and channel", "服务器与频道"),
            "messages[].id, timestamp": ("number and time", "消息编号与时间"),
            "author": ("id, names, whether it is a bot", "作者编号、名称、是否机器人"),
            "mentions": ("people named, with ids", "被提及的人"),
            "reference, forwardedMessage": ("what a reply answers or a forward passes on", "回复或转发的消息"),
            "reactions": ("emoji, counts and people", "表情回应"),
        },
    ),
    Source(
        name="discord_csv",
        en="Discord channel, CSV of DiscordChatExporter",
        zh="Discord 频道（DiscordChatExporter 导出的 CSV）",
        suffixes=(".csv",),
        yields=("message", "join", "group", "identify", "alias"),
        sniff=_sniff_csv,
        read=_read_csv,
        fields={
            "AuthorID, Author": ("who wrote it", "作者编号与名称"),
            "Date": ("time", "时间"),
            "Content": ("what was said", "内容"),
            "Attachments, Reactions": ("files, emoji with counts", "附件与表情回应"),
        },
    ),
)
