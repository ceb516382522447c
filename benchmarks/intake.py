"""How much the collector takes in, durably, while its worker lands: `python benchmarks/intake.py`.

A real server (doors.serve, worker included) and the load generator share this machine's cores. The generator is our
own: uvloop, raw sockets, requests made before the clock starts, one request under way per connection. Beside it, in
the same run and on the same disk, a bare lower bound: decode the same bodies, write them, one fsync per group of the
size that the inbox made. At the end every event is counted in the log.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import msgspec
import psutil
import uvloop

from lianyi import settings
from lianyi.memory.inbox import Inbox
from lianyi.memory.lake import Lake

KEY = "wk_benchmark"
DONE = b'{"success":true}'
SERVER = """
import sys, pathlib
from lianyi.doors.serve import run
run(pathlib.Path(sys.argv[1]), port=int(sys.argv[2]), console=False)
"""


# Products of the shop: its visitors look at the same ones again and again.
PRODUCTS = 977


def call(number: int, *, products: int = PRODUCTS) -> dict[str, object]:
    """A track call as a page sends it, about 480 bytes."""
    product = number % products
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"message-{number:032d}",
        "userId": f"user-{number % 20_000}",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "properties": {
            "product_id": f"p{product}", "name": "Da Hong Pao, spring", "price": 128.5, "category": "Tea > Oolong",
        },
        "context": {
            "library": {"name": "lianyi.js", "version": "1"}, "locale": "zh-CN",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36",
            "page": {"url": f"https://shop.example/p/{product}", "title": "Da Hong Pao"},
        },
    }  # fmt: skip


def batch(number: int, *, products: int) -> bytes:
    """The body of a batch of 500 calls."""
    calls = [call(500 * number + place, products=products) for place in range(500)]
    return msgspec.json.encode({"sentAt": "2026-01-31T12:00:00Z", "batch": calls})


def request(path: str, body: bytes) -> bytes:
    """The bytes of one HTTP request."""
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: benchmark\r\nauthorization: Basic {basic}\r\ncontent-type: application/json\r\n"
    )
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """Sends requests one after the other, each when the one before was acknowledged."""

    def __init__(self, requests: list[bytes], done: asyncio.Event) -> None:
        self.requests = requests
        self.done = done
        self.acknowledged = 0
        self.answer = b""
        self.waits: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one by what it can do, not by its class
        self._next()

    def data_received(self, data: bytes) -> None:
        """An answer, whose head and body may come one after the other."""
        self.answer += data
        if not self.answer.endswith(b"}"):
            return
        if not self.answer.startswith(b"HTTP/1.1 200") or not self.answer.endswith(DONE):
            print(f"the server answered {self.answer!r}")
            os._exit(1)
        self.answer = b""
        self.acknowledged += 1
        self.waits.append(time.perf_counter() - self.sent)
        self._next()

    def _next(self) -> None:
        if self.requests:
            self.sent = time.perf_counter()
            self.transport.write(self.requests.pop())
        else:
            self.done.set()
            self.transport.close()


def _itself(protocol: Connection) -> Connection:
    return protocol


async def load(port: int, requests: Sequence[bytes], connections: int) -> tuple[float, list[float]]:
    """Seconds until all requests were acknowledged, and the wait of each."""
    loop = asyncio.get_running_loop()
    todo = list(requests)
    protocols = [Connection(todo, asyncio.Event()) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(partial(_itself, protocol), "127.0.0.1", port) for protocol in protocols)
    )
    await asyncio.gather(*(protocol.done.wait() for protocol in protocols))
    seconds = time.perf_counter() - began
    assert sum(protocol.acknowledged for protocol in protocols) == len(requests)
    return seconds, sorted(wait for protocol in protocols for wait in protocol.waits)


def bare(folder: Path, bodies: Sequence[bytes], group: int) -> float:
    """Seconds for decoding all bodies and writing them with one fsync per group: nothing durable can cost less."""
    with (folder / "bare").open("wb") as file:
        began = time.perf_counter()
        for start in range(0, len(bodies), group):
            for body in bodies[start : start + group]:
                msgspec.json.decode(body)
                file.write(body)
            file.flush()
            os.fdatasync(file.fileno())
        return time.perf_counter() - began


def groups(inbox: Inbox) -> int:
    """How many groups were written, each with one fsync: the inbox numbers them."""
    with closing(sqlite3.connect(inbox.path)) as database:
        (number,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
    return number or 1


@dataclass
class Server:
    """The server under test."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def processor(self) -> tuple[float, float]:
        """Processor seconds used so far by server and worker."""
        server = psutil.Process(self.process.pid)
        used = [process.cpu_times() for process in (server, *server.children())]
        first, *others = [times.user + times.system for times in used]
        return first, sum(others)

    def memory(self) -> str:
        """What server and worker hold, in megabytes."""
        server = psutil.Process(self.process.pid)
        return " + ".join(str(process.memory_info().rss >> 20) for process in (server, *server.children()))

    def landed(self) -> int:
        """Events in the log."""
        return Lake(self.folder).rows()


def serve(folder: Path) -> Server:
    """Start it, with one write key and without limits on the rate."""
    settings.write(folder, settings.Settings())
    with closing(sqlite3.connect(folder / "ops.sqlite3")) as database, database:
        database.execute("CREATE TABLE team_writekey (id, name, key_hash, source, created_at, revoked_at)")
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        database.execute("INSERT INTO team_writekey VALUES (1, 'b', ?, 'benchmark', '', NULL)", (digest,))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ,
        "LIANYI_LIMIT_KEY_RATE": "0",
        "LIANYI_LIMIT_ADDRESS_RATE": "0",
        "LIANYI_LOG": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(folder), str(port)], env=environment)
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    time.sleep(2)  # the worker imports; that is no part of intake
    return Server(folder, port, process)


def measure(name: str, folder: Path, bodies: Sequence[bytes], *, path: str, events: int, connections: int) -> None:
    """One case: load, lower bound, landing; prints what was seen."""
    requests = [request(path, body) for body in bodies]
    total = len(bodies) * events
    folder.mkdir()
    server = serve(folder)
    try:
        before, own = server.processor(), time.process_time()
        seconds, waits = asyncio.run(load(server.port, requests, connections))
        used = [now - then for now, then in zip(server.processor(), before, strict=True)]
        used.append(time.process_time() - own)
        landed = server.landed()
        inbox = Inbox(folder / "inbox")
        group = max(1, round(len(bodies) / groups(inbox)))
        began = time.perf_counter()
        while inbox.backlog():
            time.sleep(0.1)
        drain = time.perf_counter() - began
        inbox.close()
        time.sleep(2)
        memory = server.memory()
    finally:
        server.process.terminate()
        server.process.wait()
    assert server.landed() == total, f"{server.landed():,} events in the log, {total:,} acknowledged"
    least = bare(folder, bodies, group)
    print(f"{name}: {len(bodies) / seconds:,.0f} requests/s, {total / seconds:,.0f} events/s over {seconds:.1f} s")
    print(f"  wait: median {waits[len(waits) // 2] * 1e3:.1f} ms, 99 % {waits[len(waits) * 99 // 100] * 1e3:.1f} ms")
    costs = [
        f"{name} {part / total * 1e6:,.1f}" for name, part in zip(("server", "worker", "generator"), used, strict=True)
    ]
    busy = sum(used) / seconds / (os.cpu_count() or 1)
    print(f"  processor per event in microseconds: {', '.join(costs)}; {busy:.0%} of the cores were ours")
    print(f"  landed meanwhile {landed / total:.0%}, all {drain:.1f} s later, each exactly once: yes")
    print(f"  memory of server + worker afterwards: {memory} MB")
    bound = f"bare lower bound (decode + one fsync per {group} requests)"
    print(f"  {bound}: {total / least:,.0f} events/s; ratio {seconds / least:.1f}")


def main() -> None:
    """All cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--singles", type=int, default=60_000)
    parser.add_argument("--batches", type=int, default=3_000)
    parser.add_argument("--unlike", type=int, default=1_000, help="batches in which no two calls are of one product")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--batch-connections", type=int, default=16)
    options = parser.parse_args()
    uvloop.install()
    print(f"{os.cpu_count()} cores, load generator included (own, uvloop, {options.connections} connections)")
    with tempfile.TemporaryDirectory(prefix="lianyi-intake-", dir=os.environ.get("LIANYI_BENCHMARK_DIR")) as folder:
        if options.singles:
            bodies = [msgspec.json.encode(call(number)) for number in range(options.singles)]
            measure(
                "single events",
                Path(folder) / "singles",
                bodies,
                path="/v1/track",
                events=1,
                connections=options.connections,
            )
        # What a call's properties and context say is remembered; where no two are alike, that helps nothing.
        cases = (("batches of 500", options.batches, PRODUCTS), ("batches of unlike calls", options.unlike, 10**9))
        for name, count, products in cases:
            if count:
                measure(
                    name,
                    Path(folder) / name.replace(" ", "-"),
                    [batch(number, products=products) for number in range(count)],
                    path="/v1/batch",
                    events=500,
                    connections=options.batch_connections,
                )


if __name__ == "__main__":
    main()
