"""Webhooks of a Discourse forum as events. A call names its kind in `X-Discourse-Event-Type` (post, user, like …) and
what happened in `X-Discourse-Event` (post_created, post_edited …); the same call again is the same event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.memory.sources.chats.clock import Clock
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.chats.room import Person, Room, digest
from lianyi.memory.sources.chats.texts import clean
from lianyi.memory.sources.source import Options

REGULAR = 1
TAG, LONGEST = re.compile(r"<[^<>]*>"), 40_000


class Webhooks:
    """The calls of one forum."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock = Clock(options.timezone)

    def events(self, kind: str, what: str, body: Mapping[str, Any]) -> list[Event]:
        """Events of one call, [] for one that tells nothing of people. BadMessage names the field that is wrong."""
        said = body.get(kind)
        if not isinstance(said, dict):
            return []
        if kind == "post":
            return self._post(what, said)
        if kind == "like":
            return self._like(said)
        if kind == "user" and what in {"user_created", "user_confirmed_email", "user_updated"}:
            return self._user(what, said)
        return []

    def _post(self, what: str, post: Mapping[str, Any]) -> list[Event]:
        room, number, author = self._room(post), _place(post), _person(post)
        if what == "post_created" and post.get("post_type", REGULAR) == REGULAR:
            at, answered = self._time(post, "created_at"), post.get("reply_to_user")
            first, topic = post.get("post_number") == 1, post["topic_id"]
            answers = None if first else f"{topic}/{post.get('reply_to_post_number') or 1}"
            target = _person(answered).key if isinstance(answered, dict) else None
            props = {"title": clean(str(post.get("topic_title") or ""))}
            made = room.message(number, at, author, _text(post), answers=answers, target=target, props=props)
            return [*room.introduced(at), *room.seen(at, author), made]
        if what == "post_edited":
            at = self._time(post, "updated_at")
            event_id = f"{number}/edit/{post.get('version', round(at.timestamp()))}"
            return [room.act("edit", event_id, at, author, parent=number, text=_text(post))]
        if what == "post_destroyed":
            at = self._time(post, "updated_at")
            return [room.act("notice", f"{number}/removed", at, None, parent=number, props={"action": what})]
        return []

    def _like(self, said: Mapping[str, Any]) -> list[Event]:
        post, user = said.get("post"), said.get("user")
        if not isinstance(post, dict) or not isinstance(user, dict):
            raise BadMessage("like", said, "has no post and user")
        room, number, who = self._room(post), _place(post), _person(user)
        # The call does not say when; it comes at once.
        at = self._options.received_at
        event_id = f"{number}/reaction/heart/{digest(who.key)[:16]}"
        return [room.act("reaction", event_id, at, who, _person(post), parent=number, props={"emoji": "❤"})]

    def _user(self, what: str, user: Mapping[str, Any]) -> list[Event]:
        person, room = _person(user), self._room({"category_slug": "forum"})
        at = self._time(user, "created_at") if what == "user_created" else self._options.received_at
        traits = {"name": clean(str(user.get("name") or user["username"])), "username": user["username"],
                  "email": str(user.get("email") or "")}  # fmt: skip
        verified = ("email",) if user.get("email") and user.get("active") is True else ()
        event_id = room.event_id(f"~user/{user['username']}/{digest(*map(str, traits.values()), str(verified))[:16]}")
        told = identify_events(
            id=event_id, at=at, source=room.source, actor_key=person.key, traits=traits, channel="discourse",
            verified=verified,
        )  # fmt: skip
        if what != "user_created":
            return told
        joined = room.act("join", f"{person.key.partition(':')[2]}/join", at, person, props={"how": "registered"})
        return [joined, *told]

    def _room(self, said: Mapping[str, Any]) -> Room:
        private = said.get("topic_archetype") == "private_message"
        name = "private" if private else str(said.get("category_slug") or said.get("category_id") or "uncategorized")
        return Room(options=self._options, format="discourse", platform="discourse", id=name, bare_names=False)

    def _time(self, said: Mapping[str, Any], name: str) -> datetime:
        try:
            return self._clock.read(str(said.get(name) or ""))
        except ValueError as error:
            raise BadMessage(name, said.get(name), str(error)) from None


def _place(post: Mapping[str, Any]) -> str:
    topic, number = post.get("topic_id"), post.get("post_number")
    if not isinstance(topic, int) or not isinstance(number, int):
        raise BadMessage("topic_id, post_number", f"{topic}, {number}", "are not the numbers of a post")
    return f"{topic}/{number}"


def _person(user: Mapping[str, Any]) -> Person:
    name = user.get("username")
    if not isinstance(name, str) or not name:
        raise BadMessage("username", name, "is not a name")
    return Person(f"discourse:{name.lower()}", clean(str(user.get("name") or name)).strip() or name)


def _text(post: Mapping[str, Any]) -> str:
    raw = post.get("raw")
    text = raw if isinstance(raw, str) else unescape(TAG.sub(" ", str(post.get("cooked") or "")[:LONGEST]))
    return clean(text).strip()
