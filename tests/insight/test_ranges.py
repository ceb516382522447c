"""Tables that are made range by range: the SQL that people read holds for all ranges, and makes the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

import lianyi.insight.ranges
import lianyi.insight.ties.table
from lianyi.insight.ranges import for_all, portions, ranges, unmarked, within
from tests.doors.standing import make_brand

RANGED = ("profiles", "person_tags", "people", "ties", "person_ties", "tie_opportunities")


def test_a_condition_is_said_for_all_ranges_or_for_the_only_one() -> None:
    borders = ranges(1_000_000)
    said = {for_all(f"SELECT * FROM x WHERE {within('person_id', one)} AND y") for one in borders}
    assert said == {"SELECT * FROM x WHERE person_id >= :from AND person_id < :to AND y"}
    (only,) = ranges(10)
    assert unmarked(f"SELECT * FROM x WHERE {within('person_id', only)}") == "SELECT * FROM x WHERE TRUE"


def test_portions_hold_whole_keys_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lianyi.insight.ranges, "ROWS_AT_ONCE", 10)
    assert portions([]) == portions([("a", 3), ("b", 900)]) == [(None, None)]
    counted = [("a", 4), ("b", 6), ("c", 25), ("d", 1), ("e", 2)]
    assert portions(counted) == [(None, "c"), ("c", "d"), ("d", None)]


def test_what_the_table_page_shows_holds_for_every_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_brand(tmp_path / "whole")
    monkeypatch.setattr(lianyi.insight.ranges, "PEOPLE_PER_RANGE", 1)
    monkeypatch.setattr(lianyi.insight.ties.table, "PAIRS_PER_RANGE", 1)
    parted = make_brand(tmp_path / "parted")
    for name in RANGED:
        one, several = whole.states()[name], parted.states()[name]
        assert (one.parts, several.rows) == (1, one.rows)
        assert "range of" not in one.sql
        if several.parts > 1:
            assert ":from AND" in several.sql
            assert " < 'p" not in several.sql
    assert parted.states()["people"].parts == 5
    sql = parted.states()["people"].sql.replace(":from", "''").replace(":to", "'q'")
    assert parted.sql(sql).to_arrow_table().num_rows == parted.states()["people"].rows
