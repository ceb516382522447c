"""What the goods leave: learned as Bühlmann and Straub do, unknown where the book is silent, and as sure as it says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.ledger.book import Book, Margin
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.insight.value import margins
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

Bought = tuple[str, str, float]  # person, category ('' = none), paid; one purchase each
PARTS = {"tea": 0.6, "cups": 0.2}


def read(bought: Iterable[Bought], parts: dict[str, float]) -> tuple[margins.Credibility | None, dict[str, Any]]:
    """What is learned, and person -> the columns of `parts`."""
    rows = list(bought)
    book = Book(margins=tuple(Margin(category=name, share=Decimal(str(part))) for name, part in parts.items()))
    with DuckDB(memory_mb=512, threads=1) as engine:
        for name, column, kept in (("category_days", "spend", True), ("order_days", "unnamed", False)):
            mine = [row for row in rows if bool(row[1]) is kept]
            engine.register(name, pa.table({
                "person_id": pa.array([row[0] for row in mine], pa.string()),
                "category": pa.array([row[1] for row in mine], pa.string()),
                column: pa.array([Decimal(f"{row[2]:.4f}") for row in mine], pa.decimal128(18, 4)),
            }))  # fmt: skip
        build = Build(
            engine=engine, as_of=datetime(2026, 6, 1, tzinfo=UTC), settings=Settings(), parameters={"ledger": book}
        )
        known = margins.make(build, Scope.of(build))
        if known is None:
            return None, {}
        found = engine.table(f"SELECT m.person_id, {margins.parts(known, 'm')} FROM {margins.MIX} AS m")
        return known, {row["person_id"]: row for row in found.to_pylist()}


def drawn(people: int, seed: int) -> tuple[list[Bought], np.ndarray[Any, Any]]:
    """People with a taste of their own for tea, and that taste."""
    dice = np.random.default_rng(seed)
    taste = dice.beta(2, 3, people)
    bought = [
        (f"p{person}", "tea" if dice.random() < taste[person] else "cups", float(dice.gamma(4, 10)) + 1)
        for person in range(people)
        for _ in range(int(dice.integers(1, 12)))
    ]
    return bought, taste


def test_it_is_learned_as_buhlmann_and_straub_say() -> None:
    bought, _ = drawn(300, 1)
    known, found = read(bought, PARTS)
    assert known is not None
    unit = np.mean([row[2] for row in bought])
    people = sorted({row[0] for row in bought})
    weights = [np.array([row[2] for row in bought if row[0] == person]) / unit for person in people]
    parts = [np.array([PARTS[row[1]] for row in bought if row[0] == person]) for person in people]
    size = np.array([weight.sum() for weight in weights])
    mean = np.array([weight @ part / weight.sum() for weight, part in zip(weights, parts, strict=True)])
    whole = size @ mean / size.sum()
    inside = sum(weight @ (part - one) ** 2 for weight, part, one in zip(weights, parts, mean, strict=True))
    within = inside / sum(len(part) - 1 for part in parts)
    between = (size @ (mean - whole) ** 2 - (len(people) - 1) * within) / (size.sum() - (size**2).sum() / size.sum())
    assert (known.whole, known.within, known.between) == pytest.approx((whole, within, between))
    own = size / (size + within / between)
    assert [found[person]["part"] for person in people] == pytest.approx(list(own * mean + (1 - own) * whole))
    assert [found[person]["doubt"] for person in people] == pytest.approx(list(between * (1 - own)))


def test_purchases_to_come_leave_what_the_range_says() -> None:
    bought, taste = drawn(1500, 2)
    known, found = read(bought, PARTS)
    assert known is not None
    dice = np.random.default_rng(3)
    inside = []
    for person, row in found.items():
        mine = taste[int(person[1:])]
        orders = int(dice.integers(3, 15))
        weight = dice.gamma(4, 10, orders) + 1
        came = weight @ np.where(dice.random(orders) < mine, 0.6, 0.2) / weight.sum()
        inside.append(abs(came - row["part"]) <= margins.Z * np.sqrt(row["doubt"] + known.within / orders))
    assert 0.85 < np.mean(inside) < 0.95


def test_what_the_book_does_not_name_is_unknown_and_its_line_for_all_is_named() -> None:
    bought = [("p1", "tea", 10.0), ("p2", "tea", 10.0), ("p2", "cups", 10.0), ("p3", "cups", 10.0), ("p4", "", 10.0)]
    _, found = read(bought, {"tea": 0.5})
    assert {person: (row["part"], row["part_from"]) for person, row in found.items()} == {
        "p1": (0.5, "category"), "p2": (None, None), "p3": (None, None), "p4": (None, None),
    }  # fmt: skip
    _, found = read(bought, {"tea": 0.5, "*": 0.3})
    assert {person: row["part_from"] for person, row in found.items()} == {
        "p1": "category", "p2": "mixed", "p3": "brand", "p4": "brand",
    }  # fmt: skip
    assert found["p1"]["part"] > found["p2"]["part"] > found["p4"]["part"]


def test_a_book_without_margins_says_nothing_and_a_margin_of_the_future_does_not_hold_yet() -> None:
    assert read([("p1", "tea", 10.0)], {}) == (None, {})
    later = Book(margins=(Margin(category="tea", share=Decimal("0.5"), begins=date(2027, 1, 1)),))
    with DuckDB(memory_mb=512, threads=1) as engine:
        build = Build(
            engine=engine, as_of=datetime(2026, 6, 1, tzinfo=UTC), settings=Settings(), parameters={"ledger": later}
        )
        assert margins.make(build, Scope.of(build)) is None


def test_one_margin_for_everything_is_that_margin_and_sure() -> None:
    known, found = read([("p1", "tea", 10.0), ("p1", "cups", 3.0), ("p2", "", 5.0)], {"*": 0.4})
    assert known is not None
    assert (known.within, known.between) == (0.0, 0.0)
    assert [(row["part"], row["doubt"]) for row in found.values()] == [(pytest.approx(0.4), 0.0)] * 2


def test_the_range_is_empty_where_the_part_is() -> None:
    known = margins.Credibility(unit=10, whole=0.2, within=0.0, between=0.0, least=0.2, most=0.6)
    assert ranged(known, None) == (None, None, None)
    assert ranged(known, 0.2) == pytest.approx((20, 4, 30))


def test_what_orders_leave_is_as_sure_as_purchases_of_mean_size_make_it() -> None:
    known = margins.Credibility(unit=10, whole=0.5, within=0.04, between=0.0, least=0.0, most=1.0)
    half = margins.Z * 100 * np.sqrt(0.04 / (100 / 10))
    assert ranged(known, 0.5, low=100, high=100) == pytest.approx((50, 50 - half, 50 + half))


def ranged(
    known: margins.Credibility, part: float | None, low: float = 20, high: float = 150
) -> tuple[float | None, ...]:
    """Middle and ends of orders worth 100, of one order value of 50."""
    kept = ", ".join(f"{sql} AS {name}" for name, sql in margins.left(known, 365).items())
    with DuckDB(memory_mb=256, threads=1) as engine:
        (row,) = engine.table(f"""
            SELECT {kept} FROM (SELECT 100.0::DOUBLE AS value_365, {low}::DOUBLE AS low_365, {high}::DOUBLE AS high_365,
                50.0::DOUBLE AS order_value, {"NULL" if part is None else part}::DOUBLE AS part, 0.0::DOUBLE AS doubt)
        """).to_pylist()
    return tuple(row.values())
