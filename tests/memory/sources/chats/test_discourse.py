"""Discourse's CSV exports: users, and one user's posts."""

from __future__ import annotations

from pathlib import Path

from tests.memory.sources.chats.chat_files import read
from tests.memory.sources.chats.samples import DISCOURSE_POSTS, DISCOURSE_USERS


def test_users(tmp_path: Path) -> None:
    chat = read(tmp_path, "discourse_users", DISCOURSE_USERS, "user-list.csv", room="forum.example")
    assert not chat.rejects
    ann, bob = chat.of("identify")
    assert ann["actor_key"] == "discourse:ann"
    assert ann["props"]["name"] == "Ann Lee"
    assert (ann["props"]["location"], ann["props"]["post_count"]) == ("杭州", "7")
    assert "ip_address" not in ann["props"]
    assert bob["props"]["name"] == "bob"
    links = {event["target_key"]: event["props"]["verified"] for event in chat.of("alias")}
    assert links == {"email:ann@x.example": True, "email:bob@x.example": False}
    assert [event["at"].isoformat() for event in chat.of("join")] == [
        "2024-01-01T12:00:00+00:00", "2024-01-02T12:00:00+00:00",
    ]  # fmt: skip


def test_a_later_export_adds_what_has_changed(tmp_path: Path) -> None:
    first = read(tmp_path, "discourse_users", DISCOURSE_USERS, "a.csv")
    later = read(tmp_path, "discourse_users", DISCOURSE_USERS.replace("杭州", "上海"), "a.csv")
    assert set(later.ids("join")) == set(first.ids("join"))
    assert len(set(later.ids("identify")) - set(first.ids("identify"))) == 1


def test_posts(tmp_path: Path) -> None:
    chat = read(tmp_path, "discourse_posts", DISCOURSE_POSTS, "user_archive-ann-240601-120000.csv")
    assert not chat.rejects
    reply, post = chat.one("reply"), chat.one("message")
    assert reply["actor_key"] == post["actor_key"] == "discourse:ann"
    assert (reply["group_key"], reply["text"]) == ("group:discourse/General > Help", "my\npost")
    assert reply["parent_id"] == "discourse_posts:General > Help/12/1"
    assert reply["props"]["like_count"] == 3
    assert post["id"] == "discourse_posts:General/13/1"


def test_whose_posts_these_are_must_be_known(tmp_path: Path) -> None:
    assert [reject.column for reject in read(tmp_path, "discourse_posts", DISCOURSE_POSTS, "posts.csv").rejects] == [
        "me",
        "me",
    ]
    told = read(tmp_path, "discourse_posts", DISCOURSE_POSTS, "posts.csv", me="Ann")
    assert told.one("reply")["actor_key"] == "discourse:ann"
