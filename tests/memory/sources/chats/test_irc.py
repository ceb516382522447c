"""IRC logs in the forms of bots and clients."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lianyi.memory.sources.irc.lines import date_in_name, folded
from tests.memory.sources.chats.chat_files import read
from tests.memory.sources.chats.samples import IRC


def test_channel_log(tmp_path: Path) -> None:
    chat = read(tmp_path, "irc", IRC, "2026-10-05.txt")
    assert not chat.rejects
    assert [event["kind"] for event in chat.events if event["kind"] not in {"identify", "group"}] == [
        "message", "message", "mention", "join", "message", "mention", "alias", "message", "leave",
    ]  # fmt: skip
    assert {event["group_key"] for event in chat.acts()} == {"group:irc/#makers"}
    assert chat.of("message")[0]["at"].isoformat() == "2026-10-05T13:40:00+00:00"
    assert chat.edges("mention") == [("irc:bob", "irc:老王")] * 2
    first, second = chat.ids("message")[1:3]
    assert second == first + "#2"
    assert [event["parent_id"] for event in chat.of("mention")] == [first, second]
    renamed = chat.one("alias")
    assert (renamed["actor_key"], renamed["target_key"], renamed["props"]["verified"]) == ("irc:bob", "irc:bob2", False)
    assert renamed["props"]["day"] == "2026-10-05"
    assert chat.of("message")[3]["props"] == {"action": True}
    assert chat.one("leave")["props"] == {"how": "left", "why": '"bye"'}


@pytest.mark.parametrize(
    ("line", "kind", "edge"),
    [
        ("[12:18:59] <@ann> hi", "message", ("ann", None)),
        ("12:18 < ann> hi", "message", ("ann", None)),
        ("[12:18] -ann:#makers- hi", "message", ("ann", None)),
        ("[12:18] * ann waves", "message", ("ann", None)),
        ("[12:18] <ann>", "message", ("ann", None)),
        ("12:18 -!- ann [~a@b] has joined #makers", "join", ("ann", None)),
        ("[12:18] *** ann (~a@b) has joined #makers", "join", ("ann", None)),
        ("[12:18] * ann (~a@b) has joined #makers", "join", ("ann", None)),
        ("12:18 -!- ann [~a@b] has left #makers [bye]", "leave", ("ann", None)),
        ("12:18 -!- ann [~a@b] has quit [Ping timeout]", "leave", ("ann", None)),
        ("[12:18] * ann (~a@b) has quit (Ping timeout)", "leave", ("ann", None)),
        ("12:18 -!- ann was kicked from #makers by Bob [spam]", "leave", ("ann", "bob")),
        ("=== [A] ndy80 [n=[A] ndy@host.example]  has joined #makers", "join", ("{a}ndy80", None)),
        ("[12:18] <[A] ndy80> hi", "message", ("{a}ndy80", None)),
        ("=== [A] ndy80 is now known as [A] way", "alias", ("{a}ndy80", "{a}way")),
        ("12:18 -!- ann is now known as Bob", "alias", ("ann", "bob")),
    ],
)
def test_forms_of_lines(tmp_path: Path, line: str, kind: str, edge: tuple[str, str | None]) -> None:
    chat = read(tmp_path, "irc", f"[12:17] <zoe> start\n{line}\n", "2026-10-05.log", room="#makers")
    expected = tuple(f"irc:{who}" if who else None for who in edge)
    assert chat.edges(kind)[-1] == expected


def test_a_word_before_a_comma_is_a_mention_only_of_somebody_there(tmp_path: Path) -> None:
    text = "[12:18] <ann> well, yes\n[12:18] <bob> ann, zoe: hi\n[12:19] <zoe> Ann: hello\n[12:19] <zoe> ok:ann\n"
    chat = read(tmp_path, "irc", text, "2026-10-05.log")
    assert chat.edges("mention") == [("irc:bob", "irc:ann"), ("irc:bob", "irc:zoe"), ("irc:zoe", "irc:ann")]


def test_midnight_comes_within_a_log(tmp_path: Path) -> None:
    text = "[23:58] <ann> a\n[23:59] <ann> b\n[00:01] <ann> c\n[12:00] <ann> d\n[00:10] <ann> e\n"
    days = [event["at"].day for event in read(tmp_path, "irc", text, "2026-10-05.log", timezone="UTC").of("message")]
    assert days == [5, 5, 6, 6, 7]


def test_lines_a_little_out_of_order_stay_on_their_day(tmp_path: Path) -> None:
    text = "[12:30] <ann> a\n[12:29] <bob> b\n[12:31] <ann> c\n"
    days = [event["at"].day for event in read(tmp_path, "irc", text, "2026-10-05.log", timezone="UTC").of("message")]
    assert days == [5, 5, 5]


def test_the_log_may_say_its_day_itself(tmp_path: Path) -> None:
    text = "--- Log opened Mon Oct 05 12:00:00 2026\n12:18 <ann> a\n--- Day changed Tue Oct 06 2026\n12:19 <ann> b\n"
    messages = read(tmp_path, "irc", text, "makers.log", timezone="UTC").of("message")
    assert [event["at"].day for event in messages] == [5, 6]


def test_the_day_may_be_told_and_must_be_known(tmp_path: Path) -> None:
    text = "[12:18] <ann> a\n"
    told = read(tmp_path, "irc", text, "makers.log", file_date=date(2026, 10, 5), timezone="UTC")
    assert told.one("message")["at"].date() == date(2026, 10, 5)
    (reject,) = read(tmp_path, "irc", text, "makers.log").rejects
    assert "file_date" in reject.reason


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2004-11-15_03.raw.txt", date(2004, 11, 15)),
        ("#makers.20261005.log", date(2026, 10, 5)),
        ("makers_2026_10_05.txt", date(2026, 10, 5)),
        ("makers.log", None),
        ("2026-13-05.log", None),
        ("20261399.log", None),
    ],
)
def test_day_in_the_name(name: str, day: date | None) -> None:
    assert date_in_name(name) == day


def test_nicks_compare_as_on_the_server() -> None:
    assert folded("Ann[away]\\~") == folded("ANN{AWAY}|^") == "ann{away}|^"


def test_each_line_has_an_encoding_of_its_own(tmp_path: Path) -> None:
    content = "[12:18] <ann> 你好\n".encode() + "[12:19] <bob> señor\n".encode("latin-1")
    texts = [event["text"] for event in read(tmp_path, "irc", content, "2026-10-05.log").of("message")]
    assert texts == ["你好", "señor"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_whole_logs_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "[12:18] <ann> 大家好，今天的活动几点开始\n[12:19] <bob> ann: 晚上七点，大家都来\n" * 20
    chat = read(tmp_path, "irc", text.encode(encoding), "2026-10-05.log")
    assert chat.of("message")[1]["text"] == "ann: 晚上七点，大家都来"
    assert len(chat.of("mention")) == 20


def test_room_comes_from_the_option_the_log_or_the_name(tmp_path: Path) -> None:
    said = "[12:18] <ann> a\n"
    joined = "=== bob [~b@c] has joined #Makers\n"
    assert read(tmp_path, "irc", said, "chat-2026-10-05.log").one("message")["group_key"] == "group:irc/chat"
    assert read(tmp_path, "irc", said + joined, "2026-10-05.log").one("message")["group_key"] == "group:irc/#makers"
    told = read(tmp_path, "irc", said + joined, "2026-10-05.log", room="#other")
    assert told.one("message")["group_key"] == "group:irc/#other"
