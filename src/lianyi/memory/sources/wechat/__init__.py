"""WeChat chats that people export with their own tools: MemoTrace (留痕) CSV and TXT, chatlog JSON and CSV.

Only files that the user brings are read; nothing here opens WeChat's own databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source

_KINDS = (
    *("message", "reply", "share", "mention", "reaction", "invite", "join", "leave"),
    *("recall", "follow", "notice", "group", "identify", "alias"),
)
_TEXT_HEADER = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} \S")


def _sniff_memotrace(head: Head) -> Guess:
    from lianyi.memory.sources.chats.csv_rows import head_layout
    from lianyi.memory.sources.wechat.memotrace import NEW_COLUMNS, OLD_COLUMNS

    if head_layout(head, OLD_COLUMNS):
        return Guess(confidence=1.0, why="the header of MemoTrace: localId, TalkerId, StrContent …")
    if head_layout(head, NEW_COLUMNS):
        return Guess(confidence=0.95, why="the header of newer MemoTrace: 消息ID, 类型, 发送人 …")
    return NO


def _sniff_text(head: Head) -> Guess:
    lines = [line for line in head.lines[:400] if line.strip()]
    found = sum(1 for line in lines if _TEXT_HEADER.match(line))
    if not lines or not _TEXT_HEADER.match(lines[0].lstrip("\ufeff")) or head.suffix in {".csv", ".json", ".log"}:
        return NO
    if found * 2 < len(lines) * 0.2:
        return NO
    return Guess(confidence=0.85, why="lines with time and name alone, each followed by what was said")


def _sniff_chatlog(head: Head) -> Guess:
    start = head.text[:20_000].lstrip()
    if start[:1] not in {"[", "{"}:
        return NO
    marks = [f'"{name}"' in start for name in ("talker", "isChatRoom", "isSelf", "subType")]
    return Guess(confidence=0.98, why="messages with talker, isChatRoom, isSelf") if all(marks) else NO


def _sniff_chatlog_csv(head: Head) -> Guess:
    from lianyi.memory.sources.chats.csv_rows import head_layout
    from lianyi.memory.sources.wechat.chatlog import CSV_COLUMNS

    found = head_layout(head, CSV_COLUMNS)
    return Guess(confidence=0.98, why="the header of chatlog: Time, SenderName, Talker …") if found else NO


def _read_memotrace(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.wechat.memotrace import read_csv

    return read_csv(path, options)


def _read_text(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.wechat.memotrace import read_text

    return read_text(path, options)


def _read_chatlog(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.wechat.chatlog import read_json

    return read_json(path, options)


def _read_chatlog_csv(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.wechat.chatlog import read_csv

    return read_csv(path, options)


SOURCES = (
    Source(
        name="wechat_memotrace",
        en="WeChat chat, CSV of MemoTrace",
        zh="微信聊天记录（留痕 MemoTrace 导出的 CSV）",
        suffixes=(".csv",),
        yields=_KINDS,
        sniff=_sniff_memotrace,
        read=_read_memotrace,
        fields={
            "localId / 消息ID": ("number of the message", "消息编号"),
            "Type, SubType / 类型": ("type of the message", "消息类型"),
            "CreateTime / 时间": ("time", "时间"),
            "Sender / 发送人": ("who said it: WeChat id, or the name shown", "发送人微信号或显示名"),
            "StrContent / 内容": ("what was said; grey lines give invitations", "内容；系统提示给出邀请关系"),
            "IsSender": ("1: sent by the account that exported", "是否本人发送"),
            "Remark, NickName / 备注, 昵称": ("names of the sender", "发送人的备注与昵称"),
        },
    ),
    Source(
        name="wechat_text",
        en="WeChat chat, TXT of MemoTrace",
        zh="微信聊天记录（留痕 MemoTrace 导出的 TXT）",
        suffixes=(".txt",),
        yields=_KINDS,
        sniff=_sniff_text,
        read=_read_text,
        fields={
            "time name": ("first line of a message: 2026-10-05 21:40:12 老王", "消息首行：时间与显示名"),
            "content": ("the lines after it, up to a blank line", "其后各行为内容，以空行结束"),
        },
    ),
    Source(
        name="chatlog",
        en="WeChat chat, JSON of chatlog",
        zh="微信聊天记录（chatlog 导出的 JSON）",
        suffixes=(".json",),
        yields=_KINDS,
        sniff=_sniff_chatlog,
        read=_read_chatlog,
        fields={
            "seq": ("number of the message", "消息序号"),
            "time": ("time with zone", "时间"),
            "talker, talkerName": ("the chat: id and name", "会话编号与名称"),
            "sender, senderName": ("who said it: WeChat id and name", "发送人微信号与名称"),
            "type, subType": ("type of the message", "消息类型"),
            "content, contents": ("what was said, shared or quoted", "内容、分享与引用"),
        },
    ),
    Source(
        name="chatlog_csv",
        en="WeChat chat, CSV of chatlog",
        zh="微信聊天记录（chatlog 导出的 CSV）",
        suffixes=(".csv",),
        yields=_KINDS,
        sniff=_sniff_chatlog_csv,
        read=_read_chatlog_csv,
        fields={
            "Time": ("time", "时间"),
            "Sender, SenderName": ("who said it: WeChat id and name", "发送人微信号与名称"),
            "Talker, TalkerName": ("the chat: id and name", "会话编号与名称"),
            "Content": ("what was said; quotes stand above as > lines", "内容；引用以 > 开头"),
        },
    ),
)
