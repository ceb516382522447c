"""How many people an experiment needs, and what it could see: before the start.

Two-sided test of a difference of means at `confidence`, seen with probability `power`. Whole clusters assigned make the
variance larger by 1 + ((1 + cv²) · m - 1) · icc: m people a cluster on average, cv the coefficient of variation of
their sizes, icc the share of variance between clusters (Eldridge, Ashby & Kerry 2006, Int. J. Epidemiology 35). With
few clusters Student's t with clusters - 2 degrees of freedom takes the place of the normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Floats, Ints, quantile


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is planned. variance: of the outcome between people (for a share p: p · (1 - p)). control: share of people
    held out. explained: part of the variance that the time before explains (R² of CUPED). cluster, cv, icc: mean size
    of clusters (1 = people), how unequal they are, share of variance between them. looks: whether it will be looked at
    before the end, which costs the wider interval of always-valid looks."""

    variance: float
    control: float = 0.1
    confidence: float = 0.95
    power: float = 0.8
    explained: float = 0.0
    cluster: float = 1.0
    cv: float = 0.0
    icc: float = 0.0
    looks: bool = False

    def __post_init__(self) -> None:
        """InputError where a field can't be."""
        for name, low, high in (("control", 0, 1), ("confidence", 0, 1), ("power", 0, 1)):
            if not low < getattr(self, name) < high:
                raise InputError(f"{name}: {getattr(self, name)} is not between {low} and {high}")
        for name in ("explained", "icc"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}: {getattr(self, name)} is not from 0 to less than 1")
        if not self.variance > 0 or self.cluster < 1 or self.cv < 0:
            raise InputError("variance must be above 0, cluster 1 or more, cv 0 or more")

    @property
    def design_effect(self) -> float:
        """How many times larger the variance is than with as many people assigned one by one."""
        return 1 + ((1 + self.cv**2) * self.cluster - 1) * self.icc


def detectable(plan: Plan, people: int) -> float:
    """The smallest effect that so many people show with the plan's power, in the unit of the outcome; infinite where
    there are too few clusters."""
    if people * min(plan.control, 1 - plan.control) < 2:
        return math.inf
    clusters = people / plan.cluster
    df = math.inf if plan.cluster == 1 and plan.icc == 0 else clusters - 2
    if df < 1:
        return math.inf
    per = plan.variance * (1 - plan.explained) * plan.design_effect
    se = math.sqrt(per / (people * plan.control) + per / (people * (1 - plan.control)))
    return (_border(plan, df) + quantile(2 * plan.power - 1, df)) * se


def _border(plan: Plan, df: float) -> float:
    if not plan.looks:
        return quantile(plan.confidence, df)
    from lianyi.insight.effects.sequential import boundary, tightest_at

    one = np.array([1.0])
    wider = float(boundary(one, tightest_at(1.0, confidence=plan.confidence), confidence=plan.confidence)[0])
    return wider * quantile(plan.confidence, df) / quantile(plan.confidence)


def people_needed(plan: Plan, effect: float) -> int:
    """How many people show this effect with the plan's power: the smallest number that `detectable` allows.

    InputError where the effect is not above 0, or more than 10^12 people would be needed."""
    if not effect > 0:
        raise InputError(f"effect: {effect} is not above 0")
    low, high = 1, 2
    while detectable(plan, high) > effect:
        low, high = high, high * 2
        if high > 10**12:
            raise InputError(f"effect: {effect} is too small to be ever seen")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if detectable(plan, middle) <= effect else (middle, high)
    return high


def intraclass(y: Floats, cluster: Ints) -> float:
    """Share of the variance of y that lies between clusters (one-way analysis of variance, unequal sizes; Donner 1986),
    at least 0; NaN where no cluster has two people."""
    _ids, place = np.unique(cluster, return_inverse=True)
    n = np.bincount(place).astype(float)
    return intraclass_of(n, np.bincount(place, y).astype(np.float64), float(y @ y))


def intraclass_of(n: Floats, sums: Floats, squares: float) -> float:
    """The same of sizes and sums by cluster and the sum of all squares."""
    whole, clusters = float(n.sum()), len(n)
    if clusters < 2 or whole <= clusters:
        return math.nan
    within = (squares - float((sums**2 / n).sum())) / (whole - clusters)
    between = (float((sums**2 / n).sum()) - float(sums.sum()) ** 2 / whole) / (clusters - 1)
    size = (whole - float((n**2).sum()) / whole) / (clusters - 1)
    top = between - within
    below = between + (size - 1) * within
    return max(top / below, 0.0) if below > 0 else 0.0
