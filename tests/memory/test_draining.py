"""Landing the inbox when files were put back from a backup, when a crash cuts it short, when two land at once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lianyi.errors import Busy
from lianyi.memory import draining
from lianyi.memory.draining import Drained, land
from lianyi.memory.events import Event
from lianyi.memory.inbox import Inbox
from lianyi.memory.lake import Lake

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def put(inbox: Inbox, *names: str) -> None:
    for name in names:
        inbox.put_now([Event(id=name, at=NOW, kind="view", source="site", actor_key="user:1")], received_at=NOW)


def ids(lake: Lake) -> list[str]:
    return sorted(row["id"] for file in lake.files() for row in pq.read_table(file).to_pylist())


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_an_inbox_put_back_from_a_backup_loses_nothing_however_much_comes_before_the_next_landing(
    inbox: Inbox, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, begun: bool, count: int
) -> None:
    put(inbox, "a0", "a1", "a2")
    if begun:  # the backup is of an inbox whose landing was cut short
        with monkeypatch.context() as crash:
            crash.setattr(Lake, "commit", _die)
            with pytest.raises(KeyboardInterrupt):
                land(inbox, lake, NOW)
    inbox.close()
    shutil.copytree(inbox.folder, tmp_path / "backup")
    put(inbox, "a3", "a4", "a5")
    while land(inbox, lake, NOW).events:
        pass
    inbox.close()
    shutil.rmtree(inbox.folder)
    (tmp_path / "backup").rename(inbox.folder)
    again = Inbox(inbox.folder)
    put(again, *(f"new{n}" for n in range(count)))
    while land(again, lake, NOW).events:
        pass
    again.close()
    assert ids(lake) == sorted([*(f"a{n}" for n in range(6)), *(f"new{n}" for n in range(count))])


def test_a_landing_that_was_cut_short_is_repeated_with_what_came_since(
    inbox: Inbox, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox, "a", "b")
    with monkeypatch.context() as crash:
        crash.setattr(Lake, "commit", _die)
        with pytest.raises(KeyboardInterrupt):
            land(inbox, lake, NOW)
    put(inbox, "c")
    assert land(inbox, lake, NOW, events=1) == Drained(new=2)
    assert inbox.attempt() is None
    assert land(inbox, lake, NOW) == Drained(new=1)


def test_two_do_not_land_one_inbox_at_once(inbox: Inbox, lake: Lake) -> None:
    put(inbox, "a")
    with draining._alone(inbox, 0.0), pytest.raises(Busy, match="lands the inbox"):
        land(inbox, lake, NOW, wait=0.0)
    assert land(inbox, lake, NOW) == Drained(new=1)


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
