"""Cohorts, leaving, stock and flow, against counting by hand and worlds whose course is known."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.activity.stock import STOCK_DAYS
from lianyi.insight.value.retention import leaving
from lianyi.insight.value.retention.forecasting import AHEAD, LEAST, Series, ahead, paths
from tests.insight.log import AS_OF, Log, Row

TODAY = date(2026, 6, 1)
NAMES = ("origins", "cohorts", "leaving", "leaving_checks", "stock_flow", "stock_forecast", "stock")


@cache
def crowd() -> tuple[dict[str, list[Row]], dict[str, list[date]]]:
    """200 people of two sources who come over ten months and stay as long as they like; and their days."""
    dice = np.random.default_rng(4)
    log, days = Log(), dict[str, list[date]]()
    for person in range(200):
        source, gap = ("shop", 4.0) if person % 3 else ("forum", 20.0)
        day, end = float(dice.uniform(0, 300)), float(dice.uniform(0, 300)) + 30
        stop = day + end
        while day < min(300.0, stop):
            when = AS_OF - timedelta(days=300 - day)
            log.add("message", f"user:{person}", when, source=source, channel="web")
            if dice.random() < 0.1:
                log.add("order", f"user:{person}", when, source=source, value="10")
            days.setdefault(f"p{person}", []).append(TODAY - timedelta(days=300 - int(day + 0.5)))
            day += max(1.0, dice.exponential(gap))
    made = log.build(*NAMES)
    days = {}
    for row in made["person_days"]:
        days.setdefault(row["person_id"], []).append(row["day"])
    return made, days


def test_origins_tell_the_first_act() -> None:
    log = Log()
    log.add("identify", when="2026-04-01 10:00", source="crm")
    log.add("view", when="2026-05-01 23:59", source="shop", channel="web", campaign="spring")
    log.add("view", when="2026-05-02 10:00", source="forum")
    assert log.build("origins")["origins"] == [
        {"person_id": "p1", "day": date(2026, 5, 1), "source": "shop", "channel": "web", "campaign": "spring"}
    ]


def test_the_triangle_counts_who_came_back() -> None:
    made, days = crowd()
    rows = {(row["cohort"], row["months"]): row for row in made["cohorts"] if row["source"] == ""}
    ordered = {(row["person_id"], row["day"].year, row["day"].month) for row in made["order_days"]}
    for (cohort, months), row in rows.items():
        month = cohort.year * 12 + cohort.month - 1 + months
        at = (month // 12, month % 12 + 1)
        came = [
            person
            for person, found in days.items()
            if (min(found).year, min(found).month) == (cohort.year, cohort.month)
        ]
        assert row["people"] == len(came)
        assert row["active"] == sum(any((day.year, day.month) == at for day in days[person]) for person in came)
        assert row["buyers"] == sum((person, *at) in ordered for person in came)
        assert row["complete"] == (at < (2026, 6))
    assert sum(row["spend"] for row in rows.values()) == sum(row["spend"] for row in made["order_days"])
    assert max(months for _, months in rows) == 10  # from the first month to the running one, none left out
    by_source = [row for row in made["cohorts"] if row["source"]]
    assert sum(row["active"] for row in by_source) == sum(row["active"] for row in rows.values())


def test_stock_of_all_is_the_stock_and_sources_add_up() -> None:
    made, _ = crowd()
    names = ("week", "complete", "newcomers", "returners", "inflow", "evaporation", "stock")
    whole = [row for row in made["stock_flow"] if row["part"] == "all"]
    assert [[row[name] for name in names] for row in whole] == [[row[name] for name in names] for row in made["stock"]]
    parts: dict[date, int] = {}
    for row in made["stock_flow"]:
        if row["part"] == "source":
            parts[row["week"]] = parts.get(row["week"], 0) + row["stock"]
    assert parts == {row["week"]: row["stock"] for row in whole}


def test_leaving_counts_what_such_people_did() -> None:
    made, days = crowd()
    cell: dict[tuple[int, ...], tuple[int, int]] = {}
    for cut in leaving.CUTS:
        at = TODAY - timedelta(days=STOCK_DAYS * cut)
        for found in days.values():
            if min(found) <= at:
                back = any(at < day <= at + timedelta(days=STOCK_DAYS) for day in found)
                key = _cell(found, at)
                people, came = cell.get(key, (0, 0))
                cell[key] = people + 1, came + back
    for row in made["leaving"]:
        key = _cell(days[row["person_id"]], TODAY)
        assert row["alike"] == cell.get(key, (0, 0))[0]
        if key in cell:
            assert row["low"] < row["chance"] < row["high"]
        else:
            assert row["chance"] is None
    rates = {
        (row["silence"], row["activity"], row["tenure"]): (row["people"], row["back"]) for row in made["leaving_rates"]
    }
    assert rates == cell


def _cell(found: list[date], at: date) -> tuple[int, ...]:
    before = [day for day in found if day <= at]
    silent = (at - max(before)).days
    active = sum((at - day).days < leaving.LOOKED for day in before)
    tenure = (at - min(before)).days
    return tuple(
        int(np.searchsorted(borders, value))
        for borders, value in ((leaving.SILENT, silent), (leaving.ACTIVE, active), (leaving.TENURE, tenure))
    )


def test_small_cells_lean_on_their_silence_and_large_ones_on_themselves() -> None:
    found = pa.table({
        "silence": [0, 0, 9], "activity": [0, 1, 0], "tenure": [0, 0, 0], "people": [2, 10_000, 10_000],
        "back": [0, 9_000, 100],
    })  # fmt: skip
    small, large, late = leaving.rated(found).to_pylist()
    assert 0.6 < small["chance"] < 0.9
    assert large["chance"] == pytest.approx(0.9, abs=0.001)
    assert late["chance"] == pytest.approx(0.01, abs=0.001)
    assert small["high"] - small["low"] > 10 * (large["high"] - large["low"])


def test_the_life_table_knows_more_than_a_rule() -> None:
    made, _ = crowd()
    found = {row["method"]: row for row in made["leaving_checks"]}
    assert set(found) == set(leaving.METHODS)
    assert found["life table"]["log_score"] < found["silent 30 days"]["log_score"] < found["all alike"]["log_score"]
    assert found["life table"]["came"] == found["all alike"]["came"]


def test_a_forecast_keeps_the_sum_and_has_nobody_below_none() -> None:
    made, _ = crowd()
    told = [row for row in made["stock_forecast"] if row["part"] == "all"]
    last = [row for row in made["stock_flow"] if row["part"] == "all" and row["complete"]][-1]
    assert [row["week"] for row in told] == [last["week"] + timedelta(days=7 * (week + 1)) for week in range(AHEAD)]
    stock = last["stock"]
    for row in told:
        stock += row["inflow"] - row["evaporation"]
        assert row["stock"] == pytest.approx(stock)
        assert 0 <= row["stock_low"] <= row["stock"] <= row["stock_high"]


def series(seed: int, weeks: int) -> Series:
    """A world of people who come as a Poisson stream and stay for a geometric time."""
    dice = np.random.default_rng(seed)
    inflow, evaporation, stock = np.zeros((3, weeks))
    have = 300
    for week in range(weeks):
        inflow[week] = dice.poisson(40)
        evaporation[week] = dice.binomial(have + int(inflow[week]), 0.12)
        have += int(inflow[week] - evaporation[week])
        stock[week] = have
    return Series(inflow=inflow, evaporation=evaporation, stock=stock)


def test_nine_in_ten_outcomes_lie_in_the_range() -> None:
    inside = []
    for seed in range(60):
        whole = series(seed, 70)
        path = paths([whole.until(70 - AHEAD)])[0]
        came = np.stack([whole.inflow, whole.evaporation, whole.stock])[:, -AHEAD:]
        inside.append((came >= path.low) & (came <= path.high))
    assert 0.85 <= np.mean(inside) <= 0.97


def test_what_goes_on_evenly_is_foretold_exactly() -> None:
    even = Series(inflow=np.full(LEAST, 10.0), evaporation=np.full(LEAST, 10.0), stock=np.full(LEAST, 100.0))
    told = ahead(Series(inflow=even.inflow[1:], evaporation=even.evaporation[1:], stock=even.stock[1:]), "last week")
    assert told[2] == pytest.approx(np.full(AHEAD, 100.0))


def test_a_single_order_foretells_nothing() -> None:
    log = Log()
    log.add("order", value="5")
    made = log.build("cohorts", "leaving", "leaving_checks")
    assert made["leaving_checks"] == []
    assert (made["leaving"][0]["chance"], made["leaving"][0]["state"]) == (None, None)
    assert (made["cohorts"][0]["active"], made["cohorts"][0]["spend"]) == (1, Decimal("5.0000"))
