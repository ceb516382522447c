"""Matrix rooms, exported by Element as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff(head: Head) -> Guess:
    text = head.text
    if not text.lstrip().startswith("{"):
        return NO
    marks = [f'"{name}"' in text for name in ("room_name", "exported_by", "messages")]
    if all(marks):
        return Guess(confidence=1.0, why="room_name, exported_by and messages, as Element writes them")
    if '"origin_server_ts"' in text and '"event_id"' in text and '"messages"' in text:
        return Guess(confidence=0.9, why="Matrix events with origin_server_ts and event_id")
    return NO


def _read(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.matrix.export import read

    return read(path, options)


SOURCES = (
    Source(
        name="matrix",
        en="Matrix room, JSON of Element",
        zh="Matrix 房间（Element 导出的 JSON）",
        suffixes=(".json",),
        yields=(
            *("message", "reply", "mention", "reaction", "invite", "join", "leave"),
            *("edit", "recall", "notice", "group", "identify", "alias"),
        ),
        sniff=_sniff,
        read=_read,
        fields={
            "room_name": ("name of the room", "房间名称"),
            "messages[].type, content": ("what happened", "事件类型与内容"),
            "sender, event_id, origin_server_ts": ("who, id, time", "发送人、编号、时间"),
            "m.relates_to": ("reply, thread, reaction or edit of which event", "回复、话题、表情回应或编辑的对象"),
            "m.room.member": ("invited, joined, left, removed, banned", "邀请、加入、离开、移除、封禁"),
        },
    ),
)
