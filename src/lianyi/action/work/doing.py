"""Doing one job in its own process: renew the lease, report, end in a known state whatever happens."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, connection

import lianyi
from lianyi.action.work import queue
from lianyi.action.work.kinds import KINDS
from lianyi.action.work.models import Job
from lianyi.errors import Busy, Interrupted, LianyiError

log = logging.getLogger(__name__)
HEARTBEAT = 5.0
REPORT_EVERY = 0.4


@dataclass(kw_only=True)
class Progress:
    """Given to the work as `progress(message, done)`; writes to the job's row at most every 0.4 s, and stops it."""

    job: Job
    stop: threading.Event
    _last: float = field(default=0.0)

    def __call__(self, message: str, done: float | None = None) -> None:
        """Say where the work is. Raises Interrupted when it is to stop; call it where stopping is safe."""
        if self.stop.is_set():
            raise Interrupted
        now = time.monotonic()
        if now - self._last >= REPORT_EVERY:
            self._last = now
            queue.report(self.job, progress=done, message=message)


def do(pk: int, *, worker: str) -> int:
    """Do the job if it is still leased to `worker`. 0 = the job's row says how it ended."""
    job = Job.objects.filter(pk=pk, worker=worker, state=Job.State.RUNNING).first()
    if job is None:
        return 0
    stop = threading.Event()
    with _stoppable(stop), _heartbeat(job, stop):
        try:
            result = KINDS[job.kind](lianyi.open(settings.WORKSPACE), job, Progress(job=job, stop=stop))
        except Busy as error:
            queue.put_back(job, now=queue.clock(), message=str(error))
        except Interrupted:
            _interrupted(job)
        except LianyiError as error:
            queue.end(job, Job.State.FAILED, now=queue.clock(), error=str(error))
        except Exception as error:  # edge of the process: whatever it was, the job's row must say so
            log.exception("job %s failed", job, extra={"action": "job.failed"})
            queue.end(job, Job.State.FAILED, now=queue.clock(), error=f"{type(error).__name__}: {error}")
        else:
            queue.end(job, Job.State.DONE, now=queue.clock(), result=result)
    return 0


def _interrupted(job: Job) -> None:
    """Cancelled by a person: over. Stopped with the server: waits for the next start."""
    job.refresh_from_db()
    if job.cancel_requested:
        queue.end(job, Job.State.CANCELLED, now=queue.clock())
    else:
        queue.put_back(job, now=queue.clock(), message="")


@contextmanager
def _stoppable(stop: threading.Event) -> Iterator[None]:
    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield  # in tests; nobody signals there
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _heartbeat(job: Job, stop: threading.Event) -> Iterator[None]:
    """Renew the lease while the work runs; where it is lost or the job is cancelled, ask the work to stop."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            try:
                kept = queue.renew(job, now=queue.clock())
            except DatabaseError:  # the next beat tries again; the lease lasts twelve of them
                log.warning(
                    "the lease of job %s could not be renewed", job.pk, exc_info=True, extra={"action": "job.lease"}
                )
                continue
            if not kept:
                stop.set()
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
