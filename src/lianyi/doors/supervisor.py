"""Looks after the worker process: starts it, starts it again when it dies, stops it in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger("lianyi.serve")

LOOK_SECONDS = 0.25
# A worker that dies again and again is started ever more slowly, up to this.
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0


class Supervisor:
    """One worker process of one workspace."""

    def __init__(self, folder: Path, *, options: Sequence[str] = (), stop_seconds: float = 60.0) -> None:
        self._command = [sys.executable, "-m", "lianyi.doors.worker", str(folder), *options]
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._started = 0.0
        self._deaths = 0

    def start(self) -> None:
        """Start the worker and look after it. Call it in the event loop."""
        self._spawn()
        self._task = asyncio.get_running_loop().create_task(self._look_after())

    async def stop(self) -> None:
        """Let the worker land what is there and end; kill it where that takes too long (nothing is lost by it)."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # Closing the pipe and not SIGTERM, which would kill a worker that has not set itself up yet.
        _close(process)
        try:
            process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            log.warning("the worker did not end in time and is killed", extra={"action": "worker.killed"})
            process.kill()
            process.wait()

    def problem(self) -> str | None:
        """Why events are not landed at the moment; None when all is well."""
        if self._process is None or self._process.poll() is not None:
            return f"the worker is not running (it died {self._deaths} times); see the server's log"
        return None

    def _spawn(self) -> None:
        self._started = time.monotonic()
        # Our end of the pipe closes with us, however we die; the worker then ends as well.
        # A process group of its own: Ctrl-C in the terminal is for us, who then stop the worker in order.
        self._process = subprocess.Popen(  # noqa: S603  our own module
            self._command,
            stdin=subprocess.PIPE,
            process_group=0,
            env={"MALLOC_ARENA_MAX": "2", **os.environ},  # its threads come and go; an arena for each keeps memory
        )

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._process is None or self._process.poll() is None:
                continue
            steady = time.monotonic() - self._started > STEADY_SECONDS
            self._deaths = 1 if steady else self._deaths + 1
            pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self._deaths - 1))
            log.error(
                "the worker died (exit code %s); started again in %.1f s", self._process.returncode, pause,
                extra={"action": "worker.died"},
            )  # fmt: skip
            _close(self._process)
            await asyncio.sleep(pause)
            self._spawn()


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close our end of the worker's standard input."""
    if process.stdin is not None:
        process.stdin.close()
