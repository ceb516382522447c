"""Runs due jobs, each in a process of its own: memory goes back when it ends, and a crash harms nobody else."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.db import close_old_connections

from lianyi.action.work import queue
from lianyi.action.work.models import Job

GRACE = timedelta(seconds=20)


@dataclass(kw_only=True)
class _Child:
    job: Job
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    asked_at: datetime | None = None


@dataclass(kw_only=True)
class Runner:
    """Starts due jobs of one workspace, at most `at_once`, and looks after them. Call `run_due` about every second.

    Django must be set up by the caller; the children find the same settings and workspace through the environment.
    """

    folder: Path
    at_once: int = 1
    name: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(8)}")
    _children: list[_Child] = field(default_factory=list)

    def run_due(self, now: datetime | None = None) -> int:
        """One round: reap, stop what is cancelled, revive, start. Returns how many jobs are running; never waits."""
        now = now or queue.clock()
        close_old_connections()
        self._reap(now)
        self._stop_cancelled(now)
        queue.revive(now=now)
        while len(self._children) < self.at_once and (job := queue.claim(self.name, now=now)):
            self._children.append(self._start(job))
        return len(self._children)

    def stop(self, timeout: float = 20.0) -> None:
        """Ask all children to stop in a safe state and wait; their jobs go back to the queue."""
        for child in self._children:
            child.asked_at = queue.clock()
            child.process.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                child.process.wait(timeout)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._reap(queue.clock())

    def _start(self, job: Job) -> _Child:
        output = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the child
        process = subprocess.Popen(  # noqa: S603  # our own module, with numbers and a token of ours
            [sys.executable, "-m", "lianyi.action.work", str(job.pk), self.name],
            env={**os.environ, "LIANYI_WORKSPACE": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches us first; we then stop the children in order
        )
        return _Child(job=job, process=process, output=output)

    def _reap(self, now: datetime) -> None:
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            with child.output as output:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
            self._close(child, now, said)

    def _close(self, child: _Child, now: datetime, said: str) -> None:
        """Close the job of a child that has ended. One that ended well has done so itself, and nothing changes."""
        if child.asked_at is None:
            code = child.process.returncode
            error = f"The job's process ended with code {code}.\n{said[-4000:]}"
            queue.end(child.job, Job.State.FAILED, now=now, error=error)
        elif Job.objects.filter(pk=child.job.pk, cancel_requested=True).exists():
            queue.end(child.job, Job.State.CANCELLED, now=now)
        else:  # the server stops; it may have been asked before it could listen
            queue.put_back(child.job, now=now, message="")

    def _stop_cancelled(self, now: datetime) -> None:
        pks = [child.job.pk for child in self._children]
        unwanted = set(Job.objects.filter(pk__in=pks, cancel_requested=True).values_list("pk", flat=True))
        for child in self._children:
            if child.job.pk not in unwanted:
                continue
            with contextlib.suppress(ProcessLookupError):
                if child.asked_at is None:
                    child.asked_at = now
                    child.process.send_signal(signal.SIGTERM)
                elif now - child.asked_at > GRACE:
                    child.process.kill()
