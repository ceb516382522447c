"""Sizes of arms, many looks, reached or not, and how many people: against scipy, statsmodels and simulated truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lianyi.errors import InputError
from lianyi.insight.effects.checks import benjamini_hochberg, holm, sample_ratio
from lianyi.insight.effects.compliance import anderson_rubin, complier_effect
from lianyi.insight.effects.means import Sums, difference
from lianyi.insight.effects.power import Plan, detectable, intraclass, people_needed
from lianyi.insight.effects.sequential import boundary, looks, tightest_at


def test_corrections_are_those_of_statsmodels() -> None:
    many = pytest.importorskip("statsmodels.stats.multitest").multipletests
    ps = np.random.default_rng(1).random(30) ** 3
    assert holm(ps) == pytest.approx(many(ps, method="holm")[1])
    assert benjamini_hochberg(ps) == pytest.approx(many(ps, method="fdr_bh")[1])
    assert np.isnan(holm([0.01, math.nan, 0.5])).tolist() == [False, True, False]
    assert holm([0.01, math.nan, 0.5])[0] == pytest.approx(0.02)


def test_sizes_that_the_coin_makes_pass_and_others_do_not() -> None:
    assert sample_ratio([9012, 988], [0.9, 0.1]).p == pytest.approx(stats.binomtest(9012, 10_000, 0.9).pvalue)
    assert not sample_ratio([9012, 988], [0.9, 0.1]).found
    assert sample_ratio([9150, 850], [0.9, 0.1]).found
    three = sample_ratio([500, 480, 520], [1, 1, 1])
    assert three.p == pytest.approx(stats.chisquare([500, 480, 520]).pvalue)
    assert sample_ratio([0, 0], [0.9, 0.1]).p == 1
    with pytest.raises(InputError, match="shares above 0"):
        sample_ratio([1, 2], [1, 0])


def test_peeking_every_day_finds_nothing_that_is_not_there() -> None:
    """A random walk of 30 steps, the worst case: at most 5 % of 2,000 leave the boundary, and more than 0.5 % do."""
    dice = np.random.default_rng(2)
    walk = np.cumsum(dice.normal(size=(2000, 30)), axis=1)
    border = boundary(np.arange(1.0, 31), tightest_at(30.0))
    share = (np.abs(walk) > border).any(axis=1).mean()
    assert 0.005 < share <= 0.05
    naive = (np.abs(walk) > 1.96 * np.sqrt(np.arange(1.0, 31))).any(axis=1).mean()
    assert naive > 0.2  # what peeking by the usual interval does


def test_looks_by_people_are_the_mixture_test_written_out() -> None:
    """mSPRT with prior N(0, τ²) on the effect: the bound is where its likelihood ratio is 1/α."""
    se, planned = np.array([0.5, 0.2, 0.1]), 0.1
    found = looks([0.0, 0.0, 0.0], se, clock="people", planned=planned)
    tau2 = 1 / tightest_at(planned**-2)
    for half, error in zip(found.high, se, strict=True):
        ratio = stats.norm.pdf(half, 0, math.sqrt(error**2 + tau2)) / stats.norm.pdf(half, 0, error)
        assert ratio == pytest.approx(20)


def test_a_look_without_an_error_says_nothing_and_stops_nothing() -> None:
    found = looks([math.nan, 1.0, 3.0], [math.nan, 1.0, 0.2], clock="days", planned=0.5)
    assert (found.low[0], found.high[0]) == (-math.inf, math.inf)
    assert found.first == 2
    with pytest.raises(InputError, match="planned"):
        looks([1.0], [1.0], clock="days", planned=math.nan)


def test_who_was_reached_gets_the_effect_of_being_reached() -> None:
    dice, covered, errors = np.random.default_rng(4), 0, []
    for _ in range(300):
        offered = dice.random(2000) < 0.5
        keen = dice.random(2000) < 0.4  # those who can be reached buy more anyway
        reached = (offered & keen).astype(float)
        y = dice.poisson(1 + keen + 0.5 * reached).astype(float)
        one, other = Sums.of(y[offered], reached[offered]), Sums.of(y[~offered], reached[~offered])
        found = complier_effect(one, other)
        covered += found.low <= 0.5 <= found.high
        errors.append(found.estimate - 0.5)
        assert found.estimate == pytest.approx(difference(one, other).estimate / reached[offered].mean())
    assert 0.925 <= covered / 300 <= 0.975
    assert abs(np.mean(errors)) < 4 * np.std(errors) / math.sqrt(300)
    low, high = anderson_rubin(one, other)
    assert (low, high) == pytest.approx((found.low, found.high), rel=0.1, abs=0.02)


def test_where_nobody_more_is_reached_nothing_is_known() -> None:
    one = Sums.of(np.array([1.0, 2.0, 3.0]), np.zeros(3))
    assert not complier_effect(one, one).known


def test_planned_people_see_the_effect_as_often_as_planned() -> None:
    plan = Plan(variance=1.0, control=0.2)
    people = people_needed(plan, 0.25)
    assert detectable(plan, people) <= 0.25 < detectable(plan, people - 1)
    dice, seen = np.random.default_rng(6), 0
    for _ in range(1000):
        arm = np.arange(people) < round(0.8 * people)
        y = dice.normal(size=people) + 0.25 * arm
        seen += difference(Sums.of(y[arm]), Sums.of(y[~arm])).p < 0.05
    assert seen / 1000 == pytest.approx(0.8, abs=0.04)


def test_the_number_is_that_of_statsmodels() -> None:
    power = pytest.importorskip("statsmodels.stats.power")
    theirs = power.NormalIndPower().solve_power(0.1, power=0.9, alpha=0.05, ratio=1.0) * 2
    assert people_needed(Plan(variance=1.0, control=0.5, power=0.9), 0.1) == pytest.approx(theirs, abs=2)


def test_clusters_need_more_people_by_the_design_effect_and_are_seen_as_planned() -> None:
    plan = Plan(variance=1.0, control=0.5, cluster=20, icc=0.1)
    assert plan.design_effect == pytest.approx(1 + 19 * 0.1)
    people = people_needed(plan, 0.35)
    clusters = people // 20
    dice, seen = np.random.default_rng(7), 0
    for _ in range(500):
        arm = np.repeat(np.arange(clusters) % 2 == 0, 20)
        y = math.sqrt(0.1) * np.repeat(dice.normal(size=clusters), 20) + math.sqrt(0.9) * dice.normal(
            size=clusters * 20
        )
        means = (y + 0.35 * arm).reshape(-1, 20).mean(axis=1)
        seen += stats.ttest_ind(means[::2], means[1::2]).pvalue < 0.05
    assert seen / 500 == pytest.approx(0.8, abs=0.055)


def test_the_share_between_clusters_is_found_again() -> None:
    dice = np.random.default_rng(9)
    cluster = dice.integers(400, size=8000)
    y = math.sqrt(0.2) * dice.normal(size=400)[cluster] + math.sqrt(0.8) * dice.normal(size=8000)
    assert intraclass(y, cluster) == pytest.approx(0.2, abs=0.03)
    assert intraclass(dice.normal(size=8000), cluster) == pytest.approx(0, abs=0.01)


def test_looking_before_the_end_costs_people() -> None:
    assert people_needed(Plan(variance=1, looks=True), 0.1) > 1.4 * people_needed(Plan(variance=1), 0.1)


@pytest.mark.parametrize("wrong", [{"control": 0}, {"icc": 1}, {"variance": 0}, {"power": 1.2}])
def test_plans_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Plan(**{"variance": 1.0, **wrong})
