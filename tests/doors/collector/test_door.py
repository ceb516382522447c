"""What the door promises besides keeping events: who may come in, from where, how often, and what it tells."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lianyi.doors.collector.app import Collector
from lianyi.doors.collector.health import Health
from lianyi.doors.collector.limits import Buckets, Limits, limits_from
from lianyi.doors.collector.metrics import Metrics
from lianyi.doors.collector.snippet import script
from lianyi.doors.collector.writekeys import REREAD_SECONDS, TableOfKeys
from lianyi.errors import InputError
from lianyi.memory.events import Event
from lianyi.memory.inbox import Done, Inbox, Waiting
from tests.doors.collector.server import KEY, Running, add_key, landed, serving, wait_for, workspace

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CALL = {"type": "track", "userId": "u1", "event": "Seen"}


class TestKeys:
    @pytest.mark.parametrize("path", ["/v1/track", "/v1/t"])
    def test_basic_auth_body_and_address(self, server: Running, path: str) -> None:
        assert server.post(path, CALL).json() == {"success": True}
        assert httpx.post(server.url + path, json={**CALL, "writeKey": KEY}).status_code == 200
        assert httpx.post(f"{server.url}{path}?writeKey={KEY}", content=json.dumps(CALL)).status_code == 200

    def test_a_new_key_works_within_seconds_and_names_the_source(self, server: Running) -> None:
        add_key(server.folder, "second", "app")
        wait_for(
            lambda: (
                httpx.post(server.url + "/v1/track", json={**CALL, "messageId": "k"}, auth=("second", "")).is_success
            ),
            what="the key to be read",
            seconds=REREAD_SECONDS + 5,
        )
        wait_for(lambda: "app:k" in {row["id"] for row in landed(server.folder)}, what="the event")

    def test_keys_that_cannot_be_read_are_told_and_the_known_ones_stay(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = workspace(tmp_path / "brand")
        keys = TableOfKeys(folder)
        assert keys.source_of(KEY) == "shop"
        (folder / "ops.sqlite3").unlink()
        monkeypatch.setattr(keys, "_read_at", float("-inf"))
        assert keys.source_of(KEY) == "shop"
        assert keys.problem is not None
        assert "ops.sqlite3" in keys.problem

    def test_only_hashes_of_keys_are_stored(self, server: Running) -> None:
        assert KEY.encode() not in (server.folder / "ops.sqlite3").read_bytes()


class TestBrowsers:
    def test_preflight_from_any_site(self, server: Running) -> None:
        answer = httpx.options(server.url + "/v1/batch", headers={"origin": "https://shop.example"})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "authorization" in answer.headers["access-control-allow-headers"]

    @pytest.mark.parametrize("path", ["/v1/track", "/s.js", "/health", "/nothing"])
    def test_security_headers_everywhere(self, server: Running, path: str) -> None:
        headers = httpx.get(server.url + path).headers if path != "/v1/track" else server.post(path, CALL).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers

    def test_the_snippet_is_small_cached_and_packed(self, server: Running) -> None:
        answer = httpx.get(server.url + "/s.js", headers={"accept-encoding": "identity"})
        assert answer.headers["content-type"].startswith("text/javascript")
        assert len(answer.content) <= 4096
        packed = httpx.get(server.url + "/s.js")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == answer.content
        again = httpx.get(server.url + "/s.js", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_squeezing_takes_only_comments_and_space(self) -> None:
        found = script()
        assert b"/*" not in found.plain
        assert gzip.decompress(found.packed) == found.plain
        assert found.plain.count(b"{") == found.plain.count(b"}")


class TestLimits:
    def test_a_bucket_lets_through_what_flows_in(self) -> None:
        now = [0.0]
        bucket = Buckets(2, burst=3, clock=lambda: now[0])
        assert [bucket.wait("a") for _ in range(4)] == [0, 0, 0, 1]
        assert bucket.wait("b") == 0
        now[0] += 0.5
        assert [bucket.wait("a"), bucket.wait("a")] == [0, 1]
        now[0] += 100
        assert [bucket.wait("a") for _ in range(4)] == [0, 0, 0, 1]

    def test_no_rate_is_no_limit(self) -> None:
        bucket = Buckets(0)
        assert {bucket.wait("a") for _ in range(1000)} == {0}

    def test_limits_come_from_the_environment(self) -> None:
        assert limits_from({}) == Limits()
        assert limits_from({"LIANYI_LIMIT_BODY": "9"}).body == 9
        with pytest.raises(InputError, match="LIANYI_LIMIT_KEY_RATE='fast' is not a whole number"):
            limits_from({"LIANYI_LIMIT_KEY_RATE": "fast"})

    @pytest.mark.parametrize("name", ["LIANYI_LIMIT_KEY_RATE", "LIANYI_LIMIT_ADDRESS_RATE"])
    def test_too_many_requests_are_told_when_to_come_again(self, tmp_path: Path, name: str) -> None:
        with serving(workspace(tmp_path / "brand"), environment={name: "1"}) as server, httpx.Client() as client:
            answers = [client.post(server.url + "/v1/track", json=CALL, auth=(KEY, "")) for _ in range(15)]
            assert [answer.status_code for answer in answers[:10]] == [200] * 10
            assert answers[-1].status_code == 429
            assert int(answers[-1].headers["retry-after"]) >= 1
            assert answers[-1].json()["code"] == "too_many"


class TestReports:
    def test_health_says_good(self, server: Running) -> None:
        answer = httpx.get(server.url + "/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "good")

    def test_health_names_what_is_odd(self, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path / "inbox")
        inbox.put_now([Event(id="shop:1", at=NOW, kind="view", source="shop")], received_at=NOW)
        health = Health(inbox, worker_problem=lambda: "the worker is not running", keys_problem=lambda: None)
        status, body = health.look(NOW + timedelta(minutes=10))
        inbox.close()
        assert (status, body["status"], body["waiting"]) == (200, "odd", 1)
        assert body["reasons"] == [
            "the worker is not running",
            "events wait since 2026-05-01 12:00:00 UTC; see the worker's log",
        ]

    def test_health_tells_strangers_no_paths(self, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path / "inbox")
        health = Health(inbox, keys_problem=lambda: f"write keys can't be read from {tmp_path}/ops.sqlite3")
        health.inbox_problem = f"{tmp_path}/inbox: no space left"
        status, body = health.look(NOW)
        inbox.close()
        assert status == 503
        assert len(body["reasons"]) == 2
        assert "/" not in "".join(body["reasons"])

    def test_metrics_count_what_happened(self, server: Running) -> None:
        before = figures(server)
        server.post("/v1/batch", {"batch": [CALL, CALL, {"type": "track"}]})
        server.post("/v1/track", {})
        wait_for(lambda: figures(server)["lianyi_inbox_events"] == 0, what="landing")
        after = figures(server)
        grown = {name: after[name] - before.get(name, 0) for name in after}
        assert grown["lianyi_events_accepted_total"] == 2
        assert grown["lianyi_calls_rejected_total"] == 2
        assert grown['lianyi_requests_total{route="/v1/batch",status="200"}'] == 1
        assert grown['lianyi_requests_total{route="/v1/track",status="400"}'] == 1
        assert grown["lianyi_durable_seconds_count"] == 1
        assert after["lianyi_landed_total"] + after["lianyi_duplicates_total"] >= 2

    def test_metrics_are_not_for_strangers(self, tmp_path: Path) -> None:
        assert asyncio.run(ask_metrics(tmp_path, "198.51.100.7", b"")) == 403
        assert asyncio.run(ask_metrics(tmp_path, "198.51.100.7", b"Bearer wrong")) == 403
        assert asyncio.run(ask_metrics(tmp_path, "198.51.100.7", b"Bearer secret")) == 200
        assert asyncio.run(ask_metrics(tmp_path, "127.0.0.1", b"")) == 403, "it may have come through a proxy"
        assert asyncio.run(ask_metrics(tmp_path, "127.0.0.1", b"", token=None)) == 200
        assert asyncio.run(ask_metrics(tmp_path, "127.0.0.1", b"", (b"x-real-ip", b"9.9.9.9"), token=None)) == 403
        assert asyncio.run(ask_metrics(tmp_path, "198.51.100.7", b"", token=None)) == 403

    def test_waits_fall_into_their_buckets(self) -> None:
        metrics = Metrics()
        for seconds in (0.0005, 0.004, 0.004, 9.0):
            metrics.kept(events=1, rejected=0, size=10, seconds=seconds)
        text = metrics.text(
            Waiting(events=0, bytes=0, since=None), Done(landed=0, duplicates=0, rejected=0, landed_at=None), now=NOW
        )
        assert 'lianyi_durable_seconds_bucket{le="0.001"} 1\n' in text
        assert 'lianyi_durable_seconds_bucket{le="0.005"} 3\n' in text
        assert 'lianyi_durable_seconds_bucket{le="+Inf"} 4\n' in text


def figures(server: Running) -> dict[str, float]:
    lines = httpx.get(server.url + "/metrics").text.splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


async def ask_metrics(
    folder: Path, address: str, authorization: bytes, *more: tuple[bytes, bytes], token: str | None = "secret"
) -> int:
    inbox = Inbox(folder / "inbox")
    keys = TableOfKeys(folder)
    collector = Collector(inbox=inbox, keys=keys, health=Health(inbox), currency="EUR", metrics_token=token)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [*more, *([(b"authorization", authorization)] if authorization else [])]
    scope = {
        "type": "http",
        "path": "/metrics",
        "method": "GET",
        "headers": headers,
        "query_string": b"",
        "client": (address, 1),
    }
    await collector(scope, receive, send)
    status: int = sent[0]["status"]
    return status


class TestLinks:
    def test_a_visitor_s_ids_are_linked_once_however_often_they_call(self, server: Running) -> None:
        for number in range(5):
            server.post("/v1/track", {**CALL, "userId": "l1", "anonymousId": "a9", "messageId": f"l{number}"})
        wait_for(
            lambda: sum(row["actor_key"] == "user:l1" for row in landed(server.folder)) == 6, what="5 events and a link"
        )

    def test_a_batch_s_context_is_for_calls_that_bring_none(self, server: Running) -> None:
        own = {**CALL, "messageId": "c1", "context": {"locale": "en"}}
        server.post("/v1/batch", {"context": {"locale": "zh-CN"}, "batch": [own, {**CALL, "messageId": "c2"}]})
        wanted = {"shop:c1": "en", "shop:c2": "zh-CN"}

        def found() -> dict[str, str]:
            rows = [row for row in landed(server.folder) if row["id"] in wanted]
            return {row["id"]: json.loads(row["props"])["context"]["locale"] for row in rows}

        wait_for(lambda: found() == wanted, what="both events with their context")
