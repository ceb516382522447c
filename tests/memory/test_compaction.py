"""Laws of compaction: nothing is lost or doubled, each person lies in one file of a run, landings go on beside it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lianyi.errors import Busy
from lianyi.memory import compaction, datafile, erasure
from lianyi.memory.compaction import compact, runs
from lianyi.memory.datafile import new_name, new_run, run_of
from lianyi.memory.events import Event
from lianyi.memory.lake import Lake
from lianyi.memory.traces import Traces
from tests.memory.test_lake import NOW, events, ids, land


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "FULL_FILE", 200)
    monkeypatch.setattr(datafile, "ROW_GROUP", 10)  # landings tell more borders, as those of full size do


def landed(lake: Lake, files: int, rows: int, *, people: int = 40, first: int = 0) -> None:
    """Files of events of people by chance, some of nobody."""
    chance = random.Random(first)
    for number in range(first, first + files):
        rest = [
            Event(
                id=f"t:{number}-{row}", at=NOW + timedelta(seconds=row), kind="view", source="t",
                actor_key=f"user:{chance.randrange(people):03}" if row % 20 else None,
            )
            for row in range(rows)
        ]  # fmt: skip
        land(lake, rest, ("a", number + 1))


def persons(file: str) -> set[str | None]:
    return set(pq.read_table(file, columns=["actor_key"])["actor_key"].to_pylist())


def test_files_of_like_size_become_ranges_of_people(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, compaction.RUNS, 200)
    before = ids(lake)
    assert compact(lake) == compaction.RUNS
    files = lake.files()
    assert len(files) == 4, "about as many rows in each as may be"
    assert len(runs(lake.data_files())) == 1
    held = Counter(person for file in files for person in persons(file))
    assert set(held.values()) == {1}, "each person lies in one file, nobody too"
    assert len(held) == 41
    assert ids(lake) == before
    assert max(file.rows for file in lake.data_files()) < 300
    for file in files:
        actors = pq.read_table(file, columns=["actor_key"])["actor_key"].drop_null().to_pylist()
        assert actors == sorted(actors)
    again = [Event(id="t:1-1", at=NOW, kind="view", source="t", actor_key="user:001")]
    assert land(Lake(tmp_path), again, ("z", 1)) == 0, "ids are known still"


def test_a_large_run_waits_until_others_have_grown(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, 20, 200)
    compact(lake)
    assert len(runs(lake.data_files())) == 1
    landed(lake, 4, 200, first=20)
    assert compact(lake) == 4
    assert sorted(run.rows for run in runs(lake.data_files())) == [800, 4000]
    landed(lake, 3, 200, first=24)
    assert compact(lake) > 7, "five runs, each at most four times the smaller ones together"
    assert [run.rows for run in runs(lake.data_files())] == [5400]
    assert len(ids(lake)) == 5400


def test_all_people_may_be_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, 4, 200, people=1)
    compact(lake)
    assert len(ids(lake)) == 800
    assert len(runs(lake.data_files())) == 1


def test_without_anybody_known(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for number in range(4):
        rows = [
            Event(id=f"t:{number}-{row}", at=NOW, kind="notice", source="t", group_key="room:a") for row in range(200)
        ]
        land(lake, rows, ("a", number + 1))
    compact(lake)
    assert len(ids(lake)) == 800


def test_landings_go_on_beside_a_merge(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, 4, 200)
    other = Lake(tmp_path)
    numbers = iter(range(1000, 2000))

    def say(message: str) -> None:
        if message.startswith("sorting"):
            assert land(other, events([next(numbers)]), (f"beside-{message}", 1)) == 1
            with pytest.raises(Busy), other.merging(wait=0):
                pass

    compact(lake, say=say)
    assert len(ids(lake)) == 800 + 4
    assert sorted(run.rows for run in runs(lake.data_files())) == [1, 1, 1, 1, 800]


def test_what_fails_leaves_no_file(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, 4, 200)
    before = sorted(lake.files())

    def say(message: str) -> None:
        if message.endswith("part 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compact(lake, say=say)
    assert sorted(lake.files()) == before == sorted(str(path) for path in lake.path.glob("*.parquet"))
    assert compact(lake) == 4


def test_an_erasure_leaves_a_file_in_its_run_and_waits_for_a_merge(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    landed(lake, 4, 200)
    compact(lake)
    gone = erasure.erase(lake, Traces(keys=frozenset({"user:007"})))
    assert (gone.files, len(ids(lake))) == (1, 800 - gone.removed)
    assert gone.removed > 5
    assert len(runs(lake.data_files())) == 1
    assert not any(b"user:007" in path.read_bytes() for path in tmp_path.rglob("*.parquet"))


def test_names_tell_the_run() -> None:
    run = new_run()
    assert run_of(new_name(run)) == run_of(new_name(new_name(run))) == run
    assert run_of(new_name()) == run_of(new_name(new_name())) == ""
