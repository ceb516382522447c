"""Spread probabilities from past ripples: survival likelihood with partial credit, factors with shrinkage.

Somebody who has the thing makes each person he is tied to come at the rate r · f(t), f the density of the delay; the
chance that the other comes through him at all is 1 − exp(−r) (Gomez-Rodriguez, Balduzzi, Schölkopf, ICML 2011, with a
rate that runs out). An arrival whose parent nobody saw is shared out among all who may have brought it, as their rates
say (EM; Saito, Nakano, Kimura, KES 2008; a smoother credit distribution than Goyal, Bonchi, Lakshmanan, VLDB 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints
from lianyi.insight.ripples.learning.delays import Delay, learn_delay
from lianyi.insight.ripples.learning.factors import Factors, learn_factors
from lianyi.insight.ripples.learning.past import Arcs, Past
from lianyi.insight.ripples.learning.trials import Trials, share_out, trials

BESIDE_TRAITS = ("topic", "incentive", "sharer", "receiver", "interest", "tie")
NORMAL_90 = 1.6449


@dataclass(frozen=True, kw_only=True, eq=False)
class Care:
    """What is known of interests beside ripples: level[person, topic] int32, numbers from 0 (0 = nothing known)."""

    level: NDArray[np.int32]

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return int(self.level.max(initial=0)) + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """What was learned. `trials`: how many exposures; `credit`: arrivals per arc; `tried`: exposures per arc."""

    factors: Factors
    delay: Delay
    topics: int
    tried: Doubles
    credit: Doubles
    trials: int
    traits: tuple[str, ...]
    care: Care

    def probability(self, arcs: Arcs, arc: Ints, topic: Ints, incentive: Ints) -> Doubles:
        """The chance that the target of each arc comes through its source, for the ripple's topic and incentive.

        A negative topic or incentive stands for the middle of what was seen.
        """
        return np.asarray(1.0 - np.exp(-self.factors.rate(self._levels(arcs, arc, topic, incentive))))

    def interval(self, arcs: Arcs, arc: Ints, topic: Ints, incentive: Ints) -> tuple[Doubles, Doubles]:
        """The range that holds the probability with 90 %."""
        levels = self._levels(arcs, arc, topic, incentive)
        rate = self.factors.rate(levels)
        reach = np.exp(NORMAL_90 * np.sqrt(self.factors.log_variance(levels)))
        return 1.0 - np.exp(-rate / reach), 1.0 - np.exp(-rate * reach)

    def _levels(self, arcs: Arcs, arc: Ints, topic: Ints, incentive: Ints) -> NDArray[np.int32]:
        return levels_of(arcs, self.care, self.topics, arc, topic, incentive)


def levels_of(arcs: Arcs, care: Care, topics: int, arc: Ints, topic: Ints, incentive: Ints) -> NDArray[np.int32]:
    """The level of each family per row: traits of the arc, then care, then BESIDE_TRAITS."""
    target = arcs.target[arc]
    known = topic >= 0
    own = np.where(known, target.astype(np.int64) * topics + np.maximum(topic, 0), -1)
    caring = np.where(known, care.level[target, np.maximum(topic, 0)], -1)
    columns = [*arcs.traits[arc].T, caring, topic, incentive, arcs.source[arc], target, own, arc]
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int32)


def learn(
    past: Past,
    arcs: Arcs,
    *,
    care: Care | None = None,
    traits: tuple[str, ...],
    prior_delay: Delay | None = None,
    rounds: int = 4,
) -> Spread:
    """Learn from all exposures of all ripples. traits: a name per column of arcs.traits."""
    known = past.parent >= 0
    delay = learn_delay(past.at[known] - past.at[past.parent[known]], prior_delay)
    topics = int(past.topic.max(initial=0)) + 1
    caring = care or Care(level=np.zeros((arcs.people, topics), dtype=np.int32))
    tried = trials(past, arcs, delay)
    cells = _Cells.of(tried, past, arcs, caring, topics)
    names = (*traits, "care", *BESIDE_TRAITS)
    sizes = _sizes(arcs, caring, past, topics)
    credit = _even_credit(tried, len(past.person))
    factors = None
    for _ in range(rounds if (tried.arrival >= 0).any() else 1):
        factors = learn_factors(
            cells.levels, cells.sum(tried.watched), cells.sum(credit), names=names, sizes=sizes, begin=factors
        )
        chance = factors.rate(cells.levels)[cells.cell] * tried.density
        credit = share_out(tried.arrival, chance, tried.credit, len(past.person))
    assert factors is not None  # noqa: S101  there is at least one round
    return Spread(
        factors=factors, delay=delay, topics=topics, traits=traits, care=caring, trials=len(tried),
        tried=summed(tried.arc, tried.watched, len(arcs.source)),
        credit=summed(tried.arc, credit, len(arcs.source)),
    )  # fmt: skip


def _even_credit(tried: Trials, entries: int) -> Doubles:
    """Before anything is known, open arrivals are shared out by their delays alone."""
    return share_out(tried.arrival, tried.density.astype(np.float64), tried.credit, entries)


def _sizes(arcs: Arcs, care: Care, past: Past, topics: int) -> tuple[int, ...]:
    incentives = int(past.incentive.max(initial=0)) + 1
    people = arcs.people
    seen = tuple(int(size) + 1 for size in arcs.traits.max(axis=0, initial=0))
    return (*seen, care.levels, topics, incentives, people, people, people * topics, len(arcs.source))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Trials of the same arc, topic and incentive taken together. cell: of each trial; levels: per cell."""

    cell: NDArray[np.int64]
    levels: NDArray[np.int32]

    @classmethod
    def of(cls, tried: Trials, past: Past, arcs: Arcs, care: Care, topics: int) -> _Cells:
        incentives = int(past.incentive.max(initial=0)) + 1
        kind = past.topic[tried.ripple].astype(np.int64) * incentives + past.incentive[tried.ripple]
        code = tried.arc.astype(np.int64) * (topics * incentives) + kind
        distinct, cell = np.unique(code, return_inverse=True)
        arc, kind = distinct // (topics * incentives), distinct % (topics * incentives)
        topic, incentive = kind // incentives, kind % incentives
        levels = levels_of(arcs, care, topics, arc.astype(np.int32), topic.astype(np.int32), incentive.astype(np.int32))
        return cls(cell.reshape(-1), levels)

    def sum(self, values: NDArray[Any]) -> Doubles:
        """Per cell."""
        return summed(self.cell, values, len(self.levels))


def summed(group: NDArray[Any], values: NDArray[Any], groups: int) -> Doubles:
    """Sum of the values per group."""
    return np.bincount(group, values, groups).astype(np.float64)
