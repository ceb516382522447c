"""The made-up corporation as a server: tokens, lists, messages, and callbacks that are signed and not to be relied on.

What the platform refuses, this refuses with the same codes: a wrong secret 40001, a dead token 42001, a server that is
not trusted 60020, an interface without right 48002, too many calls 45009.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from lianyi.memory.sources.callbacks.cipher import Cipher
from lianyi.world.wecom.corp import Corp, Unreliable, refused
from lianyi.world.wecom.messages import Data

TOKEN_SECONDS = 7200
LARGEST = 1 << 20
SECRET = frozenset({"access_token", "corpid", "corpsecret"})


@dataclass(kw_only=True)
class Platform:
    """What stands between callers and the corporation. trusted: addresses that may call, empty = all. forbidden: paths
    that the app has no right to. per_minute: calls of one interface. expires: seconds that a token lives."""

    corp: Corp
    secret: str
    trusted: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    per_minute: int = 10_000
    expires: int = TOKEN_SECONDS
    clock: Callable[[], float] = time.time
    lock: threading.Lock = field(default_factory=threading.Lock)
    _token: str = ""
    _until: float = 0.0
    _minute: int = 0
    _calls: Counter[str] = field(default_factory=Counter)

    def answer(self, path: str, query: dict[str, str], data: Data, *, client: str) -> Data:
        """One call below /cgi-bin/."""
        with self.lock:
            if self.trusted and client not in self.trusted:
                return refused(60020, f"not allow to access from your ip, from ip: {client}")
            if self._too_often(path):
                return refused(45009, "reach max api daily quota limit")
            if path == "gettoken":
                return self._gettoken(query)
            token = query.get("access_token", "")
            if token != self._token or not token:
                return refused(40014, "invalid access_token")
            if self.clock() >= self._until:
                return refused(42001, "access_token expired")
            if path in self.forbidden:
                return refused(48002, "api forbidden")
            return self.corp.answer(path, data, now=int(self.clock()))

    def _too_often(self, path: str) -> bool:
        minute = int(self.clock() // 60)
        if minute != self._minute:
            self._minute, self._calls = minute, Counter()
        self._calls[path] += 1
        return self._calls[path] > self.per_minute

    def _gettoken(self, query: dict[str, str]) -> Data:
        if query.get("corpid") != self.corp.corp:
            return refused(40013, "invalid corpid")
        if query.get("corpsecret") != self.secret:
            return refused(40001, "invalid credential")
        now = self.clock()
        if now >= self._until:  # the one in force is given again until it ends, as the platform does
            self._token, self._until = secrets.token_hex(16), now + self.expires
        left = int(self._until - now)
        return {"errcode": 0, "errmsg": "ok", "access_token": self._token, "expires_in": left}


def serve(platform: Platform, *, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is ready; call serve_forever. Port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(min(length, LARGEST))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            try:
                data = json.loads(raw) if raw else {name: value for name, value in query.items() if name not in SECRET}
            except ValueError:
                self._say(refused(47001, "data format error"))
                return
            path = url.path.removeprefix("/cgi-bin/")
            self._say(platform.answer(path, query, data, client=self.client_address[0]))

        do_GET = do_POST  # noqa: N815

        def date_time_string(self, timestamp: float | None = None) -> str:
            """By the platform's own clock."""
            return super().date_time_string(platform.clock() if timestamp is None else timestamp)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing: the command tells what happens."""

        def _say(self, answer: Data) -> None:
            body = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


@dataclass(kw_only=True)
class Caller:
    """Calls an address back. Three tries, as the platform does; what fails then is lost."""

    url: str
    cipher: Cipher
    dice: random.Random
    tries: int = 3

    def call(self, body: str) -> bool:
        """Whether it was taken."""
        stamp, nonce = str(int(time.time())), str(self.dice.randrange(10**9))
        sealed = self.cipher.seal(body.encode(), self.dice.randbytes(16))
        signature = self.cipher.signed(stamp, nonce, sealed)
        query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
        envelope = f"<xml><ToUserName>{self.cipher.receiver}</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
        for _ in range(self.tries):
            asked = urllib.request.Request(f"{self.url}?{query}", data=envelope, method="POST")  # noqa: S310
            try:
                with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
                    return bool(answer.status == 200)
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                continue
        return False


def live(
    platform: Platform, unreliable: Unreliable, caller: Caller | None, *, every: float, stop: threading.Event,
    tell: Callable[[str, int, int], None],
) -> None:  # fmt: skip
    """Let something happen each `every` seconds until `stop`. tell: the callback, how many arrived, how many failed."""
    while not stop.wait(every):
        with platform.lock:
            body = platform.corp.happen(int(platform.clock()))
        arrived = list(unreliable.deliver(body))
        failed = sum(not caller.call(one) for one in arrived) if caller else 0
        tell(body, len(arrived), failed)
