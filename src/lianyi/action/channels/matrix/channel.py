"""Matrix by its client-server API (v3). A message's key is its transaction id, so the server drops a second one.

The room with a person is remembered where clients remember it, in the bot's account data `m.direct`. Its alias is
made of the bot and the person, so that a room whose creation broke off is found again instead of made twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from lianyi.action.channels.calling import Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.kinds import Configured
from lianyi.action.channels.matrix import reading
from lianyi.action.channels.matrix.acting import acting
from lianyi.action.channels.matrix.checking import check
from lianyi.workspace import Workspace

# Errors that are about this person, room or message, whoever asks and whenever.
HOPELESS = frozenset({"M_NOT_FOUND", "M_TOO_LARGE", "M_BAD_JSON", "M_INVALID_PARAM", "M_INVALID_USERNAME"})


__all__ = ["Matrix", "acting", "check", "open", "read"]


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Matrix(account)


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """What was said in the bot's rooms since the last time."""
    reading.read(account, workspace, now)


class _Refused(Exception):
    """The homeserver said no."""

    def __init__(self, answer: Answer) -> None:
        data = answer.fields
        self.code = str(data.get("errcode", ""))
        super().__init__(f"{answer.status} {self.code} {data.get('error', '')}".strip())
        milliseconds = data.get("retry_after_ms")
        self.retry_after = milliseconds / 1000 if isinstance(milliseconds, int | float) else answer.retry_after
        self.status = answer.status


class _Gone(Exception):
    """The person has left the room with the bot, or refused to come: they do not want to be written to."""


class Matrix:
    """One bot on one homeserver."""

    keyed = True

    def __init__(self, account: Configured) -> None:
        self.account = account
        self._url = account.settings["url"].rstrip("/") + "/_matrix/client/v3/"
        self._http: httpx.AsyncClient = client(headers={"Authorization": f"Bearer {account.settings['token']}"})
        self._direct: dict[str, list[str]] | None = None
        self._me = ""
        self._rooms: dict[str, str] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._remembering = asyncio.Lock()

    async def deliver(self, message: Message) -> Outcome:
        """To `@user:server`, `!room:server` or `#alias:server`."""
        try:
            room = await self._room_of(message.to)
        except _Gone:
            return failed("the person has left the room with us", permanent=True)
        except _Refused as error:
            return _outcome(error)
        except Broken as broken:
            return failed(str(broken))  # no message was given yet
        try:
            sent = await self._send(room, message)
        except _Refused as error:
            return _outcome(error)
        except Broken as broken:
            return broken.outcome()
        return Outcome(fate=Fate.SENT, provider_id=str(sent.get("event_id", "")))

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    async def who(self) -> str:
        """The bot's own id."""
        if not self._me:
            self._me = str((await self._ask("GET", "account/whoami"))["user_id"])
        return self._me

    async def _send(self, room: str, message: Message) -> Any:
        text = f"{message.subject}\n\n{message.text}" if message.subject else message.text
        content = {"msgtype": "m.notice" if self.account.settings["notice"] else "m.text", "body": text}
        if message.html:
            content |= {"format": "org.matrix.custom.html", "formatted_body": message.html}
        path = f"rooms/{quote(room)}/send/m.room.message/{quote(message.key, safe='')}"
        try:
            return await self._ask("PUT", path, content)
        except _Refused as error:
            if error.status != 403 or message.to.startswith("@"):
                raise
        await self._ask("POST", f"join/{quote(room)}", {})  # invited, or a room that is open to all
        return await self._ask("PUT", path, content)

    async def _room_of(self, to: str) -> str:
        if to.startswith("!"):
            return to
        async with self._making.setdefault(to, asyncio.Lock()):
            if to not in self._rooms:
                self._rooms[to] = await (self._aliased(to) if to.startswith("#") else self._with_person(to))
            return self._rooms[to]

    async def _aliased(self, alias: str) -> str:
        return str((await self._ask("GET", f"directory/room/{quote(alias)}"))["room_id"])

    async def _with_person(self, user: str) -> str:
        if not user.startswith("@") or ":" not in user:
            raise _Refused(
                Answer(status=400, headers={}, body=b'{"errcode": "M_INVALID_PARAM", "error": "no user id"}')
            )
        await self._remembered()
        for room in (self._direct or {}).get(user, ()):
            if await self._is_there(room, user):
                return room
        room = await self._make(user)
        await self._remember(user, room)
        return room

    async def _is_there(self, room: str, user: str) -> bool:
        """Whether the person is in the room or invited. _Gone where they have left it."""
        try:
            state = await self._ask("GET", f"rooms/{quote(room)}/state/m.room.member/{quote(user)}")
        except _Refused as error:
            if error.status in {403, 404}:  # the bot itself is not in it any more
                return False
            raise
        if state.get("membership") in {"leave", "ban"}:
            raise _Gone
        return True

    async def _make(self, user: str) -> str:
        await self._ask("GET", f"profile/{quote(user)}")  # 404 for nobody, before a room is made for them
        seal = hmac.new(bytes.fromhex(self.account.seal), user.encode(), hashlib.sha256).hexdigest()
        local = f"lianyi-{seal[:24]}"
        asked: dict[str, Any] = {
            "is_direct": True, "preset": "trusted_private_chat", "invite": [user], "room_alias_name": local,
        }  # fmt: skip
        if self.account.settings["room_name"]:
            asked["name"] = self.account.settings["room_name"]
        try:
            return str((await self._ask("POST", "createRoom", asked))["room_id"])
        except _Refused as error:
            if error.code != "M_ROOM_IN_USE":
                raise
        room = await self._aliased(f"#{local}:{(await self.who()).partition(':')[2]}")
        await self._is_there(room, user)
        return room

    async def _remembered(self) -> None:
        async with self._remembering:
            if self._direct is None:
                self._direct = await self._account_data()

    async def _remember(self, user: str, room: str) -> None:
        async with self._remembering:
            # Read anew: another process, or the bot's owner at a client, may have added to it.
            self._direct = await self._account_data()
            rooms = self._direct.setdefault(user, [])
            if room not in rooms:
                rooms.append(room)
                await self._ask("PUT", f"user/{quote(await self.who())}/account_data/m.direct", self._direct)

    async def _account_data(self) -> dict[str, list[str]]:
        try:
            found = await self._ask("GET", f"user/{quote(await self.who())}/account_data/m.direct")
        except _Refused as error:
            if error.status == 404:
                return {}
            raise
        return {user: list(rooms) for user, rooms in found.items()}

    async def _ask(self, method: str, path: str, data: Any = None) -> Any:
        answer = await call(self._http, method, self._url + path, data=data)
        if answer.status != 200 or not isinstance(answer.data, dict):
            raise _Refused(answer)
        return answer.data


def _outcome(error: _Refused) -> Outcome:
    if error.status == 429:
        return failed(str(error), retry_after=error.retry_after or 5.0)
    # 403: about the room or the person (not invited, blocked). 404: there is none. A lost token is a 401.
    permanent = error.code in HOPELESS or error.status in {403, 404}
    return failed(str(error), permanent=permanent and error.status < 500 and error.code != "M_UNRECOGNIZED")
