"""Laws of looking rows up: the same rows as a scan of all files, from few row groups."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lianyi.memory.lookup import SortedFiles

START = datetime(2026, 3, 1, tzinfo=UTC)


def written(folder: Path, *, files: int, seed: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Files of up to 60 rows in row groups of 7, each sorted by key with NULL last, and all rows in their order."""
    draw = random.Random(seed)
    paths: list[str] = []
    everything: list[dict[str, Any]] = []
    for number in range(files):
        keys = [draw.choice([None, *(f"键{n:03}" for n in range(40))]) for _ in range(draw.randrange(1, 60))]
        keys.sort(key=lambda key: (key is None, key or ""))
        rows = [{"key": key, "n": 100 * number + n, "at": START + timedelta(days=number)}
                for n, key in enumerate(keys)]  # fmt: skip
        path = folder / f"{number}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=7)
        paths.append(str(path))
        everything += rows
    return paths, everything


@pytest.mark.parametrize("seed", range(20))
def test_the_same_rows_as_a_scan(tmp_path: Path, seed: int) -> None:
    paths, everything = written(tmp_path, files=1 + seed % 4, seed=seed)
    asked = random.Random(seed).sample([f"键{n:03}" for n in range(45)], 1 + seed % 5)
    found = SortedFiles(paths, "key").rows(asked)
    assert found.to_pylist() == [row for row in everything if row["key"] in asked]
    some = SortedFiles(paths, "key").rows(asked, columns=["n"])
    assert some.to_pylist() == [{"n": row["n"]} for row in everything if row["key"] in asked]


def test_nobody_is_an_empty_table_with_the_columns(tmp_path: Path) -> None:
    paths, _everything = written(tmp_path, files=2, seed=1)
    assert SortedFiles(paths, "key").rows(["nobody"]).column_names == ["key", "n", "at"]
    assert SortedFiles(paths, "key").rows([], columns=["n"]).column_names == ["n"]


def test_only_row_groups_that_may_hold_the_value_are_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"key": [f"k{n:03}" for n in range(100)]}), tmp_path / "a.parquet", row_group_size=10)
    (part,) = SortedFiles([str(tmp_path / "a.parquet")], "key").parts
    assert part.holding(["k042"]) == [4]
    assert part.holding(["k042", "k099", "z"]) == [4, 9]


def test_a_file_that_does_not_tell_its_range_is_read_whole(tmp_path: Path) -> None:
    table = pa.table({"key": [f"k{n:03}" for n in range(100)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10, write_statistics=False)
    files = SortedFiles([str(tmp_path / "a.parquet")], "key")
    assert files.rows(["k042"]).to_pylist() == [{"key": "k042"}]


def test_files_that_stay_are_not_read_again(tmp_path: Path) -> None:
    paths, _everything = written(tmp_path, files=3, seed=2)
    first = SortedFiles(paths[:2], "key")
    second = SortedFiles(paths[1:], "key", known=first)
    assert second.parts[0] is first.parts[1]
    assert [part.path for part in second.parts] == paths[1:]


def test_which_files_reach_beyond_a_moment(tmp_path: Path) -> None:
    paths, _everything = written(tmp_path, files=3, seed=3)
    files = SortedFiles(paths, "key")
    assert files.reaching("at", START) == paths[1:]
    assert files.reaching("at", START + timedelta(days=2)) == []
