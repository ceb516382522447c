"""Messages of a channel as Discord's API gives them to a bot, as events: the same ids as an export of the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.discord.export import Channel
from lianyi.memory.sources.source import Options

# Numbers of the API that exports of today spell out.
_TYPES = {0: "Default", 1: "RecipientAdd", 2: "RecipientRemove", 6: "ChannelPinnedMessage", 7: "GuildMemberJoin",
          19: "Reply", 20: "ChatInputCommand", 23: "ContextMenuCommand"}  # fmt: skip
FORWARD = 1


class ChannelMessages:
    """One channel. guild, name: as they are shown."""

    def __init__(self, options: Options, *, channel_id: str, name: str = "", guild: str = "") -> None:
        self._reader = Channel(options, stem=channel_id)
        self._around = {"guild": {"name": guild}, "channel": {"id": channel_id, "name": name}}

    def events(self, message: Mapping[str, Any]) -> list[Event]:
        """Events of one message. BadMessage names the field that is wrong."""
        return self._reader.message(Element(line=0, number=0, value=_exported(message), around=self._around))


def _exported(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as an export has it."""
    kind = message.get("type")
    made: dict[str, Any] = {
        "id": message.get("id"), "type": _TYPES.get(kind, str(kind)) if isinstance(kind, int) else "0",
        "timestamp": message.get("timestamp"), "timestampEdited": message.get("edited_timestamp"),
        "isPinned": message.get("pinned") is True, "content": message.get("content"),
        "author": _user(message.get("author")), "mentions": [_user(one) for one in _list(message, "mentions")],
        "attachments": [{"fileName": one.get("filename")} for one in _list(message, "attachments")],
        "stickers": _list(message, "sticker_items"), "embeds": _list(message, "embeds"),
        "reactions": [{"emoji": _emoji(one.get("emoji")), "count": one.get("count", 0)}
                      for one in _list(message, "reactions")],
    }  # fmt: skip
    reference = message.get("message_reference")
    if isinstance(reference, dict):
        made["reference"] = {
            "type": "Forward" if reference.get("type") == FORWARD else "Default",
            "messageId": reference.get("message_id"), "channelId": reference.get("channel_id"),
        }  # fmt: skip
    snapshots = _list(message, "message_snapshots")
    if snapshots and isinstance(snapshots[0].get("message"), dict):
        made["forwardedMessage"] = {"content": snapshots[0]["message"].get("content")}
    return made


def _user(user: Any) -> dict[str, Any]:
    said = user if isinstance(user, dict) else {}
    return {"id": said.get("id"), "name": said.get("username"), "nickname": said.get("global_name"),
            "isBot": said.get("bot") is True}  # fmt: skip


def _emoji(emoji: Any) -> dict[str, Any]:
    said = emoji if isinstance(emoji, dict) else {}
    return {"name": said.get("name"), "id": said.get("id")}


def _list(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
