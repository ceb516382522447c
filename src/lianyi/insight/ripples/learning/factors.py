"""Rates as products of factors, learned with shrinkage: variational Bayes for gamma-Poisson products.

A cell is what happened to all trials of one kind: `credit` arrivals in `watched` full exposures. Its rate is the
product of one factor per family (sharer, receiver, strength …), each a priori Gamma(a, a), mean 1. With all but one
family given, the posterior of the others is Gamma(a + credit, a + sum of watched × other factors): the sweeps of
mean-field variational Bayes are exact and closed (Gopalan, Hofman, Blei, UAI 2015, for matrices). a, one per family, is
learned too (empirical Bayes on the negative binomial that is left when the factor is integrated out; DuMouchel, The
American Statistician 1999): a family without meaning gets a large a and stays at 1.

Given all a, means of factors are where Σ (a + credit) log m − a m over levels, less all expected arrivals, is largest.
This is concave in log m, so there is one answer whichever way one walks. Families of few levels and the base rate creep
against each other when swept in turn (hundreds of sweeps on a large past); but all cells with the same levels of these
can be taken together, and on these few sums Newton's method finds all of them at once. Families of many levels (people,
ties) are swept in turn, one pass over the cells each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.learning.cells import Cells
from lianyi.insight.ripples.learning.priors import TIGHTEST, likeliest_prior
from lianyi.insight.ripples.learning.sums import Few, pass_on

PATIENCE = 1e-3  # the largest step of a log factor, or of the log base rate, at which sweeps stop
FEWEST_SWEEPS = 4
# What stands in for a past that has not been: one arrival in 33 exposures, as in the simulated brand (docs/methods).
ARRIVALS_BEFORE, EXPOSURES_BEFORE = 1.0, 33.0
PRIOR_BEFORE = 3.0  # a of a family of which nothing was seen
FEW = 64  # levels of a family that can't show how different they are
SILENT = TIGHTEST / 2  # a family whose a is beyond says nothing; it is looked at again now and then
SILENT_EVERY = 4  # sweeps


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

        found = np.full(len(self.shape), polygamma(1, self.prior))
        came = self.shape != self.prior  # at most levels nothing came
        found[came] = polygamma(1, self.shape[came])
        return np.asarray(self.slope**2 * found, dtype=np.float64)


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
    return fit(Cells.of(levels, watched, sizes), credit, names=names, sizes=sizes, begin=begin, sweeps=sweeps)


def fit(
    cells: Cells, credit: Doubles, *, names: tuple[str, ...], sizes: tuple[int, ...], begin: Factors | None = None,
    sweeps: int = 200, patience: float = PATIENCE,
) -> Factors:  # fmt: skip
    """Factors from cells that were made ready. begin: factors of the same families, from which sweeps start."""
    if not len(cells):  # nothing has been seen: not worth compiling for
        return unlearned(names, sizes)
    state = _State.of(cells, credit, sizes, begin)
    for sweep in range(1, sweeps + 1):
        step = state.sweep(sweep)
        if sweep >= (1 if begin else FEWEST_SWEEPS) and step < patience:
            break
    families = []
    for place, (name, size, mine) in enumerate(zip(names, sizes, cells.seen, strict=True)):
        a = state.prior[place]
        every_shape, every_rate = np.full(size, a), np.full(size, a)  # of a level never seen it is the prior
        every_shape[mine] = a + state.counts[place]
        every_rate[mine] = every_shape[mine] / state.mean[place]
        families.append(Family(name=name, shape=every_shape, rate=every_rate, prior=float(a)))
    return Factors(base=float(state.base), families=tuple(families))


@dataclass(eq=False)
class _State:
    """Where sweeps stand. Per family: counts (arrivals), mean (factors), prior (a). product: of each cell, watched ×
    all factors."""

    cells: Cells
    few: Few
    sizes: Sequence[int]
    counts: list[Doubles]
    mean: list[Doubles]
    prior: list[float]
    base: float
    arrivals: float
    product: Doubles

    @classmethod
    def of(cls, cells: Cells, credit: Doubles, sizes: Sequence[int], begin: Factors | None) -> _State:
        """The start: all factors 1, or those of `begin`."""
        counts = [cells.per_level(place, credit) for place in range(len(sizes))]
        mean, prior = [np.ones(len(mine)) for mine in cells.seen], [PRIOR_BEFORE] * len(sizes)
        arrivals = float(credit.sum()) + ARRIVALS_BEFORE
        base = arrivals / (cells.watched.sum() + EXPOSURES_BEFORE)
        if begin:
            both = zip(begin.families, cells.seen, strict=True)
            mean = [family.shape[mine] / family.rate[mine] for family, mine in both]
            prior, base = [family.prior for family in begin.families], begin.base
        product = cells.watched.copy()
        for place in cells.many:
            product *= mean[place][cells.level(place)]
        few = Few.of(cells, counts, arrivals=arrivals, exposures=EXPOSURES_BEFORE)
        product *= few.times(mean)[cells.code]
        return cls(cells, few, sizes, counts, mean, prior, base, arrivals, product)

    def sweep(self, number: int) -> float:
        """Families of many levels in turn, then those of few together; the largest step of a logarithm."""
        largest, cells = 0.0, self.cells
        place_before, ratio = cells.code, np.ones(len(cells.codes))
        for place in cells.many:
            if self.prior[place] > SILENT and number % SILENT_EVERY:
                continue
            level = cells.level(place)
            total = pass_on(self.product, place_before, ratio, level, len(self.mean[place]))
            before = self.mean[place]
            expected = self.base * total / before
            self._look(place, expected)
            self.mean[place] = (self.prior[place] + self.counts[place]) / (self.prior[place] + expected)
            ratio, place_before = self.mean[place] / before, level
            largest = max(largest, _step(ratio))
        total = pass_on(self.product, place_before, ratio, cells.code, len(cells.codes))
        return max(largest, self._settle(total))

    def _settle(self, total: Doubles) -> float:
        """All families of few levels and the base rate at once. total: sums of products per code."""
        was, base = self.few.times(self.mean), self.base
        self.base, found, expected = self.few.settled(total / was, self.base, self.mean, self.prior)
        largest = abs(float(np.log(self.base / base)))
        for place, mean in found.items():
            largest = max(largest, _step(mean / self.mean[place]))
            self.mean[place] = mean
            self._look(place, expected[place])
        self.product *= (self.few.times(self.mean) / was)[self.cells.code]
        return largest

    def _look(self, place: int, expected: Doubles) -> None:
        """Set a family's a to the likeliest. Where nothing has come yet nothing is known of how different they are."""
        if self.counts[place].sum() > 0:
            few = self.sizes[place] <= FEW
            self.prior[place] = likeliest_prior(self.counts[place], expected, few, near=self.prior[place])


def _step(ratio: Doubles) -> float:
    """The largest change of a logarithm."""
    return float(np.abs(np.log(ratio)).max(initial=0.0))


def unlearned(names: tuple[str, ...], sizes: tuple[int, ...]) -> Factors:
    """What is to be expected before anything was seen."""
    families = (
        Family(name=name, shape=np.full(size, PRIOR_BEFORE), rate=np.full(size, PRIOR_BEFORE), prior=PRIOR_BEFORE)
        for name, size in zip(names, sizes, strict=True)
    )
    return Factors(base=ARRIVALS_BEFORE / EXPOSURES_BEFORE, families=tuple(families))
