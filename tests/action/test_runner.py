"""The runner with real processes: done, failed, killed, cancelled, stopped."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.doors.standing import copy_brand

pytestmark = pytest.mark.slow

BEFORE = """
import os, signal, sys, time
from pathlib import Path
from lianyi.doors.console.start import prepare
folder = Path(sys.argv[1])
prepare(folder)
from lianyi.action.work import queue
from lianyi.action.work.models import Job
from lianyi.action.work.runner import Runner
runner = Runner(folder=folder)

def until(check, seconds=60):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, [(job.kind, job.state, job.error) for job in Job.objects.all()]
        runner.run_due()
        time.sleep(0.05)
"""


def run(folder: Path, script: str) -> None:
    """In a process of its own: Django there belongs to this workspace, with a database in a file."""
    code = textwrap.dedent(BEFORE) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def folder(brand_template: Path, tmp_path: Path) -> Path:
    return copy_brand(brand_template, tmp_path / "tea").folder


def test_a_job_is_done_in_a_process_of_its_own_and_a_bad_one_fails_with_words(folder: Path) -> None:
    run(
        folder,
        """
        good = queue.add("refresh", {}, by="t")
        bad = queue.add("check", {"upload": "00000000-0000-4000-8000-000000000000"}, by="t")
        unknown = queue.add("nonsense", {}, by="t")
        until(lambda: all(job.is_over for job in Job.objects.all()))
        good.refresh_from_db(); bad.refresh_from_db(); unknown.refresh_from_db()
        assert good.state == "done" and good.result["tables"]["people"]["rows"] == 4, good.error
        assert bad.state == "failed" and bad.error
        assert unknown.state == "failed" and "nonsense" in unknown.error
        """,
    )


def test_a_killed_process_is_told_apart_from_one_that_failed_and_cancelling_stops_safely(folder: Path) -> None:
    run(
        folder,
        """
        job = queue.add("refresh", {}, by="t")
        until(lambda: runner._children)
        runner._children[0].process.kill()
        until(lambda: Job.objects.get(pk=job.pk).is_over)
        job.refresh_from_db()
        assert job.state == "failed" and "-9" in job.error, job.error

        other = queue.add("refresh", {}, by="t")
        until(lambda: runner._children)
        queue.cancel(other.pk, now=queue.clock())
        until(lambda: Job.objects.get(pk=other.pk).is_over)
        other.refresh_from_db()
        assert other.state in ("cancelled", "done"), (other.state, other.error)

        third = queue.add("refresh", {}, by="t")
        until(lambda: runner._children)
        runner.stop()
        third.refresh_from_db()
        assert third.state in ("waiting", "done"), (third.state, third.error)
        until(lambda: Job.objects.get(pk=third.pk).state == "done")
        """,
    )
