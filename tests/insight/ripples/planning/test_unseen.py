"""Arcs for ties that nobody sees: as many come as was learned, from those who come readily, never by oneself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.ripples.planning.unseen import unseen_arcs
from tests.insight.ripples.planning.crowds import person, planned


def test_arcs_bring_as_many_as_is_to_be_expected_and_nobody_himself() -> None:
    expected = np.array([0.0, 0.3, 2.0, 1e-4])
    made = unseen_arcs(expected, expected / 2, expected * 2, np.array([1.0, 0.0, 5.0, 4.0]))
    assert np.bincount(made.source, made.rate, 4) == pytest.approx([0, 0.3, 2.0, 0])
    assert np.bincount(made.source, made.low, 4) == pytest.approx([0, 0.15, 1.0, 0])
    assert (made.source != made.target).all()
    assert np.count_nonzero(made.target == 1) == 0, "who never comes is led to by no arc"


def test_without_anybody_who_comes_there_are_none() -> None:
    nothing = np.zeros(3)
    assert len(unseen_arcs(nothing + 1, nothing, nothing + 2, nothing).source) == 0


def factors(*rows: tuple[str, str, str, float, float, float]) -> pa.Table:
    """Rows of `spread_factors`: kind, source, target, factor, low, high."""
    names = ("kind", "source", "target", "factor", "low", "high")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    called = {"level": "unseen", "misfit": "ripple", "topic": "tea"}
    more = {"name": [called.get(row[0], row[0]) for row in rows], "prior": [4.0] * len(rows)}
    return pa.table({**columns, **more})


def width(rows: list[tuple[str, str, str, float, float, float]], **asked: str) -> float:
    """How far the ends of a plan's range lie apart, as a ratio."""
    people = [person(f"p{number:02}") for number in range(40)]
    rows = [("unseen", "p05", "", 6.0, 5.0, 7.0), ("level", "", "", 1.0, 0.9, 1.1), *rows]
    rows += [("open", "", one["person_id"], 1.0, 1.0, 1.0) for one in people]
    plan = planned(people, [("p01", "p02", 0.5)], {"spread_factors": factors(*rows)}, people=1, **asked)
    return plan.forecast.high / plan.forecast.low


def test_a_range_knows_that_ripples_and_topics_differ() -> None:
    plain = width([])
    assert width([("misfit", "", "", 0.3, 0.0, 0.0)]) > 1.5 * plain, "whole ripples differ"
    sure, unsure = ([("topic", "", "", 1.0, 1 / times, times)] for times in (1.01, 3.0))
    assert width(sure, topic="tea") < 1.2 * plain
    assert width(unsure, topic="tea") > 1.5 * plain, "what was learned of the topic is uncertain"
    assert width(sure, topic="rugs") > 1.3 * plain, "topics differ, and of this one nothing was learned"


def test_a_plan_asks_who_brings_many_though_their_ties_do_not_show() -> None:
    people = [person(f"p{number:02}") for number in range(40)]
    rows = [("unseen", "p05", "", 6.0, 5.0, 7.0), ("level", "", "", 1.0, 0.8, 1.25)]
    rows += [("open", "", one["person_id"], 1.0, 1.0, 1.0) for one in people]
    plan = planned(people, [("p01", "p02", 0.5)], {"spread_factors": factors(*rows)}, people=1)
    assert [seed.person_id for seed in plan.seeds] == ["p05"]
    assert plan.forecast.people == pytest.approx(7.0, rel=0.15)
    assert plan.arcs == 1, "only ties are counted as such"
    assert plan.forecast.low < plan.forecast.people < plan.forecast.high
    assert "tied strongly to 0 people" in plan.seeds[0].why_en
