"""Updates of a bot (Bot API: getUpdates, or a webhook) as events: the same ids as an export of the chat gives.

A message is put into the form of an export and read as one; what exports tell by names alone (who came, who left, who
reacted) is told by ids here. An edit is an event of its own. What is no message is counted by who reads, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import epoch
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.chats.room import Person, Room, digest
from lianyi.memory.sources.chats.texts import clean
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.telegram.export import Chats

# What a bot asks for; anything else is not sent to it.
WANTED = ("message", "edited_message", "channel_post", "edited_channel_post", "message_reaction", "my_chat_member")
# Ids of supergroups and channels carry this before the number that everybody else knows.
LONG = "-100"
_MEDIA = {"sticker": "sticker", "voice": "voice_message", "video": "video_file", "animation": "animation",
          "audio": "audio_file", "video_note": "video_message"}  # fmt: skip
_SERVICE = ("new_chat_title", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
            "pinned_message", "delete_chat_photo", "new_chat_photo", "migrate_to_chat_id",
            "migrate_from_chat_id", "forum_topic_created", "forum_topic_closed", "video_chat_started",
            "video_chat_ended")  # fmt: skip
_GONE = frozenset({"left", "kicked"})


def bare(chat_id: Any) -> str:
    """The id of a chat as exports give it: without sign and without the mark of long ones."""
    text = str(chat_id)
    return text.removeprefix(LONG) if text.startswith(LONG) else text.removeprefix("-")


class Updates:
    """A stream of updates. Rooms remember names, so that each is introduced once."""

    def __init__(self, options: Options) -> None:
        self._chats = Chats(options, fallback="?")

    def events(self, update: Mapping[str, Any]) -> list[Event]:
        """Events of one update, [] for one of a kind that tells nothing. BadMessage names the field that is wrong."""
        for name in ("message", "channel_post"):
            if isinstance(update.get(name), dict):
                return self._message(update[name])
        for name in ("edited_message", "edited_channel_post"):
            if isinstance(update.get(name), dict):
                return self._edited(update[name])
        if isinstance(update.get("message_reaction"), dict):
            return self._reaction(update["message_reaction"])
        if isinstance(update.get("my_chat_member"), dict):
            return self._member(update["my_chat_member"])
        return []

    def _message(self, said: Mapping[str, Any]) -> list[Event]:
        around, room = self._around(said)
        at, who, number = _at(said), _who(said), _number(said)
        came, gone = said.get("new_chat_members"), said.get("left_chat_member")
        if isinstance(came, list):
            return [*room.introduced(at, kind=around["type"]), *self._came(room, at, number, who, came)]
        if isinstance(gone, dict):
            person = _person(gone)
            by = who if who and who.key != person.key else None
            how = {"how": "removed" if by else "left"}
            return [*room.seen(at, person), room.act("leave", f"{number}/leave/1", at, person, by, props=how)]
        for action in _SERVICE:
            if action in said:
                text = said[action] if isinstance(said[action], str) else None
                return [*room.seen(at, who), room.act("notice", number, at, who, text=text, props={"action": action})]
        answered = said.get("reply_to_message")
        if isinstance(answered, dict):
            author = _who(answered)
            if author:
                room.wrote(str(answered.get("message_id")), Person(author.key))
        return self._chats.message(Element(line=0, number=0, value=_exported(said), around=around))

    def _came(self, room: Room, at: datetime, number: str, who: Person | None, came: list[Any]) -> list[Event]:
        made: list[Event] = []
        for place, member in enumerate((one for one in came if isinstance(one, dict)), 1):
            person = _person(member)
            made += room.seen(at, person)
            invited = who is not None and who.key != person.key
            if who is not None and invited:
                how = {"how": "invited"}
                made.append(room.act("invite", f"{number}/invite/{place}", at, who, person, props=how))
            props = {"how": "invited" if invited else "joined", **({"bot": True} if member.get("is_bot") else {})}
            made.append(room.act("join", f"{number}/join/{place}", at, person, props=props))
        return made

    def _edited(self, said: Mapping[str, Any]) -> list[Event]:
        _around, room = self._around(said)
        number, edited = _number(said), said.get("edit_date")
        if not isinstance(edited, int):
            raise BadMessage("edit_date", edited, "is not the time of an edit")
        text = clean(str(said.get("text") or said.get("caption") or ""))
        return [room.act("edit", f"{number}/edit/{edited}", epoch(edited), _who(said), parent=number, text=text)]

    def _reaction(self, said: Mapping[str, Any]) -> list[Event]:
        _around, room = self._around(said)
        who, at, number = _who({"from": said.get("user")}), _at(said), _number(said)
        if who is None:  # anonymous admins react in the name of the chat
            return []
        before = {_emoji(one) for one in said.get("old_reaction") or ()}
        fresh = [_emoji(one) for one in said.get("new_reaction") or () if _emoji(one) not in before]
        return [*room.seen(at, who), *(
            room.act("reaction", f"{number}/reaction/{emoji}/{digest(who.key)[:16]}", at, who, parent=number,
                     props={"emoji": emoji})
            for emoji in fresh
        )]  # fmt: skip

    def _member(self, said: Mapping[str, Any]) -> list[Event]:
        """In a private chat: who begins with the bot, and who blocks it."""
        around, room = self._around(said)
        who, fresh = _who(said), said.get("new_chat_member")
        if around["type"] != "personal_chat" or who is None or not isinstance(fresh, dict):
            return []
        at = _at(said)
        kind = "unfollow" if fresh.get("status") in _GONE else "follow"
        event_id = f"~member/{round(at.timestamp())}"
        return [*room.seen(at, who), room.act(kind, event_id, at, who, props={"how": str(fresh.get("status"))[:40]})]

    def _around(self, said: Mapping[str, Any]) -> tuple[dict[str, Any], Room]:
        chat = said.get("chat")
        if not isinstance(chat, dict) or not isinstance(chat.get("id"), int):
            raise BadMessage("chat.id", chat, "is not the number of a chat")
        private = chat.get("type") == "private"
        title = chat.get("title") if not private else None
        around = {"id": bare(chat["id"]), "name": title, "type": "personal_chat" if private else str(chat.get("type"))}
        return around, self._chats.room(around)[0]


def _exported(said: Mapping[str, Any]) -> dict[str, Any]:
    """The message as an export has it."""
    who = _who(said)
    made: dict[str, Any] = {
        "id": said["message_id"], "type": "message", "date_unixtime": said.get("date"),
        "edited_unixtime": said.get("edit_date"), "from": who.name if who else None,
        "from_id": who.key.removeprefix("telegram:") if who else None,
        "text": _parts(str(said.get("text") or said.get("caption") or ""),
                       said.get("entities") or said.get("caption_entities") or []),
    }  # fmt: skip
    answered = said.get("reply_to_message")
    if isinstance(answered, dict) and isinstance(answered.get("message_id"), int):
        made["reply_to_message_id"] = answered["message_id"]
    if isinstance(said.get("forward_origin"), dict):
        made["forwarded_from"] = _origin(said["forward_origin"])
    for name, kind in _MEDIA.items():
        if isinstance(said.get(name), dict):
            made |= {"media_type": kind, "file": str(said[name].get("file_unique_id", ""))}
    if isinstance(said.get("sticker"), dict):
        made["sticker_emoji"] = str(said["sticker"].get("emoji", ""))
    photos = said.get("photo")
    if isinstance(photos, list) and photos and isinstance(photos[-1], dict):
        made["photo"] = str(photos[-1].get("file_unique_id", ""))
    if isinstance(said.get("document"), dict) and "animation" not in said:
        made["file"] = str(said["document"].get("file_unique_id", ""))
    for name, shown in (("poll", "poll"), ("location", "location_information"), ("contact", "contact_information")):
        if isinstance(said.get(name), dict):
            made[shown] = {"question": said[name].get("question")} if name == "poll" else {}
    return made


def _parts(text: str, entities: list[Any]) -> str | list[Any]:
    """The text in the parts of an export; places are counted in units of UTF-16, as Telegram does."""
    raw = text.encode("utf-16-le")
    parts: list[Any] = []
    done = 0
    for one in sorted((one for one in entities if isinstance(one, dict)), key=lambda one: int(one.get("offset", 0))):
        start, end = 2 * int(one.get("offset", 0)), 2 * (int(one.get("offset", 0)) + int(one.get("length", 0)))
        if one.get("type") not in {"mention", "text_mention"} or start < done or end > len(raw):
            continue
        parts.append(raw[done:start].decode("utf-16-le", "replace"))
        shown, user = raw[start:end].decode("utf-16-le", "replace"), one.get("user")
        if one["type"] == "mention":
            parts.append({"type": "mention", "text": shown})
        else:
            number = user.get("id") if isinstance(user, dict) else None
            parts.append({"type": "mention_name", "text": shown, "user_id": number})
        done = end
    return [*parts, raw[done:].decode("utf-16-le", "replace")] if parts else text


def _origin(origin: Mapping[str, Any]) -> str:
    """Who or what a forwarded message came from, as it is shown."""
    for name in ("sender_user", "sender_chat", "chat"):
        if isinstance(origin.get(name), dict):
            return _shown(origin[name])
    return str(origin.get("sender_user_name") or "")


def _who(said: Mapping[str, Any]) -> Person | None:
    """Who wrote or did it; a chat that speaks for itself (channels, anonymous admins) where there is one."""
    chat, user = said.get("sender_chat"), said.get("from")
    if isinstance(chat, dict) and chat.get("id") is not None:
        return Person(f"telegram:channel{bare(chat['id'])}", _shown(chat) or None)
    return _person(user) if isinstance(user, dict) and user.get("id") is not None else None


def _person(user: Mapping[str, Any]) -> Person:
    return Person(f"telegram:{user['id']}", _shown(user) or None)


def _shown(one: Mapping[str, Any]) -> str:
    names = (one.get("first_name"), one.get("last_name"))
    return clean(str(one.get("title") or " ".join(str(name) for name in names if name) or one.get("username") or ""))


def _emoji(one: Any) -> str:
    said = one if isinstance(one, dict) else {}
    return str(said.get("emoji") or said.get("custom_emoji_id") or said.get("type") or "?")


def _at(said: Mapping[str, Any]) -> datetime:
    if not isinstance(said.get("date"), int):
        raise BadMessage("date", said.get("date"), "is not a time in seconds")
    return epoch(said["date"])


def _number(said: Mapping[str, Any]) -> str:
    if not isinstance(said.get("message_id"), int):
        raise BadMessage("message_id", said.get("message_id"), "is not the number of a message")
    return str(said["message_id"])
