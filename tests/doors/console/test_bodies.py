"""Bodies of requests: small for strangers, and nothing on the disk before it is known who sends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from django.test import Client

from lianyi.action.team.models import Token, User
from lianyi.doors.console.bodies import MEMBER, STRANGER, Bounded, limit_for
from tests.doors.standing import Standing


def ask(
    pieces: Iterable[bytes], *, limit: int | None, headers: Iterable[tuple[bytes, bytes]] = (), path: str = "/login"
) -> tuple[int, int]:
    """Status, and how many bytes the app behind has seen."""
    waiting = list(pieces)
    seen, sent = 0, []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        more = True
        while more:
            message = await receive()
            seen += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def by_sender(_scope: Any) -> int | None:
        return limit

    scope = {"type": "http", "path": path, "headers": list(headers)}
    asyncio.run(Bounded(app=app, limit=by_sender)(scope, receive, send))
    return sent[0]["status"], seen


def length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(size).encode())]


CHUNKED = [(b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("path", ["/login", "/api/v1/import"])
def test_a_body_that_says_it_is_too_large_is_not_read_at_all(path: str) -> None:
    assert ask([b"x"], limit=STRANGER, headers=length(1 << 30), path=path) == (413, 0)


def test_a_body_that_does_not_say_how_large_it_is_ends_at_the_limit() -> None:
    status, seen = ask([b"x" * 50_000] * 100, limit=STRANGER, headers=CHUNKED)
    assert status == 413
    assert seen <= STRANGER


def test_members_and_importers_may_send_more() -> None:
    assert ask([b"x" * 500_000], limit=MEMBER, headers=length(500_000)) == (200, 500_000)
    assert ask([b"x" * 500_000] * 9, limit=None, headers=CHUNKED) == (200, 4_500_000)
    assert ask([b"x" * 100], limit=STRANGER, headers=length(100)) == (200, 100)


def scope(path: str, **headers: str) -> dict[str, Any]:
    return {
        "type": "http", "method": "POST", "path": path, "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip


def cookie(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


def test_only_who_may_import_may_send_files_and_only_there(standing: Standing) -> None:
    assert limit_for(scope("/import")) == STRANGER
    assert limit_for(scope("/import", cookie="sessionid=made-up")) == STRANGER
    assert limit_for(scope("/import", cookie=cookie(standing.owner))) is None
    assert limit_for(scope("/tags/new", cookie=cookie(standing.owner))) == MEMBER
    assert limit_for(scope("/import", cookie=cookie(standing.analyst))) == MEMBER
    _token, secret = Token.give_out("ly", user=User.objects.get(name="olga"), name="script")
    assert limit_for(scope("/api/v1/import", authorization=f"Bearer {secret}")) is None
    assert limit_for(scope("/import", authorization=f"Bearer {secret}")) == STRANGER, "tokens open no pages"
    User.objects.update(is_active=False)
    assert limit_for(scope("/import", cookie=cookie(standing.owner))) == STRANGER
