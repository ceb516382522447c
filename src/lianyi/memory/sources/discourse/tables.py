"""Discourse's CSV exports as events: the list of users, and the posts of one user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.memory.sources.chats.clock import Clock
from lianyi.memory.sources.chats.csv_rows import Column, Layout
from lianyi.memory.sources.chats.reading import BadMessage, csv_records
from lianyi.memory.sources.chats.room import Person, Room, digest
from lianyi.memory.sources.chats.texts import clean, file_stem
from lianyi.memory.sources.records import batches
from lianyi.memory.sources.source import Batch, Options

USER_COLUMNS = (
    Column(name="id", headers=("id",), en="number of the user", zh="用户编号"),
    Column(name="name", headers=("name",), en="full name", zh="姓名"),
    Column(name="username", headers=("username",), en="user name: the key", zh="用户名"),
    Column(name="email", headers=("email",), en="e-mail address", zh="邮箱"),
    Column(name="created_at", headers=("created_at",), en="when the user came", zh="注册时间"),
    Column(name="last_seen_at", headers=("last_seen_at",), en="last visit", zh="最近访问", required=False),
    Column(name="trust_level", headers=("trust_level",), en="trust level 0–4", zh="信任等级"),
    Column(name="active", headers=("active",), en="true: the address is verified", zh="是否激活", required=False),
)
# Never taken over: an address on the network says more than a profile needs.
LEFT_OUT = frozenset({"id", "name", "username", "email", "created_at", "ip_address"})
POST_COLUMNS = (
    Column(name="topic_title", headers=("topic_title",), en="title of the topic", zh="主题标题"),
    Column(name="category", headers=("category", "categories"), en="category", zh="分类"),
    Column(name="sub_category", headers=("sub_category",), en="category below it", zh="子分类", required=False),
    Column(name="is_pm", headers=("is_pm",), en="Yes: a private message", zh="是否私信"),
    Column(name="post", headers=("post", "post_raw"), en="what was written", zh="内容"),
    Column(name="like_count", headers=("like_count",), en="likes it got", zh="获赞数", required=False),
    Column(name="reply_count", headers=("reply_count",), en="replies it got", zh="回复数", required=False),
    Column(name="url", headers=("url",), en="address of the post", zh="链接"),
    Column(name="created_at", headers=("created_at",), en="time", zh="时间"),
)
_POST_URL = re.compile(r"/t/(?:[^/]*/)?(?P<topic>\d+)(?:/(?P<post>\d+))?/?(?:[?#].*)?\Z")
_OWNER = re.compile(r"user[-_]archive[-_](?P<name>.+?)(?:[-_]\d{6,8}(?:[-_]\d{4,6})?)?\Z")


def read_users(path: Path, options: Options) -> Iterator[Batch]:
    """One identify event per user, and the joining of the forum (option `room`, else `forum`)."""
    users = _Users(options)
    return batches(csv_records(path, options, USER_COLUMNS, users.row), options)


class _Users:
    def __init__(self, options: Options) -> None:
        self._clock = Clock(options.timezone)
        forum = options.room or "forum"
        self._room = Room(
            options=options,
            format="discourse_users",
            platform="discourse",
            id=forum,
            name=options.room,
            bare_names=False,
        )

    def row(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of one user."""
        username = clean(layout.cell(row, "username")).strip()
        if not username:
            raise BadMessage("username", "", "the user has no name")
        person = _person(username)
        created = _time(self._clock, layout.cell(row, "created_at"), "created_at")
        seen = layout.cell(row, "last_seen_at").strip()
        at = _time(self._clock, seen, "last_seen_at") if seen else created
        verified = ("email",) if layout.cell(row, "active").strip().lower() == "true" else ()
        identified = identify_events(
            id=self._room.event_id(f"{username.lower()}/{digest(*row)[:16]}"),
            at=at,
            source=self._room.source,
            actor_key=person.key,
            traits=_traits(layout, row, username),
            channel="discourse",
            verified=verified,
        )
        joined = self._room.act("join", f"{username.lower()}/join", created, person, props={"how": "registered"})
        return [*self._room.introduced(created), joined, *identified]


def _person(username: str) -> Person:
    return Person(f"discourse:{username.lower()}", username)


def _traits(layout: Layout, row: list[str], username: str) -> dict[str, Any]:
    traits: dict[str, Any] = {
        "name": clean(layout.cell(row, "name")).strip() or username,
        "username": username,
        "email": layout.cell(row, "email").strip(),
        "discourse_id": layout.cell(row, "id").strip(),
    }
    for title, cell in zip(layout.header, row, strict=True):
        if title and title not in LEFT_OUT and cell.strip():
            traits[title] = clean(cell).strip()
    return traits


def read_posts(path: Path, options: Options) -> Iterator[Batch]:
    """The posts of one user: the option `me`, or the name in the file's name (user_archive-<name>-<day>)."""
    posts = _Posts(path, options)
    return batches(csv_records(path, options, POST_COLUMNS, posts.row), options)


class _Posts:
    def __init__(self, path: Path, options: Options) -> None:
        self._options = options
        self._clock = Clock(options.timezone)
        self._rooms: dict[str, Room] = {}
        owner = _OWNER.search(file_stem(path, options))
        name = options.me or (owner["name"] if owner else "")
        self._author = Person(name) if ":" in name else _person(name) if name else None

    def row(self, layout: Layout, row: list[str]) -> list[Event]:
        """Events of one post."""
        if self._author is None:
            reason = "the file does not say whose posts these are; give the user name with the option me"
            raise BadMessage("me", "", reason)
        url = layout.cell(row, "url").strip()
        place = _POST_URL.search(url)
        if place is None:
            raise BadMessage("url", url, "is no address of a post; those end in /t/topic-title/12/3")
        at = _time(self._clock, layout.cell(row, "created_at"), "created_at")
        private = layout.cell(row, "is_pm").strip().lower() in {"yes", "true", "1", "是"}
        category = " > ".join(
            filter(None, (clean(layout.cell(row, name)).strip() for name in ("category", "sub_category")))
        )
        room = self._room("private" if private else category or "uncategorized")
        number = place["post"] or "1"
        props = {"title": clean(layout.cell(row, "topic_title")), "url": url, **_counts(layout, row)}
        first = f"{place['topic']}/1" if number != "1" else None
        message = room.message(
            f"{place['topic']}/{number}", at, self._author, clean(layout.cell(row, "post")), answers=first, props=props
        )
        return [*room.introduced(at), *room.seen(at, self._author), message]

    def _room(self, name: str) -> Room:
        if name not in self._rooms:
            self._rooms[name] = Room(
                options=self._options,
                format="discourse_posts",
                platform="discourse",
                id=name,
                name=name,
                bare_names=False,
            )
        return self._rooms[name]


def _counts(layout: Layout, row: list[str]) -> dict[str, int]:
    found = {name: layout.cell(row, name).strip() for name in ("like_count", "reply_count")}
    return {name: int(text) for name, text in found.items() if text.isdecimal() and len(text) < 12 and text != "0"}


def _time(clock: Clock, text: str, column: str) -> datetime:
    try:
        return clock.read(text)
    except ValueError as error:
        raise BadMessage(column, text, str(error)) from None
