"""Laws of one landing: its files are sorted, its ids are hashed as ever, and what fails leaves nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.memory import datafile
from lianyi.memory.datafile import by_person, write_sorted
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import SCHEMA, Event, to_arrow
from lianyi.memory.lake import Lake
from lianyi.memory.landing import hash_sql

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACTORS = st.none() | st.sampled_from(
    ["", "user:a", "user:b", "anon:\u00e9", "name:\u9f99", "name:\U0001f409", "user:aa"]
)


def table(rows: list[tuple[str | None, int]]) -> pa.Table:
    """Events of these actors at these seconds, numbered."""
    columns = {
        "id": [f"t:{number}" for number in range(len(rows))],
        "actor_key": [actor for actor, _second in rows],
        "at": [NOW + timedelta(seconds=second) for _actor, second in rows],
    }
    return pa.table(
        [pa.array(columns.get(field.name, [None] * len(rows)), field.type) for field in SCHEMA], names=SCHEMA.names
    )


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(ACTORS, st.integers(-3, 3)), max_size=40), cut=st.integers(0, 40))
def test_rows_are_put_in_the_order_of_person_and_time_and_nobody_comes_last(
    rows: list[tuple[str | None, int]], cut: int
) -> None:
    parts = pa.concat_tables([table(rows)[:cut], table(rows)[cut:]])
    expected = sorted(range(len(rows)), key=lambda n: (rows[n][0] is None, (rows[n][0] or "").encode(), rows[n][1]))
    assert by_person(parts).tolist() == expected


def test_a_file_holds_every_row_once_whatever_its_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datafile, "ROW_GROUP", 64)
    rng = np.random.default_rng(1)
    rows = table([(f"user:{rng.integers(30)}", int(rng.integers(1000))) for _ in range(500)])
    write_sorted(rows, tmp_path / "part.parquet")
    assert pq.ParquetFile(tmp_path / "part.parquet").num_row_groups == 8
    written = pq.read_table(tmp_path / "part.parquet")
    assert written.equals(rows.take(by_person(rows)))
    with DuckDB() as engine:  # the same types as the files that compaction and erasure write
        engine.register("rows", rows)
        engine.run(f"COPY rows TO '{tmp_path / 'other.parquet'}' (FORMAT parquet)")
        types = [
            engine.table(f"DESCRIBE SELECT * FROM '{tmp_path / name}'").to_pylist()
            for name in ("part.parquet", "other.parquet")
        ]
    assert types[0] == types[1]


def test_ids_are_hashed_to_the_halves_of_their_md5() -> None:
    """The set of ids on disk and the tombstones of erasures are made of these: they may never change."""
    names = ["t:1", "", "\u9f99", "x" * 300]
    with DuckDB() as engine:
        engine.register("ids", pa.table({"id": names}))
        hashed = engine.table(f"SELECT {hash_sql('salt')} FROM ids").to_pylist()
    digests = [hashlib.md5(f"salt{name}".encode(), usedforsecurity=False).digest() for name in names]
    assert hashed == [
        {"high": int.from_bytes(digest[:8], "little"), "low": int.from_bytes(digest[8:], "little")}
        for digest in digests
    ]


def test_a_file_that_can_not_be_written_fails_the_landing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)

    def broken(_table: pa.Table, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("lianyi.memory.landing.write_sorted", broken)
        patch.setattr("lianyi.memory.landing.BUFFER_ROWS", 10)
        with pytest.raises(OSError, match="no space"), lake.landing(received_at=NOW, transaction=("a", 1)) as landing:
            for number in range(3):
                landing.add(table([("user:a", second) for second in range(10 * number, 10 * number + 10)]))
    assert lake.rows() == 0
    assert not list((tmp_path / "lake").glob("*.parquet"))
    with lake.landing(received_at=NOW, transaction=("a", 1)) as landing:
        landing.add(to_arrow([Event(id="t:1", at=NOW, kind="view", source="t")], received_at=NOW))
    assert lake.rows() == 1
