"""Lookalikes: planted likeness is ranked and measured, chance is measured as chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from lianyi.errors import InputError
from lianyi.insight.demand.lookalikes.likeness import likeness, telling


def people(seed: int, *, pull: float) -> tuple[sparse.csr_matrix, np.ndarray]:
    """2,000 people with 12 traits; who has the first two is likelier to be a seed."""
    random = np.random.default_rng(seed)
    traits = (random.random((2_000, 12)) < 0.3).astype(float)
    chance = 1 / (1 + np.exp(3 - pull * traits[:, 0] - pull * traits[:, 1]))
    return sparse.csr_matrix(traits), random.random(2_000) < chance


def test_who_is_like_the_seeds_stands_first_and_the_reason_is_named() -> None:
    traits, seeds = people(1, pull=2.0)
    found = likeness(traits, seeds, dice=np.random.default_rng(1))
    assert 0.7 < found.low < found.auc < found.high
    order = np.argsort(-found.score)
    best = order[~seeds[order]][:50]
    assert traits[best][:, [0, 1]].toarray().all()
    assert set(telling(traits, found.weights, int(best[0]))[:2]) == {0, 1}


def test_seeds_without_anything_in_common_are_told_as_such() -> None:
    areas = [likeness(*people(seed, pull=0.0), dice=np.random.default_rng(seed)) for seed in range(8)]
    assert np.mean([one.auc for one in areas]) == pytest.approx(0.5, abs=0.03)
    assert sum(one.low <= 0.5 <= one.high for one in areas) >= 6


def test_too_few_seeds_are_refused() -> None:
    traits, _ = people(1, pull=0)
    few = np.arange(2_000) < 19
    with pytest.raises(InputError, match="19 seeds; at least 20"):
        likeness(traits, few, dice=np.random.default_rng(1))
    with pytest.raises(InputError, match="nearly everybody"):
        likeness(traits, np.arange(2_000) < 1_990, dice=np.random.default_rng(1))
