"""Rounds: each goes on by itself, a failing one holds up no other, and the process ends when nothing is due."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lianyi.doors.operations import Keeper, Operations
from lianyi.errors import Busy
from lianyi.workspace import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Counting:
    """A round with a number of portions to do."""

    name: str
    portions: int
    error: Exception | None = None
    done: list[str] = field(default_factory=list)

    def due(self, now: datetime) -> bool:
        return len(self.done) < self.portions

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        self.done.append(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        return len(self.done) < self.portions


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "brand")


@pytest.mark.django_db(transaction=True)
def test_a_failing_round_holds_up_no_other(workspace: Workspace) -> None:
    good = Counting(name="good", portions=50)
    bad = Counting(name="bad", portions=3, error=RuntimeError("out of order"))
    busy = Counting(name="busy", portions=2, error=Busy("somebody else writes"))
    began = time.monotonic()
    Operations(workspace=lambda: workspace, rounds=(good, bad, busy), idle=0.5, every=0.02).run(threading.Event())
    assert good.done == ["good"] * 50
    assert (len(bad.done), len(busy.done)) == (3, 2)
    assert 0.5 <= time.monotonic() - began < 10


@pytest.mark.django_db(transaction=True)
def test_it_ends_when_told(workspace: Workspace) -> None:
    endless = Counting(name="endless", portions=10**9)
    stop = threading.Event()
    thread = threading.Thread(
        target=Operations(workspace=lambda: workspace, rounds=(endless,), every=0.02).run, args=(stop,)
    )
    thread.start()
    time.sleep(0.1)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert endless.done


def test_a_process_is_there_only_while_something_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    def popen(command: list[str], **options: int) -> object:
        started.append(command)
        return real(["cat"], stdin=options["stdin"])  # ends when its input closes, like ours

    monkeypatch.setattr(subprocess, "Popen", popen)
    work = Counting(name="work", portions=0)
    keeper = Keeper(folder=tmp_path, rounds=(work,), clock=lambda: NOW)
    keeper.look()
    assert started == []
    work.portions = 1
    keeper.look()
    keeper.look()
    assert [command[-1] for command in started] == [str(tmp_path)]
    keeper.stop()
    keeper.look()
    assert len(started) == 2
    keeper.stop()
