"""Tables of value from small logs: days and money by hand, every row its clock's, nothing where nothing is known."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from lianyi.insight.ledger.book import Book, Margin
from lianyi.insight.value.clocks import Rows
from lianyi.insight.value.models import clock_of
from tests.insight.log import AS_OF, Log, Row

NAMES = ("values", "purchase_clocks", "category_clocks", "clock_checks", "clock_bins")


def test_an_order_day_counts_once_and_its_worth_is_what_was_kept() -> None:
    log = Log()
    log.add("order", when="2026-05-01 09:00", id="a", value="100", category="茶")
    log.add("order", when="2026-05-01 23:30", id="b", parent_id="B", value="30", category="茶")
    log.add("order", when="2026-05-02 00:10", id="c", parent_id="B", value="20", category="skin")  # a line of order B
    log.add("refund", when="2026-05-20 10:00", parent_id="a", value="40")
    log.add("order", when="2026-05-09 10:00", id="d", value="9", currency="USD", category="")
    log.add("order", actor=None, when="2026-05-09 10:00", id="e", value="9")
    made = log.build("order_days", "category_days")
    days = made["order_days"]
    assert (days[1]["spend"], days[1]["unnamed"]) == (None, None)
    log.add("order", when="2026-05-09 10:00", id="f", value="7", category="")
    made = log.build("order_days", "category_days")
    names = ("person_id", "day", "orders", "spend", "unnamed")
    assert [tuple(row[name] for name in names) for row in made["order_days"]] == [
        ("p1", date(2026, 5, 1), 2, Decimal("110.0000"), None),
        ("p1", date(2026, 5, 9), 2, Decimal("7.0000"), Decimal("7.0000")),
    ]
    assert [(row["category"], row["day"], row["orders"], row["spend"]) for row in made["category_days"]] == [
        ("skin", date(2026, 5, 2), 1, Decimal("20.0000")),
        ("茶", date(2026, 5, 1), 2, Decimal("130.0000")),
    ]


def test_few_orders_give_days_and_no_guess() -> None:
    log = Log()
    log.add("order", when="2026-05-01 09:00", value="100", category="茶")
    made = log.build(*NAMES)
    person = made["purchase_clocks"][0]
    assert (person["order_days"], person["last_day"]) == (1, date(2026, 5, 1))
    assert {value for name, value in person.items() if name not in {"person_id", "order_days", "last_day"}} == {None}
    worth = made["values"][0]
    assert (worth["spent"], worth["value_365"], worth["band"]) == (Decimal("100.0000"), None, None)
    assert (worth["margin"], worth["margin_from"], worth["margin_365"]) == (None, None, None)  # no price book
    assert (made["clock_models"], made["clock_checks"], made["clock_bins"]) == ([], [], [])


def test_without_orders_no_compiler_is_woken() -> None:
    code = (
        "import sys; from tests.insight.log import Log; log = Log(); log.add('view');"
        f"made = log.build(*{NAMES!r});"
        "assert not any(made[name] for name in made if name != 'keys'), made;"
        "assert not {'lianyi.insight.value.fitting', 'lianyi.insight.value.foretelling'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@cache
def shop() -> dict[str, list[Row]]:
    """150 people with orders of two categories, one of them in a strict rhythm; p0 was never paid for."""
    dice = np.random.default_rng(2)
    log = Log()
    for person in range(150):
        rate, day = dice.gamma(2.0, 1 / 60), float(dice.uniform(0, 200))
        while day < 360:
            value = "0" if person == 0 else f"{dice.gamma(3, 1) * (10 + person % 7 * 5):.2f}"
            log.add("order", f"user:{person}", AS_OF - timedelta(days=360 - day), value=value, category="茶")
            if dice.random() < 0.15:
                break
            day += max(1.0, dice.exponential(1 / rate))
        for again in range(int(dice.integers(1, 8))):
            log.add(
                "order", f"user:{person}", AS_OF - timedelta(days=float(dice.normal(300 - 30 * again, 2))),
                value="0" if person == 0 else "10", category="猫粮",
            )  # fmt: skip
    book = Book(margins=(Margin(category="猫粮", share=Decimal("0.2")), Margin(category="*", share=Decimal("0.5"))))
    return log.build(*NAMES, parameters={"ledger": book})


def test_every_row_is_what_its_clock_says_of_its_days() -> None:
    from lianyi.insight.value.foretelling import foretell

    made = shop()
    clock = next(clock_of(row) for row in made["clock_models"] if row["category"] == "" and row["chosen"])
    today = date(2026, 6, 1)
    days: dict[str, list[date]] = {}
    for row in made["order_days"]:
        days.setdefault(row["person_id"], []).append(row["day"])
    assert {row["person_id"] for row in made["purchase_clocks"]} == set(days)
    for row in made["purchase_clocks"][::10]:
        mine = sorted(days[row["person_id"]])
        x, last, age = len(mine) - 1, (mine[-1] - mine[0]).days, (today - mine[0]).days
        one = Rows(
            repeats=np.array([float(x)]), last=np.array([float(last)]), age=np.array([float(age)]), people=np.ones(1)
        )
        told = foretell(clock, one)
        assert (row["order_days"], row["last_day"]) == (x + 1, mine[-1])
        assert (row["p_alive"], row["expected_90"]) == pytest.approx((told.alive[0], told.expected[0, 1]))
        assert (row["low_365"], row["high_365"]) == (told.low[0, 3], told.high[0, 3])
        assert row["p_alive_low"] <= row["p_alive"] <= row["p_alive_high"]
        if row["next_middle"]:
            assert row["next_middle"] == today + timedelta(days=round(told.next[0, 1]))
            assert row["next_early"] <= row["next_middle"]


def test_value_is_orders_to_come_times_what_one_is_worth() -> None:
    made = shop()
    clocks = {row["person_id"]: row for row in made["purchase_clocks"]}
    bands = []
    for row in made["values"]:
        if row["person_id"] == "p0":  # nothing was ever paid
            assert (row["spent"], row["value_365"], row["band"]) == (Decimal(0), None, None)
            continue
        expected = clocks[row["person_id"]]["expected_365"] * float(row["order_value"])
        assert float(row["value_365"]) == pytest.approx(expected, abs=0.01)
        assert row["low_365"] <= row["high_365"]
        assert row["low_90"] <= row["low_365"]
        bands.append((row["value_365"], row["band"]))
        assert (row["currency"], row["basis"]) == ("CNY", "revenue")
        assert row["margin_from"] == "mixed"  # 猫粮 has a line of its own, 茶 has that of all
        assert 0.2 < row["margin"] < 0.5
        assert float(row["margin_365"]) == pytest.approx(float(row["value_365"]) * row["margin"], abs=0.01)
        assert row["margin_low_365"] <= row["margin_high_365"]
        if row["low_365"] <= row["value_365"] <= row["high_365"]:
            assert row["margin_low_365"] <= row["margin_365"] <= row["margin_high_365"]
        assert row["margin_low_365"] >= row["low_365"] * Decimal("0.2") - Decimal("0.01")
        assert row["margin_high_365"] <= row["high_365"] * Decimal("0.5") + Decimal("0.01")
    names = [band for _, band in sorted(bands, reverse=True)]
    assert names == sorted(names, key=["top", "high", "mid", "low"].index)
    assert names.count("top") == pytest.approx(0.05 * len(names), abs=1)


def test_a_category_with_a_rhythm_has_a_clock_with_one() -> None:
    made = shop()
    chosen = {row["category"]: row for row in made["clock_models"] if row["chosen"]}
    assert chosen["*"]["people"] == 300  # too few for clocks of their own: both share one
    assert set(chosen) == {"", "*"}
    due = {row["person_id"]: row for row in made["category_clocks"] if row["category"] == "猫粮"}
    assert len(due) == 150
    assert all(row["model"] == chosen["*"]["model"] for row in due.values())


def test_each_category_of_enough_people_has_its_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    from lianyi.insight.value import models

    monkeypatch.setattr(models, "OWN_PEOPLE", 100)
    made = shop.__wrapped__()
    chosen = {row["category"]: row for row in made["clock_models"] if row["chosen"]}
    assert set(chosen) == {"", "茶", "猫粮"}
    assert chosen["猫粮"]["regularity"] > 3
    assert chosen["茶"]["regularity"] == 1
    one = next(row for row in made["category_clocks"] if row["category"] == "猫粮" and row["order_days"] > 4)
    assert one["next_late"] is None or (one["next_late"] - one["next_early"]).days < 60


def test_checks_name_the_clock_and_what_needs_none() -> None:
    made = shop()
    methods = {row["method"] for row in made["clock_checks"]}
    assert {"BG/NBD", "as last period", "by recency", "same count again"} <= methods
    assert sum(row["people"] for row in made["clock_bins"]) == made["clock_checks"][0]["people"]
