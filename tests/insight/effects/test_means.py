"""Differences, CUPED, ratios, lifts and clusters, against scipy, statsmodels, and what must hold by their nature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Bools, Floats
from lianyi.insight.effects.means import ClusterSums, Sums, clustered, cuped, difference, lift, ratio
from lianyi.insight.effects.regression import fit

DICE = np.random.default_rng(3)


def arms(n: int = 400) -> tuple[Floats, Floats, Bools]:
    before = DICE.gamma(2, size=n)
    treated = DICE.random(n) < 0.7
    return before + DICE.normal(size=n) * (1 + treated) + 0.3 * treated, before, treated


def test_the_difference_is_welch_of_scipy() -> None:
    y, _before, treated = arms()
    found = difference(Sums.of(y[treated]), Sums.of(y[~treated]))
    welch = stats.ttest_ind(y[treated], y[~treated], equal_var=False)
    bounds = welch.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
    assert found.p == pytest.approx(welch.pvalue)


def test_cuped_is_the_regression_with_a_slope_in_each_arm() -> None:
    y, before, treated = arms(3000)
    found = cuped(Sums.of(y[treated], before[treated]), Sums.of(y[~treated], before[~treated]))
    x, arm = before - before.mean(), treated.astype(float)
    value, se, _df = fit(y, np.stack([np.ones(len(y)), arm, x, arm * x], axis=1)).contrast(np.eye(4)[1])
    assert found.estimate == pytest.approx(value)
    assert found.se == pytest.approx(se, rel=0.01)
    assert found.se < 0.85 * difference(Sums.of(y[treated]), Sums.of(y[~treated])).se


def test_ratios_are_right_to_the_bootstrap() -> None:
    orders = DICE.poisson(2, size=4000).astype(float)
    money = orders * DICE.gamma(3, size=4000)
    treated = np.arange(4000) % 2 == 0
    found = ratio(Sums.of(money[treated], orders[treated]), Sums.of(money[~treated], orders[~treated]))
    drawn = []
    for _ in range(400):
        rows = DICE.integers(4000, size=4000)
        one, other = rows[treated[rows]], rows[~treated[rows]]
        drawn.append(money[one].sum() / orders[one].sum() - money[other].sum() / orders[other].sum())
    assert found.se == pytest.approx(np.std(drawn), rel=0.12)


def test_lifts_cover_the_truth() -> None:
    dice, covered = np.random.default_rng(8), 0
    for _ in range(500):
        one, other = dice.poisson(1.2, 150).astype(float), dice.poisson(1.0, 150).astype(float)
        found = lift(Sums.of(one), Sums.of(other))
        covered += found.low <= 0.2 <= found.high
    assert 0.925 <= covered / 500 <= 0.975


def test_clusters_from_sums_are_the_regression_over_people() -> None:
    y, before, _treated = arms(900)
    cluster = DICE.integers(40, size=900)
    treated = (np.arange(40) % 3 > 0)[cluster]
    sums = ClusterSums.of(y, treated, cluster, before)
    ids = np.unique(cluster, return_inverse=True)[1]
    arm = treated.astype(float)
    plain = fit(y, np.stack([np.ones(900), arm], axis=1), ids).contrast(np.eye(2)[1])
    adjusted = fit(y, np.stack([np.ones(900), arm, before - before.mean()], axis=1), ids).contrast(np.eye(3)[1])
    assert (clustered(sums).estimate, clustered(sums).se, clustered(sums).df) == pytest.approx(plain)
    found = clustered(sums, adjusted=True)
    assert (found.estimate, found.se, found.df) == pytest.approx(adjusted)


def test_a_cluster_with_both_arms_is_refused() -> None:
    with pytest.raises(InputError, match="both arms"):
        ClusterSums.of(np.ones(4), np.array([True, False, True, True]), np.array([0, 0, 1, 1]))


def test_nobody_on_a_side_is_unknown_and_not_nought() -> None:
    found = difference(Sums.of(np.ones(5)), Sums.of(np.ones(1)))
    assert not found.known
    assert math.isnan(found.estimate)
    assert math.isnan(found.p)
    assert "too_few" in found.flags


@given(st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=40), st.floats(-50, 50), st.floats(0.1, 10))
def test_estimates_move_with_their_unit(values: list[float], shift: float, scale: float) -> None:
    y = np.array(values)
    one, other = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    plain = difference(Sums.of(y[one]), Sums.of(y[other]))
    moved = difference(Sums.of(scale * y[one] + shift), Sums.of(scale * y[other]))
    size = 1 + np.abs(y).max()
    assert moved.estimate == pytest.approx(scale * plain.estimate + shift, abs=1e-6 * size * scale)
    assert moved.se == pytest.approx(scale * plain.se, abs=1e-3 * size * scale)
