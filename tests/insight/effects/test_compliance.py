"""Where only some of the treated were reached: beside two-stage least squares, in the tables, on the world."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from lianyi import world
from lianyi.insight.effects.compliance import bounded_complier_effect, complier_effect
from lianyi.insight.effects.estimates import Floats
from lianyi.insight.effects.means import Sums
from tests.insight.effects.test_tables import BEGAN, campaign, one, outcomes


def two_stages(y: Floats, reached: Floats, assigned: Floats) -> tuple[float, float]:
    """Two-stage least squares with one instrument, and White's error: (Z'X)⁻¹Z'y, as in any textbook."""
    z, x = (np.column_stack([np.ones(len(y)), one]) for one in (assigned, reached))
    back = np.linalg.inv(z.T @ x)
    beta = back @ z.T @ y
    rest = y - x @ beta
    error = back @ (z.T * rest**2) @ z @ back.T
    return float(beta[1]), math.sqrt(error[1, 1])


def test_it_is_two_stage_least_squares_with_a_robust_error() -> None:
    dice = np.random.default_rng(11)
    assigned = dice.random(3000) < 0.6
    keen = dice.random(3000) < 0.3
    reached = np.where(assigned, keen | (dice.random(3000) < 0.2), dice.random(3000) < 0.05).astype(float)
    y = dice.poisson(1 + keen + 0.4 * reached).astype(float)
    found = complier_effect(*(Sums.of(y[arm], reached[arm]) for arm in (assigned, ~assigned)))
    beta, error = two_stages(y, reached, assigned.astype(float))
    assert found.estimate == pytest.approx(beta)
    assert found.se == pytest.approx(error, rel=2e-3)  # n in the place of n − 1
    assert found.flags == ()


def test_the_table_has_it_where_only_some_were_reached_and_only_there() -> None:
    log = campaign()
    hand, treated = outcomes(log)
    reached = treated & (np.arange(len(treated)) % 3 > 0)
    for person in np.flatnonzero(reached):
        log.add("sent", None, BEGAN + timedelta(hours=2), target=f"user:{person}", campaign="spring")
    log.add("sent", None, BEGAN - timedelta(days=3), target="user:0", campaign="spring")  # before the window
    log.add("sent", None, BEGAN + timedelta(hours=2), target="user:0", campaign="another")
    built = log.build("effects", "effect_people")
    assert sum(row["reached"] for row in built["effect_people"]) == reached.sum()
    for metric in ("orders", "revenue", "kept"):
        row = one(built["effects"], metric=metric, estimator="cace")
        beta, error = two_stages(hand[metric], reached.astype(float), treated.astype(float))
        assert row["estimate"] == pytest.approx(beta)
        assert row["se"] == pytest.approx(error, rel=2e-2)
        assert (row["main"], row["low"] < beta < row["high"]) == (False, True)
    for person in np.flatnonzero(treated & ~reached):
        log.add("sent", None, BEGAN + timedelta(hours=2), target=f"user:{person}", campaign="spring")
    assert not [row for row in log.build("effects")["effects"] if row["estimator"] == "cace"], "everybody was reached"


def test_on_the_world_it_covers_the_truth_where_comparing_the_reached_does_not() -> None:
    """Heavy buyers are reached more easily. The truth is that of the people who are reached when assigned."""
    subjects = world.trials(world.WorldSettings(people=3000, seed=41, days=60))
    dice, covered, naive = np.random.default_rng(12), 0, 0
    for seed in range(200):
        keen = dice.random(3000) < 0.2 + 0.6 * (subjects.base > np.median(subjects.base))
        truth = float((subjects.base * subjects.direct)[keen].mean())
        assigned = dice.random(3000) < 0.5
        reached = assigned & keen
        y = subjects.run(reached, seed=seed, spill=0.0)["orders"].to_numpy().astype(float)
        found = complier_effect(*(Sums.of(y[arm], reached[arm].astype(float)) for arm in (assigned, ~assigned)))
        covered += found.low <= truth <= found.high
        apart = y[reached].mean() - y[~reached].mean()
        error = math.sqrt(y[reached].var() / reached.sum() + y[~reached].var() / (~reached).sum())
        naive += abs(apart - truth) < 1.96 * error
    assert 0.91 <= covered / 200 <= 0.985
    assert naive / 200 < 0.05


def test_where_hardly_anybody_more_is_reached_the_bounds_say_so() -> None:
    dice = np.random.default_rng(13)
    assigned = dice.random(400) < 0.5
    reached = (dice.random(400) < np.where(assigned, 0.06, 0.04)).astype(float)
    y = dice.normal(size=400)
    found = bounded_complier_effect(*(Sums.of(y[arm], reached[arm]) for arm in (assigned, ~assigned)))
    assert found.flags == ("weak_first_stage",)
    assert math.inf in {found.high, -found.low}
