"""The process that does rounds (action.rounds): started by the worker when something is due, gone when nothing is.

`python -m lianyi.doors.operations FOLDER` ends in order at SIGTERM, when its standard input closes, which happens
however the worker dies, and after a minute in which nothing was due.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lianyi.action.rounds import Round
from lianyi.doors.lifeline import end_with_parent
from lianyi.doors.logs import log_to_stderr
from lianyi.errors import LianyiError
from lianyi.workspace import Workspace

log = logging.getLogger("lianyi.operations")

EVERY = 1.0
IDLE = 60.0
LONGEST_PAUSE = 30.0
STOP_SECONDS = 20.0
NICE = 5


def utc_now() -> datetime:
    """The clock of this door."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Operations:
    """Does the rounds of one workspace until told to stop, or until nothing was due for `idle` seconds."""

    workspace: Callable[[], Workspace]
    rounds: Sequence[Round]
    clock: Callable[[], datetime] = utc_now
    idle: float = IDLE
    every: float = EVERY
    _busy: dict[str, float] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Each round in a thread of its own; returns when all have ended."""
        began = time.monotonic()
        self._busy = {each.name: began for each in self.rounds}
        threads = [
            threading.Thread(target=self._go_on, args=(each, stop), name=each.name, daemon=True) for each in self.rounds
        ]
        for thread in threads:
            thread.start()
        while not stop.wait(self.every / 4):
            if time.monotonic() - max(self._busy.values(), default=began) > self.idle:
                stop.set()
        for thread in threads:
            thread.join()

    def _go_on(self, each: Round, stop: threading.Event) -> None:
        from django.db import close_old_connections, connection

        workspace, pause = self.workspace(), self.every
        while not stop.is_set():
            close_old_connections()
            more = False
            try:
                if each.due(self.clock()):
                    self._busy[each.name] = time.monotonic()
                    more = each.work(workspace, self.clock(), stop.is_set)
                    self._busy[each.name] = time.monotonic()
                pause = self.every
            except LianyiError as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("%s: %s", each.name, error, extra={"action": "round.error"})
            except Exception:  # edge of the thread: one fault must not end this kind of work for good
                pause = min(pause * 2, LONGEST_PAUSE)
                log.exception("%s failed; trying again", each.name, extra={"action": "round.error"})
            if not more:
                stop.wait(pause)
        connection.close()


@dataclass(kw_only=True)
class Keeper:
    """In the worker: starts the process of the rounds when something is due and it is not there."""

    folder: Path
    rounds: Sequence[Round]
    clock: Callable[[], datetime] = utc_now
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _deaths: int = 0

    def look(self) -> None:
        """Call about every second; never waits. A process that dies again and again is started ever more slowly."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._deaths = self._deaths + 1 if code else 0
            if code:
                log.warning("the process of the rounds died (%s)", code, extra={"action": "rounds.died"})
            self._process = None
        if self._deaths and time.monotonic() - self._started < min(2.0**self._deaths, LONGEST_PAUSE):
            return
        now = self.clock()
        if any(each.due(now) for each in self.rounds):
            self._started = time.monotonic()
            command = [sys.executable, "-m", "lianyi.doors.operations", str(self.folder)]
            # Our end of the pipe closes with us, however we die; the process then ends as well.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  our own module

    def stop(self) -> None:
        """Let the process end in order; kill it where that takes too long (what it had claimed goes back)."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning(
                "the process of the rounds did not end in time and is killed", extra={"action": "rounds.killed"}
            )
            self._process.kill()
            self._process.wait()
        self._process = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Do rounds until told to stop."""
    folder = Path((arguments or sys.argv[1:])[0])
    os.umask(0o077)  # what is written is personal data
    os.nice(NICE)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    end_with_parent(stop)

    from lianyi.doors.console.start import configure

    configure(folder)
    import lianyi
    from lianyi.action.rounds import rounds

    log_to_stderr()  # after Django, which sets logging up in its own way
    Operations(workspace=lambda: lianyi.open(folder), rounds=rounds()).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
