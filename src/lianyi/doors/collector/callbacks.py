"""Callbacks of WeCom, of official accounts, of bots and forums at `/callbacks/<channel>`.

A call is answered once what it says is on the disk; whatever takes longer happens afterwards. The greeting of a new
customer is the one thing in a hurry: its code is good for 20 seconds, so it is sent straight away, by nobody's queue.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs

from lianyi.action.channels import heard
from lianyi.action.codes.carried import through
from lianyi.doors.collector import signed
from lianyi.doors.collector.answers import Answer, Receive, Refused, Scope, text_answer
from lianyi.doors.collector.bodies import read_body
from lianyi.doors.collector.hooks import SIGNED, Hook, TableOfHooks
from lianyi.doors.collector.limits import Buckets
from lianyi.doors.collector.links import TableOfLinks
from lianyi.errors import BadEvent, InboxFailed, InboxFull
from lianyi.memory.events import Event, check
from lianyi.memory.inbox import Inbox
from lianyi.memory.sources.callbacks import wechat, wecom
from lianyi.memory.sources.callbacks.calls import BadCallback, Call, read, sealed_in
from lianyi.memory.sources.callbacks.cipher import Forged

log = logging.getLogger(__name__)

PATH = "/callbacks/"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
LARGEST = 256 * 1024
# The same welcome code is used once, however often WeCom calls.
REMEMBERED = 10_000


class Greeter(Protocol):
    """Sends greetings (see doors.collector.greeting)."""

    async def greet(self, hook: Hook, waits: wecom.Welcome) -> Event:
        """Send one; what became of it."""

    async def close(self) -> None:
        """Give connections back."""


@dataclass(frozen=True)
class Asked:
    """One request: whom it is for and its query."""

    hook: Hook
    query: Mapping[str, str]

    def one(self, name: str) -> str:
        """A value of the query; "" where there is none."""
        return self.query.get(name, "")


@dataclass(kw_only=True)
class Callbacks:
    """Answers platforms. greeter: sends greetings. links: codes whose token may come back as a state."""

    hooks: TableOfHooks
    inbox: Inbox
    folder: Path
    clock: Callable[[], datetime]
    greeter: Greeter
    links: TableOfLinks
    _noting: Buckets = field(default_factory=lambda: Buckets(1, burst=1))
    _rate: Buckets = field(default_factory=lambda: Buckets(500))
    _greeted: dict[str, None] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    @staticmethod
    def serves(path: str) -> bool:
        """Whether the path is one of these."""
        return path.startswith(PATH)

    async def answer(self, path: str, scope: Scope, receive: Receive) -> Answer:
        """Answer one request."""
        name, method = path.removeprefix(PATH), scope["method"]
        client = scope.get("client")
        if self._rate.wait(client[0] if client else ""):
            raise Refused(429, "too_many", "too many requests from this address")
        hook = self.hooks.hook(name) if NAME.fullmatch(name) else None
        if hook is None:
            raise Refused(404, "not_found", "no channel of that name takes callbacks")
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        except ValueError:
            raise Refused(400, "bad_call", "the platform's address has four values at most") from None
        asked = Asked(hook, {name: values[0] for name, values in query.items()})
        try:
            if method == "GET":
                return self._checked(asked)
            if method != "POST":
                raise Refused(405, "bad_method", "the platform sends GET or POST")
            headers = dict(scope["headers"])
            body = await read_body(headers, receive, limit=LARGEST)
            if hook.kind in SIGNED:
                return await self._signed(hook, headers, body)
            call = self._opened(asked, body)
        except Forged as forged:
            await self._note(hook, step=forged.step, why=str(forged))
            raise Refused(403, "forged", "the call is not signed as it must be") from None
        except BadCallback as bad:
            await self._note(hook, step="callback", why=str(bad)[:200])
            raise Refused(400, "bad_call", "the call can't be read") from None
        await self._keep(hook, call)
        await self._note(hook, said_at=asked.one("timestamp"))
        return text_answer("", content_type="text/plain")

    async def finish(self) -> None:
        """Wait for greetings that are under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.greeter.close()

    # --- in -----------------------------------------------------------------------------------------------------

    def _checked(self, asked: Asked) -> Answer:
        """The address is being set up on the platform: it wants to hear what it said."""
        cipher, echo = asked.hook.cipher, asked.one("echostr")
        if asked.hook.is_wecom:
            cipher.verify(asked.one("msg_signature"), asked.one("timestamp"), asked.one("nonce"), echo)
            plain = cipher.open(echo).decode("utf-8", "replace")
        else:
            cipher.verify(asked.one("signature"), asked.one("timestamp"), asked.one("nonce"))
            plain = echo[:200]
        return text_answer(plain, content_type="text/plain; charset=utf-8")

    def _opened(self, asked: Asked, body: bytes) -> Call:
        # The envelope is read before its signature can be checked: without entities, not deep, not large.
        sealed = sealed_in(body)
        asked.hook.cipher.verify(asked.one("msg_signature"), asked.one("timestamp"), asked.one("nonce"), sealed)
        return read(asked.hook.cipher.open(sealed), now=self.clock())

    async def _signed(self, hook: Hook, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        """What can't be read is acknowledged as well, or a bot's platform would send it, and nothing else, for ever."""
        now = self.clock()
        try:
            await self._put(signed.events(hook.kind, hook.settings["webhook_secret"], headers, body, now=now))
        except (BadCallback, BadEvent) as bad:
            await self._note(hook, step="callback", why=str(bad)[:200] if isinstance(bad, BadCallback) else "a value")
        else:
            await self._note(hook)
        return text_answer("", content_type="text/plain")

    async def _put(self, events: Iterable[Event]) -> None:
        now = self.clock()
        try:
            await self.inbox.put([check(event, now=now) for event in events], received_at=now)
        except (InboxFull, InboxFailed) as error:  # the platform calls again
            log.warning("%s", error, extra={"action": "callback.failed"})
            raise Refused(503, "later", "nothing was kept; call again") from None

    async def _keep(self, hook: Hook, call: Call) -> None:
        room = wecom if hook.is_wecom else wechat
        events = room.events(call, hook.receiver)
        await self._put([*events, *through(events, self.links.link)])
        waits = wecom.welcome(call) if hook.is_wecom else None
        if waits and hook.settings.get("welcome") and waits.code not in self._greeted:
            self._greeted[waits.code] = None
            if len(self._greeted) > REMEMBERED:
                del self._greeted[next(iter(self._greeted))]
            task = asyncio.create_task(self._welcome(hook, waits))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _welcome(self, hook: Hook, waits: wecom.Welcome) -> None:
        try:
            event = await self.greeter.greet(hook, waits)
            await self.inbox.put([event], received_at=self.clock())
        except Exception:  # edge of the task: nobody else would say it
            log.exception("a greeting failed", extra={"action": "callback.welcome"})

    async def _note(self, hook: Hook, *, said_at: str = "", step: str = "", why: str = "") -> None:
        """For the self-check; at most once a second for each account and kind, so that strangers can't keep the disk
        busy. A refusal is never hidden by the one before."""
        if self._noting.wait(f"{hook.account}/{bool(step)}"):
            return
        now = self.clock()
        try:
            await asyncio.to_thread(
                heard.note, self.folder, hook.account, now=now, said_at=said_at, step=step, why=why
            )  # fmt: skip
        except OSError as error:
            log.warning("callbacks/%s.json: %s", hook.account, error, extra={"action": "callback.note"})
