"""Laws of `tie_opportunities`: each kind appears where it should, with the past's own shares."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import binomtest

from lianyi.insight.ties.past_rates import wilson
from lianyi.memory.duckdb import DuckDB
from tests.insight.log import AS_OF, Log, Row


def chat(log: Log, one: str, other: str, days: list[int]) -> None:
    for number, day in enumerate(days):
        who, whom = (one, other) if number % 2 else (other, one)
        log.add("reply", f"user:{who}", AS_OF - timedelta(days=day, hours=1), target=f"user:{whom}")


def opportunities(log: Log) -> list[Row]:
    return log.build("tie_opportunities")["tie_opportunities"]


def crowd() -> Log:
    """Pairs who talk all the time, some of whom buy; strangers with a friend in common, some of whom meet."""
    dice, log = np.random.default_rng(4), Log()
    for pair in range(30):
        a, b, c = (f"{pair:02}{letter}" for letter in "abc")
        chat(log, a, b, list(range(1, 300, 5)))
        chat(log, b, c, list(range(2, 300, 5)))
        log.add("order", f"user:{b}", AS_OF - timedelta(days=200), value="10")
        if pair < 10:
            chat(log, a, c, [int(dice.integers(2, 25))])
        if pair < 12:
            log.add("order", f"user:{a}", AS_OF - timedelta(days=3), value="10")
        chat(log, f"{pair:02}y", f"{pair:02}z", [100, 250])
    return log


def test_introductions_and_first_purchases_come_with_the_shares_of_the_past() -> None:
    rows = opportunities(crowd())
    pairs = {(row["person_id"], row["other_id"]): row for row in rows if row["kind"] == "introduction"}
    assert set(pairs) == {edge for n in range(10, 30) for edge in ((f"p{n}a", f"p{n}c"), (f"p{n}c", f"p{n}a"))}
    one = pairs["p12a", "p12c"]
    assert one["via_id"] == "p12b"
    # before the last horizon all 30 pairs a–c were strangers with one friend in common; 10 of them met since
    assert one["gain"] == pytest.approx(10 / 30)
    exact = binomtest(10, 30).proportion_ci(method="wilson")
    assert (one["gain_low"], one["gain_high"]) == pytest.approx((exact.low, exact.high), abs=1e-4)
    assert "33.3%" in one["why_en"]
    assert "33.3%" in one["why_zh"]
    buys = {row["person_id"]: row for row in rows if row["kind"] == "first_purchase"}
    known = {f"p{n}a" for n in range(12, 30)} | {f"p{n}c" for n in range(10, 30)}
    # the first ten c know a second buyer by now, for which the past has no example, unless that tie is weak
    assert known <= set(buys) <= known | {f"p0{n}c" for n in range(10)}
    # of 60 who knew a buyer and had not bought 12 bought; of the 60 y and z, who knew none, nobody did
    assert buys["p20c"]["gain"] == pytest.approx(12 / 60)
    assert buys["p20c"]["otherwise"] == 0
    assert buys["p20c"]["other_id"] == "p20b"


def test_a_tie_that_is_used_more_than_before_warms() -> None:
    log = crowd()
    chat(log, "w", "x", [175, 140, 100, 40, 20, 12, 9, 6, 5, 3, 2])
    chat(log, "v", "x", [175, 140, 105, 70, 35, 3])
    found = {(row["person_a"], row["person_b"]): row["trend"] for row in log.build("ties")["ties"]}
    assert found["pw", "px"] == "warming"
    assert found["pv", "px"] == "steady"


@pytest.mark.parametrize(("hits", "tries"), [(0, 5), (3, 5), (5, 5), (17, 400)])
def test_intervals_are_wilsons(hits: int, tries: int) -> None:
    with DuckDB(threads=1) as engine:
        row = engine.table(
            f"SELECT {wilson(str(hits), str(tries), '-')} AS low, {wilson(str(hits), str(tries), '+')} AS high "
            "FROM (SELECT 1) AS t"
        ).to_pylist()[0]
    exact = binomtest(hits, tries).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high), abs=2e-4)
