"""What bots and forums are told, as events: recorded in the documented shape; the same ids as exports give."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.memory.events import Event, check
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.discord.export import read_json
from lianyi.memory.sources.discord.messages import ChannelMessages
from lianyi.memory.sources.discourse.webhook import Webhooks
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.telegram.export import read
from lianyi.memory.sources.telegram.updates import Updates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPTIONS = Options(received_at=NOW)
AT = 1_772_000_000
ANN = {"id": 101, "is_bot": False, "first_name": "Ann", "last_name": "Lin", "username": "annlin"}
BO = {"id": 102, "is_bot": False, "first_name": "Bo"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "茶友"}


def said(number: int, who: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"message_id": number, "from": who, "chat": GROUP, "date": AT + number, **more}


def told(*updates: dict[str, Any]) -> list[Event]:
    reader = Updates(OPTIONS)
    return [check(event, now=NOW) for number, one in enumerate(updates)
            for event in reader.events({"update_id": number, **one})]  # fmt: skip


def of(events: list[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def exported(folder: Path, name: str, data: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_bot_and_an_export_of_telegram_tell_the_same(tmp_path: Path) -> None:
    first = said(7, ANN, text="好茶 @bo 和 Bo",
                 entities=[{"type": "mention", "offset": 3, "length": 3},
                           {"type": "text_mention", "offset": 9, "length": 2, "user": BO}])  # fmt: skip
    events = told({"message": first}, {"message": said(8, BO, text="谢谢", reply_to_message=first)})
    people = [{"id": 7, "type": "message", "date_unixtime": str(AT + 7), "from": "Ann Lin", "from_id": "user101",
               "text": ["好茶 ", {"type": "mention", "text": "@bo"}, " 和 ",
                        {"type": "mention_name", "text": "Bo", "user_id": 102}]},
              {"id": 8, "type": "message", "date_unixtime": str(AT + 8), "from": "Bo", "from_id": "user102",
               "text": "谢谢", "reply_to_message_id": 7}]  # fmt: skip
    chat = {"name": "茶友", "type": "private_supergroup", "id": 1234567890, "messages": people}
    batches = list(read(exported(tmp_path, "result.json", chat), OPTIONS))
    rows = [row for batch in batches for row in batch.events.to_pylist()]
    spoken = {row["id"]: row for row in rows if row["kind"] in {"message", "reply", "mention"}}
    ours = {event.id: event for event in of(events, "message", "reply", "mention")}
    assert set(ours) == set(spoken)
    for event_id, event in ours.items():
        row = spoken[event_id]
        for name in ("actor_key", "target_key", "group_key", "parent_id", "text", "at"):
            assert getattr(event, name) == row[name], name
    assert {event.group_key for event in events if event.group_key} == {"group:telegram/1234567890"}


def test_who_comes_goes_reacts_edits_and_blocks_the_bot() -> None:
    private = {"id": 101, "type": "private", "first_name": "Ann"}
    events = told(
        {"message": said(1, ANN, new_chat_members=[BO, {**ANN, "id": 103, "is_bot": True}])},
        {"message": said(2, BO, new_chat_members=[BO])},
        {"message": said(3, ANN, left_chat_member=BO)},
        {"message": said(4, ANN, left_chat_member=ANN)},
        {"message": said(5, ANN, new_chat_title="新茶友")},
        {"edited_message": said(6, ANN, text="改了", edit_date=AT + 60)},
        {"message_reaction": {"chat": GROUP, "message_id": 6, "user": BO, "date": AT, "old_reaction": [],
                              "new_reaction": [{"type": "emoji", "emoji": "👍"}]}},
        {"my_chat_member": {"chat": private, "from": ANN, "date": AT, "new_chat_member": {"status": "kicked"}}},
        {"my_chat_member": {"chat": private, "from": ANN, "date": AT + 9, "new_chat_member": {"status": "member"}}},
        {"poll_answer": {"poll_id": "1"}},
    )  # fmt: skip
    joins = [(event.id.rpartition(":")[2], event.actor_key) for event in of(events, "join")]
    assert joins == [("1234567890/1/join/1", "telegram:102"), ("1234567890/1/join/2", "telegram:103"),
                     ("1234567890/2/join/1", "telegram:102")]  # fmt: skip
    assert [(one.actor_key, one.target_key) for one in of(events, "invite")] == [
        ("telegram:101", "telegram:102"), ("telegram:101", "telegram:103")]  # fmt: skip
    assert [(one.actor_key, one.target_key) for one in of(events, "leave")] == [
        ("telegram:102", "telegram:101"), ("telegram:101", None)]  # fmt: skip
    (edit,), (reaction,) = of(events, "edit"), of(events, "reaction")
    assert (edit.text, edit.parent_id) == ("改了", "telegram:1234567890/6")
    assert (reaction.actor_key, reaction.parent_id) == ("telegram:102", "telegram:1234567890/6")
    assert [event.kind for event in of(events, "follow", "unfollow")] == ["unfollow", "follow"]
    assert [one.text for one in of(events, "notice")] == ["新茶友"]


def test_media_forwards_and_channels() -> None:
    origin = {"type": "channel", "chat": {"id": -1009, "type": "channel", "title": "News"}, "message_id": 5}
    events = told(
        {"message": said(1, ANN, caption="看", photo=[{"file_unique_id": "a"}, {"file_unique_id": "b"}])},
        {"message": said(2, ANN, text="转", forward_origin=origin)},
        {"channel_post": {"message_id": 3, "date": AT, "chat": {"id": -1009, "type": "channel", "title": "News"},
                          "sender_chat": {"id": -1009, "title": "News"}, "text": "post"}},
        {"message": said(4, ANN, location={"latitude": 1.0, "longitude": 2.0})},
    )  # fmt: skip
    photo, forward, post, place = of(events, "message", "share")
    assert (photo.text, (photo.props or {})["type"]) == ("看", "photo")
    assert (forward.kind, (forward.props or {})["forwarded_from"]) == ("share", "News")
    assert (post.actor_key, post.group_key) == ("telegram:channel9", "group:telegram/9")
    assert "latitude" not in str(place.props), "where somebody is is not kept"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: st.lists(
    inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "chat", "from", "date", "text", "entities", "user",
    "new_chat_members", "message_id", "reply_to_message", "offset", "type", "photo"]), inner, max_size=6)))  # fmt: skip
def test_whatever_an_update_holds_it_is_an_error_that_can_be_counted(value: Any) -> None:
    for name in ("message", "edited_message", "message_reaction", "my_chat_member"):
        try:
            Updates(OPTIONS).events({name: value})
        except (ValueError, TypeError, KeyError, OverflowError):
            continue


MINE = {"id": "900000000000000001", "username": "ann", "global_name": "Ann", "bot": False}
YOURS = {"id": "900000000000000002", "username": "bo", "global_name": None}


def test_a_bot_and_an_export_of_discord_tell_the_same(tmp_path: Path) -> None:
    channel = "800000000000000001"
    raw = [
        {"id": "700000000000000001", "type": 0, "timestamp": "2026-02-25T06:13:20.000000+00:00", "author": MINE,
         "content": "hello", "mentions": [YOURS], "pinned": True, "attachments": [{"filename": "a.png"}]},
        {"id": "700000000000000002", "type": 19, "timestamp": "2026-02-25T06:14:20+00:00", "author": YOURS,
         "content": "hi", "mentions": [],
         "message_reference": {"type": 0, "message_id": "700000000000000001", "channel_id": channel},
         "reactions": [{"emoji": {"id": None, "name": "🍵"}, "count": 2}]},
        {"id": "700000000000000003", "type": 7, "timestamp": "2026-02-25T06:15:20+00:00", "author": YOURS,
         "content": "", "mentions": []},
    ]  # fmt: skip
    reader = ChannelMessages(OPTIONS, channel_id=channel, name="tea", guild="")
    ours = {event.id: check(event, now=NOW) for one in raw for event in reader.events(one)}

    def author(user: dict[str, Any]) -> dict[str, Any]:
        return {"id": user["id"], "name": user["username"], "nickname": user["global_name"], "isBot": False}

    messages = [
        {"id": raw[0]["id"], "type": "Default", "timestamp": raw[0]["timestamp"], "author": author(MINE),
         "content": "hello", "mentions": [author(YOURS)], "isPinned": True, "attachments": [{"fileName": "a.png"}]},
        {"id": raw[1]["id"], "type": "Reply", "timestamp": raw[1]["timestamp"], "author": author(YOURS),
         "content": "hi", "reference": {"messageId": raw[0]["id"], "channelId": channel},
         "reactions": [{"emoji": {"name": "🍵"}, "count": 2}]},
        {"id": raw[2]["id"], "type": "GuildMemberJoin", "timestamp": raw[2]["timestamp"], "author": author(YOURS)},
    ]  # fmt: skip
    whole = {"guild": {"name": ""}, "channel": {"id": channel, "name": "tea"}, "messages": messages}
    batches = read_json(exported(tmp_path, "tea.json", whole), OPTIONS)
    rows = {row["id"]: row for batch in batches for row in batch.events.to_pylist()}
    assert set(ours) == set(rows)
    for event_id, event in ours.items():
        row = rows[event_id]
        assert (event.kind, event.actor_key, event.target_key, event.text, event.parent_id) == (
            row["kind"], row["actor_key"], row["target_key"], row["text"], row["parent_id"])  # fmt: skip
        assert event.props == (json.loads(row["props"]) if row["props"] else None)


POST = {"id": 55, "username": "Ann", "name": "Ann Lin", "created_at": "2026-02-25T06:13:20.000Z", "post_number": 2,
        "post_type": 1, "updated_at": "2026-02-25T07:13:20.000Z", "topic_id": 12, "topic_title": "Which tea",
        "category_slug": "tea", "reply_to_post_number": None, "cooked": "<p>Try &amp; see</p>"}  # fmt: skip


def test_a_forum_tells_posts_likes_and_users() -> None:
    forum = Webhooks(OPTIONS)
    (said, named) = (of(forum.events("post", "post_created", {"post": POST}), kind) for kind in ("reply", "identify"))
    assert (said[0].id, said[0].parent_id, said[0].text) == ("discourse:tea/12/2", "discourse:tea/12/1", "Try & see")
    assert (said[0].actor_key, said[0].group_key, len(named)) == ("discourse:ann", "group:discourse/tea", 1)
    answer = {**POST, "post_number": 3, "reply_to_post_number": 2, "reply_to_user": {"username": "Ann"}, "raw": "*so*"}
    (reply,) = of(forum.events("post", "post_created", {"post": {**answer, "username": "bo"}}), "reply")
    assert (reply.parent_id, reply.target_key, reply.text) == ("discourse:tea/12/2", "discourse:ann", "*so*")
    first = forum.events("post", "post_created", {"post": {**POST, "post_number": 1}})
    assert [event.kind for event in of(first, "message", "reply")] == ["message"]
    (edit,) = forum.events("post", "post_edited", {"post": {**POST, "version": 2}})
    assert (edit.kind, edit.id, edit.parent_id) == ("edit", "discourse:tea/12/2/edit/2", "discourse:tea/12/2")
    (like,) = forum.events("like", "post_liked", {"like": {"post": POST, "user": {"username": "bo"}}})
    assert (like.kind, like.actor_key, like.target_key) == ("reaction", "discourse:bo", "discourse:ann")
    user = {"username": "Cai", "name": "Cai", "email": "cai@tea.test", "active": True,
            "created_at": "2026-02-20T00:00:00.000Z"}  # fmt: skip
    kinds = [event.kind for event in forum.events("user", "user_created", {"user": user})]
    assert kinds[:2] == ["join", "identify"]
    hidden = {**POST, "topic_archetype": "private_message"}
    (secret,) = of(forum.events("post", "post_created", {"post": hidden}), "reply")
    assert secret.group_key == "group:discourse/private"
    assert forum.events("topic", "topic_created", {"topic": {"id": 1}}) == []
    for wrong in ({**POST, "topic_id": "x"}, {**POST, "username": None}, {**POST, "created_at": "soon"}):
        with pytest.raises(BadMessage):
            forum.events("post", "post_created", {"post": wrong})
