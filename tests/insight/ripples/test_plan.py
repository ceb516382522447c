"""A plan's curves, rivals and draws, and choices under probabilities known only between bounds."""

from __future__ import annotations

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.ripples.spread import Graph, Rules, choose_robust, from_arcs, plan
from lianyi.insight.ripples.spread.rankings import best_by, by_degree, by_pagerank
from lianyi.insight.ripples.spread.rules import terms_of
from tests.insight.ripples.exact import Tiny, random_tiny, reach, subsets


def some_graph(nodes: int = 600, arcs: int = 4000, seed: int = 1) -> Graph:
    rng = np.random.default_rng(seed)
    source, target = (rng.pareto(1.3, (2, arcs)) * 3).astype(np.int64) % nodes
    return from_arcs(nodes, source[source != target], target[source != target])


def test_curves_grow_and_beat_the_rivals() -> None:
    found = plan(some_graph(), Rules(people=8), seed=1, sets=20_000)
    curves = [found.curve, *found.rivals.values()]
    assert set(found.rivals) == {"degree", "pagerank", "random"}
    for curve in curves:
        assert len(curve.items) == 8
        assert curve.reach[0] == 0.0
        assert (np.diff(curve.reach) >= 0).all()
        assert (curve.low <= curve.reach).all()
        assert (curve.reach <= curve.high).all()
        assert found.curve.reach[-1] >= curve.reach[-1] - (curve.high[-1] - curve.low[-1])
    assert found.curve.reach[-1] > 1.5 * found.rivals["random"].reach[-1]
    assert found.curve.reach[-1] == pytest.approx(found.choice.reach, rel=0.05)
    assert found.curve.reach[found.enough(0.9)] >= 0.9 * found.curve.reach[-1]
    assert found.curve.reach[found.enough(0.9) - 1] < 0.9 * found.curve.reach[-1]


def test_curve_is_the_exact_reach_of_each_beginning() -> None:
    tiny = random_tiny(4, nodes=8)
    worlds = tiny.reaches()
    found = plan(tiny.graph(), Rules(people=4), seed=2, sets=60_000)
    for curve in (found.curve, *found.rivals.values()):
        for count in range(len(curve.items) + 1):
            half = (curve.high[count] - curve.low[count]) / 2
            assert abs(curve.reach[count] - reach(worlds, curve.items[:count])) <= 2.5 * half


def test_rivals_keep_the_rules() -> None:
    graph = some_graph()
    rng = np.random.default_rng(2)
    cost, forbidden = rng.uniform(1, 5, 600), rng.random(600) < 0.3
    found = plan(graph, Rules(budget=20.0, cost=cost, forbidden=forbidden), seed=3, sets=5000)
    for curve in (found.curve, *found.rivals.values()):
        assert cost[curve.items].sum() <= 20.0
        assert not forbidden[curve.items].any()
        assert len(curve.items) >= 4


def test_each_draw_of_the_probabilities_is_told_apart() -> None:
    drawn = [random_tiny(seed, nodes=8) for seed in (1, 2)]
    found = plan([tiny.graph() for tiny in drawn], Rules(people=2), seed=1, sets=60_000)
    exact = [reach(tiny.reaches(), found.choice.people) for tiny in drawn]
    assert found.draws == pytest.approx(exact, rel=0.03)
    assert found.draws.mean() == pytest.approx(found.curve.reach[-1])


def test_rankings_are_degree_and_pagerank_of_turned_arcs() -> None:
    graph = some_graph(60, 300, 5)
    target = np.repeat(np.arange(60), graph.in_degree)
    turned = np.zeros((60, 60))
    np.add.at(turned, (graph.source, target), 1.0 / graph.in_degree[target])
    turned[:, graph.in_degree == 0] = 1.0 / 60
    exact = np.linalg.solve(np.eye(60) - 0.85 * turned, np.full(60, 0.15 / 60))
    assert by_pagerank(graph) == pytest.approx(exact, abs=2e-3 * exact.max())
    assert by_pagerank(graph).sum() == pytest.approx(1.0)
    assert (by_degree(graph) == np.bincount(graph.source, minlength=60)).all()
    top = best_by(by_degree(graph), terms_of(Rules(people=5), 60))
    assert sorted(by_degree(graph)[top]) == sorted(np.sort(by_degree(graph))[-5:])


@pytest.mark.parametrize("seed", range(4))
def test_robust_choice_holds_for_any_probabilities_between_the_bounds(seed: int) -> None:
    tiny = random_tiny(seed, nodes=7, arcs=9)
    low = [0.6 * p for _, _, p in tiny.arcs]
    high = [min(1.0, 1.3 * p) for _, _, p in tiny.arcs]
    between = [Tiny(7, tuple((s, t, p) for (s, t, _), p in zip(tiny.arcs, chances, strict=True)))
               for chances in (low, high)]  # fmt: skip
    found = choose_robust(between[0].graph(), between[1].graph(), Rules(people=2), delta=1e-3, seed=seed)
    rng = np.random.default_rng(seed)
    assert found.robust > 0.3
    for _ in range(5):
        mixed = [a + rng.random() * (b - a) for a, b in zip(low, high, strict=True)]
        worlds = Tiny(7, tuple((s, t, p) for (s, t, _), p in zip(tiny.arcs, mixed, strict=True))).reaches()
        optimum = max(reach(worlds, seeds) for seeds in subsets(range(7), 2))
        assert reach(worlds, found.choice.people) >= found.robust * optimum - 1e-6
    assert found.reach_if_low == pytest.approx(reach(between[0].reaches(), found.choice.people), rel=0.05)
    assert found.reach_if_high == pytest.approx(reach(between[1].reaches(), found.choice.people), rel=0.05)


def test_crossed_bounds_are_refused() -> None:
    tiny = random_tiny(1)
    raised = Tiny(tiny.nodes, tuple((s, t, min(1.0, p + 0.1)) for s, t, p in tiny.arcs))
    with pytest.raises(InputError, match="lower bound above its upper bound"):
        choose_robust(raised.graph(), tiny.graph(), Rules(people=1))
    with pytest.raises(InputError, match="same arcs"):
        choose_robust(random_tiny(2).graph(), tiny.graph(), Rules(people=1))
    with pytest.raises(InputError, match="a probability per arc"):
        choose_robust(some_graph(), some_graph(), Rules(people=1))


def test_a_plan_is_not_worse_than_simple_rankings_where_those_are_nearly_best() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        source, target = (rng.pareto(1.2, (2, 30_000)) * 5).astype(np.int64) % 3000
        graph = from_arcs(3000, source[source != target], target[source != target])
        found = plan(graph, Rules(people=10), seed=seed, sets=60_000)
        for name in ("degree", "pagerank"):
            rival = found.rivals[name]
            assert found.curve.reach[-1] >= rival.reach[-1] - (rival.high[-1] - rival.low[-1]) / 2
