"""A real server process on a real port, for tests that must not believe in a stand-in."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from lianyi import settings
from lianyi.memory.inbox import Inbox
from lianyi.memory.lake import Lake

KEY = "wk_test"
SOURCE = "shop"
PROGRAM = """
import sys, pathlib
from lianyi.doors.serve import run
run(pathlib.Path(sys.argv[1]), port=int(sys.argv[2]), console=False)
"""


def workspace(folder: Path) -> Path:
    """A workspace folder with one write key, made without the console."""
    folder.mkdir(parents=True, exist_ok=True)
    settings.write(folder, settings.Settings(currency="EUR"))
    with closing(sqlite3.connect(folder / "ops.sqlite3")) as database, database:
        database.execute(
            "CREATE TABLE team_writekey "
            "(id INTEGER PRIMARY KEY, name TEXT, key_hash TEXT, source TEXT, created_at TEXT, revoked_at TEXT)"
        )
    add_key(folder, KEY, SOURCE)
    return folder


def add_key(folder: Path, key: str, source: str, *, revoked: bool = False) -> None:
    """Write one key as action.team does."""
    with closing(sqlite3.connect(folder / "ops.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO team_writekey (name, key_hash, source, created_at, revoked_at) VALUES (?, ?, ?, '2026', ?)",
            (source, hashlib.sha256(key.encode()).hexdigest(), source, "2026-01-02" if revoked else None),
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Running:
    """A server that runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """A call with the test's write key."""
        return httpx.post(self.url + path, json=body, auth=(KEY, ""), timeout=10, **more)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def said(self) -> str:
        """What it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def start(folder: Path, *, port: int | None = None, environment: Mapping[str, str] | None = None) -> Running:
    """Start a server and wait until it answers."""
    port = port or free_port()
    log = folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, str(folder), str(port)],
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    running = Running(folder, port, process, log)
    wait_for(lambda: _listens(port) or process.poll() is not None, what=f"the server to listen: {log}")
    assert process.poll() is None, running.said()
    return running


@contextmanager
def serving(folder: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A server for the time of a block."""
    running = start(folder, environment=environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Any, *, what: str, seconds: float = 30.0) -> None:
    """Wait until the condition holds; fails saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def landed(folder: Path) -> list[dict[str, Any]]:
    """All events of the log."""
    return [row for file in Lake(folder).files() for row in pq.read_table(file).to_pylist()]


def drained(folder: Path) -> bool:
    """Whether nothing waits in the inbox."""
    return Inbox(folder / "inbox").backlog() == 0
