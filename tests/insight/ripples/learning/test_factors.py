"""Products of factors: closed forms, the negative binomial of SciPy, and what was put in comes out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from lianyi.insight.ripples.learning.factors import ARRIVALS_BEFORE, EXPOSURES_BEFORE, learn_factors
from lianyi.insight.ripples.learning.priors import LOOSEST, TIGHTEST, likeliest_prior


def test_the_prior_is_the_one_under_which_the_counts_are_likeliest() -> None:
    dice = np.random.default_rng(5)
    expected = dice.gamma(2.0, 2.0, 500)
    counts = dice.poisson(expected * dice.gamma(1.5, 1 / 1.5, 500)).astype(np.float64)
    tried = np.exp(np.linspace(np.log(LOOSEST), np.log(TIGHTEST), 400))
    likelihoods = [nbinom.logpmf(counts, a, a / (a + expected)).sum() for a in tried]
    assert likeliest_prior(counts, expected, False) == pytest.approx(tried[int(np.argmax(likelihoods))], rel=0.03)


def test_a_family_without_meaning_is_told_to_be_silent() -> None:
    dice = np.random.default_rng(6)
    level = dice.integers(0, 40, 20_000).astype(np.int32)
    credit = dice.poisson(0.3, 20_000).astype(np.float64)
    found = learn_factors(level[:, None], np.ones(20_000), credit, names=("noise",), sizes=(40,))
    assert found.families[0].prior > 30
    assert np.abs(found.families[0].mean - 1).max() < 0.1


def test_one_family_has_the_closed_form() -> None:
    dice = np.random.default_rng(7)
    level = np.arange(6, dtype=np.int32)
    watched, credit = dice.gamma(5.0, 4.0, 6), dice.poisson(6.0, 6).astype(np.float64)
    found = learn_factors(level[:, None], watched, credit, names=("tie",), sizes=(6,))
    a = found.families[0].prior
    assert found.families[0].mean == pytest.approx((a + credit) / (a + found.base * watched), rel=1e-3)


def test_factors_that_were_put_in_come_out() -> None:
    dice = np.random.default_rng(8)
    sharer, strength = dice.gamma(2.0, 0.5, 60), np.array([0.4, 1.0, 2.0])
    levels = np.stack([dice.integers(0, 60, 60_000), dice.integers(0, 3, 60_000)], axis=1).astype(np.int32)
    rate = 0.1 * sharer[levels[:, 0]] * strength[levels[:, 1]]
    credit = dice.poisson(rate).astype(np.float64)
    found = learn_factors(levels, np.ones(60_000), credit, names=("sharer", "strength"), sizes=(60, 3))
    assert np.corrcoef(np.log(found.rate(levels)), np.log(rate))[0, 1] > 0.98
    assert found.rate(levels).mean() == pytest.approx(rate.mean(), rel=0.03)
    ratio = found.families[1].mean
    assert ratio[2] / ratio[0] == pytest.approx(5.0, rel=0.1)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_cells_may_be_cut_in_parts_and_levels_renamed(data: st.DataObject) -> None:
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    levels = np.stack([dice.integers(0, 5, 40), dice.integers(0, 3, 40)], axis=1).astype(np.int32)
    watched, credit = dice.random(40) + 0.1, dice.poisson(0.6, 40).astype(np.float64)
    names, sizes = ("a", "b"), (5, 3)
    whole = learn_factors(levels, watched, credit, names=names, sizes=sizes)
    cut = dice.random(40)
    parts = learn_factors(
        np.concatenate([levels, levels]), np.concatenate([watched * cut, watched * (1 - cut)]),
        np.concatenate([credit, credit * 0]), names=names, sizes=sizes,
    )  # fmt: skip
    assert parts.rate(levels) == pytest.approx(whole.rate(levels), rel=1e-6)
    renamed = dice.permutation(5).astype(np.int32)
    other = np.stack([renamed[levels[:, 0]], levels[:, 1]], axis=1)
    again = learn_factors(other, watched, credit, names=names, sizes=sizes)
    assert again.rate(other) == pytest.approx(whole.rate(levels), rel=1e-6)


def test_a_level_never_seen_is_the_middle_and_less_certain() -> None:
    levels = np.array([[0], [1]], dtype=np.int32)
    found = learn_factors(levels, np.array([50.0, 50.0]), np.array([20.0, 2.0]), names=("tie",), sizes=(2,))
    unseen = np.array([[-1]], dtype=np.int32)
    assert found.rate(unseen)[0] == pytest.approx(found.base)
    assert found.log_variance(unseen)[0] > found.log_variance(levels)[0]


def test_levels_that_never_occur_change_nothing() -> None:
    """Most people are in no ripple; learning costs what occurs."""
    chance = np.random.default_rng(8)
    cells = np.stack([chance.integers(0, 30, 400), chance.integers(0, 200, 400)], axis=1).astype(np.int32)
    watched, credit = chance.random(400) * 20, chance.poisson(1.0, 400).astype(np.float64)
    dense = learn_factors(cells, watched, credit, names=("one", "other"), sizes=(100, 1000))
    spread_out = learn_factors(
        (cells * [3, 5]).astype(np.int32), watched, credit, names=("one", "other"), sizes=(100, 1000)
    )
    assert dense.base == pytest.approx(spread_out.base, rel=1e-9)
    for family, other, times in zip(dense.families, spread_out.families, (3, 5), strict=True):
        np.testing.assert_allclose(family.mean[:30], other.mean[: 30 * times : times], rtol=1e-9)
        assert family.mean[-1] == other.mean[-1] == 1.0
    again = learn_factors(cells, watched, credit, names=("one", "other"), sizes=(100, 1000), begin=dense)
    assert again.base == pytest.approx(dense.base, rel=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sweeps_in_turn_however_many_come_to_the_same_factors(seed: int) -> None:
    """Plain coordinate ascent from 1, thousands of sweeps, under the a that was found. Families of few levels are
    learned together and people one family at a time: both kinds are here."""
    dice = np.random.default_rng(seed)
    sizes = (3, 5, 200, 300)
    levels = np.stack([dice.integers(0, size, 4000) for size in sizes], axis=1).astype(np.int32)
    rate = 0.2 * np.prod([dice.gamma(2, 0.5, size)[levels[:, place]] for place, size in enumerate(sizes)], axis=0)
    watched = dice.random(4000)
    credit = dice.poisson(rate * watched).astype(np.float64)
    found = learn_factors(levels, watched, credit, names=("a", "b", "c", "d"), sizes=sizes)
    means, base, arrivals = [np.ones(size) for size in sizes], 0.1, credit.sum() + ARRIVALS_BEFORE
    for _ in range(3000):
        for place, family in enumerate(found.families):
            mine = levels[:, place]
            others = base * watched * np.prod([means[p][levels[:, p]] for p in range(4) if p != place], axis=0)
            expected = np.bincount(mine, others, sizes[place])
            means[place] = (family.prior + np.bincount(mine, credit, sizes[place])) / (family.prior + expected)
        product = watched * np.prod([means[p][levels[:, p]] for p in range(4)], axis=0)
        before, base = base, arrivals / (product.sum() + EXPOSURES_BEFORE)
        if abs(np.log(base / before)) < 1e-9:
            break
    assert found.base == pytest.approx(base, rel=5e-3)
    for family, mean in zip(found.families, means, strict=True):
        assert family.mean == pytest.approx(mean, rel=5e-3)


def test_levels_at_which_nothing_came_may_be_taken_together() -> None:
    """The a of a million people is that of the negative binomial, person by person."""
    dice = np.random.default_rng(12)
    expected = dice.lognormal(-3.0, 2.0, 20_000)
    counts = dice.poisson(expected * dice.gamma(1.2, 1 / 1.2, 20_000)).astype(np.float64)
    tried = np.exp(np.linspace(np.log(0.5), np.log(4.0), 200))
    likelihoods = [nbinom.logpmf(counts, a, a / (a + expected)).sum() for a in tried]
    best = tried[int(np.argmax(likelihoods))]
    assert likeliest_prior(counts, expected, False) == pytest.approx(best, rel=0.02)
    assert likeliest_prior(counts, expected, False, near=300.0) == pytest.approx(best, rel=0.02), "sought anew"
