"""A plan to show and to compare: the choice, its reach with an interval, how many seeds are enough, simple rivals.

All curves come from one fresh sample, so they are unbiased and differences between them are not blurred by luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.spread import bounds, rankings
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rows import Model
from lianyi.insight.ripples.spread.rules import Rules, terms_of
from lianyi.insight.ripples.spread.seeds import EVALUATION, Choice, choose_in
from lianyi.insight.ripples.spread.worlds import Worlds

_PORTION = 8192  # sets in memory at once


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Reach of the first 0, 1, 2 … items of an order. Each array has shape (items + 1,).

    low, high: 95 % interval of each value.
    """

    items: Longs
    reach: Doubles
    low: Doubles
    high: Doubles


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """choice: the seeds and their certificate. curve: their reach one by one. rivals: the same for what top-degree,
    top-pagerank and random orders would take under the same rules. draws: reach under each draw of the probabilities,
    when several graphs were given. sets: size of the sample behind the curves."""

    choice: Choice
    curve: Curve
    rivals: Mapping[str, Curve]
    draws: Doubles
    sets: int

    def enough(self, part: float = 0.9) -> int:
        """How many of the seeds bring `part` of the whole reach."""
        return int(np.searchsorted(self.curve.reach, part * self.curve.reach[-1]))


def plan(
    graphs: Graph | Sequence[Graph],
    rules: Rules,
    *,
    model: Model = "cascade",
    epsilon: float = 0.1,
    delta: float | None = None,
    worth: Doubles | None = None,
    seed: int = 0,
    threads: int = 1,
    sets: int = 32_768,
    choice: Choice | None = None,
) -> Plan:
    """Choose seeds as `seeds.choose` does, then measure them and the rivals on `sets` fresh sets.

    choice: seeds that were chosen otherwise within the same rules, only to be measured.
    """
    drawn = [graphs] if isinstance(graphs, Graph) else list(graphs)
    worlds = Worlds(drawn, model=model, worth=worth, offers=rules.offers, seed=seed, threads=threads)
    terms = terms_of(rules, worlds.nodes)
    choice = choice or choose_in(worlds, terms, epsilon=epsilon, delta=delta, worth=worth)
    scores = {
        "degree": rankings.by_degree(drawn[0]),
        "pagerank": rankings.by_pagerank(drawn[0]),
        "random": rankings.by_chance(worlds.nodes, seed),
    }
    orders = [choice.items.astype(np.int64), *(rankings.best_by(score, terms) for score in scores.values())]
    curves, draws = measured(worlds, orders, sets)
    return Plan(
        choice=choice,
        curve=curves[0],
        rivals=dict(zip(scores, curves[1:], strict=True)),
        draws=draws,
        sets=worlds.rounded(sets),
    )


def measured(worlds: Worlds, orders: Sequence[Longs], sets: int) -> tuple[list[Curve], Doubles]:
    """Curves of several orders of items on the same fresh sets, and the first order's reach in each graph."""
    count = worlds.rounded(sets)
    ranks = _ranks(orders, worlds.items)
    firsts = np.zeros((len(orders), max(map(len, orders)) + 1), np.int64)
    graphs = len(worlds.samplers)
    whole = np.zeros(graphs)
    for place in range(graphs):
        before = firsts[0, :-1].sum()
        for first in range(0, count // graphs, _PORTION):
            portion = worlds.sets_of(place, EVALUATION, first, min(_PORTION, count // graphs - first))
            _count_first(portion.start, portion.members, ranks, firsts)
        whole[place] = (firsts[0, :-1].sum() - before) * worlds.total / (count // graphs)
    return [_curve(order, firsts[row], count, worlds.total) for row, order in enumerate(orders)], whole


def _ranks(orders: Sequence[Longs], items: int) -> Ints:
    """ranks[item, row] = place of the item in an order, a large number when it is not in it."""
    ranks = np.full((items, len(orders)), np.iinfo(np.int32).max, np.int32)
    for row, order in enumerate(orders):
        ranks[order, row] = np.arange(len(order))
    return ranks


def _curve(order: Longs, firsts: Longs, count: int, total: float) -> Curve:
    hits = np.concatenate([[0], np.cumsum(firsts[: len(order)])])
    edges = np.array([bounds.interval(int(hit), count) for hit in hits])
    return Curve(items=order, reach=hits * total / count, low=edges[:, 0] * total, high=edges[:, 1] * total)


@kernel
def _count_first(start: Longs, members: Ints, ranks: Ints, firsts: Longs) -> None:
    """firsts[row, place] += sets whose best-placed member has this place; the last column counts sets without one."""
    rows = ranks.shape[1]
    last = firsts.shape[1] - 1
    best = np.empty(rows, np.int32)
    for number in range(len(start) - 1):
        best[:] = last
        for at in range(start[number], start[number + 1]):
            for row in range(rows):
                best[row] = min(best[row], ranks[members[at], row])
        for row in range(rows):
            firsts[row, best[row]] += 1
