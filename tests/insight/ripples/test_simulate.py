"""Forward simulation agrees with exact reach, with reverse-reachable sets and with closed forms of waiting times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.ripples.spread import Model, Rules, Simulator, choose, from_arcs, seeded
from tests.insight.ripples.exact import Tiny, random_tiny, reach

RUNS = 40_000
FAR = 4.8


@pytest.mark.parametrize("model", ["cascade", "threshold"])
@pytest.mark.parametrize("seed", range(6))
def test_mean_reach_is_the_exact_one(model: Model, seed: int) -> None:
    tiny = random_tiny(seed, nodes=8, arcs=11, model=model)
    spread = Simulator(tiny.graph(), model=model, seed=seed).run(np.array([0, 3]), RUNS)
    truth = reach(tiny.reaches(), (0, 3))
    assert abs(spread.mean - truth) <= FAR * spread.standard_error + 1e-9
    assert spread.generations.sum() == pytest.approx(spread.mean)
    assert spread.generations[0] == 2.0
    low, high = spread.range()
    assert 2 <= low <= high <= 8


def test_rows_with_many_certain_and_weak_arcs() -> None:
    """A star drawn in one go: weak arcs by points, strong rows arc by arc; size is a known sum."""
    for chance in (0.004, 0.4, 0.9):
        graph = from_arcs(401, np.zeros(400, np.int64), np.arange(1, 401), np.full(400, chance))
        spread = Simulator(graph, seed=2).run(np.array([0]), RUNS // 4)
        exact = float(np.float32(chance))
        assert abs(spread.mean - 1 - 400 * exact) <= FAR * spread.standard_error
        assert spread.sizes.var() == pytest.approx(400 * exact * (1 - exact), rel=0.08)


def test_generations_are_steps_from_the_seeds() -> None:
    graph = from_arcs(5, np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3]), np.array([1.0, 0.5, 1.0, 0.5]))
    spread = Simulator(graph, seed=1).run(np.array([0]), RUNS)
    expected = [1.0, 1.0 + 0.5, 0.5, 0.5 * 0.5]  # person 3 comes in generation 1, or by 2 in generation 3
    assert np.abs(spread.generations[:4] - expected).max() < FAR * 0.5 / math.sqrt(RUNS)


def test_acceptance_and_boost() -> None:
    tiny = random_tiny(2, nodes=6, arcs=9)
    boosted = Tiny(6, tuple((s, t, min(1.0, 2.5 * p) if s == 1 else p) for s, t, p in tiny.arcs))
    truth = 0.6 * reach(boosted.reaches(), (1, 4)) + 0.4 * reach(tiny.reaches(), (4,))
    start = seeded(np.array([1, 4]), np.array([0.6, 1.0]), np.array([2.5, 1.0]))
    spread = Simulator(tiny.graph(), seed=3).run(start, RUNS)
    assert abs(spread.mean - truth) <= FAR * spread.standard_error


def test_waits_are_exponential_and_late_enough_all_have_come() -> None:
    chain = from_arcs(3, np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]))
    moments = np.array([0.0, 1.0, 3.0, 1000.0])
    simulator = Simulator(chain, seed=1)
    counts = simulator.run_in_time(np.array([0]), RUNS, delay=np.array([0.0, 2.0, 2.0]), moments=moments)
    rate = moments / 2.0
    one, two = 1 - np.exp(-rate), 1 - np.exp(-rate) * (1 + rate)  # exponential and Erlang-2 laws
    assert np.abs(counts.mean(axis=0) - (1 + one + 0.5 * two)).max() < FAR * 0.8 / math.sqrt(RUNS)
    tiny = random_tiny(4, nodes=8, arcs=11)
    late = Simulator(tiny.graph(), seed=1).run_in_time(
        np.array([0, 3]), RUNS, delay=np.full(8, 0.1), moments=np.array([0.1, 1e6])
    )
    error = late[:, 1].std() / math.sqrt(RUNS)
    assert abs(late[:, 1].mean() - reach(tiny.reaches(), (0, 3))) <= FAR * error + 1e-9
    assert (late[:, 0] <= late[:, 1]).all()


@pytest.mark.parametrize("model", ["cascade", "threshold"])
def test_runs_are_the_same_for_any_threads(model: Model) -> None:
    graph = random_tiny(5, nodes=9, arcs=12, model=model).graph()
    one = Simulator(graph, model=model, seed=4).run(np.array([1]), 501)
    two = Simulator(graph, model=model, seed=4, threads=2).run(np.array([1]), 501)
    assert (one.sizes == two.sizes).all()
    assert (one.generations == two.generations).all()


@pytest.mark.parametrize("model", ["cascade", "threshold"])
def test_planner_and_simulation_tell_the_same_reach(model: Model) -> None:
    rng = np.random.default_rng(5)
    source, target = (rng.pareto(1.5, (2, 6000)) * 4).astype(np.int64) % 800
    graph = from_arcs(800, source[source != target], target[source != target])
    choice = choose(graph, Rules(people=4), model=model, epsilon=0.02, seed=1)
    spread = Simulator(graph, model=model, seed=9).run(choice.people, 4000)
    error = math.hypot(spread.standard_error, 800 * 0.5 / math.sqrt(choice.sets))
    assert abs(spread.mean - choice.reach) <= FAR * error
    assert choice.reach_at_least <= spread.mean <= choice.best_at_most


def test_bad_starts_are_refused() -> None:
    graph = random_tiny(1).graph()
    with pytest.raises(InputError, match="seed 1: person 9"):
        Simulator(graph).run(np.array([0, 9]), 1)
    with pytest.raises(InputError, match="one number of at least 0 per person"):
        Simulator(graph).run_in_time(np.array([0]), 1, delay=np.ones(2), moments=np.ones(1))
    with pytest.raises(InputError, match="cascades without boosts"):
        Simulator(graph).run_in_time(seeded(np.array([0]), 1.0, 2.0), 1, delay=np.ones(7), moments=np.ones(1))
    with pytest.raises(InputError, match="leave them at 1"):
        Simulator(random_tiny(1, model="threshold").graph(), model="threshold").run(seeded(np.array([0]), 1.0, 2.0), 1)
