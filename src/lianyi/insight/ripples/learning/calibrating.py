"""Learned on the earlier part of the past, mended on what came later: slopes, levels of today, and how far chances err.

Factors that were learned say too much or too little where a product of factors is not quite how people are, and levels
drift: as a log grows old, more ties are known and fewer people come by ties that nobody sees. Three steps:

1. slopes. What was learned before a moment is compared with the ripples that began after it: log rate = level +
   Σ slope · log factors of the group (evidence of the tie, sharer, receiver), a Poisson regression with slopes drawn
   to 1 (as Platt's scaling, 1999, for rates and in parts). That of sharers is sought beside the others but not
   used: who began a later ripple chose that, and whoever does although the past showed little of it shares more gladly
   than the past said. So later ripples make sharers look more alike than those are whom a plan asks.
2. levels. With these slopes, all exposures say how rates along known and along unseen ties drift; the level of today is
   the trend's, the recent past counting most.
3. misfit. Variance of log rates beyond that of the factors, the likeliest on the later ripples (negative binomial per
   tie). And how much whole ripples differ from what was to be expected of them, likewise (a negative binomial
   per ripple): what single ties err by evens out in a ripple, this does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.learning.moments import Moments
from lianyi.insight.ripples.learning.past import Arcs, Past
from lianyi.insight.ripples.learning.spreading import Exposures, Levels, Spread, learn
from lianyi.insight.ripples.learning.trials import share_out

GROUPS = {
    "tie": ("contact", "brought", "circle", "later", "tie"),
    "sharer": ("sharer", "own"),
    "receiver": ("presence", "care", "topic", "receiver", "interest"),
}
CHOSEN = "sharer"  # the group by which people choose themselves into ripples: see step 1
SLOPE_SPREAD = 0.3  # a priori: standard deviation of slopes around 1,
LEVEL_SPREAD = 1.0  # of levels around 0,
TREND_SPREAD = 0.35
FEWEST = 30  # later arrivals under which nothing is mended
MOST_MISFIT = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """Exposures and what came of them. log: (rows, groups) logarithms of the groups' factors; rest: log of the others
    and base; expected counts come by exp(rest + Σ log) · watched. unseen: along ties that nobody sees. at: hours."""

    arc: NDArray[np.integer]
    ripple: NDArray[np.integer]
    log: Doubles
    rest: Doubles
    watched: Doubles
    came: Doubles
    unseen: NDArray[np.bool_]
    at: Doubles
    variance: Doubles


def calibrated(
    past: Past, arcs: Arcs, *, moments: Moments, later: float, whole: Spread | None = None
) -> tuple[Spread, Spread | None]:
    """(what was learned on the whole past, with slopes, levels and misfit from ripples that began after `later` of
    arrivals; what was learned until then, None where nothing came). whole: learned on the past already."""
    whole = whole or learn(past, arcs, moments=moments)
    if not len(past.at):
        return whole, None
    cut = float(np.quantile(past.at, later))
    early = learn(past.until(cut), arcs, moments=moments.until(cut), begin=whole.factors)
    return replace(mended(whole, early, past, cut), exposures=None), early


def mended(whole: Spread, early: Spread, past: Past, cut: float) -> Spread:
    """`whole`, with slopes, levels and misfit from ripples that began after `cut`, until which `early` was learned."""
    later = exposures(early, past.only(past.began() > cut))
    after = outcome(early, later)
    if after.came.sum() < FEWEST:
        return whole
    slopes = _slopes(after)
    mending = ((group, slope) for group, slope in zip(GROUPS, slopes, strict=True) if group != CHOSEN)
    named = {family: slope for group, slope in mending for family in GROUPS[group]}
    sloped = whole.sloped(named)
    held = outcome(early.sloped(named), later)
    seen = whole.exposures or exposures(whole, past)
    levels = _levels(outcome(sloped, seen), now=past.now, span=max(past.now - cut, 1.0))
    return replace(sloped, level=replace(levels, misfit=_misfit(held), ripple=_ripple(held)))


def exposures(found: Spread, past: Past) -> Exposures:
    """The trials of some ripples, with what was known when `found` was learned."""
    return Exposures.of(past, found.ground, found.delay, tuple(len(one.shape) for one in found.factors.families))


def outcome(found: Spread, seen: Exposures) -> Outcome:
    """What came of exposures, against what was learned. Arrivals whose parent nobody saw are shared out by the chances
    themselves: they tell of sums, not of their order."""
    tried = seen.tried
    log = np.stack([seen.log(found.factors, families) for families in GROUPS.values()], axis=1)
    grouped = {name for families in GROUPS.values() for name in families}
    others = [family.name for family in found.factors.families if family.name not in grouped]
    rest = np.log(found.factors.base) + seen.log(found.factors, others)
    rate = np.exp(rest + log.sum(axis=1))
    came = share_out(tried.arrival, rate * tried.density, tried.credit, seen.entries)
    return Outcome(
        arc=tried.arc, ripple=tried.ripple, log=log, rest=rest, watched=tried.watched.astype(np.float64), came=came,
        unseen=tried.arc >= len(found.ground.arcs.source), at=seen.at,
        variance=seen.log_variance(found.factors),
    )  # fmt: skip


def _slopes(after: Outcome) -> Doubles:
    """The likeliest slope per group; levels of known and unseen ties are free."""
    kind = np.stack([~after.unseen, after.unseen], axis=1).astype(np.float64)
    x = np.concatenate([kind, after.log], axis=1)
    prior = np.concatenate([np.zeros(2), np.ones(len(GROUPS))])
    spread = np.concatenate([np.full(2, LEVEL_SPREAD), np.full(len(GROUPS), SLOPE_SPREAD)])
    return poisson(x, after.rest, after.watched, after.came, prior, spread)[0][2:]


def _levels(every: Outcome, *, now: float, span: float) -> Levels:
    """Levels of today: per kind of tie a level and a trend, exposures of one span ago counting half."""
    ago = (now - every.at) / span
    found = []
    for mine in (~every.unseen, every.unseen):
        x = np.stack([np.ones(mine.sum()), -ago[mine]], axis=1)
        weight = 0.5 ** ago[mine]
        offset = every.rest[mine] + every.log[mine].sum(axis=1)
        spread = np.array([LEVEL_SPREAD, TREND_SPREAD])
        value, variance = poisson(
            x, offset, every.watched[mine] * weight, every.came[mine] * weight, np.zeros(2), spread
        )  # fmt: skip
        found += [float(value[0]), float(variance[0, 0])]
    return Levels(known=found[0], known_variance=found[1], unseen=found[2], unseen_variance=found[3])


def poisson(
    x: Doubles, offset: Doubles, watched: Doubles, came: Doubles, prior: Doubles, spread: Doubles
) -> tuple[Doubles, NDArray[np.float64]]:
    """Poisson regression, came ~ watched · exp(offset + x·b), b ~ Normal(prior, spread²): (mode, covariance)."""
    value = prior.copy()
    precision = np.diag(1 / spread**2)
    covariance = np.linalg.inv(precision)
    for _ in range(50):
        expected = watched * np.exp(np.clip(offset + x @ value, -60.0, 20.0))
        slope = x.T @ (came - expected) - precision @ (value - prior)
        covariance = np.linalg.inv((x * expected[:, None]).T @ x + precision)
        step = np.clip(covariance @ slope, -1.0, 1.0)
        value = value + step
        if np.abs(step).max() < 1e-6:
            break
    return value, np.asarray(covariance, dtype=np.float64)


def _misfit(after: Outcome) -> float:
    """The likeliest variance of log rates beyond that of the factors, from arrivals per known tie."""
    known = ~after.unseen
    arc, place = np.unique(after.arc[known], return_inverse=True)
    expected = after.watched[known] * np.exp(after.rest[known] + after.log[known].sum(axis=1))
    expected *= after.came[known].sum() / max(expected.sum(), 1e-12)
    total = np.asarray(np.bincount(place, expected, len(arc)), dtype=np.float64)
    came = np.asarray(np.round(np.bincount(place, after.came[known], len(arc))), dtype=np.float64)
    variance = np.bincount(place, after.variance[known] * expected, len(arc)) / np.maximum(total, 1e-12)
    grid = np.linspace(0.0, MOST_MISFIT, 41)
    chances = [_negative_binomial(came, total, 1 / np.expm1(variance + extra + 1e-6)) for extra in grid]
    return float(grid[int(np.argmax(chances))])


def _ripple(after: Outcome) -> float:
    """The likeliest variance of the logarithm of what a ripple brings, against what its exposures let expect."""
    _, place = np.unique(after.ripple, return_inverse=True)
    expected = np.bincount(place, after.watched * np.exp(after.rest + after.log.sum(axis=1))).astype(np.float64)
    came = np.round(np.bincount(place, after.came)).astype(np.float64)
    expected *= came.sum() / max(expected.sum(), 1e-12)
    some = expected > 0
    grid = np.linspace(0.0, MOST_MISFIT, 81)
    came, expected = came[some], expected[some]
    chances = [_negative_binomial(came, expected, 1 / np.expm1(np.full(len(came), v + 1e-6))) for v in grid]
    return float(grid[int(np.argmax(chances))])


def _negative_binomial(came: Doubles, expected: Doubles, size: Doubles) -> float:
    from scipy.special import gammaln

    some = came > 0
    at_some = gammaln(size[some] + came[some]) - gammaln(size[some])
    at_some += came[some] * np.log(expected[some] / (size[some] + expected[some]))
    return float(at_some.sum() - (size * np.log1p(expected / size)).sum())
