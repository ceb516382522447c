"""A real PostgreSQL server of a test's own: made in a folder that goes away, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import postgres

USER = "postgres"


@contextmanager
def server() -> Iterator[str]:
    """Its address for LIANYI_DATABASE, with an empty database."""
    import psycopg

    initdb, run = postgres("initdb"), postgres("postgres")
    if initdb is None or run is None:
        pytest.skip("PostgreSQL is not on this machine; `python -m tests.machine` installs it where it may")
    # The server refuses to run as root; the package has made an account for it.
    owner = USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="lianyi-postgres-"))
    if owner:
        shutil.chown(folder, owner)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = [initdb, "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(make, check=True, capture_output=True, user=owner, cwd=folder)
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "fsync=off", "-c", "shared_buffers=32MB"]
    process = subprocess.Popen(
        [run, "-D", str(folder / "data"), *options], user=owner, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"postgresql://{USER}@127.0.0.1:{port}/{USER}"
        for _ in range(200):
            try:
                psycopg.connect(address, connect_timeout=1).close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.05)
        yield address
    finally:
        process.send_signal(signal.SIGINT)  # at once, whoever is connected
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
