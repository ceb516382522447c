"""Looks at any time: intervals that hold at all looks together, so that peeking every day finds nothing that is not.

The boundary is that of the normal mixture (Robbins 1970; the mSPRT of Johari et al. 2022, Operations Research 70; as
asymptotic confidence sequence Waudby-Smith et al. 2024, Annals of Statistics 52): a sum of mean 0 whose variance has
grown to V stays within sqrt((V + ρ)(log(1 + V/ρ) + 2 log(1/α))) at all times at once with probability 1 - α.

Two clocks. Where people come one after the other and each counts once, done (journeys), the sum is estimate ÷ se² and
its variance 1 ÷ se². Where the same people gather outcomes day after day (campaigns), the sum is the difference of the
cumulated means itself and its variance se²: what a person did before goes on to count, so that later looks say less
that is new than steps of a random walk would, and the boundary is on the safe side (Slepian's inequality).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import CONFIDENCE, Floats


@dataclass(frozen=True, kw_only=True)
class Looks:
    """One row = one look, arrays of one length. low, high: bounds that hold at all looks together. best_low, best_high:
    the tightest so far (may be used where the effect does not change over time: clock `people`)."""

    estimate: Floats
    low: Floats
    high: Floats
    best_low: Floats
    best_high: Floats

    @property
    def first(self) -> int | None:
        """The first look at which 0 was outside, None where it never was."""
        out = np.flatnonzero((self.low > 0) | (self.high < 0))
        return int(out[0]) if len(out) else None


def tightest_at(variance: float, *, confidence: float = CONFIDENCE) -> float:
    """ρ by which the boundary is tightest where the variance of the sum is this (Howard et al. 2021, section 3.5)."""
    from scipy.special import lambertw

    alpha = 1 - confidence
    return variance / float(-lambertw(-(alpha**2) / math.e, k=-1).real - 1)


def boundary(variance: Floats, rho: float, *, confidence: float = CONFIDENCE) -> Floats:
    """How far a sum of mean 0 with this variance may be from 0."""
    alpha = 1 - confidence
    return np.asarray(np.sqrt((variance + rho) * (np.log1p(variance / rho) + 2 * math.log(1 / alpha))))


def looks(
    estimates: Sequence[float] | Floats, errors: Sequence[float] | Floats, *, clock: str, planned: float,
    confidence: float = CONFIDENCE,
) -> Looks:  # fmt: skip
    """Always-valid intervals for estimates with their standard errors at each look, in order of time.

    clock: `people` or `days`, see above. planned: standard error expected at the planned end, fixed before the start
    (where the interval is to be tightest). Looks without a known error are unbounded."""
    value, se = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    if clock not in {"people", "days"}:
        raise InputError(f"clock: {clock!r} is neither people nor days")
    if not (math.isfinite(planned) and planned > 0):
        raise InputError(f"planned: {planned} is no standard error; give one above 0")
    there = np.isfinite(value) & np.isfinite(se) & (se > 0)
    variance = np.where(there, se, 1.0) ** 2
    if clock == "days":
        half = boundary(variance, tightest_at(planned**2, confidence=confidence), confidence=confidence)
    else:
        rho = tightest_at(planned**-2, confidence=confidence)
        half = boundary(1 / variance, rho, confidence=confidence) * variance
    half = np.where(there, half, np.inf)
    centre = np.where(there, value, 0.0)
    low, high = centre - half, centre + half
    return Looks(
        estimate=value, low=low, high=high, best_low=np.maximum.accumulate(low), best_high=np.minimum.accumulate(high)
    )
