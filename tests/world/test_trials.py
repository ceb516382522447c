"""Campaigns at will: true effects stand in the outcomes, and a person-level comparison misses the spill-over."""

from __future__ import annotations

import numpy as np
import pytest
from tests.world.seen import column

from lianyi import world
from lianyi.errors import InputError

FIELD = world.trials(world.WorldSettings(people=4000, seed=5, days=60))
PEOPLE = 4000


def mean_orders(treated: bool, draws: int = 60) -> float:
    arm = np.full(PEOPLE, treated)
    return float(np.mean([column(FIELD.run(arm, seed=seed), "orders").mean() for seed in range(draws)]))


def test_everybody_against_nobody_is_the_total_effect() -> None:
    effects = FIELD.effects()
    error = np.sqrt(FIELD.base.mean() * 3 / PEOPLE / 60)
    assert mean_orders(True) - mean_orders(False) == pytest.approx(effects.total, abs=4 * error)
    assert effects.total == pytest.approx(effects.direct + effects.spill)
    assert effects.spill > 0 < effects.direct


def differences(*, by_community: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = []
    for seed in range(120):
        outcome = FIELD.run(FIELD.assign(seed=seed, by_community=by_community), seed=seed)
        treated, orders = column(outcome, "treated"), column(outcome, "orders")
        found.append(orders[treated].mean() - orders[~treated].mean())
    return np.array(found)


def test_a_comparison_of_people_misses_the_spill_over_and_one_of_communities_misses_less() -> None:
    effects = FIELD.effects()
    persons, communities = differences(by_community=False), differences(by_community=True)
    assert persons.mean() == pytest.approx(effects.direct, abs=4 * persons.std() / np.sqrt(120))
    assert persons.mean() < communities.mean() < effects.total


def test_the_month_before_explains_a_good_part_of_the_month_itself() -> None:
    outcome = FIELD.run(np.zeros(PEOPLE, dtype=bool), seed=1)
    assert np.corrcoef(column(outcome, "before"), column(outcome, "orders"))[0, 1] > 0.2


def test_the_same_seed_is_the_same_campaign() -> None:
    arm = FIELD.assign(seed=2, by_community=True)
    assert FIELD.run(arm, seed=3) == FIELD.run(arm, seed=3)
    assert FIELD.run(arm, seed=3) != FIELD.run(arm, seed=4)
    assert len(np.unique(column(FIELD.run(arm, seed=3), "cluster")[arm])) < PEOPLE


def test_an_assignment_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="4000 booleans"):
        FIELD.run(np.ones(10, dtype=bool), seed=1)
