"""Whatever is sent, the answer is a 4xx that names the place, never a 5xx; good calls beside bad ones are kept."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.doors.collector.bad_calls import CALLS, TRACK, but
from tests.doors.collector.server import KEY, Running, add_key, drained, landed, wait_for

BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


def raw(given: Any) -> bytes:
    if isinstance(given, bytes):
        return given
    if isinstance(given, str) and given.startswith("{"):
        return given.encode()
    return json.dumps(given).encode()


def head(length: int) -> bytes:
    return f"POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\ncontent-length: {length}\r\n\r\n".encode()


def send(
    server: Running, body: bytes, *, path: str = "/v1/track", method: str = "POST", **headers: str
) -> httpx.Response:
    headers = {"authorization": BASIC, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.request(method, server.url + path, content=body, headers=headers, timeout=10)


@pytest.mark.parametrize(("given", "path"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_a_bad_call_is_refused_with_its_path(server: Running, given: Any, path: str) -> None:
    answer = send(server, raw(given))
    assert answer.status_code == 400, answer.text
    said = answer.json()
    assert said["success"] is False
    assert said["errors"][0]["path"] == path, answer.text
    assert said["message"].startswith(f"{path}: ")
    assert answer.headers["access-control-allow-origin"] == "*"


# Those that can stand in a batch; a page call is as good there as a track call.
IN_BATCH = [case for case in CALLS if isinstance(case[1], dict) and case[0] != "another type"]


@pytest.mark.parametrize("case", IN_BATCH, ids=lambda case: str(case[0]))
def test_a_bad_call_in_a_batch_harms_no_other(server: Running, case: tuple[str, Any, str]) -> None:
    name, bad, path = case
    good = [but(messageId=f"{name}/{n}") for n in range(2)]
    bad = bad if "type" in bad else {"type": "track", **bad}
    answer = send(server, json.dumps({"batch": [good[0], bad, good[1]]}).encode(), path="/v1/batch")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["accepted"], said["rejected"]) == (True, 2, 1)
    place = "batch[1]" if path == "body" else f"batch[1].{path}"
    assert said["errors"][0]["path"] == place


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "batch"),
        ({"batch": None}, "batch"),
        ({"batch": {}}, "batch"),
        ({"batch": "x"}, "batch"),
        ([], "body"),
        ({"batch": [], "sentAt": 5}, "sentAt"),
        ({"batch": [], "sentAt": "soon"}, "sentAt"),
        ({"batch": [], "sentAt": "2026-01-01T00:00:00"}, "sentAt"),
        ({"batch": [], "context": {"page": 1}}, "context.page"),
        ({"batch": [1]}, "batch[0]"),
        ({"batch": [None, "x"]}, "batch[0]"),
        ({"batch": [{"userId": "u"}]}, "batch[0].type"),
        ({"batch": [{"type": "trck", "userId": "u"}]}, "batch[0].type"),
        ({"batch": [{"type": "group", "userId": "u"}]}, "batch[0].groupId"),
        ({"batch": [{"type": "group", "userId": "u", "groupId": " "}]}, "batch[0].groupId"),
        ({"batch": [{"type": "alias", "userId": "u"}]}, "batch[0].previousId"),
        ({"batch": [{"type": "alias", "userId": "u", "previousId": "null"}]}, "batch[0].previousId"),
        ({"batch": [{"type": "identify", "userId": "u", "traits": []}]}, "batch[0].traits"),
        ({"batch": [{"type": "identify", "traits": {}}]}, "batch[0].userId"),
        ({"batch": [{"type": "page", "userId": "u", "name": {}}]}, "batch[0].name"),
        ({"batch": [{"type": "screen", "userId": "u", "properties": 1}]}, "batch[0].properties"),
        (b'{"batch": [' + b"[" * 3000 + b"]" * 3000 + b"]}", "batch"),
        (b'{"batch": [{"type": "track"', "body"),
    ],
)  # fmt: skip
def test_a_bad_batch_is_refused_with_its_path(server: Running, body: Any, path: str) -> None:
    answer = send(server, raw(body), path="/v1/batch")
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_an_empty_batch_is_fine(server: Running) -> None:
    assert send(server, b'{"batch": []}', path="/v1/batch").json() == {"success": True}


class TestBodies:
    BOMB = gzip.compress(b'{"batch":[' + b" " * 50_000_000 + b"]}", mtime=0)

    def test_gzip_is_unpacked(self, server: Running) -> None:
        assert (
            send(server, gzip.compress(json.dumps(TRACK).encode(), mtime=0), content_encoding="gzip").status_code == 200
        )

    @pytest.mark.parametrize(
        ("body", "encoding", "status"),
        [
            (BOMB, "gzip", 413),
            (gzip.compress(BOMB, mtime=0), "gzip", 400),  # unpacks to more gzip, which is no JSON
            (gzip.compress(json.dumps(TRACK).encode(), mtime=0)[:-9], "gzip", 400),
            (gzip.compress(json.dumps(TRACK).encode(), mtime=0)[:8], "gzip", 400),
            (gzip.compress(b"{}", mtime=0) * 2, "gzip", 400),
            (gzip.compress(b"{}", mtime=0) + b"rubbish", "gzip", 400),
            (json.dumps(TRACK).encode(), "gzip", 400),
            (b"", "gzip", 400),
            (json.dumps(TRACK).encode(), "br", 415),
            (json.dumps(TRACK).encode(), "deflate", 415),
            (b" " * 600_000, "identity", 413),
        ],
    )
    def test_packed_badly_or_too_large(self, server: Running, body: bytes, encoding: str, status: int) -> None:
        answer = send(server, body, content_encoding=encoding)
        assert answer.status_code == status, answer.text
        assert ": " in answer.json()["message"]

    def test_too_large_in_chunks_of_unknown_length(self, server: Running) -> None:
        def chunks() -> Any:
            for _ in range(60):
                yield b" " * 10_000

        answer = httpx.post(server.url + "/v1/track", content=chunks(), headers={"authorization": BASIC}, timeout=10)
        assert answer.status_code == 413

    def test_a_declared_length_that_is_too_large_is_refused_unread(self, server: Running) -> None:
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as line:
            line.sendall(head(99_999_999_999))
            assert line.recv(100).startswith(b"HTTP/1.1 413")

    @pytest.mark.parametrize(
        "text",
        [
            b"rubbish\r\n\r\n",
            b"POST /v1/track HTTP/1.1\r\ncontent-length: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET\r\n\r\n",
        ],
    )
    def test_what_is_no_http_is_refused(self, server: Running, text: bytes) -> None:
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as line:
            line.sendall(text)
            assert line.recv(100)[:12] in {b"HTTP/1.1 400", b""}

    def test_a_sender_that_hangs_up_in_the_middle_harms_nobody(self, server: Running) -> None:
        for _ in range(5):
            with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as line:
                line.sendall(head(500) + b"{")
        assert send(server, json.dumps(TRACK).encode()).status_code == 200


class TestDoor:
    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic !!!",
            "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
            "Basic " + base64.b64encode(b":").decode(),
            "Basic " + base64.b64encode(b"wrong:").decode(),
            f"Bearer {KEY}",
            "Digest x",
            KEY,
        ],
    )
    def test_a_wrong_key_in_the_header(self, server: Running, header: str) -> None:
        answer = send(server, json.dumps(TRACK).encode(), authorization=header)
        assert answer.status_code == 401, answer.text
        assert answer.json()["code"] == "unauthorized"
        assert "www-authenticate" not in answer.headers

    @pytest.mark.parametrize("more", [{}, {"writeKey": "wrong"}, {"writeKey": 5}, {"writeKey": ""}])
    def test_no_key_or_a_wrong_one_in_the_body(self, server: Running, more: dict[str, Any]) -> None:
        assert httpx.post(server.url + "/v1/track", json={**TRACK, **more}).status_code == 401

    @pytest.mark.parametrize("query", ["?writeKey=wrong", "?writeKey=", "?writekey=" + KEY, "?x=1", "?writeKey=%ff"])
    def test_a_wrong_key_in_the_address(self, server: Running, query: str) -> None:
        assert httpx.post(server.url + "/v1/track" + query, json=TRACK).status_code == 401

    def test_a_revoked_key(self, server: Running) -> None:
        add_key(server.folder, "old", "old", revoked=True)
        assert httpx.post(server.url + "/v1/track", json=TRACK, auth=("old", "")).status_code == 401

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
    def test_a_wrong_method(self, server: Running, method: str) -> None:
        answer = send(server, b"", method=method)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST, OPTIONS"

    @pytest.mark.parametrize(
        "path", ["/v1/", "/v1/trac", "/v1/track/", "/v1/../etc/passwd", "/v1/%00", "/v1/batch/x", "/v2/track"]
    )
    def test_a_wrong_path(self, server: Running, path: str) -> None:
        assert send(server, b"{}", path=path).status_code == 404

    @pytest.mark.parametrize("path", ["/health", "/metrics", "/s.js"])
    def test_pages_are_read_only(self, server: Running, path: str) -> None:
        assert send(server, b"{}", path=path).status_code == 405


def test_afterwards_the_server_is_well_and_has_every_good_call(server: Running) -> None:
    health = httpx.get(server.url + "/health").json()
    assert (health["status"], health["reasons"]) == ("good", [])
    wait_for(lambda: drained(server.folder), what="the inbox to be landed")
    found = {row["id"] for row in landed(server.folder)}
    wanted = {f"shop:{case[0]}/{n}" for case in IN_BATCH for n in range(2)}
    assert wanted <= found
    assert not list((server.folder / "rejects").glob("*"))
