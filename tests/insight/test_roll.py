"""Laws of the roll: orders, masks and rows as plain SQL over the same files gives them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lianyi.insight.roll import FOLDER, Roll, true_of, write
from lianyi.insight.tables import Table
from lianyi.memory.duckdb import DuckDB

START = datetime(2026, 3, 1, tzinfo=UTC)
LISTED = ("person_id", "name", "tags", "orders", "net_spend", "cycle_days", "last_seen")
TABLE = Table(
    name="people", en="", zh="", inputs=(), key=("person_id",), columns={}, build=lambda _build: "",
    order=("person_id",), listed=LISTED, searched=("name",),
)  # fmt: skip
NAMES = (None, "", "Ärger", "李小明", "ANNA Lee", "anna", "Σίσυφος", "O'Neil", "50%", "小李 子柒")
SCHEMA = pa.schema(
    {
        "person_id": pa.string(),
        "name": pa.string(),
        "tags": pa.list_(pa.string()),
        "orders": pa.int64(),
        "net_spend": pa.decimal128(18, 4),
        "cycle_days": pa.float64(),
        "last_seen": pa.timestamp("us", "UTC"),
    }
)


@pytest.fixture(params=range(6))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three parts of people with many equal and unknown values, the last part possibly empty."""
    draw = random.Random(request.param)
    sizes = (draw.randrange(1, 200), draw.randrange(1, 200), draw.randrange(0, 30))
    ids = sorted(f"p{draw.randrange(16**10):010x}" for _ in range(sum(sizes)))
    for part, size in enumerate(sizes):
        mine, ids = ids[:size], ids[size:]
        table = pa.Table.from_pylist([someone(draw, one) for one in mine], schema=SCHEMA)
        pq.write_table(table, tmp_path / f"part-{part:03}.parquet", row_group_size=16)
    return tmp_path


def someone(draw: random.Random, person_id: str) -> dict[str, Any]:
    """A person with few different values."""
    return {
        "person_id": person_id,
        "name": draw.choice(NAMES),
        "tags": draw.choice([None, [], draw.sample(["buyer", "茶", "new", "vip"], draw.randrange(1, 4))]),
        "orders": draw.choice([None, 0, 1, 2]),
        "net_spend": draw.choice([None, Decimal("-3.5"), Decimal("10.25"), Decimal("9.75")]),
        "cycle_days": draw.choice([None, 0.5, 30.0]),
        "last_seen": draw.choice([None, START, START + timedelta(microseconds=1)]),
    }


def asked(folder: Path, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of a query over relation people."""
    with DuckDB(threads=1, ordered=True) as engine:
        engine.register("people", sorted(folder.glob("*.parquet")))
        rows: list[dict[str, Any]] = engine.relation(query, values).to_arrow_table().to_pylist()
    return rows


@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize("name", [name for name in LISTED if name != "tags"])
def test_an_order_is_that_of_sql_with_unknown_last_and_the_id_between_equals(folder: Path, name: str, way: str) -> None:
    roll = Roll(TABLE, folder)
    found = roll.rows(roll.order(name, down=way == "DESC"), LISTED)
    expected = asked(folder, f"SELECT * FROM people ORDER BY {name} {way} NULLS LAST, person_id")
    assert found == expected
    assert len(roll) == len(expected)


def test_masks_are_those_of_sql(folder: Path) -> None:
    roll = Roll(TABLE, folder)
    for word in ("buyer", "茶", "nobody"):
        mask = roll.listing("tags", word)
        expected = asked(folder, "SELECT coalesce(list_contains(tags, ?), FALSE) AS has FROM people", [word])
        assert mask.tolist() == [row["has"] for row in expected]
    for text in ("anna", "ANNA", "李", "Ä", "σ", "%", "'", "nobody"):
        query = "SELECT coalesce(contains(lower(name), ?), FALSE) AS has FROM people"
        assert roll.saying("name", text).tolist() == [row["has"] for row in asked(folder, query, [text.lower()])]


def test_numbers_of_rows_within_files_are_rows_of_the_roll(folder: Path) -> None:
    roll = Roll(TABLE, folder)
    with DuckDB() as engine:
        engine.offer("numbered", sorted(folder.glob("*.parquet")), numbered=True)
        some = engine.table("SELECT file_index, file_row_number, person_id FROM numbered WHERE orders = 2")
    mask = roll.numbered(some["file_index"].to_numpy(), some["file_row_number"].to_numpy())
    ids = [row["person_id"] for row in roll.rows(mask.nonzero()[0], ["person_id"])]
    assert ids == sorted(some["person_id"].to_pylist())


def test_a_key_is_found_where_it_is(folder: Path) -> None:
    roll = Roll(TABLE, folder)
    ids = [row["person_id"] for row in asked(folder, "SELECT person_id FROM people")]
    assert roll.places([*ids, "", "p", "q"]) == {person_id: row for row, person_id in enumerate(ids)}


def test_what_is_written_is_not_written_again(folder: Path) -> None:
    write(TABLE, folder)
    before = {path: path.stat().st_mtime_ns for path in (folder / FOLDER).iterdir()}
    write(TABLE, folder)
    assert {path: path.stat().st_mtime_ns for path in (folder / FOLDER).iterdir()} == before
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == [FOLDER]


@pytest.mark.parametrize("begin", [0, 1, 7, 8, 13])
def test_what_is_unknown_is_not_true(begin: int) -> None:
    draw = random.Random(begin)
    values = [draw.choice([True, False, None]) for _ in range(60)]
    column = pa.array(values, pa.bool_())
    assert true_of(column.slice(begin)).tolist() == [value is True for value in values[begin:]]
    assert true_of(pa.array([True, False])).tolist() == [True, False]
    assert true_of(pa.array([], pa.bool_())).tolist() == []
