"""DiscordChatExporter's JSON and CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.memory.sources.chats.chat_files import Chat, read
from tests.memory.sources.chats.samples import DISCORD, DISCORD_CSV, discord_user

ROOM = "900000000000000001"


def _chat(folder: Path, *messages: dict[str, Any]) -> Chat:
    return read(folder, "discord", json.dumps({**DISCORD, "messages": list(messages)}), "d.json")


def _message(kind: str, **fields: Any) -> dict[str, Any]:
    when = "2026-10-05T13:43:12+00:00"
    return {"id": "20", "type": kind, "timestamp": when, "content": "x", "author": discord_user(5, "ann"), **fields}


def test_json(tmp_path: Path) -> None:
    chat = read(tmp_path, "discord", json.dumps(DISCORD), "d.json")
    assert not chat.rejects
    assert [(event["kind"], event["id"].rpartition("discord:")[2]) for event in chat.acts()] == [
        ("join", f"{ROOM}/10"),
        ("message", f"{ROOM}/11"),
        ("mention", f"{ROOM}/11/mention/1"),
        ("reaction", f"{ROOM}/11/reaction/👍/6"),
        ("reply", f"{ROOM}/12"),
        ("mention", f"{ROOM}/12/mention/1"),
        ("share", f"{ROOM}/13"),
    ]
    message = chat.one("message")
    assert message["at"].isoformat() == "2026-10-05T13:41:12.123456+00:00"
    assert message["props"] == {"attachments": ["a.png"], "pinned": True, "reactions": {"👍": 1}}
    assert chat.edges("reaction") == [("discord:6", "discord:5")]
    assert (chat.one("reply")["parent_id"], chat.one("reply")["target_key"]) == (f"discord:{ROOM}/11", "discord:5")
    assert chat.edges("mention") == [("discord:5", "discord:6"), ("discord:6", "discord:5")]
    share = chat.one("share")
    assert (share["object_key"], share["text"], share["props"]["bot"]) == (
        "content:discord/98/99",
        "from elsewhere",
        True,
    )
    assert chat.one("group")["text"] == "Brand / general"


def test_profiles_with_bots_flagged(tmp_path: Path) -> None:
    people = {
        event["actor_key"]: event["props"]
        for event in read(tmp_path, "discord", json.dumps(DISCORD), "d").of("identify")
    }
    assert people["discord:5"] == {"name": "Ann", "username": "ann", "avatar": "https://cdn.example/a.png"}
    assert people["discord:7"]["bot"] is True


def test_group_messages_bring_and_remove_people(tmp_path: Path) -> None:
    added = _chat(tmp_path, _message("RecipientAdd", mentions=[discord_user(6, "bob")]))
    assert (added.edges("invite"), added.edges("join")) == ([("discord:5", "discord:6")], [("discord:6", None)])
    removed = _chat(tmp_path, _message("RecipientRemove", mentions=[discord_user(6, "bob")]))
    assert removed.edges("leave") == [("discord:6", "discord:5")]
    left = _chat(tmp_path, _message("RecipientRemove", mentions=[discord_user(5, "ann")]))
    assert left.edges("leave") == [("discord:5", None)]
    assert _chat(tmp_path, _message("7")).edges("join") == [("discord:5", None)]


def test_other_system_messages_are_notices(tmp_path: Path) -> None:
    assert _chat(tmp_path, _message("ChannelPinnedMessage")).one("notice")["props"] == {
        "action": "ChannelPinnedMessage"
    }


def test_replies_into_another_channel(tmp_path: Path) -> None:
    reply = _chat(tmp_path, _message("Reply", reference={"messageId": "3", "channelId": "8"})).one("reply")
    assert reply["parent_id"] == "discord:8/3"


def test_csv(tmp_path: Path) -> None:
    chat = read(tmp_path, "discord_csv", DISCORD_CSV, f"Brand - Text - general [{ROOM}].csv")
    assert not chat.rejects
    assert [event["kind"] for event in chat.acts()] == ["join", "message", "message"]
    first = chat.of("message")[0]
    assert first["text"] == 'line 1\nline "2" 你好'
    assert first["group_key"] == f"group:discord/{ROOM}"
    assert first["props"] == {"attachments": ["https://cdn.example/a.png"], "reactions": {"👍": 3, "❤️": 1}}


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-10-05T21:40:00.1234567+08:00", "2026-10-05T13:40:00.123456+00:00"),
        ("05-Oct-26 09:40 PM", "2026-10-05T13:40:00+00:00"),
        ("10/25/2026 9:40 PM", "2026-10-25T13:40:00+00:00"),
        ("25/10/2026 21:40", "2026-10-25T13:40:00+00:00"),
        ("2026/10/5 21:40:01", "2026-10-05T13:40:01+00:00"),
    ],
)
def test_dates_of_old_exports(tmp_path: Path, date: str, expected: str) -> None:
    text = f'AuthorID,Author,Date,Content,Attachments,Reactions\n"5","ann","{date}","x","",""\n'
    assert read(tmp_path, "discord_csv", text, "c.csv").one("message")["at"].isoformat() == expected


def test_order_of_day_and_month_comes_from_the_file_or_is_asked_for(tmp_path: Path) -> None:
    header = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
    row = '"5","ann","05/10/2026 21:40","x","",""\n'
    assert read(tmp_path, "discord_csv", header + row, "c.csv").rejects[0].column == "Date"
    clear = '"5","ann","25/10/2026 21:40","x","",""\n'
    assert read(tmp_path, "discord_csv", header + row + clear, "c.csv").of("message")[0]["at"].month == 10
