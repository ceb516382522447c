"""The queue: each job is done by one worker, none is lost, none runs for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.action.team.rights import RIGHTS as TEAM_RIGHTS
from lianyi.action.work import queue
from lianyi.action.work.kinds import KINDS
from lianyi.action.work.models import Job
from lianyi.errors import RefusedError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
State = Job.State


def waiting(count: int = 1) -> list[Job]:
    return [Job.objects.create(kind="refresh", arguments={"n": n}, by="t", not_before=NOW) for n in range(count)]


def test_the_same_waiting_work_is_queued_once_but_again_when_it_runs() -> None:
    first = queue.add("refresh", {"tables": ["people"]}, by="a")
    assert queue.add("refresh", {"tables": ["people"]}, by="b") == first
    assert queue.add("refresh", {}, by="b") != first
    Job.objects.update(not_before=NOW)
    assert queue.claim("w", now=NOW) == first
    assert queue.add("refresh", {"tables": ["people"]}, by="b") != first


def test_jobs_are_claimed_in_order_and_by_one_worker_each() -> None:
    jobs = waiting(3)
    claimed = [queue.claim(f"w{n}", now=NOW) for n in range(4)]
    assert [job and job.pk for job in claimed] == [*(job.pk for job in jobs), None]
    assert len({job.worker for job in claimed if job}) == 3


def test_a_job_waits_for_its_time() -> None:
    [job] = waiting()
    assert queue.claim("w", now=NOW - timedelta(seconds=1)) is None
    assert queue.claim("w", now=NOW) == job


def test_only_the_holder_of_the_lease_may_report_and_end() -> None:
    waiting()
    job = queue.claim("w1", now=NOW)
    assert job
    stranger = Job.objects.get(pk=job.pk)
    stranger.worker = "w2"
    queue.report(stranger, progress=0.9, message="mine!")
    assert not queue.end(stranger, State.DONE, now=NOW)
    assert not queue.renew(stranger, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.progress) == (State.RUNNING, None)
    assert queue.end(job, State.DONE, now=NOW, result={"ok": True})
    assert not queue.end(job, State.FAILED, now=NOW), "what is over stays as it ended"


def test_a_dead_workers_job_is_done_by_another_and_the_dead_can_not_disturb_it() -> None:
    waiting()
    first = queue.claim("dead", now=NOW)
    later = NOW + queue.LEASE + timedelta(seconds=1)
    assert queue.revive(now=NOW) == 0
    assert queue.revive(now=later) == 1
    second = queue.claim("alive", now=later)
    assert first
    assert second
    assert not queue.end(first, State.DONE, now=later)
    assert queue.end(second, State.DONE, now=later)


def test_a_job_that_kills_its_worker_fails_after_three_times() -> None:
    waiting()
    now = NOW
    for _ in range(queue.MAX_ATTEMPTS):
        assert queue.claim("w", now=now)
        now += queue.LEASE * 2
        queue.revive(now=now)
    job = Job.objects.get()
    assert job.state == State.FAILED
    assert "3 times" in job.error


def test_busy_does_not_count_as_an_attempt() -> None:
    waiting()
    for n in range(10):
        job = queue.claim("w", now=NOW + n * queue.BUSY_DELAY)
        assert job
        queue.put_back(job, now=NOW + n * queue.BUSY_DELAY, message="busy")
    assert Job.objects.get().attempts == 0


def test_a_cancelled_job_never_starts_and_a_running_one_is_asked_to_stop() -> None:
    one, two = waiting(2)
    queue.cancel(one.pk, now=NOW)
    running = queue.claim("w", now=NOW)
    assert running == two
    queue.cancel(two.pk, now=NOW)
    assert not queue.renew(running, now=NOW)
    one.refresh_from_db()
    assert one.state == State.CANCELLED


def test_an_erasure_that_runs_goes_on_to_its_end() -> None:
    waits, runs = queue.add("erase", {"key": "a:1"}, by="t"), queue.add("erase", {"key": "a:2"}, by="t")
    queue.cancel(waits.pk, now=NOW)
    waits.refresh_from_db()
    assert waits.state == "cancelled"
    Job.objects.update(not_before=NOW)
    job = queue.claim("one", now=NOW)
    assert job
    assert job == runs
    with pytest.raises(RefusedError, match="can't be cancelled"):
        queue.cancel(job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.cancel_requested, job.can_be_cancelled) == ("running", False, False)
    assert queue.renew(job, now=NOW)


def test_every_kind_of_job_names_the_right_to_stop_it() -> None:
    assert set(queue.RIGHTS) == set(KINDS)
    assert set(queue.RIGHTS.values()) <= set(TEAM_RIGHTS)


def test_progress_stays_between_nothing_and_all() -> None:
    waiting()
    job = queue.claim("w", now=NOW)
    assert job
    for given_, kept in ((-1.0, 0.0), (0.4, 0.4), (7.0, 1.0), (None, None)):
        queue.report(job, progress=given_, message="x" * 9999)
        job.refresh_from_db()
        assert job.progress == kept


ACTS = st.lists(
    st.tuples(st.sampled_from(["claim", "end", "die", "busy", "cancel", "revive"]), st.integers(0, 3)), max_size=40
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_happens_no_job_is_lost_and_none_is_held_twice(acts: list[tuple[str, int]]) -> None:
    Job.objects.all().delete()
    waiting(3)
    now = NOW
    held: dict[int, Job | None] = {}
    for number, (act, worker) in enumerate(acts):
        now += timedelta(seconds=20)
        job = held.get(worker)
        if act == "claim" and job is None:
            held[worker] = queue.claim(f"w{worker}-{number}", now=now)
        elif act == "end" and job:
            queue.end(job, State.DONE, now=now)
            held[worker] = None
        elif act == "busy" and job:
            queue.put_back(job, now=now, message="")
            held[worker] = None
        elif act == "die":
            held[worker] = None
        elif act == "cancel" and job:
            queue.cancel(job.pk, now=now)
        elif act == "revive":
            queue.revive(now=now)
        running = Job.objects.filter(state=State.RUNNING)
        assert Job.objects.count() == 3
        assert all(job.worker and job.lease_until for job in running)
    now += queue.LEASE * 10
    for _ in range(12):
        queue.revive(now=now)
        while last := queue.claim("last", now=now):
            queue.end(last, State.DONE, now=now)
        now += queue.LEASE * 2
    assert all(job.is_over for job in Job.objects.all())
