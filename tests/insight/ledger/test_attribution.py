"""Attribution: shares sum to 1 and amounts to the same whole; Shapley against brute force; real paths recomputed."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.ledger.attribution import models as m
from lianyi.insight.ledger.attribution import sharers
from lianyi.insight.ledger.attribution.models import Chain, Touches
from lianyi.memory.events import Event, money
from tests.insight.ledger.books import ledger
from tests.insight.log import Row, at
from tests.real_data import real

PER_PATH = [model for model in m.MODELS if model != m.MARKOV]


def touches_of(paths: list[list[int]], ages: list[list[float]] | None = None) -> Touches:
    ages = ages or [[float(len(path) - place) for place in range(len(path))] for path in paths]
    return Touches(
        path=np.array([number for number, path in enumerate(paths) for _ in path], dtype=np.int64),
        player=np.array([player for path in paths for player in path], dtype=np.int64),
        age=np.array([age for listed in ages for age in listed], dtype=np.float64),
    )


paths_strategy = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=7), min_size=1, max_size=8)


@given(paths_strategy, st.data())
def test_the_weights_of_each_path_sum_to_one(paths: list[list[int]], data: st.DataObject) -> None:
    ages = [sorted(data.draw(st.lists(st.floats(0, 4e4), min_size=len(path), max_size=len(path))), reverse=True)
            for path in paths]  # fmt: skip
    touches = touches_of(paths, ages)
    for model in PER_PATH:
        weights = m.weights(model, touches)
        assert (weights >= 0).all()
        assert np.bincount(touches.path, weights=weights) == pytest.approx(np.ones(len(paths)), abs=1e-9), model


def test_what_each_model_says_of_one_path() -> None:
    touches = touches_of([[0, 1, 0, 2]], [[21.0, 14.0, 7.0, 0.0]])
    assert m.weights("first", touches).tolist() == [1, 0, 0, 0]
    assert m.weights("last", touches).tolist() == [0, 0, 0, 1]
    assert m.weights("linear", touches).tolist() == [0.25] * 4
    assert m.weights("decay", touches) == pytest.approx(np.array([1, 2, 4, 8]) / 15)
    assert m.weights("position", touches) == pytest.approx([0.4, 0.1, 0.1, 0.4])
    assert m.weights("shapley", touches) == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    assert m.weights("position", touches_of([[3, 4], [5]])).tolist() == [0.5, 0.5, 1]


@settings(max_examples=40)
@given(paths_strategy, st.lists(st.integers(0, 10**6), min_size=8, max_size=8))
def test_shapley_is_the_mean_over_all_orders_of_coming(paths: list[list[int]], values: list[int]) -> None:
    touches, value = touches_of(paths), np.array(values[: len(paths)], dtype=np.float64)
    weights = m.weights("shapley", touches)
    found = np.bincount(touches.player, weights=weights * value[touches.path], minlength=5)

    def worth(players: frozenset[int]) -> float:
        return float(sum(v for path, v in zip(paths, value, strict=True) if set(path) <= players))

    brute = np.zeros(5)
    for order in itertools.permutations(range(5)):
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            brute[player] += worth(before | {player}) - worth(before)
    assert found == pytest.approx(brute / math.factorial(5), rel=1e-9, abs=1e-6)


@given(st.integers(-(10**15), 10**15), st.lists(st.floats(0, 1e9), min_size=1, max_size=12))
def test_what_is_distributed_sums_to_the_whole(total: int, shares: list[float]) -> None:
    weights = np.array(shares)
    if not weights.sum() > 0:
        if total:
            with pytest.raises(ValueError, match="all shares are 0"):
                m.distributed(total, weights)
        return
    parts = m.distributed(total, weights)
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / weights.sum()) <= 1 + abs(total) * 1e-14


def test_removal_effects_of_a_chain_that_can_be_done_by_hand() -> None:
    """start → A (2 of 3) or B (1 of 3); A → B half, order half; B → order half, nothing half. All: 2/3 × 3/4 +
    1/3 × 1/2 = 2/3. Without A only 1/6 is left, without B only 1/3: A loses 1/2, B 1/3."""
    chain = Chain(start=np.array([2.0, 1.0]), steps=np.array([[0.0, 1.0], [0.0, 0.0]]), order=np.array([1.0, 1.0]),
                  nothing=np.array([0.0, 1.0]))  # fmt: skip
    assert m.removal(chain) == pytest.approx([0.6, 0.4])
    never = Chain(start=np.array([1.0]), steps=np.array([[1.0]]), order=np.zeros(1), nothing=np.zeros(1))
    assert m.removal(never).tolist() == [0], "a circle that nobody leaves earns nothing"


def test_a_share_chain_goes_from_the_seed_to_who_brought_the_buyer() -> None:
    arrivals = pa.table({"ripple_id": ["r"] * 5, "person_id": ["a", "b", "c", "x", "y"],
                         "parent_person_id": [None, "a", "b", "y", "x"]})  # fmt: skip
    orders = pa.table({"number": [4, 7, 9], "ripple_id": ["r", "r", "r"], "person_id": ["c", "a", "x"]})
    touches, numbers, people = sharers.touches_of(orders, arrivals)
    assert numbers.tolist() == [4, 9]
    assert [people[player] for player in touches.player] == ["a", "b", "y"], "a circle ends the chain"


def event(kind: str, when: str, number: int, *, who: str, **fields: Any) -> Event:
    fields |= {"target_key" if kind == "sent" else "actor_key": f"user:{who}"}
    if "value" in fields:
        fields |= {"value": money(fields["value"]), "currency": "CNY"}
    return Event(id=f"e{number}", at=at(when), kind=kind, source="t", **fields)


def test_paths_begin_anew_after_an_order_and_end_with_the_window() -> None:
    log = [
        event("sent", "2026-04-01 10:00", 1, who="1", channel="sms", campaign="old"),  # too old
        event("sent", "2026-05-01 10:00", 2, who="1", channel="sms", campaign="may"),
        event("arrive", "2026-05-02 10:00", 3, who="1", campaign="may"),
        event("order", "2026-05-03 10:00", 4, who="1", value=100),
        event("order", "2026-05-04 10:00", 5, who="1", value=7),  # touched by nothing
        event("sent", "2026-05-05 10:00", 6, who="1", channel="email"),
        event("order", "2026-05-06 10:00", 7, who="1", value=30),
        event("refund", "2026-05-09 10:00", 8, who="1", value=10, parent_id="e7"),
        event("sent", "2026-05-05 10:00", 9, who="2", channel="sms"),
    ]
    rows = [row for row in ledger(log)["attributions"] if row["dimension"] == "channel"]
    found = {model: {row["member"]: row["amount"] for row in rows if row["model"] == model} for model in m.MODELS}
    assert found["first"] == {"email": 20, "share": 0, "sms": 100}
    assert found["last"] == {"email": 20, "share": 100, "sms": 0}
    assert found["linear"] == {"email": 20, "share": 50, "sms": 50}
    assert {sum(by.values()) for by in found.values()} == {Decimal(120)}
    # start: email 1, sms 3; sms → share 1, nothing 2; share, email → order. Removed: email 1/4, sms 1/4, share 1/4.
    assert [row["share"] for row in rows if row["model"] == "markov"] == pytest.approx([1 / 3] * 3)


@st.composite
def shopping(draw: Callable[..., Any]) -> list[Event]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(("sent", "arrive", "order", "refund")))
        day, hour = draw(st.integers(1, 28)), draw(st.integers(0, 23))
        more: Row = {
            "campaign": draw(st.sampled_from(("a", "b", None))),
            "channel": draw(st.sampled_from(("sms", "x"))),
        }
        if kind in {"order", "refund"}:
            more |= {
                "value": draw(st.decimals("0.01", "99", places=2)),
                "parent_id": draw(st.sampled_from(("o1", "o2"))),
            }
        made.append(event(kind, f"2026-05-{day:02} {hour:02}:00", number, who=draw(st.sampled_from("12")), **more))
    return made


@settings(max_examples=10)
@given(shopping())
def test_every_model_divides_the_same_sum(log: list[Event]) -> None:
    sums: dict[str, set[Decimal]] = {}
    made = ledger(log)["attributions"]
    for dimension, model in itertools.product(("channel", "campaign"), m.MODELS):
        rows = [row for row in made if (row["dimension"], row["model"]) == (dimension, model)]
        if rows:
            sums.setdefault(dimension, set()).add(sum((row["amount"] for row in rows), Decimal(0)))
            assert sum(row["share"] for row in rows) == pytest.approx(1, abs=1e-9)
    assert all(len(found) == 1 for found in sums.values())


def test_ten_thousand_published_paths_are_divided_as_a_plain_count_divides_them() -> None:
    with real("channel_attribution/Data.csv").open() as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = sorted({channel for row in rows for channel in row["path"].split(" > ")})
    number = {name: place for place, name in enumerate(names)}
    listed = [[number[channel] for channel in row["path"].split(" > ")] for row in rows]
    won = np.array([int(row["total_conversions"]) for row in rows], dtype=np.float64)
    touches = touches_of(listed)
    found = {
        model: np.bincount(touches.player, weights=m.weights(model, touches) * won[touches.path], minlength=len(names))
        for model in PER_PATH
    }
    plain = np.zeros((3, len(names)))
    for path, count in zip(listed, won, strict=True):
        plain[0, path[0]] += count
        plain[1, path[-1]] += count
        for channel in path:
            plain[2, channel] += count / len(path)
    assert (len(rows), int(won.sum())) == (10_000, 19_785)
    for place, model in enumerate(("first", "last", "linear")):
        assert found[model] == pytest.approx(plain[place])
    assert all(float(by.sum()) == pytest.approx(19_785) for by in found.values())
