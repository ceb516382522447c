"""Telegram Desktop's result.json: one chat and a whole account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.memory.sources.chats.chat_files import Chat, read
from tests.memory.sources.chats.samples import TELEGRAM


def _chat(folder: Path, *messages: dict[str, Any], **chat: Any) -> Chat:
    whole = {"name": "Makers", "type": "private_group", "id": 5, "messages": list(messages), **chat}
    return read(folder, "telegram", json.dumps(whole), "result.json")


def _service(action: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1, "type": "service", "date": "2026-10-05T21:40:12", "date_unixtime": "1791207612", "actor": "Ann",
        "actor_id": "user11", "action": action, "text": "", **fields,
    }  # fmt: skip


def _message(**fields: Any) -> dict[str, Any]:
    return {"id": 9, "type": "message", "date_unixtime": "1791207612", "from": "Ann", "from_id": "user11", **fields}


def test_one_chat(tmp_path: Path) -> None:
    chat = read(tmp_path, "telegram", json.dumps(TELEGRAM), "result.json")
    assert not chat.rejects
    assert [(event["kind"], event["id"]) for event in chat.acts()][:5] == [
        ("invite", "telegram:555/1/invite/1"),
        ("join", "telegram:555/1/join/1"),
        ("message", "telegram:555/2"),
        ("mention", "telegram:555/2/mention/1"),
        ("reaction", chat.ids("reaction")[0]),
    ]
    message = chat.one("message")
    assert (message["text"], message["actor_key"]) == ("see https://a.example 小李", "telegram:11")
    assert message["props"]["reactions"] == {"👍": 2}
    assert chat.edges("mention") == [("telegram:11", "telegram:12")]
    reaction = chat.one("reaction")
    assert (reaction["actor_key"], reaction["target_key"], reaction["parent_id"]) == (
        "telegram:12", "telegram:11", "telegram:555/2",
    )  # fmt: skip
    reply = chat.one("reply")
    assert (reply["parent_id"], reply["target_key"]) == ("telegram:555/2", "telegram:11")
    share = chat.one("share")
    assert share["actor_key"] == "telegram:13"
    assert share["object_key"].startswith("content:telegram/New things/")
    assert chat.one("group")["text"] == "Makers 创客"


def test_invited_members_are_names_that_the_ids_own_up_to(tmp_path: Path) -> None:
    chat = read(tmp_path, "telegram", json.dumps(TELEGRAM), "result.json")
    assert chat.edges("invite") == [("telegram:11", "name:telegram/555/小李")]
    assert ("telegram:12", "name:telegram/555/小李") in chat.edges("alias")


def test_the_same_forward_in_two_rooms_is_one_thing(tmp_path: Path) -> None:
    forward = _message(forwarded_from="News", text="big sale")
    one, two = (_chat(tmp_path, forward, id=number).one("share")["object_key"] for number in (5, 6))
    assert one == two


def test_who_comes_and_goes(tmp_path: Path) -> None:
    by_link = _chat(tmp_path, _service("join_group_by_link", inviter="Bob"))
    assert by_link.edges("join") == [("telegram:11", None)]
    assert by_link.edges("invite") == [("name:telegram/5/Bob", "telegram:11")]
    assert _chat(tmp_path, _service("join_group_by_request")).one("join")["props"]["how"] == "request"
    own = _chat(tmp_path, _service("invite_members", members=["Ann"]))
    assert (own.edges("join"), own.edges("invite")) == ([("telegram:11", None)], [])
    left = _chat(tmp_path, _service("remove_members", members=["Ann"]))
    assert left.edges("leave") == [("telegram:11", None)]
    removed = _chat(tmp_path, _service("remove_members", members=["Bob"]))
    assert removed.edges("leave") == [("name:telegram/5/Bob", "telegram:11")]
    created = _chat(tmp_path, _service("create_group", title="x", members=["Ann", "Bob"]))
    assert created.edges("join") == [("telegram:11", None), ("name:telegram/5/Bob", None)]
    assert created.edges("invite") == [("telegram:11", "name:telegram/5/Bob")]


def test_other_service_messages_are_notices(tmp_path: Path) -> None:
    notice = _chat(tmp_path, _service("pin_message", message_id=7)).one("notice")
    assert notice["props"] == {"action": "pin_message", "message_id": 7, "text": ""}


def test_whole_account(tmp_path: Path) -> None:
    account = {
        "about": "x",
        "personal_information": {"user_id": 1, "first_name": "Me"},
        "contacts": {"about": "y", "list": [{"user_id": 2, "messages": "no chat"}]},
        "chats": {
            "about": "z",
            "list": [
                {"name": "Bob", "type": "personal_chat", "id": 77, "messages": [_message(from_id="user1")]},
                {"type": "saved_messages", "id": 1, "messages": []},
                {"name": None, "type": "private_group", "id": 78, "messages": [_message(text="hi")]},
            ],
        },
        "left_chats": {"list": [{"name": "Old", "type": "private_group", "id": 79, "messages": [_message()]}]},
    }  # fmt: skip
    chat = read(tmp_path, "telegram", json.dumps(account), "result.json")
    assert not chat.rejects
    assert chat.ids("message") == ["telegram:77/9", "telegram:78/9", "telegram:79/9"]
    assert chat.edges("message")[0] == ("telegram:1", "telegram:77")
    assert [event["text"] for event in chat.of("group")] == ["Bob", "Old"]


def test_old_exports_have_no_unix_time_and_bare_ids(tmp_path: Path) -> None:
    old = {"id": 3, "type": "message", "date": "2019-10-05T21:40:12", "from": "Ann", "from_id": 4302345, "text": "hi"}
    event = _chat(tmp_path, old).one("message")
    assert event["actor_key"] == "telegram:4302345"
    assert event["at"].isoformat() == "2019-10-05T13:40:12+00:00"


def test_answers_to_another_chat(tmp_path: Path) -> None:
    event = _chat(tmp_path, _message(reply_to_message_id=4, reply_to_peer_id="channel42")).one("reply")
    assert event["parent_id"] == "telegram:42/4"


def test_channels_write_as_themselves(tmp_path: Path) -> None:
    event = _chat(tmp_path, _message(**{"from_id": "channel42", "from": "News"})).one("message")
    assert event["actor_key"] == "telegram:channel42"


def test_control_characters_as_telegram_writes_them(tmp_path: Path) -> None:
    text = (
        '{"name":"A","type":"private_group","id":5,"messages":[{"id":1,"type":"message","date_unixtime":"1791207612",'
    )
    text += '"from":"Ann","from_id":"user1","text":"a\\x0Bb \\\\x41"}]}'
    assert read(tmp_path, "telegram", text, "r.json").one("message")["text"] == "a\x0bb \\x41"


def test_what_could_not_be_exported_is_counted(tmp_path: Path) -> None:
    chat = _chat(tmp_path, {"id": 8, "type": "unsupported"}, _message(text="hi"))
    (reject,) = chat.rejects
    assert (reject.line, reject.column) == (1, "date")
    assert len(chat.of("message")) == 1


def test_media_poll_and_edits_stand_in_props(tmp_path: Path) -> None:
    chat = _chat(
        tmp_path,
        _message(id=1, photo="p.jpg"),
        _message(id=2, poll={"question": "Tea?", "answers": []}),
        _message(id=3, file="x.pdf"),
        _message(id=4, file="v.ogg", media_type="voice_message", duration_seconds=4, edited_unixtime="1791207700"),
    )
    assert [event["props"] for event in chat.of("message")] == [
        {"type": "photo"},
        {"type": "poll", "question": "Tea?"},
        {"type": "file"},
        {"media_type": "voice_message", "duration_seconds": 4, "edited": True},
    ]
