"""What WeCom and the official account have in common: access tokens, answers by errcode.

A token lives two hours and may die earlier; it is fetched once for all messages of a process, and once more when the
platform says that it is dead. Texts of errors change, so only errcode counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from lianyi.action.channels.calling import Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Fate, Message, Outcome

WECOM = "https://qyapi.weixin.qq.com"
WECHAT = "https://api.weixin.qq.com"
DEAD_TOKEN = frozenset({40001, 40014, 42001})
BUSY = -1
TRIES = 3
# Seconds to wait by errcode: calls a minute, calls at once.
WAIT = {45009: 60.0, 45033: 5.0, BUSY: 5.0}
# About this person or message, whoever sends it. The others are about the account, or may pass.
HOPELESS = frozenset({40003, 40031, 40056, 40058, 40068, 40096, 41051, 44004, 45002, 45015, 45047, 43004, 84061, 81013})
MEND = {
    40013: "look at the id of the corporation or account",
    40164: "put this server's address on the list of allowed addresses (IP 白名单)",
    48002: "the app has no right to this interface (可调用接口的应用)",
    60011: "the app lacks the right, or the member is not in its visible range (可见范围)",
    60020: "put this server's address on the list of trusted addresses (企业可信IP)",
    301002: "the app may not send to this member",
}
SLACK_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer of the platform that was understood. date: its header, by the platform's clock."""

    code: int
    text: str
    data: dict[str, Any]
    date: str = ""

    def outcome(self) -> Outcome:
        """Of a message that was refused."""
        mend = f" ({MEND[self.code]})" if self.code in MEND else ""
        reason = f"{self.code} {self.text}".partition(", hint:")[0] + mend
        return failed(reason, permanent=self.code in HOPELESS, retry_after=WAIT.get(self.code))


class Platform:
    """Calls with a token. `fetch` gets a new one: (token, seconds that it lives)."""

    def __init__(self, url: str, fetch: Callable[[Platform], Awaitable[Said]], *, pause: float = 1.0) -> None:
        self.url = url.rstrip("/")
        self._fetch = fetch
        self._pause = pause
        self._token = ""
        self._until = 0.0
        self._refreshing = asyncio.Lock()
        self._http: httpx.AsyncClient = client()

    async def post(self, path: str, data: dict[str, Any]) -> Said:
        """One call in the account's name; a dead token is replaced once, a busy platform asked again up to three
        times. Broken where no answer came."""
        return await self.ask("POST", path, data)

    async def ask(self, method: str, path: str, data: dict[str, Any]) -> Said:
        """The same by any method."""
        refreshed = False
        for number in range(1, TRIES + 2):
            token = await self._fresh()
            if isinstance(token, Said):
                return token
            joint = "&" if "?" in path else "?"
            whole = f"{path}{joint}access_token={token}"
            said = await self.call(method, whole, data if method == "POST" else None)
            if said.code in DEAD_TOKEN and not refreshed:
                refreshed = True
                self._forget(token)
            elif said.code != BUSY or number > TRIES:
                return said
            else:
                await asyncio.sleep(self._pause * number)
        return said

    async def call(self, method: str, path: str, data: dict[str, Any] | None = None) -> Said:
        """One call without a token."""
        return understood(await call(self._http, method, self.url + path, data=data))

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    async def _fresh(self) -> str | Said:
        async with self._refreshing:
            if time.monotonic() >= self._until:
                said = await self._fetch(self)
                if said.code or not said.data.get("access_token"):
                    return said
                self._token = str(said.data["access_token"])
                self._until = time.monotonic() + max(60.0, float(said.data.get("expires_in", 7200)) - SLACK_SECONDS)
            return self._token

    def _forget(self, token: str) -> None:
        if token == self._token:  # another message may have fetched a new one meanwhile
            self._until = 0.0


def understood(answer: Answer) -> Said:
    """An answer as errcode, text and data. What is no JSON object of theirs is a fault of something between."""
    data = answer.data
    if not isinstance(data, dict):
        raise Broken(f"the platform answered {answer.status} in no form that it documents", given=True)
    code = data.get("errcode", 0)
    date = str(answer.headers.get("date", ""))
    return Said(code=code if isinstance(code, int) else BUSY, text=str(data.get("errmsg", "")), data=data, date=date)


def unsendable(message: Message) -> str:
    """Why a content can't go out as it is, "" where it can. What is more than text and links needs a picture that is
    uploaded to the platform before."""
    kind = message.props.get("kind", "")
    if kind in {"miniprogram", "poster"}:
        return f"a content of kind {kind} needs a picture uploaded to the platform; send a text or a link instead"
    return ""


def card(message: Message) -> Mapping[str, str] | None:
    """Title, text, url and picture of a content that is a link; None for others."""
    if message.props.get("kind") != "link":
        return None
    return {name: str(message.props.get(name) or "") for name in ("title", "text", "url", "picture")}


def sent(provider_id: str) -> Outcome:
    """The platform has taken it."""
    return Outcome(fate=Fate.SENT, provider_id=provider_id)
