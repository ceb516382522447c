"""The worker: lands the inbox about every second, compacts the log now and then, runs the jobs of the console.

Started and looked after by doors.serve as `python -m lianyi.doors.worker FOLDER`. It ends, after landing what is
there, when it gets SIGTERM or when its standard input closes, which happens however the server dies.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from lianyi.doors.lifeline import end_with_parent
from lianyi.doors.logs import log_to_stderr
from lianyi.errors import Busy, LianyiError
from lianyi.memory.compaction import compact
from lianyi.memory.draining import LANDING, land
from lianyi.memory.inbox import Inbox
from lianyi.memory.lake import Lake

log = logging.getLogger("lianyi.worker")

EVERY = 1.0
PAUSE_AFTER_ERROR = 5.0
# Landings make small files; after so many the log is asked whether a compaction is worth it.
LANDINGS_TO_COMPACT = 16
BUSY_WAIT = 0.2
# After landing so many events at once, memory is given back at once; a small machine has other uses for it.
MANY = 20_000
NICE = 5


class Jobs(Protocol):
    """What runs the console's jobs (action.work.runner.Runner)."""

    def run_due(self) -> int:
        """One round; how many jobs run."""

    def stop(self) -> None:
        """Stop what runs, in a safe state."""


class Rounds(Protocol):
    """What looks after the process that does rounds (doors.operations.Keeper)."""

    def look(self) -> None:
        """Start the process where something is due and it is not there."""

    def stop(self) -> None:
        """End it in order."""


class Worker:
    """One workspace's background work, in rounds of about a second."""

    def __init__(
        self,
        folder: Path,
        *,
        jobs: Jobs | None = None,
        rounds: Rounds | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.inbox = Inbox(folder / "inbox")
        self.lake = Lake(folder)
        self.jobs = jobs
        self.rounds = rounds
        self._clock = clock
        self._landings = 0
        self._compacted_at = time.monotonic()
        self._rest = 0.0
        self._compacting: threading.Thread | None = None
        self._busy_since: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then land what is there."""
        while not stop.is_set():
            began = time.monotonic()
            self.round()
            stop.wait(max(0.0, EVERY - (time.monotonic() - began)))
        if self.rounds is not None:
            self.rounds.stop()
        if self.jobs is not None:
            self.jobs.stop()
        self.land_all()

    def round(self) -> None:
        """One round. An error is logged and the next round tries again: waiting events are safe where they are."""
        for act in (self.land_all, self.compact, self.run_jobs, self.keep_rounds):
            try:
                act()
            except LianyiError as error:
                log.warning("%s: %s", act.__name__, error, extra={"action": "worker.error"})
            except Exception:  # edge of the process: one fault must not stop landing for good
                log.exception("%s failed; trying again", act.__name__, extra={"action": "worker.error"})
                time.sleep(PAUSE_AFTER_ERROR)

    def land_all(self) -> None:
        """Land until less than a full portion was there; while an import holds the log, events wait."""
        landed = 0
        while True:
            try:
                done = land(self.inbox, self.lake, self._clock(), wait=BUSY_WAIT)
            except Busy:
                self._say_busy()
                return
            self._busy_since = None
            self._landings += bool(done.events)
            landed += done.events
            if done.events < LANDING // 2:
                break
        if landed > MANY:
            give_back_memory()

    def compact(self) -> None:
        """Have the log compacted after some landings, beside them, resting ten times as long as that took."""
        if self._compacting is not None and self._compacting.is_alive():
            return
        if self._landings < LANDINGS_TO_COMPACT or time.monotonic() - self._compacted_at < self._rest:
            return
        self._landings = 0
        # If the process ends meanwhile, what was not committed is swept away later.
        self._compacting = threading.Thread(target=self._compact, name="compact", daemon=True)
        self._compacting.start()

    def _compact(self) -> None:
        began = time.monotonic()
        try:
            compact(Lake(self.lake.folder))  # of its own: a lake is used by one thread
        except Busy:
            return
        except LianyiError as error:
            log.warning("compact: %s", error, extra={"action": "worker.error"})
        except Exception:  # edge of the thread: the log is as it was, and the next time tries again
            log.exception("the log could not be compacted", extra={"action": "worker.error"})
        self._compacted_at = time.monotonic()
        self._rest = 10 * (self._compacted_at - began)
        give_back_memory()

    def run_jobs(self) -> None:
        """Start and look after the console's jobs."""
        if self.jobs is not None:
            self.jobs.run_due()

    def keep_rounds(self) -> None:
        """Have the rounds done (audiences, journeys, contacts) where something is due."""
        if self.rounds is not None:
            self.rounds.look()

    def _say_busy(self) -> None:
        now = time.monotonic()
        if self._busy_since is None or now - self._busy_since > 60:
            log.info("somebody else writes to the log; events wait in the inbox", extra={"action": "worker.busy"})
            self._busy_since = now


def give_back_memory() -> None:
    """Return freed memory to the system: Arrow's pool and, where it is glibc, the heap keep it otherwise."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def console_jobs(folder: Path) -> tuple[Jobs, Rounds]:
    """The runner of the console's jobs and the keeper of the rounds, with Django set up for the workspace."""
    from lianyi.doors.console.start import configure

    configure(folder)
    from lianyi.action.rounds import rounds
    from lianyi.action.work.runner import Runner
    from lianyi.doors.operations import Keeper

    return Runner(folder=folder), Keeper(folder=folder, rounds=rounds())


def main(arguments: list[str] | None = None) -> int:
    """Work until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m lianyi.doors.worker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-jobs", action="store_true", help="land only; do not run the console's jobs")
    options = parser.parse_args(arguments)
    os.umask(0o077)  # what is written is personal data
    # Taking events in goes before landing them: what waits in the inbox is safe.
    os.nice(NICE)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    end_with_parent(stop)
    jobs, rounds = (None, None) if options.no_jobs else console_jobs(options.folder)
    worker = Worker(options.folder, jobs=jobs, rounds=rounds)
    log_to_stderr()  # after Django, which sets logging up in its own way
    log.info("worker started", extra={"action": "worker.started"})
    worker.run(stop)
    log.info("worker stopped", extra={"action": "worker.stopped"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
