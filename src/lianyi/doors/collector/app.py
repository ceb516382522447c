"""The collector as an ASGI app: no framework, because intake must cost little."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec

from lianyi.doors.collector import snippet
from lianyi.doors.collector.answers import (
    DONE,
    PREFLIGHT,
    Answer,
    Problem,
    Receive,
    Refused,
    Scope,
    Send,
    json_answer,
    text_answer,
)
from lianyi.doors.collector.bodies import HungUp, read_body
from lianyi.doors.collector.callbacks import Callbacks
from lianyi.doors.collector.health import Health
from lianyi.doors.collector.limits import Buckets, Limits
from lianyi.doors.collector.metrics import Metrics
from lianyi.doors.collector.reading import ROUTES, RecentIds, Understood, key_in, problem, understand
from lianyi.doors.collector.visits import Visits
from lianyi.doors.collector.writekeys import WriteKeys
from lianyi.errors import InboxFailed, InboxFull
from lianyi.memory.inbox import Inbox
from lianyi.memory.sources.segment.calls import BadCall
from lianyi.memory.sources.segment.saying import Sender

log = logging.getLogger(__name__)

RETRY_SECONDS = b"5"
POST: tuple[tuple[bytes, bytes], ...] = ((b"allow", b"POST, OPTIONS"),)
GET: tuple[tuple[bytes, bytes], ...] = ((b"allow", b"GET, HEAD"),)
LOCAL = {"127.0.0.1", "::1", None}
# A request that came through a proxy on this machine has one of these, or may have.
BY_PROXY = {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}


def utc_now() -> datetime:
    """The clock of this door."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Collector:
    """Takes events in and keeps them in the inbox. visits: links that people open. callbacks: calls of platforms.
    currency: of amounts that name none. metrics_token: who has it may read /metrics (`Authorization: Bearer …`);
    without one, whoever asks from this machine and through no proxy may."""

    inbox: Inbox
    keys: WriteKeys
    health: Health
    currency: str
    visits: Visits | None = None
    callbacks: Callbacks | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], datetime] = utc_now
    metrics_token: str | None = field(default_factory=lambda: os.environ.get("LIANYI_METRICS_TOKEN"))
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self._said = RecentIds()
        self._by_key = Buckets(self.limits.key_rate)
        self._by_address = Buckets(self.limits.address_rate)

    def serves(self, path: str) -> bool:
        """Whether the path is one of the collector's."""
        visited = self.visits is not None and self.visits.serves(path)
        called = self.callbacks is not None and self.callbacks.serves(path)
        return visited or called or path.startswith("/v1/") or path in {"/s.js", "/health", "/metrics"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        path, method = scope["path"], scope["method"]
        try:
            if path in ROUTES:
                answer = await self._intake(path, method, scope, receive)
            elif self.visits is not None and self.visits.serves(path):
                answer = await self.visits.answer(path, scope, receive)
            elif self.callbacks is not None and self.callbacks.serves(path):
                answer = await self.callbacks.answer(path, scope, receive)
            else:
                answer = await self._page(path, method, scope)
        except Refused as refused:
            answer = refused.answer()
        except HungUp:
            return
        except Exception:  # edge of the process: the sender must hear that nothing was kept, and try again
            log.exception("request to %s failed", path, extra={"action": "collector.error"})
            answer = Refused(500, "error", "something went wrong here; nothing was kept, send it again").answer()
        self.metrics.requests[path if path in ROUTES else "other", answer.status] += 1
        await answer.send(send, head=method == "HEAD")

    # --- intake -------------------------------------------------------------------------------------------------

    async def _intake(self, path: str, method: str, scope: Scope, receive: Receive) -> Answer:
        if method == "OPTIONS":
            return PREFLIGHT
        if method != "POST":
            raise Refused(405, "bad_method", f"method: {method} is not possible here; send POST", headers=POST)
        client = scope.get("client")
        self._within(self._by_address, client[0] if client else "", "address")
        headers = dict(scope["headers"])
        key = _key_beside(headers, scope["query_string"])
        source = self._source(key) if key is not None else None  # before a stranger's body is read
        body = await read_body(headers, receive, limit=self.limits.body)
        if key is None:
            key = key_in(body)
            source = self._source(key)
        self._within(self._by_key, key or "", "write key")
        now = self.clock()
        try:
            sender = Sender(source=source or "", currency=self.currency)
            understood = understand(body, ROUTES[path], sender=sender, received_at=now, said=self._said)
        except BadCall as error:
            self.metrics.rejected += 1
            raise _bad_request([problem(error, raw=body)]) from None
        await self._keep(understood, now, size=len(body))
        return _told(understood)

    async def _keep(self, understood: Understood, now: datetime, *, size: int) -> None:
        parcel = understood.parcel
        began = time.perf_counter()
        if parcel.events:
            try:
                await self.inbox.put_parcel(parcel, received_at=now)
            except InboxFull as error:
                self.health.inbox_problem = str(error)
                raise _later(
                    "full", "the server takes nothing for now; nothing was kept, send it again later"
                ) from None
            except InboxFailed as error:
                self.health.inbox_problem = str(error)
                log.warning("%s", error, extra={"action": "inbox.failed"})
                raise _later("failed", "the server can't keep events; nothing was kept, send it again later") from None
        self.health.inbox_problem = None
        self._said.add(understood.links)
        seconds = time.perf_counter() - began
        self.metrics.kept(events=parcel.events, rejected=understood.rejected, size=size, seconds=seconds)

    def _source(self, key: str | None) -> str:
        if not key:
            raise _unauthorised(
                "no write key; send it as the user name of basic auth, as ?writeKey= or as writeKey in the body"
            )
        source = self.keys.source_of(key)
        if source is None:
            raise _unauthorised("the write key is unknown or revoked; take one from the console under Settings")
        return source

    def _within(self, buckets: Buckets, name: str, what: str) -> None:
        wait = buckets.wait(name)
        if wait:
            raise Refused(
                429,
                "too_many",
                f"too many requests from this {what}; wait {wait} s, then send batches instead of single events",
                headers=((b"retry-after", str(wait).encode()),),
            )

    # --- pages --------------------------------------------------------------------------------------------------

    async def _page(self, path: str, method: str, scope: Scope) -> Answer:
        if path not in {"/s.js", "/health", "/metrics"}:
            raise Refused(404, "not_found", f"path: there is nothing here; calls go to {', '.join(_long(ROUTES))}")
        if method not in {"GET", "HEAD"}:
            raise Refused(405, "bad_method", f"method: {method} is not possible here; send GET", headers=GET)
        if path == "/s.js":
            return snippet.answer(dict(scope["headers"]))
        if path == "/health":
            status, body = await asyncio.to_thread(self.health.look, self.clock())
            return json_answer(body, status=status)
        self._may_see_metrics(scope)
        waiting, done = await asyncio.to_thread(lambda: (self.inbox.waiting(), self.inbox.done()))
        text = self.metrics.text(waiting, done, now=self.clock())
        return text_answer(text, content_type="text/plain; version=0.0.4", headers=((b"cache-control", b"no-store"),))

    def _may_see_metrics(self, scope: Scope) -> None:
        client, headers = scope.get("client"), dict(scope["headers"])
        if self.metrics_token:
            given = headers.get(b"authorization", b"")
            allowed = hmac.compare_digest(given, b"Bearer " + self.metrics_token.encode())
        else:
            allowed = (client[0] if client else None) in LOCAL and not BY_PROXY & headers.keys()
        if not allowed:
            raise Refused(403, "forbidden", "figures are for who has LIANYI_METRICS_TOKEN; without it, this machine")


def _key_beside(headers: Mapping[bytes, bytes], query: bytes) -> str | None:
    """The write key in the header or the address; None where neither has one."""
    header = headers.get(b"authorization")
    if header is not None:
        scheme, _, value = header.partition(b" ")
        if scheme.lower() != b"basic":
            raise _unauthorised("authorization: send Basic with the write key as user name and an empty password")
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            raise _unauthorised("authorization: is not base64 of `write key:`") from None
    if query:
        values = parse_qs(query.decode("latin-1"), max_num_fields=20).get("writeKey")
        return values[0] if values else None
    return None


def _told(understood: Understood) -> Answer:
    """200 where anything was kept: senders must not repeat a batch for one bad call. 400 where nothing was."""
    if not understood.rejected:
        return DONE
    if not understood.accepted:
        raise _bad_request(understood.problems)
    return json_answer(
        {
            "success": True,
            "accepted": understood.accepted,
            "rejected": understood.rejected,
            "errors": msgspec.to_builtins(understood.problems),
        }
    )


def _bad_request(problems: list[Problem]) -> Refused:
    return Refused(400, "bad_call", problems[0].message, errors=problems)


def _unauthorised(message: str) -> Refused:
    # No WWW-Authenticate: it would make browsers ask visitors of a page for a password.
    return Refused(401, "unauthorized", message)


def _later(code: str, message: str) -> Refused:
    return Refused(503, code, message, headers=((b"retry-after", RETRY_SECONDS),))


def _long(routes: Mapping[str, str | None]) -> list[str]:
    return [path for path in routes if len(path) > len("/v1/x")]
