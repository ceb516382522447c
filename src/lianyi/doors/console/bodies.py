"""How large a request's body may be, before Django writes it to the disk: little for strangers, files for importers."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse

from lianyi.action.team.models import User
from lianyi.doors.api.tokens import token_of
from lianyi.doors.console.assets import App, Receive, Scope, Send

# Enough for every form that strangers see; Django keeps so much in memory and touches no disk.
STRANGER = 64 << 10
MEMBER = 1 << 20
UPLOADS = {"/import", "/api/v1/import"}
PICTURES = {"/content/pictures", "/api/v1/pictures"}
PICTURE = 11 << 20


class TooLarge(Exception):
    """The body is larger than its sender may send."""


@dataclass(kw_only=True)
class Bounded:
    """ASGI app: answers 413 to bodies that are too large and gives the others on to `app`.

    limit: bytes that the sender of this request may send, None = as many as they like. It is asked only for bodies
    beyond STRANGER.
    """

    app: App
    limit: Callable[[Scope], Awaitable[int | None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = False

        async def noticed(message: Mapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, await self._bounded(scope, receive), noticed)
        except TooLarge as error:
            if started:
                raise
            await _refuse(scope, send, str(error))

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        headers = dict(scope["headers"])
        said = headers.get(b"content-length", b"0")
        size = int(said) if said.isdigit() and len(said) < 20 else 0
        limit: int | None = STRANGER
        if size > STRANGER or b"transfer-encoding" in headers:
            limit = await self.limit(scope)
        if limit is None:
            return receive
        if size > limit:
            raise TooLarge(_words(limit))
        return _counting(receive, limit)


def _counting(receive: Receive, limit: int) -> Receive:
    """What says how long it is may still be longer, and a body in chunks does not say it."""
    size = 0

    async def counted() -> Mapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise TooLarge(_words(limit))
        return message

    return counted


def _words(limit: int) -> str:
    return f"the body is larger than {limit:,} bytes; sign in, and send files through the import only"


async def _refuse(scope: Scope, send: Send, words: str) -> None:
    data: Any = {"error": {"status": 413, "message": words}}
    api = str(scope["path"]).startswith("/api/")
    body = json.dumps(data).encode() if api else words.encode()
    kind = b"application/json" if api else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def limit_of(scope: Scope) -> int | None:
    """The limit by who sends: looks for the session or token in the database."""
    return await sync_to_async(_looked_up, thread_sensitive=True)(scope)


def _looked_up(scope: Scope) -> int | None:
    try:
        return limit_for(scope)
    finally:
        connection.close()


def limit_for(scope: Scope) -> int | None:
    """Whoever may import may send files of any size to the import, whoever writes content PICTURE bytes to its
    pictures; otherwise members may send MEMBER bytes, strangers STRANGER."""
    user = _sender(scope)
    if user is None:
        return STRANGER
    if scope["path"] in UPLOADS and user.may("data.import"):
        # Django spools a body to the staging folder, which an erasure removes.
        (settings.WORKSPACE / "staging").mkdir(exist_ok=True)
        return None
    return PICTURE if scope["path"] in PICTURES and user.may("content.edit") else MEMBER


def _sender(scope: Scope) -> User | None:
    request = ASGIRequest(scope, io.BytesIO())
    token = token_of(request)
    if token is not None:
        return token.user
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None
