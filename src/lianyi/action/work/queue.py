"""The queue: add, claim, renew, report, end. Every change of state is a conditional UPDATE whose count is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from lianyi.action.work.models import Job
from lianyi.errors import RefusedError

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
BUSY_DELAY = timedelta(seconds=5)
State = Job.State
# Who may stop a job is who may start one of its kind.
RIGHTS: Mapping[str, str] = {
    "refresh": "data.refresh",
    "check": "data.import",
    "import": "data.import",
    "erase": "people.erase",
    "plan": "plans.make",
}


def add(kind: str, arguments: Mapping[str, Any] | None = None, *, by: str) -> Job:
    """Queue a job. Where the same work already waits, that job is returned: it will see everything up to its start."""
    arguments = dict(arguments or {})
    same = Job.objects.filter(kind=kind, arguments=arguments, state=State.WAITING, cancel_requested=False).first()
    return same or Job.objects.create(kind=kind, arguments=arguments, by=by)


def claim(worker: str, *, now: datetime) -> Job | None:
    """The oldest job that is due, now leased to `worker`; None where there is nothing to do."""
    due = Job.objects.filter(state=State.WAITING, not_before__lte=now).order_by("id").values_list("pk", flat=True)
    for pk in due[:20]:
        taken = Job.objects.filter(pk=pk, state=State.WAITING).update(
            state=State.RUNNING,
            worker=worker,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
            started_at=now,
            progress=None,
            message="",
            error="",
        )
        if taken == 1:  # 0: another worker was faster
            return Job.objects.get(pk=pk)
    return None


def renew(job: Job, *, now: datetime) -> bool:
    """Keep the lease. False: the job is no longer ours, or is to be cancelled; stop at once."""
    mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, worker=job.worker, cancel_requested=False)
    return mine.update(lease_until=now + LEASE) == 1


def report(job: Job, *, progress: float | None, message: str) -> None:
    """Say how far a job is. `progress` is 0 to 1, or None where it can't be known."""
    if progress is not None:
        progress = min(max(progress, 0.0), 1.0)
    Job.objects.filter(pk=job.pk, state=State.RUNNING, worker=job.worker).update(
        progress=progress, message=message[:500]
    )


def end(job: Job, state: Job.State, *, now: datetime, result: Any = None, error: str = "") -> bool:
    """Close a running job. False where it was not ours any more, in which case nothing changes."""
    mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, worker=job.worker)
    return mine.update(state=state, result=result, error=error, ended_at=now, lease_until=None) == 1


def put_back(job: Job, *, now: datetime, message: str) -> None:
    """Try again a little later, without counting this attempt: the lake was busy."""
    Job.objects.filter(pk=job.pk, state=State.RUNNING, worker=job.worker).update(
        state=State.WAITING,
        worker="",
        lease_until=None,
        attempts=F("attempts") - 1,
        not_before=now + BUSY_DELAY,
        message=message[:500],
    )


def cancel(pk: int, *, now: datetime) -> None:
    """Cancel: at once where it waits; a running job is asked to stop and ends in a safe state. RefusedError: it runs
    and is of a kind that goes on to its end."""
    waiting = Job.objects.filter(pk=pk, state=State.WAITING)
    if waiting.update(state=State.CANCELLED, ended_at=now, cancel_requested=True):
        return
    running = Job.objects.filter(pk=pk, state=State.RUNNING)
    running.exclude(kind="erase").update(cancel_requested=True)
    if running.filter(kind="erase").exists():
        raise RefusedError("an erasure that runs can't be cancelled; it goes on to its end, after a restart as well")


def revive(*, now: datetime) -> int:
    """Give jobs of dead workers (lease over) back to the queue; those that died too often fail. Number of jobs
    found."""
    dead = Job.objects.filter(state=State.RUNNING, lease_until__lt=now)
    failed = dead.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED,
        ended_at=now,
        error=f"The worker died {MAX_ATTEMPTS} times while doing this.",
        lease_until=None,
    )
    cancelled = dead.filter(cancel_requested=True).update(state=State.CANCELLED, ended_at=now, lease_until=None)
    return failed + cancelled + dead.update(state=State.WAITING, worker="", lease_until=None, not_before=now)


def clock() -> datetime:
    """The time of this room's edges (runner and pages); everything above takes it as an argument."""
    return timezone.now()
