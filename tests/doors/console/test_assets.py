"""Static files are served from memory, cached for ever by their hash, and nothing else is served."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from lianyi.doors.console.assets import Assets, VersionedFiles, assets


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(path: str, query: str = "", method: str = "GET", **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(Assets(beyond)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_a_versioned_address_is_cached_for_ever() -> None:
    path, _, query = VersionedFiles().url("console/base.css").partition("?")
    status, headers, body = ask(path, query, accept_encoding="gzip")
    assert status == 200
    assert b"immutable" in headers[b"cache-control"]
    assert gzip.decompress(body) == assets()["console/base.css"].body
    assert ask(path, "v=old")[1][b"cache-control"] == b"no-cache"
    assert ask(path, if_none_match=headers[b"etag"].decode())[0] == 304
    assert ask(path, method="HEAD")[2] == b""


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/console/../../settings.py", "/static//etc/passwd", "/static/"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert ask(path)[0] == 404


def test_other_addresses_go_on_to_the_console() -> None:
    assert ask("/people")[0] == 418
    assert ask("/static/console/base.css", method="POST")[0] == 418


def test_a_mistyped_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        VersionedFiles().url("console/bsae.css")
