"""After how many touches one more stops adding anything (or enough): a confidence set by testing.

For each number k the claim "each of the first k adds more than the threshold, none after them does" is tested by the
sum of squared violations of its signs in standard errors. Where all effects stand at the threshold, which is the worst
case, that sum is a mixture of chi squares with binomial weights (Kudô 1963, Biometrika 50; Silvapulle & Sen 2005,
section 3.3: independent estimates). Numbers that are not rejected are the set: it holds the true one in 95 of 100 cases
if there is one, that is if a touch that no longer adds enough is not followed by one that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, isfinite

import numpy as np

from lianyi.insight.effects.estimates import CONFIDENCE

SEVEN = 7
YES, NO, MAYBE, UNKNOWN = "yes", "no", "maybe", "unknown"


@dataclass(frozen=True, kw_only=True)
class Stop:
    """best: the number of touches that fits best. low, high: ends of the confidence set; high None: no end is seen
    within the numbers that are known. known: effects of the first so many touches were known. seven: yes (the only
    number left), no (excluded), maybe, unknown (nothing is excluded, or nothing is known)."""

    best: int | None
    low: int | None
    high: int | None
    known: int
    seven: str


def stop(effects: Sequence[float], errors: Sequence[float], *, threshold: float = 0.0,
         confidence: float = CONFIDENCE) -> Stop:  # fmt: skip
    """effects, errors: of the first, second … touch; NaN where not known: what comes after the first such is not
    used."""
    known = next((place for place, (value, error) in enumerate(zip(effects, errors, strict=True))
                  if not (isfinite(value) and isfinite(error) and error > 0)), len(effects))  # fmt: skip
    if not known:
        return Stop(best=None, low=None, high=None, known=0, seven=UNKNOWN)
    z = (np.array(effects[:known]) - threshold) / np.array(errors[:known])
    below, above = np.minimum(z, 0) ** 2, np.maximum(z, 0) ** 2
    violated = np.concatenate([[0.0], np.cumsum(below)]) + np.concatenate([np.cumsum(above[::-1])[::-1], [0.0]])
    kept = [int(one) for one in np.flatnonzero(violated <= critical(known, confidence))]
    best = int(np.argmin(violated))
    if not kept:  # no number fits: the effects go up and down
        return Stop(best=best, low=None, high=None, known=known, seven=UNKNOWN)
    low, high = kept[0], kept[-1]
    return Stop(best=best, low=low, high=None if high == known else high, known=known, seven=_seven(kept, known))


def _seven(kept: Sequence[int], known: int) -> str:
    numbers = set(kept)
    open_end = known in numbers and known <= SEVEN  # it stops there or anywhere after
    if len(numbers) == known + 1:
        return UNKNOWN
    if SEVEN not in numbers and not open_end:
        return NO
    return YES if numbers == {SEVEN} and known > SEVEN else MAYBE


def critical(count: int, confidence: float = CONFIDENCE) -> float:
    """What the sum of squared violations of `count` signs exceeds with probability 1 - confidence at the worst."""
    from scipy.special import gammaincc

    weights = np.array([comb(count, m) for m in range(1, count + 1)]) / 2.0**count
    halves = np.arange(1, count + 1) / 2
    low, high = 0.0, 100.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        beyond = float(weights @ gammaincc(halves, middle / 2))
        low, high = (middle, high) if beyond > 1 - confidence else (low, middle)
    return high
