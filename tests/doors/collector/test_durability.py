"""Nothing that was acknowledged is ever lost or doubled, whatever happens to the server."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import segment.analytics

from lianyi.doors.collector.app import Collector
from lianyi.doors.collector.health import Health
from lianyi.memory.inbox import Inbox, Limits
from tests.doors.collector.server import KEY, Running, drained, free_port, landed, serving, start, wait_for, workspace

KILLS = 20
SENDERS = 6


def worker_of(server: Running) -> psutil.Process:
    """The server's worker process."""
    (worker,) = psutil.Process(server.process.pid).children()
    return worker


class Load:
    """Senders that post batches as fast as they can and write down what was acknowledged; they never repeat a call."""

    def __init__(self, port: int, run: int) -> None:
        self.port = port
        self.run = run
        self.acknowledged: list[str] = []
        self.begun = asyncio.Event()
        self.stopped = asyncio.Event()

    async def send(self, sender: int) -> None:
        number = 0
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", auth=(KEY, "")) as client:
            while not self.stopped.is_set():
                size = 100 if number % 5 == 0 else 1 + number % 7  # few wait as JSON, many as columns
                ids = [f"{self.run}-{sender}-{number + n}" for n in range(size)]
                number += len(ids)
                calls = [{"type": "track", "event": "Seen", "userId": f"u{n}", "messageId": n} for n in ids]
                try:
                    answer = await client.post("/v1/batch", json={"batch": calls})
                except httpx.HTTPError:
                    return  # the server is gone; whether it kept this batch nobody knows
                if answer.status_code == 200:
                    self.acknowledged += ids
                    self.begun.set()


async def loaded_until_killed(server: Running, run: int, seconds: float) -> list[str]:
    """Load the server, kill -9 it in the middle, return what it had acknowledged."""
    load = Load(server.port, run)
    senders = [asyncio.create_task(load.send(number)) for number in range(SENDERS)]
    await load.begun.wait()  # a busy machine takes seconds for making the clients
    await asyncio.sleep(seconds)
    os.kill(server.process.pid, signal.SIGKILL)
    load.stopped.set()
    await asyncio.gather(*senders)
    return load.acknowledged


@pytest.mark.slow
def test_kill_9_at_20_random_moments_under_load(tmp_path: Path) -> None:
    """Every third time the worker is killed as well, otherwise it lands on while the next server already runs."""
    folder = workspace(tmp_path / "brand")
    chance = random.Random(20260101)
    acknowledged: list[str] = []
    for run in range(KILLS):
        server = start(folder)
        worker = worker_of(server)
        moment = chance.uniform(0.05, 1.2)
        acknowledged += asyncio.run(loaded_until_killed(server, run, moment))
        server.process.wait()
        if run % 3 == 0:
            worker.kill()
    assert len(acknowledged) > 20 * KILLS
    with serving(folder):
        wait_for(lambda: drained(folder), what="the inbox to be landed")
    counts = Counter(row["id"].removeprefix("shop:") for row in landed(folder))
    assert [name for name in acknowledged if counts[name] != 1] == []
    assert max(counts.values()) == 1
    assert not list((folder / "rejects").glob("*"))


def test_sigterm_finishes_requests_and_lands_everything(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "brand")

    async def loaded_until_stopped(server: Running) -> list[str]:
        load = Load(server.port, 0)
        senders = [asyncio.create_task(load.send(number)) for number in range(SENDERS)]
        await asyncio.sleep(1.0)
        server.process.terminate()
        await asyncio.gather(*senders)
        return load.acknowledged

    server = start(folder)
    worker = worker_of(server)
    acknowledged = asyncio.run(loaded_until_stopped(server))
    assert server.process.wait(60) == 0, server.said()
    assert not worker.is_running()
    assert drained(folder)
    assert set(acknowledged) == {row["id"].removeprefix("shop:") for row in landed(folder)}
    assert "Traceback" not in server.said()


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "brand")
    with serving(folder) as server:
        first = worker_of(server)
        first.kill()
        wait_for(
            lambda: [w.pid for w in psutil.Process(server.process.pid).children()] not in ([], [first.pid]),
            what="a new worker",
        )
        server.post("/v1/track", {"userId": "u1", "event": "Seen"})
        wait_for(lambda: len(landed(folder)) == 1, what="the event in the log")
        assert "the worker died (exit code -9)" in server.said()
        assert httpx.get(server.url + "/health").json()["status"] == "good"


def test_a_worker_ends_when_the_server_is_gone(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "brand")
    server = start(folder)
    worker = worker_of(server)
    server.post("/v1/track", {"userId": "u1", "event": "Seen"})
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, what="the worker to end")
    assert len(landed(folder)) == 1


def test_ctrl_c_stops_in_order(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "brand")
    server = start(folder)
    server.post("/v1/track", {"userId": "u1", "event": "Seen"})
    os.killpg(server.process.pid, signal.SIGINT)  # a terminal signals the whole group
    assert server.process.wait(60) == 0, server.said()
    assert len(landed(folder)) == 1
    assert "Traceback" not in server.said()


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_the_official_python_sdk_delivers_10_000_events_once(tmp_path: Path, *, packed: bool) -> None:
    """Some are sent twice on purpose, and the server is killed on the way, so that the SDK itself has to repeat."""
    folder = workspace(tmp_path / "brand")
    port = free_port()
    server = start(folder, port=port)
    errors: list[Exception] = []
    client = segment.analytics.Client(
        KEY,
        host=f"http://127.0.0.1:{port}",
        gzip=packed,
        max_queue_size=20_000,
        on_error=lambda error, _items: errors.append(error),
    )
    for number in range(10_000):
        client.track(f"u{number % 500}", "Product Viewed", {"product_id": number % 40}, message_id=f"m{number}")
        if number == 5_000:
            wait_for(lambda: client.queue.qsize() < 4_000, what="the SDK to send something")
            server.process.kill()
            server.process.wait()
            server = start(folder, port=port)
        if number % 10 == 0:
            client.track(f"u{number % 500}", "Product Viewed", {"product_id": number % 40}, message_id=f"m{number}")
    client.flush()
    client.join()
    assert errors == []
    assert server.stop() == 0
    rows = landed(folder)
    assert Counter(row["id"] for row in rows) == Counter({f"shop:m{number}": 1 for number in range(10_000)})
    assert {row["kind"] for row in rows} == {"view"}


def test_the_sdk_takes_a_batch_with_a_bad_call_as_delivered(tmp_path: Path) -> None:
    with serving(workspace(tmp_path / "brand")) as server:
        errors: list[Exception] = []
        client = segment.analytics.Client(
            KEY, host=server.url, max_retries=1, on_error=lambda error, _items: errors.append(error)
        )
        client.track("u1", "Seen", message_id="good")
        client.track("u1", "Order Completed", {"order_id": "1", "total": "a lot"}, message_id="bad")
        client.flush()
        client.join()
        assert errors == []
        wait_for(lambda: [row["id"] for row in landed(server.folder)] == ["shop:good"], what="the good event")


def test_duplicates_in_one_request_in_two_and_after_landing(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "brand")
    call = {"type": "track", "userId": "u1", "event": "Seen", "messageId": "m1"}
    with serving(folder) as server:
        server.post("/v1/batch", {"batch": [call, call]})
        server.post("/v1/track", call)
        wait_for(lambda: drained(folder), what="the inbox to be landed")
        server.post("/v1/track", call)
        wait_for(lambda: drained(folder), what="the inbox to be landed")
    assert [row["id"] for row in landed(folder)] == ["shop:m1"]


def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Back-pressure by the reserve that must stay free: more than any disk has."""
    limits = Limits(free=10**18)
    inbox = Inbox(workspace(tmp_path / "brand") / "inbox", limits=limits)
    answer = asyncio.run(_ask(inbox))
    assert answer["status"] == 503
    assert (b"retry-after", b"5") in answer["headers"]
    assert json.loads(answer["body"])["code"] == "full"
    assert inbox.backlog() == 0
    inbox.close()


async def _ask(inbox: Inbox) -> dict[str, Any]:
    """One call to a collector in this process, with an inbox of the test's own."""

    class OneKey:
        def source_of(self, key: str) -> str | None:
            return "shop" if key == KEY else None

    collector = Collector(inbox=inbox, keys=OneKey(), health=Health(inbox), currency="EUR")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"userId":"u1","event":"Seen"}'}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/v1/track",
        "method": "POST",
        "headers": [],
        "query_string": b"writeKey=" + KEY.encode(),
    }
    await collector(scope, receive, send)
    status, body = collector.health.look(collector.clock())
    assert (status, body["status"]) == (503, "bad")
    return {"status": sent[0]["status"], "headers": sent[0]["headers"], "body": sent[1]["body"]}
