"""Two workers at once never do the same work twice, and whoever is killed leaves nothing half done."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from lianyi.settings import Settings
from lianyi.workspace import Workspace

PEOPLE = 1_000
TEXT = """journey: tea
triggers: [{by: api}]
steps:
- {do: wait, id: first, for: 1 minute}
- {do: send, id: hello, content: hello, channel: hook}
- {do: task, id: ring, title: Ring them}
- {do: send, id: again, content: hello, channel: hook}
"""
# Made in a process of its own, for the test's process has another database.
SET_UP = """
import sys, base64
from pathlib import Path
from typing import Any
from datetime import timedelta
folder = Path(sys.argv[1])
from lianyi.doors.console.start import prepare
prepare(folder)
import lianyi
from lianyi.action.channels import accounts
from lianyi.action.content import keeping
from lianyi.action.journeys import versions
from lianyi.action.work import queue
now, ws = queue.clock() - timedelta(minutes=2), lianyi.open(folder)
keeping.create(name="hello", kind="text", bodies={"en": {"text": "Hello"}}, fallback="en", by="o", now=now)
secret = "whsec_" + base64.b64encode(bytes(24)).decode()
accounts.add("hook", "webhook", {"url": "https://example.org/hook", "secret": secret}, by="o", now=now)
journey = versions.apply(sys.argv[3], by="o", now=now).journey
versions.start(journey, now=now)
people = {f"p{number:05}": {} for number in range(int(sys.argv[2]))}
assert versions.enrol_by_hand(ws, journey, people, cause="x", now=now) == len(people)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = Workspace.create(tmp_path / "tea", Settings(memory_mb=512, threads=1)).folder
    subprocess.run([sys.executable, "-c", SET_UP, str(made), str(PEOPLE), TEXT], check=True, env=environment())
    return made


def environment() -> dict[str, str]:
    hidden = {"LIANYI_WORKSPACE", "DJANGO_SETTINGS_MODULE"}
    root = str(Path(__file__).parents[3])
    paths = os.pathsep.join([root, *sys.path])
    return {**{name: value for name, value in os.environ.items() if name not in hidden}, "PYTHONPATH": paths}


Start = Callable[[Path, int], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts workers that wait for `go`, and sees to their end."""
    with ExitStack() as stack:

        def started(folder: Path, page: int) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "tests.action.journeys.worker", str(folder), str(page)]
            made = stack.enter_context(
                subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
            )
            stack.callback(made.kill)
            assert made.stdout is not None
            assert made.stdout.readline() == "ready\n"
            return made

        yield started


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "ops.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def must_be_done_once(folder: Path) -> None:
    """Everybody is through; each step was done once for each, as contacts, tasks, trails and figures say alike."""
    assert rows(folder, "SELECT DISTINCT state, how FROM journeys_enrolment") == [("over", "end")]
    contacts = Counter(rows(folder, "SELECT person_id, step FROM contacts_contact"))
    assert (len(contacts), set(contacts.values())) == (2 * PEOPLE, {1})
    assert rows(folder, "SELECT count(*), count(DISTINCT person_id) FROM journeys_task") == [(PEOPLE, PEOPLE)]
    steps = ["first", "hello", "ring", "again"]
    assert dict(rows(folder, "SELECT step, people FROM journeys_passage")) == dict.fromkeys(steps, PEOPLE)
    for (trail,) in rows(folder, "SELECT trail FROM journeys_enrolment"):
        assert [line.split("@")[0] for line in str(trail).splitlines()] == steps


def test_two_workers_at_once_do_each_step_once(folder: Path, start: Start) -> None:
    workers = [start(folder, page) for page in (250, 170)]
    for one in workers:
        go(one)
    for one in workers:
        assert one.wait(120) == 0
    must_be_done_once(folder)


@pytest.mark.slow
def test_a_worker_killed_anywhere_leaves_nothing_done_twice(folder: Path, start: Start) -> None:
    chosen = random.Random(7)
    for _ in range(4):
        victim = start(folder, 150)
        go(victim)
        time.sleep(chosen.uniform(0.05, 0.6))  # anywhere in its work
        victim.kill()
        victim.wait(10)
        # Its lease is over by now, as it is after two minutes.
        with closing(sqlite3.connect(folder / "ops.sqlite3", timeout=20)) as database, database:
            database.execute("UPDATE journeys_enrolment SET lease_until = '2020-01-01' WHERE lease_until IS NOT NULL")
    last = start(folder, 1000)
    go(last)
    assert last.wait(120) == 0
    must_be_done_once(folder)
