"""Seeds that hold up when probabilities are only known to lie between two bounds.

Lower-and-upper greedy (Chen, Lin, Tan, Zhao & Zhou, KDD 2016): choose once as if all chances were at their lower
bounds and once as if at their upper ones; keep the choice that reaches more at the lower bounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.spread import bounds
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rules import Rules, terms_of
from lianyi.insight.ripples.spread.seeds import EVALUATION, Choice, choose_in
from lianyi.insight.ripples.spread.worlds import Worlds


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustChoice:
    """choice: the seeds (its certificate speaks of the bound for which it was made). reach_if_low, reach_if_high: their
    reach at the two bounds. robust: whatever the true probabilities between the bounds, the seeds reach at least this
    part of the best choice for those (each of the two bounds behind it fails with probability at most delta)."""

    choice: Choice
    reach_if_low: float
    reach_if_high: float
    robust: float


def choose_robust(
    lower: Graph,
    upper: Graph,
    rules: Rules,
    *,
    epsilon: float = 0.1,
    delta: float | None = None,
    worth: Doubles | None = None,
    seed: int = 0,
    threads: int = 1,
    sets: int = 32_768,
) -> RobustChoice:
    """Seeds for cascades whose probabilities lie between those of two graphs with the same arcs.

    InputError: the graphs differ in people or arcs, or a lower bound is above its upper one.
    """
    _refuse_crossed(lower, upper)
    terms = terms_of(rules, lower.nodes)
    pair = [
        Worlds([graph], worth=worth, offers=rules.offers, seed=seed + place, threads=threads)
        for place, graph in enumerate((lower, upper))
    ]
    choices = [choose_in(worlds, terms, epsilon=epsilon, delta=delta, worth=worth) for worlds in pair]
    doubt = math.log(4.0 / choices[0].delta)
    low, high = (_measured(worlds, choices, sets) for worlds in pair)
    best = int(np.argmax(low))
    reach_at_least = bounds.at_least(low[best], pair[0].rounded(sets), doubt) * pair[0].total
    return RobustChoice(
        choice=choices[best],
        reach_if_low=low[best] * pair[0].total / pair[0].rounded(sets),
        reach_if_high=high[best] * pair[1].total / pair[1].rounded(sets),
        robust=reach_at_least / choices[1].best_at_most,
    )


def _measured(worlds: Worlds, choices: Sequence[Choice], sets: int) -> list[int]:
    """How many of the same fresh sets each choice meets."""
    return [worlds.hits(EVALUATION, 0, worlds.rounded(sets), choice.items) for choice in choices]


def _refuse_crossed(lower: Graph, upper: Graph) -> None:
    if lower.probability is None or upper.probability is None:
        raise InputError("bounds of probabilities are needed: give both graphs a probability per arc")
    if lower.nodes != upper.nodes or lower.arcs != upper.arcs or (lower.source != upper.source).any():
        raise InputError("the two graphs must have the same people and the same arcs in the same order")
    crossed = (lower.probability > upper.probability).nonzero()[0]
    if crossed.size:
        raise InputError(f"arc {crossed[0]} has a lower bound above its upper bound")
