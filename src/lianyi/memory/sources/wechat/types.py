"""WeChat's types of messages, by number (type, subtype) and by the words that exporters write for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Treatment = Literal["text", "media", "share", "quote", "system", "pat"]


@dataclass(frozen=True, kw_only=True)
class MessageType:
    """One type: our name for it, what is made of it, its numbers (subtype None = any) and exporters' words."""

    name: str
    treatment: Treatment
    numbers: tuple[tuple[int, int | None], ...] = ()
    words: tuple[str, ...] = ()


TYPES: tuple[MessageType, ...] = (
    MessageType(name="text", treatment="text", numbers=((1, None),), words=("文本", "文本消息", "text")),
    MessageType(name="image", treatment="media", numbers=((3, None),), words=("图片", "image")),
    MessageType(name="voice", treatment="media", numbers=((34, None),), words=("语音", "voice")),
    MessageType(name="card", treatment="media", numbers=((42, None), (66, None)), words=("名片", "个人名片", "card")),
    MessageType(
        name="video", treatment="media", numbers=((43, None), (44, None), (62, None)), words=("视频", "小视频", "video")
    ),
    MessageType(
        name="sticker",
        treatment="media",
        numbers=((47, None), (49, 8)),
        words=("表情", "表情包", "动画表情", "GIF表情", "sticker", "emoji"),
    ),
    MessageType(
        name="location", treatment="media", numbers=((48, None), (49, 17)), words=("位置", "共享位置", "location")
    ),
    MessageType(
        name="call",
        treatment="media",
        numbers=((50, None), (49, 56)),
        words=("语音通话", "视频通话", "音视频通话", "通话"),
    ),
    MessageType(
        name="link",
        treatment="share",
        numbers=((49, 4), (49, 5)),
        words=("链接", "分享链接", "分享", "卡片式链接", "link"),
    ),
    MessageType(
        name="music", treatment="share", numbers=((49, 3), (49, 76), (49, 92)), words=("音乐", "音乐分享", "music")
    ),
    MessageType(name="file", treatment="media", numbers=((49, 6), (49, 74)), words=("文件", "file")),
    MessageType(
        name="forward",
        treatment="share",
        numbers=((49, 19), (49, 24), (49, 40)),
        words=("合并转发", "合并转发的聊天记录", "聊天记录", "笔记"),
    ),
    MessageType(name="mini_program", treatment="share", numbers=((49, 33), (49, 36)), words=("小程序", "mini program")),
    MessageType(
        name="channel_video",
        treatment="share",
        numbers=((49, 50), (49, 51), (49, 63)),
        words=("视频号", "视频号名片", "视频号直播"),
    ),
    MessageType(name="sign_up_chain", treatment="text", numbers=((49, 53),), words=("接龙", "群接龙")),
    MessageType(name="quote", treatment="quote", numbers=((49, 57),), words=("引用", "引用消息", "quote")),
    MessageType(name="pat", treatment="pat", numbers=((49, 62),), words=("拍一拍",)),
    MessageType(name="announcement", treatment="text", numbers=((49, 87),), words=("群公告",)),
    MessageType(name="transfer", treatment="media", numbers=((49, 2000),), words=("转账", "transfer")),
    MessageType(name="red_packet", treatment="media", numbers=((49, 2001),), words=("红包", "red packet")),
    MessageType(name="red_packet_cover", treatment="share", numbers=((49, 2003),), words=("红包封面",)),
    MessageType(
        name="system",
        treatment="system",
        numbers=((10000, None), (10002, None), (49, 10000)),
        words=("系统消息", "系统", "系统通知", "system"),
    ),
)

OTHER = MessageType(name="other", treatment="text")

_BY_NUMBER: Mapping[tuple[int, int | None], MessageType] = {
    number: message_type for message_type in TYPES for number in message_type.numbers
}
_BY_WORD: Mapping[str, MessageType] = {
    word.casefold(): message_type for message_type in TYPES for word in message_type.words
}


def by_number(number: int, subtype: int | None) -> MessageType:
    """The type of a pair of numbers; OTHER where the table does not have it."""
    return _BY_NUMBER.get((number, subtype)) or _BY_NUMBER.get((number, None)) or OTHER


def by_word(word: str) -> MessageType | None:
    """The type that an exporter calls so."""
    return _BY_WORD.get(word.strip().casefold())
