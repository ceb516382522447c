"""Static files: addresses that carry the content's hash, and the small ASGI app that serves them from memory.

There is no collect step and no second copy on disk; all files together have some hundred kilobytes.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

# Shipped by django-htmx; only htmx 2 is used of what it brings.
WANTED = ("console/", "django_htmx/htmx-2.min.js")


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One static file in memory, plain and packed."""

    body: bytes
    packed: bytes
    type: str
    version: str


@cache
def assets() -> Mapping[str, Asset]:
    """All static files by the path that follows /static/."""
    found: dict[str, Asset] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            if name.startswith(WANTED) and name not in found:
                found[name] = _asset(name, Path(storage.path(name)))
    return found


def _asset(name: str, path: Path) -> Asset:
    body = path.read_bytes()
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = f"{guessed}; charset=utf-8" if guessed.startswith("text/") or name.endswith((".js", ".svg")) else guessed
    return Asset(
        body=body, packed=gzip.compress(body, 9, mtime=0), type=kind, version=hashlib.sha256(body).hexdigest()[:12]
    )


class VersionedFiles(StaticFilesStorage):
    """Adds `?v=hash` to the address of a file, so that it may be cached for ever."""

    def url(self, name: str | None) -> str:
        """The address of a static file; KeyError where there is none, so that a typing error shows in tests."""
        name = name or ""
        return f"{super().url(name)}?v={assets()[name].version}"


class Assets:
    """ASGI app: answers /static/…, hands everything else on."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/static/") or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        asset = assets().get(path.removeprefix("/static/"))
        status, headers, body = (
            _answer(asset, scope) if asset else (404, [(b"content-type", b"text/plain")], b"not found")
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _answer(asset: Asset, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    asked = dict(scope["headers"])
    tag = f'"{asset.version}"'.encode()
    for_ever = scope.get("query_string", b"") == f"v={asset.version}".encode()
    headers = [
        (b"content-type", asset.type.encode()),
        (b"etag", tag),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cache-control", b"public, max-age=31536000, immutable" if for_ever else b"no-cache"),
    ]
    if asked.get(b"if-none-match") == tag:
        return 304, headers, b""
    if b"gzip" in asked.get(b"accept-encoding", b"") and len(asset.packed) < len(asset.body):
        return (
            200,
            [*headers, (b"content-encoding", b"gzip"), (b"content-length", str(len(asset.packed)).encode())],
            asset.packed,
        )
    return 200, [*headers, (b"content-length", str(len(asset.body)).encode())], asset.body
