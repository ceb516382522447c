"""Telegram chats, exported by Telegram Desktop as JSON (`result.json`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff(head: Head) -> Guess:
    text = head.text
    if not text.lstrip().startswith("{"):
        return NO
    message = '"date_unixtime"' in text or ('"from_id"' in text and '"text"' in text)
    if message and '"messages"' in text and '"type"' in text:
        return Guess(confidence=0.98, why="messages with date_unixtime and from_id, as Telegram Desktop writes them")
    if '"chats"' in text and '"personal_information"' in text:
        return Guess(confidence=0.9, why="an account export of Telegram Desktop: personal_information, chats")
    return NO


def _read(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.telegram.export import read

    return read(path, options)


SOURCES = (
    Source(
        name="telegram",
        en="Telegram Desktop export (result.json)",
        zh="Telegram 桌面版导出（result.json）",
        suffixes=(".json",),
        yields=(
            *("message", "reply", "share", "mention", "reaction", "invite", "join", "leave"),
            *("notice", "group", "identify", "alias"),
        ),
        sniff=_sniff,
        read=_read,
        fields={
            "name, type, id": ("the chat", "会话名称、类型与编号"),
            "messages[].id": ("number of the message in its chat", "消息编号"),
            "date_unixtime": ("time", "时间"),
            "from, from_id": ("who wrote it; null where the account is deleted", "发送人；账号注销时为空"),
            "text": ("what was said, whole or in parts", "内容"),
            "reply_to_message_id": ("the message it answers", "所回复的消息"),
            "forwarded_from": ("passed on from there: a share", "转发来源：视为分享"),
            "reactions": ("emoji, counts, and some of the people", "表情回应"),
            "actor, action, members, inviter": (
                "service messages: who came, went, invited (names)",
                "服务消息：进出与邀请（仅名称）",
            ),
        },
    ),
)
