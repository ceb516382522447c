"""Whom to ask first: seeds with a certificate.

OPIM-C (Tang, Tang, Xiao & Yuan, SIGMOD 2018): choose greedily on one sample of reverse-reachable sets, measure the
choice on a second one, and stop as soon as (lower bound of its reach) / (upper bound of any choice's reach) proves the
approximation. The second sample also tries people by degree and by strength, and the best of the three is taken: on
some graphs simple rankings are nearly optimal, and greedy on a small sample is a little worse. Sizes grow on a fixed
grid; whether the certificate would hold at a later size is predicted and sizes
between are skipped, which the union bound over the whole grid allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Ints
from lianyi.insight.ripples.spread import bounds, rankings
from lianyi.insight.ripples.spread.coverage import count_members, cover, covered_by
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.reverse_reachable import Sets, joined
from lianyi.insight.ripples.spread.rows import Model
from lianyi.insight.ripples.spread.rules import Rules, Terms, terms_of
from lianyi.insight.ripples.spread.worlds import Worlds

SELECTION, VALIDATION, EVALUATION = 0, 1, 2  # purposes of samples; independent of each other
GREEDY = 1.0 - 1.0 / math.e
_GROWTH = math.sqrt(2.0)
_LONGEST_JUMP = 4.0
_FEWEST_SETS = 64
# A certificate may come so early that the choice still hangs on the luck of the sample (reach 2 % apart between seeds
# at epsilon .1 on 1 M people). So sampling goes on until doubt takes at most this part of the ratio (at epsilon .1; a
# smaller epsilon asks for slightly less doubt), as long as all sets together have few members.
_DOUBT_LEFT = 0.25
_CHEAP_MEMBERS = 20_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """Chosen seeds with what is certain about them. Reach is in people, or in worth when worth was given.

    items: chosen offers, or people when there are no offers, in the order in which they were chosen; people: whom.
    added: reach that each adds to those before it; alone: reach of each by itself (estimates from the choosing sample,
    so slightly too high). cost: money for all, 0 without a budget.
    reach: of all, estimated on the second sample. reach_at_least, best_at_most: with probability 1-delta the true reach
    is not below the one, and no choice within the rules reaches more than the other; certified = their ratio.
    promised: what theory promises before any data (None: nothing), less epsilon.
    sets: drawn in each of the two samples; rounds: how often greedy ran.
    """

    items: Ints
    people: Ints
    added: Doubles
    alone: Doubles
    cost: float
    reach: float
    reach_at_least: float
    best_at_most: float
    certified: float
    promised: float | None
    epsilon: float
    delta: float
    sets: int
    rounds: int


def choose(
    graphs: Graph | Sequence[Graph],
    rules: Rules,
    *,
    model: Model = "cascade",
    epsilon: float = 0.1,
    delta: float | None = None,
    worth: Doubles | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Choice:
    """Seeds within the rules; several graphs are equally likely draws of uncertain probabilities (reach is their mean).

    epsilon: how far the certificate may stay below 1-1/e. delta: chance that the certificate is wrong, 1/nodes if not
    given. Equal seed gives equal seeds for any number of threads. InputError names the rule that can't be kept.
    """
    drawn = [graphs] if isinstance(graphs, Graph) else list(graphs)
    worlds = Worlds(drawn, model=model, worth=worth, offers=rules.offers, seed=seed, threads=threads)
    return choose_in(worlds, terms_of(rules, worlds.nodes), epsilon=epsilon, delta=delta, worth=worth)


def choose_in(
    worlds: Worlds, terms: Terms, *, epsilon: float = 0.1, delta: float | None = None, worth: Doubles | None = None
) -> Choice:
    """As `choose`, where tables of the graph stand already (they cost more than a choice on a large graph)."""
    if not 0.0 < epsilon < GREEDY:
        raise InputError(f"epsilon = {epsilon}; it must be between 0 and {GREEDY:.3f}")
    delta = min(0.5, 1.0 / worlds.nodes) if delta is None else delta
    if not 0.0 < delta < 1.0:
        raise InputError(f"delta = {delta}; it must be between 0 and 1")
    search = _Search(worlds, terms, epsilon, delta, _least_reach(worlds, terms, worth))
    while not search.finished():
        search.grow()
    return search.choice()


def promised(terms: Terms) -> float | None:
    """The part of the best choice's reach that greedy reaches for sure, were reach known exactly.

    1-1/e for a number of people (Nemhauser, Wolsey & Fisher 1978); 1/2 with quotas, which form a matroid (Fisher,
    Nemhauser & Wolsey 1978; with lower quotas El Halabi et al. 2020); 1-1/√e for a budget by best ratio or best single
    (Khuller, Moss & Naor 1999); nothing is known for a budget mixed with quotas or several offers per person.
    """
    tied = bool(len(terms.most)) or terms.several
    if np.isinf(terms.budget):
        return 0.5 if tied else GREEDY
    return None if tied else 1.0 - 1.0 / math.sqrt(math.e)


def _least_reach(worlds: Worlds, terms: Terms, worth: Doubles | None) -> float:
    """A reach that the best choice has at least: of a number of people their own worth, else that of the best one."""
    several = np.isinf(terms.budget) and not terms.several and not len(terms.most)
    count = terms.limit if several else 1
    if worth is None:
        return count * terms.surest
    own = np.where(terms.allowed, worth[terms.person], 0.0)
    least = float(np.partition(own, -count)[-count:].sum()) * terms.surest
    return least or worlds.total / worlds.nodes  # whoever may be asked is worth nothing, but may reach others


class _Search:
    """The two samples while they grow."""

    def __init__(self, worlds: Worlds, terms: Terms, epsilon: float, delta: float, least: float) -> None:
        self._worlds, self._terms, self._epsilon, self._delta = worlds, terms, epsilon, delta
        usual, last = bounds.first_and_last_size(
            total=worlds.total, items=int(terms.allowed.sum()), seeds=terms.limit,
            least=least, epsilon=epsilon, delta=delta,
        )  # fmt: skip
        first = min(last, max(_FEWEST_SETS, usual // 16))
        steps = math.ceil(math.log(last / first) / math.log(_GROWTH)) + 1
        self._grid = [worlds.rounded(min(last, math.ceil(first * _GROWTH**step))) for step in range(steps)]
        graph = worlds.samplers[0].graph
        scores: tuple[NDArray[Any], ...] = (graph.out_degree, graph.out_strength)
        self._simple = [rankings.best_per_money(score, terms).astype(np.int32) for score in scores]
        # A third of delta for each bound, a third for the last size; the lower bound speaks of the best of all choices.
        self._doubt = math.log(3.0 * steps * (1 + len(self._simple)) / delta)
        self._promised = promised(terms)
        self._step = 0
        self._rounds = 0
        self._counts = np.zeros(worlds.items, np.int32)
        self._sets = Sets(start=np.zeros(1, np.int64), members=np.empty(0, np.int32))
        self._slack = _DOUBT_LEFT * (epsilon / 0.1) ** 0.22
        self._draw()  # a few sets, to see how large they are
        cheap = _CHEAP_MEMBERS * len(self._sets) / max(1, len(self._sets.members))
        self._step = sum(size < min(2 * usual, cheap) for size in self._grid[:-1])
        self.grow()

    def grow(self) -> None:
        """Draw up to the present size, choose, measure, and name the next size."""
        size = self._draw()
        self._cover = cover(self._sets, self._counts, self._terms)
        self._items = self._cover.items
        self._hits = self._worlds.hits(VALIDATION, 0, size, self._items)
        for simple in self._simple:
            hits = self._worlds.hits(VALIDATION, 0, size, simple)
            if hits > self._hits:
                self._hits, self._items = hits, simple
        self._rounds += 1
        self._low = bounds.at_least(self._hits, size, self._doubt)
        self._high = bounds.at_most(self._cover.most, size, self._doubt)
        self._last_step, self._step = self._step, self._next_step()

    def finished(self) -> bool:
        """Certified and steady, or at the last size, or (where theory promises less) all that sampling can settle."""
        if self._last_step == len(self._grid) - 1:
            return True
        certified, apparent = self._low / self._high, self._cover.met / max(self._cover.most, 1e-300)
        if self._promised != GREEDY and certified >= (1.0 - self._epsilon) * apparent:
            return True
        steady = certified >= (1.0 - self._slack) * apparent or len(self._sets.members) > _CHEAP_MEMBERS
        return steady and certified >= GREEDY - self._epsilon

    def choice(self) -> Choice:
        size, total, cover = len(self._sets), self._worlds.total, self._cover
        if self._items is not cover.items:
            cover = covered_by(self._items.astype(np.int64), self._sets, self._counts, cover.most)
        paid = 0.0 if np.isinf(self._terms.budget) else float(self._terms.cost[cover.items].sum())
        return Choice(
            items=cover.items,
            people=self._terms.person[cover.items],
            added=cover.gains * total / size,
            alone=cover.alone * total / size,
            cost=paid,
            reach=self._hits * total / size,
            reach_at_least=self._low * total,
            best_at_most=self._high * total,
            certified=self._low / self._high,
            promised=None if self._promised is None else self._promised - self._epsilon,
            epsilon=self._epsilon,
            delta=self._delta,
            sets=size,
            rounds=self._rounds,
        )

    def _draw(self) -> int:
        size = self._grid[self._step]
        if size > len(self._sets):
            more = self._worlds.sets(SELECTION, len(self._sets), size - len(self._sets))
            count_members(more.members, self._counts)
            self._sets = joined([self._sets, more]) if len(self._sets) else more
        return size

    def _next_step(self) -> int:
        """The size at which sampling should end, if with more sets the two samples come to agree as they usually do."""
        size = self._grid[self._step]
        wanted = max(GREEDY - self._epsilon, (1.0 - self._slack) * self._cover.met / max(self._cover.most, 1e-300))
        flattery = max(0, self._cover.met - self._hits)
        step = min(self._step + 1, len(self._grid) - 1)
        while step < len(self._grid) - 1 and self._grid[step + 1] <= _LONGEST_JUMP * size:
            scale = self._grid[step] / size
            settled = flattery * (1.0 - 1.0 / scale)
            low = bounds.at_least((self._hits + settled / 2) * scale, self._grid[step], self._doubt)
            high = bounds.at_most((self._cover.most - settled / 4) * scale, self._grid[step], self._doubt)
            if low / high >= wanted:
                break
            step += 1
        return step
