"""Answers of the collector: their bytes and headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

# Any page may send events, with a write key and without cookies; nothing here may be framed, sniffed or kept.
SECURITY: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
JSON: Headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
OPEN: Headers = ((b"access-control-allow-origin", b"*"),)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request: where (the path in the body), what, and in which message."""

    path: str
    message: str
    messageId: str | None = None  # noqa: N815  the specification's name


@dataclass(eq=False)  # not frozen: whoever catches it may have to set its traceback
class Refused(Exception):
    """The request is answered with an error. `code` is for programs, `message` for people."""

    status: int
    code: str
    message: str
    errors: Sequence[Problem] = ()
    headers: Headers = ()

    def answer(self) -> Answer:
        """The error as JSON."""
        body: dict[str, Any] = {"success": False, "code": self.code, "message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return json_answer(body, status=self.status, headers=self.headers)


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Headers
    body: bytes = b""

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send it; without the body where only the head was asked for."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = [*self.headers, *SECURITY, length]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


def json_answer(body: Mapping[str, Any], *, status: int = 200, headers: Headers = ()) -> Answer:
    """A JSON response that pages of any site may read."""
    return Answer(status, (*JSON, *OPEN, *headers), msgspec.json.encode(body))


def text_answer(text: str, *, content_type: str, status: int = 200, headers: Headers = ()) -> Answer:
    """A text response."""
    return Answer(status, ((b"content-type", content_type.encode()), *headers), text.encode())


DONE = json_answer({"success": True})
PREFLIGHT = Answer(
    204,
    (
        *OPEN,
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
        (b"access-control-max-age", b"86400"),
    ),
)
