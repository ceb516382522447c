"""Acts of a bot in a Matrix room: speak, redact, take the voice away (power level), kick, invite.

Transaction ids are made of the act's key, so that a second try is the same act. The power level of somebody who was
muted is MUTED; who had a level of their own, above that of users, is never muted: that is a moderator. So are those who
made a room from version 12 on, who stand above all levels and are not listed with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from html import escape
from typing import Any
from urllib.parse import quote

import httpx

from lianyi.action.channels.calling import TIMEOUT, Answer
from lianyi.action.channels.kinds import Configured
from lianyi.action.operation.acts import ActFailed

MODERATOR, MUTED = 50, -1
PREFIX = "group:matrix/"
LONGEST = 40_000
# The version of rooms from which on who made one stands above all levels.
CREATORS_SINCE = 12


@contextmanager
def acting(account: Configured) -> Iterator[MatrixActs]:
    """Connections are made by the first act."""
    headers = {"Authorization": f"Bearer {account.settings['token']}"}
    with httpx.Client(timeout=TIMEOUT, headers=headers, follow_redirects=False) as http:
        yield MatrixActs(account, http)


class MatrixActs:
    """See Acts."""

    def __init__(self, account: Configured, http: httpx.Client) -> None:
        self._url = account.settings["url"].rstrip("/") + "/_matrix/client/v3/"
        self._http = http
        self._me = ""
        self._made: dict[str, set[str]] = {}

    def staff(self, group_key: str) -> Collection[str]:
        """Users with the level of a moderator: by name, as everybody has it, or because they made the room."""
        room = _room(group_key)
        levels = self._levels(room)
        users: dict[str, Any] = levels.get("users") or {}
        able = {user for user, level in users.items() if _number(level) >= MODERATOR} | self._creators(room)
        if _number(levels.get("users_default")) >= MODERATOR:
            joined = self._ask("GET", f"rooms/{quote(room)}/joined_members").get("joined") or {}
            able |= {user for user in joined if user not in users}
        return {f"matrix:{user}" for user in able} | {self._who()}

    def name(self, group_key: str) -> str:
        """By m.room.name."""
        try:
            said = self._ask("GET", f"rooms/{quote(_room(group_key))}/state/m.room.name")
        except ActFailed as failed:
            if failed.permanent:
                return ""
            raise
        return str(said.get("name") or "")[:200]

    def say(self, group_key: str, text: str, *, key: str, to: Sequence[str] = (), answers: str = "") -> str:
        """A notice, which other bots never answer."""
        room, users = _room(group_key), [_user(one) for one in to]
        content: dict[str, Any] = {"msgtype": "m.notice", "body": text[:LONGEST], "m.mentions": {"user_ids": users}}
        if users:
            shown = escape(text[:LONGEST]).replace("\n", "<br>")
            for user in users:
                shown = shown.replace(escape(user), f'<a href="https://matrix.to/#/{quote(user)}">{escape(user)}</a>')
            content |= {"format": "org.matrix.custom.html", "formatted_body": shown}
        if answers:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": _event(group_key, answers)}}
        made = self._ask("PUT", f"rooms/{quote(room)}/send/m.room.message/{_transaction(key)}", content)
        return f"matrix:{room}/{made.get('event_id', '')}"

    def remove(self, group_key: str, message_id: str, *, key: str, reason: str) -> None:
        """A redaction."""
        event = quote(_event(group_key, message_id), safe="")
        self._ask("PUT", f"rooms/{quote(_room(group_key))}/redact/{event}/{_transaction(key)}", {"reason": reason})

    def mute(self, group_key: str, actor: str, *, on: bool) -> None:
        """By the power level, in what the room has now."""
        room, user = _room(group_key), _user(actor)
        levels = self._levels(room)
        users = dict(levels.get("users") or {})
        usual = _number(levels.get("users_default"))
        if on and (_number(users.get(user, usual)) > usual or usual >= MODERATOR or user in self._creators(room)):
            raise ActFailed(f"{user} has a level of their own in the room", permanent=True)
        if on:
            users[user] = MUTED
        elif user not in users or _number(users[user]) != MUTED:
            return
        else:
            del users[user]
        self._ask("PUT", f"rooms/{quote(room)}/state/m.room.power_levels", {**levels, "users": users})

    def expel(self, group_key: str, actor: str, *, reason: str) -> None:
        """A kick. Somebody who is not there any more is nobody to be kicked."""
        room, user = _room(group_key), _user(actor)
        try:
            self._ask("POST", f"rooms/{quote(room)}/kick", {"user_id": user, "reason": reason})
        except ActFailed:
            if self._membership(room, user) not in {"leave", "ban"}:
                raise

    def invite(self, group_key: str, actor: str) -> None:
        """Into the room; who is there already stays."""
        room, user = _room(group_key), _user(actor)
        if self._membership(room, user) not in {"join", "invite"}:
            self._ask("POST", f"rooms/{quote(room)}/invite", {"user_id": user})

    def _membership(self, room: str, user: str) -> str:
        said = self._ask("GET", f"rooms/{quote(room)}/state/m.room.member/{quote(user)}")
        return str(said.get("membership", ""))

    def _creators(self, room: str) -> set[str]:
        """Who made a room of a version in which that is a right; asked once, for it never changes."""
        if room not in self._made:
            where = f"rooms/{quote(room)}/state"
            event = self._ask("GET", f"{where}/m.room.create?format=event")
            content = event.get("content", event)  # a server that does not know `format` gives the content alone
            version = str(content.get("room_version") or "1")
            if version.isdecimal() and int(version) < CREATORS_SINCE:
                self._made[room] = set()
            else:
                if "sender" not in event:
                    event = self._create(where)
                more = content.get("additional_creators")
                self._made[room] = {event["sender"], *(more if isinstance(more, list) else ())}
        return self._made[room]

    def _create(self, where: str) -> dict[str, Any]:
        """The whole event that made a room, out of its whole state."""
        for event in self._get(where):
            if event.get("type") == "m.room.create" and isinstance(event.get("sender"), str):
                return dict(event)
        raise ActFailed("the server does not say who made the room")

    def _who(self) -> str:
        if not self._me:
            self._me = f"matrix:{self._ask('GET', 'account/whoami').get('user_id', '')}"
        return self._me

    def _levels(self, room: str) -> dict[str, Any]:
        return self._ask("GET", f"rooms/{quote(room)}/state/m.room.power_levels")

    def _get(self, path: str) -> list[dict[str, Any]]:
        said = self._said("GET", path)
        return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []

    def _ask(self, method: str, path: str, data: Any = None) -> dict[str, Any]:
        said = self._said(method, path, data)
        return said if isinstance(said, dict) else {}

    def _said(self, method: str, path: str, data: Any = None) -> Any:
        try:
            response = self._http.request(method, self._url + path, json=data)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ActFailed(f"no answer: {error or type(error).__name__}") from error
        answer = Answer(status=response.status_code, headers=response.headers, body=response.content)
        if answer.status == 200:
            return answer.data
        said = answer.fields
        code = f"{answer.status} {str(said.get('errcode', ''))[:100]}".strip()
        if answer.status == 429:
            asked = said.get("retry_after_ms")
            wait = answer.retry_after or (asked / 1000 if isinstance(asked, int | float) else 5.0)
            raise ActFailed(code, wait=wait)
        raise ActFailed(code, permanent=answer.status in {400, 403, 404})


def _room(group_key: str) -> str:
    if not group_key.startswith(PREFIX):
        raise ActFailed(f"{group_key} is no room of Matrix", permanent=True)
    return group_key.removeprefix(PREFIX)


def _user(actor: str) -> str:
    user = actor.removeprefix("matrix:")
    if not user.startswith("@") or ":" not in user:
        raise ActFailed(f"{actor} is nobody's id on a homeserver", permanent=True)
    return user


def _event(group_key: str, message_id: str) -> str:
    return message_id.removeprefix(f"matrix:{_room(group_key)}/")


def _transaction(key: str) -> str:
    return "lianyi-" + blake2b(key.encode("utf-8", "replace"), digest_size=20).hexdigest()


def _number(level: Any) -> int:
    """A power level; old rooms have some as text ("50") or broken numbers, which count as what they say."""
    if isinstance(level, bool) or not isinstance(level, int | float | str):
        return 0
    try:
        return int(level)
    except (ValueError, OverflowError):
        return 0
