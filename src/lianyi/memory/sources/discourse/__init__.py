"""Discourse forums: the CSV of their users, and of one user's posts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def _sniff_users(head: Head) -> Guess:
    from lianyi.memory.sources.chats.csv_rows import head_layout
    from lianyi.memory.sources.discourse.tables import USER_COLUMNS

    found = head_layout(head, USER_COLUMNS)
    return Guess(confidence=0.97, why="the header of Discourse's user list: username, trust_level …") if found else NO


def _sniff_posts(head: Head) -> Guess:
    from lianyi.memory.sources.chats.csv_rows import head_layout
    from lianyi.memory.sources.discourse.tables import POST_COLUMNS

    found = head_layout(head, POST_COLUMNS)
    return Guess(confidence=0.97, why="the header of a Discourse archive: topic_title, is_pm, post …") if found else NO


def _read_users(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.discourse.tables import read_users

    return read_users(path, options)


def _read_posts(path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.discourse.tables import read_posts

    return read_posts(path, options)


SOURCES = (
    Source(
        name="discourse_users",
        en="Discourse: list of users (CSV)",
        zh="Discourse 论坛用户列表（CSV）",
        suffixes=(".csv",),
        yields=("identify", "alias", "join", "group"),
        sniff=_sniff_users,
        read=_read_users,
        fields={
            "username": ("user name: the key", "用户名：标识"),
            "name, email, title, website, location": ("profile", "个人资料"),
            "created_at, last_seen_at": ("when the user came, and was seen last", "注册与最近访问时间"),
            "trust_level, post_count, likes_given …": ("standing and activity, kept as traits", "等级与活跃度"),
            "ip_address": ("left out", "不导入"),
        },
    ),
    Source(
        name="discourse_posts",
        en="Discourse: archive of one user's posts (CSV)",
        zh="Discourse 用户帖子归档（CSV）",
        suffixes=(".csv",),
        yields=("message", "reply", "group", "identify", "alias"),
        sniff=_sniff_posts,
        read=_read_posts,
        fields={
            "topic_title, category, sub_category": ("where it was written", "主题与分类"),
            "post": ("what was written", "内容"),
            "url": ("address: topic and number of the post", "链接"),
            "like_count, reply_count": ("echo", "获赞与回复数"),
            "created_at": ("time", "时间"),
        },
    ),
)
