"""Bounds hold against exact binomial tails, and are at least as tight as those of OPIM-C."""

from __future__ import annotations

import math

import pytest

from lianyi.insight.ripples.spread import bounds


def tail(draws: int, chance: float, hits: int) -> float:
    """P(X >= hits) of a binomial law."""
    return sum(math.comb(draws, k) * chance**k * (1 - chance) ** (draws - k) for k in range(hits, draws + 1))


@pytest.mark.parametrize("hits", [0, 1, 7, 40, 99, 100])
@pytest.mark.parametrize("doubt", [0.5, 3.0, 12.0])
def test_bounds_fail_at_most_as_often_as_stated(hits: int, doubt: float) -> None:
    low, high = bounds.at_least(hits, 100, doubt), bounds.at_most(hits, 100, doubt)
    assert low <= hits / 100 <= high
    assert tail(100, low, hits) <= math.exp(-doubt) * (1 + 1e-6) or hits == 0
    assert 1 - tail(100, high, hits + 1) <= math.exp(-doubt) * (1 + 1e-6) or hits == 100


@pytest.mark.parametrize("hits", [50.0, 300.5, 4000.0])
def test_they_are_at_least_as_tight_as_opim_c(hits: float) -> None:
    draws, doubt = 20_000, 17.0
    opim_low = ((math.sqrt(hits + doubt * 2 / 9) - math.sqrt(doubt / 2)) ** 2 - doubt / 18) / draws
    opim_high = (math.sqrt(hits + doubt / 2) + math.sqrt(doubt / 2)) ** 2 / draws
    assert bounds.at_least(hits, draws, doubt) >= opim_low
    assert bounds.at_most(hits, draws, doubt) <= opim_high


@pytest.mark.parametrize(("items", "seeds"), [(10, 1), (10, 3), (40, 19), (10, 10), (7, 5)])
def test_ways_to_choose_are_counted_from_above(items: int, seeds: int) -> None:
    exact = math.log(sum(math.comb(items, k) for k in range(seeds + 1)))
    assert exact <= bounds.log_choices(items, seeds) <= exact + 1.0 + 0.5 * items * (2 * seeds >= items)


def test_wilson_interval_covers_as_stated() -> None:
    for chance in (0.02, 0.3, 0.9):
        covered = 0.0
        for hits in range(201):
            low, high = bounds.interval(hits, 200)
            if low <= chance <= high:
                covered += math.comb(200, hits) * chance**hits * (1 - chance) ** (200 - hits)
        assert 0.93 < covered < 0.97
