"""Rates as products of factors, learned with shrinkage: variational Bayes for gamma-Poisson products.

A cell is what happened to all trials of one kind: `credit` arrivals in `watched` full exposures. Its rate is the
product of one factor per family (sharer, receiver, strength …), each a priori Gamma(a, a), mean 1. With all but one
family given, the posterior of the others is Gamma(a + credit, a + sum of watched × other factors): the sweeps of
mean-field variational Bayes are exact and closed (Gopalan, Hofman, Blei, UAI 2015, for matrices). a, one per family, is
learned too (empirical Bayes on the negative binomial that is left when the factor is integrated out; DuMouchel, The
American Statistician 1999): a family without meaning gets a large a and stays at 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, kernel

LOOSEST, TIGHTEST = 0.3, 1e4  # bounds of a
PATIENCE = 1e-3  # the largest step of a log factor, or of the log base rate, at which sweeps stop
# What stands in for a past that has not been: one arrival in 33 exposures, as in the simulated brand (docs/methods).
ARRIVALS_BEFORE, EXPOSURES_BEFORE = 1.0, 33.0
PRIOR_BEFORE = 3.0  # a of a family of which nothing was seen
PRIOR_EVERY = 4  # sweeps between two looks at the priors
# A family of few levels can't show how different they are; its a is drawn to what most families have.
FEW, USUAL, USUAL_SPREAD = 64, math.log(4.0), 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Family:
    """The learned factors of one family: per level the posterior Gamma(shape, rate), and the prior's a (`prior`).

    slope: the power to which factors are raised after they were held against later ripples; 1 = as learned.
    """

    name: str
    shape: Doubles
    rate: Doubles
    prior: float
    slope: float = 1.0

    @property
    def log_mean(self) -> Doubles:
        """Logarithm of the posterior mean factor per level; 0 for a level never seen."""
        return np.asarray(self.slope * np.log(self.shape / self.rate), dtype=np.float64)

    @property
    def mean(self) -> Doubles:
        """Posterior mean factor per level; 1 for a level never seen."""
        return np.asarray(np.exp(self.log_mean), dtype=np.float64)

    @property
    def log_variance(self) -> Doubles:
        """Posterior variance of the factor's logarithm per level."""
        from scipy.special import polygamma

        return np.asarray(self.slope**2 * polygamma(1, self.shape), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Factors:
    """base: the rate of a trial whose factors are all 1. families in the order of the cells' columns."""

    base: float
    families: tuple[Family, ...]

    def rate(self, levels: NDArray[np.int32]) -> Doubles:
        """Expected rate per row of levels (rows, families); a negative level counts as never seen."""
        rate = np.full(len(levels), self.base)
        for column, family in enumerate(self.families):
            level = levels[:, column]
            rate *= np.where(level >= 0, family.mean[np.maximum(level, 0)], 1.0)
        return rate

    def family(self, name: str) -> Family | None:
        """One family by its name."""
        return next((family for family in self.families if family.name == name), None)

    def log_variance(self, levels: NDArray[np.int32]) -> Doubles:
        """Variance of the rate's logarithm per row, factors taken as independent; unseen levels vary as the prior."""
        from scipy.special import polygamma

        total = np.zeros(len(levels))
        for column, family in enumerate(self.families):
            level = levels[:, column]
            unseen = family.slope**2 * float(polygamma(1, family.prior))
            total += np.where(level >= 0, family.log_variance[np.maximum(level, 0)], unseen)
        return total


def learn_factors(
    levels: NDArray[np.int32],
    watched: Doubles,
    credit: Doubles,
    *,
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    begin: Factors | None = None,
    sweeps: int = 200,
) -> Factors:
    """Factors from cells. levels: (cells, families) int32; sizes: levels per family; begin: warm start."""
    if not len(levels):  # nothing has been seen: not worth compiling for
        return unlearned(names, sizes)
    seen, inner = _seen(levels, sizes)
    offset = np.concatenate([[0], np.cumsum([len(mine) for mine in seen])]).astype(np.int64)
    prior = np.array([family.prior for family in begin.families] if begin else np.full(len(sizes), PRIOR_BEFORE))
    shape, rate = np.ones(offset[-1]), np.ones(offset[-1])
    if begin:
        shape = np.concatenate([family.shape[mine] for family, mine in zip(begin.families, seen, strict=True)])
        rate = np.concatenate([family.rate[mine] for family, mine in zip(begin.families, seen, strict=True)])
    counts = _credits(inner, credit, offset)
    arrivals = float(credit.sum()) + ARRIVALS_BEFORE
    base = arrivals / (watched.sum() + EXPOSURES_BEFORE)
    for sweep in range(1, sweeps + 1):
        before, base_before = shape / rate, base
        base = _sweep(inner, watched, counts, offset, prior, shape, rate, base, arrivals)
        if sweep % PRIOR_EVERY == 1:
            _learn_priors(prior, counts, shape, rate, offset, sizes)
        elif sweep > 2 * PRIOR_EVERY and _step(shape / rate, before, base, base_before) < PATIENCE:
            break
    families = []
    for name, size, mine, low, a in zip(names, sizes, seen, offset, prior, strict=False):
        every_shape, every_rate = np.full(size, a), np.full(size, a)  # of a level never seen it is the prior
        every_shape[mine], every_rate[mine] = shape[low : low + len(mine)], rate[low : low + len(mine)]
        families.append(Family(name=name, shape=every_shape, rate=every_rate, prior=float(a)))
    return Factors(base=float(base), families=tuple(families))


def _seen(levels: NDArray[np.int32], sizes: tuple[int, ...]) -> tuple[list[NDArray[np.int64]], NDArray[np.int32]]:
    """The levels of each family that occur, and the cells in numbers of these: most people are in no ripple."""
    seen, inner = [], np.empty_like(levels)
    for column, size in enumerate(sizes):
        occurs = np.zeros(size, np.bool_)
        occurs[levels[:, column]] = True
        inner[:, column] = (np.cumsum(occurs) - 1)[levels[:, column]]
        seen.append(np.flatnonzero(occurs))
    return seen, inner


def unlearned(names: tuple[str, ...], sizes: tuple[int, ...]) -> Factors:
    """What is to be expected before anything was seen."""
    families = (
        Family(name=name, shape=np.full(size, PRIOR_BEFORE), rate=np.full(size, PRIOR_BEFORE), prior=PRIOR_BEFORE)
        for name, size in zip(names, sizes, strict=True)
    )
    return Factors(base=ARRIVALS_BEFORE / EXPOSURES_BEFORE, families=tuple(families))


def _step(factors: Doubles, before: Doubles, base: float, base_before: float) -> float:
    """The largest change of a logarithm in one sweep: base and factors creep against each other when a is large."""
    return max(float(np.abs(np.log(factors / before)).max(initial=0.0)), abs(math.log(base / base_before)))


def _learn_priors(
    prior: Doubles, counts: Doubles, shape: Doubles, rate: Doubles, offset: NDArray[np.int64], sizes: tuple[int, ...]
) -> None:
    """Set each family's a to the likeliest one, and its posterior with it. What was never seen says nothing of it."""
    for family in range(len(prior)):
        part = slice(offset[family], offset[family + 1])
        if not counts[part].sum() > 0:
            continue  # nothing has come yet: nothing is known of how different they are
        expected = np.maximum(rate[part] - prior[family], 0.0)
        prior[family] = likeliest_prior(counts[part], expected, sizes[family] <= FEW)
        shape[part], rate[part] = prior[family] + counts[part], prior[family] + expected


@kernel
def _credits(levels: Ints, credit: Doubles, offset: NDArray[np.int64]) -> Doubles:
    """Arrivals per level of all families, laid one after the other."""
    total = np.zeros(offset[-1], np.float64)
    for cell in range(levels.shape[0]):
        for family in range(levels.shape[1]):
            total[offset[family] + levels[cell, family]] += credit[cell]
    return total


@kernel
def _sweep(
    levels: Ints, watched: Doubles, counts: Doubles, offset: NDArray[np.int64], prior: Doubles, shape: Doubles,
    rate: Doubles, base: float, credit: float,
) -> float:  # fmt: skip
    """Update all families one after the other, in place; returns the new base rate."""
    cells, families = levels.shape
    product = np.empty(cells, np.float64)
    for cell in range(cells):
        value = watched[cell]
        for family in range(families):
            place = offset[family] + levels[cell, family]
            value *= shape[place] / rate[place]
        product[cell] = value
    for family in range(families):
        expected = np.zeros(offset[family + 1] - offset[family], np.float64)
        for cell in range(cells):
            place = offset[family] + levels[cell, family]
            expected[levels[cell, family]] += product[cell] * rate[place] / shape[place]
        ratio = np.empty(len(expected), np.float64)
        for level in range(len(expected)):
            place = offset[family] + level
            before = shape[place] / rate[place]
            shape[place] = prior[family] + counts[place]
            rate[place] = prior[family] + base * expected[level]
            ratio[level] = shape[place] / rate[place] / before
        for cell in range(cells):
            product[cell] *= ratio[levels[cell, family]]
        base = credit / (product.sum() + EXPOSURES_BEFORE)
    return base


@kernel
def _likelihood(log_prior: float, counts: Doubles, expected: Doubles, few: bool) -> float:  # noqa: FBT001
    """Log chance of the counts when factors are Gamma(a, a): negative binomial, the others' factors given."""
    a = math.exp(log_prior)
    total, at_nothing = 0.0, math.lgamma(a)
    for level in range(len(counts)):
        if counts[level] > 0:
            total += math.lgamma(a + counts[level]) - at_nothing - counts[level] * math.log(a + expected[level])
        total -= a * math.log1p(expected[level] / a)
    if few:
        total -= 0.5 * ((log_prior - USUAL) / USUAL_SPREAD) ** 2
    return total


@kernel
def likeliest_prior(counts: Doubles, expected: Doubles, few: bool) -> float:  # noqa: FBT001
    """The a between LOOSEST and TIGHTEST under which the counts are likeliest (golden section on log a)."""
    low, high = math.log(LOOSEST), math.log(TIGHTEST)
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = _likelihood(left, counts, expected, few), _likelihood(right, counts, expected, few)
    for _ in range(20):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = _likelihood(left, counts, expected, few)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = _likelihood(right, counts, expected, few)
    return math.exp((low + high) / 2.0)
