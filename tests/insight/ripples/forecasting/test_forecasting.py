"""Forecasts: nothing of the future is read, trees are scikit-learn's, ranges hold what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.ripples.forecasting.conformal import widening
from lianyi.insight.ripples.forecasting.growth import POINTS, Growth, Point, growth, seen_at
from lianyi.insight.ripples.forecasting.laws import DELAYS, remaining
from lianyi.insight.ripples.forecasting.learning import Forecaster, Seen, learn_forecaster, look
from lianyi.insight.ripples.forecasting.shipped import provenance, shipped
from lianyi.insight.ripples.forecasting.trees import Trees, learn_trees

ENTRIES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(0, 6)), min_size=1, max_size=25
)  # fmt: skip


def of(rows: list[tuple[int, int, int]]) -> Growth:
    ripple = np.unique(np.array([row[0] for row in rows]), return_inverse=True)[1].reshape(-1)
    return growth(
        ripple=ripple, at=np.array([row[1] / 40 for row in rows]), person=np.array([row[2] for row in rows])
    )  # fmt: skip


def drawn(ripples: int, seed: int = 1) -> Growth:
    """Branching ripples: everybody brings Poisson(0.75) more after a lognormal delay; some starters bring more."""
    dice = np.random.default_rng(seed)
    parts = []
    for ripple in range(ripples):
        front, first = [float(ripple)], 1 + 12 * (dice.random() < 0.2)
        times = list(front)
        while front and len(times) < 400:
            mean = first if len(times) == 1 else 0.75
            front = [at + float(np.exp(dice.normal(1.0, 1.0))) for at in front for _ in range(dice.poisson(mean))]
            times += front
        parts += [(ripple, at, int(dice.integers(0, 50))) for at in times]
    columns = [np.array(column) for column in zip(*parts, strict=True)]
    return growth(ripple=columns[0], at=columns[1], person=columns[2])


@settings(max_examples=60, deadline=None)
@given(ENTRIES, st.sampled_from([*POINTS, Point(name="2 people", people=2)]))
def test_people_seen_are_those_of_a_plain_count(rows: list[tuple[int, int, int]], point: Point) -> None:
    grown = of(rows)
    seen, moment = seen_at(grown, point)
    for ripple in range(grown.ripples):
        at = grown.at[grown.start[ripple] : grown.start[ripple + 1]]
        if point.hours:
            assert seen[ripple] == int((at <= at[0] + point.hours).sum())
        else:
            assert seen[ripple] == (point.people if len(at) >= point.people else 0)
            assert not seen[ripple] or moment[ripple] == at[point.people - 1]


@settings(max_examples=60, deadline=None)
@given(ENTRIES, st.sampled_from([Point(name="1 h", hours=1.0), Point(name="2 people", people=2)]))
def test_what_comes_later_changes_nothing_that_is_seen(rows: list[tuple[int, int, int]], point: Point) -> None:
    """Cut the whole log at one ripple's moment of looking: that ripple looks the same."""
    grown = of(rows)
    whole = look(grown, point)
    for place, ripple in enumerate(whole.ripple):
        moment = whole.moment[place]
        number = np.repeat(np.arange(grown.ripples), grown.size)
        kept = grown.at <= moment
        names = np.unique(number[kept], return_inverse=True)
        early = growth(ripple=names[1].reshape(-1), at=grown.at[kept], person=grown.person[kept])
        cut = look(early, point)
        there = int(np.flatnonzero(names[0][cut.ripple] == ripple)[0])
        assert cut.people[there] == whole.people[place]
        np.testing.assert_allclose(cut.rows[there], whole.rows[place], equal_nan=True)
        np.testing.assert_allclose(cut.remaining[there], whole.remaining[place])


def test_what_remains_of_a_delay_has_a_closed_form() -> None:
    found = remaining(np.array([0, 2]), np.array([0.0, 1.0]), np.array([2]), np.array([np.e]))
    mean, deviation = DELAYS[0]
    from scipy.stats import norm

    wanted = np.mean([norm.sf((np.log(age) - mean) / deviation) for age in (np.e, np.e - 1)])
    assert found[0, 0] == pytest.approx(wanted)


def test_trees_kept_as_arrays_say_what_scikit_learn_says() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    dice = np.random.default_rng(3)
    rows = dice.normal(size=(600, 4))
    rows[dice.random((600, 4)) < 0.1] = np.nan
    target = np.nan_to_num(rows[:, 0]) ** 2 + np.nan_to_num(rows[:, 1])
    for quantile in (None, 0.9):
        kept = learn_trees(rows, target, quantile=quantile, rounds=30)
        model = HistGradientBoostingRegressor(
            loss="squared_error" if quantile is None else "quantile", quantile=quantile, max_iter=30,
            learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=15, l2_regularization=1.0, early_stopping=False,
            random_state=0,
        ).fit(rows, target)  # fmt: skip
        np.testing.assert_allclose(kept.predict(rows), model.predict(rows), rtol=1e-9, atol=1e-12)
        again = Trees.read(kept.arrays("one"), "one")
        np.testing.assert_array_equal(again.predict(rows), kept.predict(rows))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(10, 200))
def test_widened_ranges_hold_nine_in_ten_of_what_they_were_widened_on(seed: int, count: int) -> None:
    dice = np.random.default_rng(seed)
    outcome, low = dice.normal(size=count), dice.normal(-1, 0.3, count)
    high = low + dice.random(count)
    more = widening(low, high, outcome)
    inside = np.mean((low - more - 1e-12 <= outcome) & (outcome <= high + more + 1e-12))
    assert 0.9 <= inside <= 0.9 + 2 / count + 1e-9 or count < 19


def _split(found: Seen, cut: int) -> tuple[Any, Any]:
    return found.ripple < cut, found.ripple >= cut


@pytest.mark.parametrize("point", POINTS[1:4], ids=lambda point: point.name)
def test_later_ripples_lie_in_the_range_and_growth_is_foreseen(point: Point) -> None:
    grown = drawn(2600)
    found = look(grown, point)
    past, later = _split(found, 1600)
    final = grown.size[found.ripple].astype(np.float64)
    made = learn_forecaster(found.only(past), final[past])
    assert made is not None
    low, middle, high = made.forecast(found.only(later))
    inside = np.mean((low <= final[later]) & (final[later] <= high))
    assert 0.86 <= inside <= 0.95
    error = np.mean((np.log2(middle) - np.log2(final[later])) ** 2)
    still = np.mean((np.log2(found.people[later]) - np.log2(final[later])) ** 2)
    assert error < 0.8 * still
    assert (low >= found.people[later]).all(), "fewer than are there already is impossible"
    assert (low <= middle + 1).all()
    assert (middle <= high + 1).all()


def test_where_nothing_grows_the_plain_forecast_wins() -> None:
    grown = drawn(300)
    found = look(grown, POINTS[0])
    made = learn_forecaster(found, found.people.astype(np.float64))
    assert made is not None
    assert made.law.name in {"still", "mean", "line"}
    low, middle, high = made.forecast(found)
    assert (low == found.people).all()
    assert middle == pytest.approx(found.people)
    assert (high == found.people).all()


def test_too_few_ripples_teach_nothing() -> None:
    found = look(drawn(39), POINTS[0])
    assert learn_forecaster(found, found.people.astype(np.float64)) is None


def test_a_forecaster_is_the_same_after_writing_and_reading() -> None:
    grown = drawn(400)
    found = look(grown, POINTS[1])
    made = learn_forecaster(found, grown.size[found.ripple].astype(np.float64))
    assert made is not None
    again = Forecaster.read(made.arrays())
    facts = [(one.widen, dict(one.errors), one.learned, one.checked) for one in (made, again)]
    assert facts[0] == facts[1]
    np.testing.assert_array_equal(again.forecast(found), made.forecast(found))


def test_there_is_a_shipped_forecaster_for_each_point_with_its_origin() -> None:
    assert set(shipped()) == {point.name for point in POINTS} == set(provenance()["points"])
    found = look(drawn(50), POINTS[3])
    low, middle, high = shipped()["5 people"].forecast(found)
    assert np.isfinite(middle).all()
    assert (low <= high).all()
