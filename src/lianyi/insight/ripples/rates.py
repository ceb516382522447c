"""R and its interval: how many people one person brings, honest about who has had no time yet.

A person who came `age` ago has brought, on average, the share F(age) of all that they will bring; F is the distribution
of the time between a parent's and a child's arrival in this workspace. With C children of people whose F add up to the
exposure E, R = C / E. Children vary more than Poisson counts, by the dispersion φ (variance / mean, at least 1): the
interval is the exact one of a Poisson count (Garwood 1936) on the scale of C / φ.

R now (Cori et al., Am J Epidemiol 2013): the same with the arrivals of the last window and the increments of F in it.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import Doubles, Longs

LONGEST = 14 * 24.0  # hours; F is 1 beyond
BINS = np.concatenate([[0.0], np.geomspace(1 / 60, LONGEST, 60)])
LEVEL = 0.95
OWN_DISPERSION = 30  # people from which on a generation's own dispersion is believed


class Timing:
    """F: the distribution of generation intervals, a smoothed histogram over log-time. hours: intervals seen."""

    def __init__(self, hours: Doubles) -> None:
        # One interval per bin added: with none seen, F rises evenly over log-time.
        counts = np.histogram(np.clip(hours, 0, LONGEST), BINS)[0] + 1.0
        self.cumulative = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
        self.window = max(24.0, 2 * float(np.median(hours))) if len(hours) else 24.0

    def done(self, age: Doubles) -> Doubles:
        """F at each age in hours; 0 for negative ages."""
        return np.asarray(np.interp(age, BINS, self.cumulative, left=0.0, right=1.0))


def dispersion(people: Longs, brought: Longs, squares: Longs) -> Doubles:
    """φ per group: its own variance / mean where it has enough people, else that of all groups together; at least 1."""
    mean = brought / np.maximum(people, 1)
    spread = squares - people * mean**2
    pooled = spread.sum() / max(brought.sum(), 1)
    own = spread / np.maximum(people - 1, 1) / np.where(mean > 0, mean, 1)
    return np.asarray(np.maximum(np.where((people >= OWN_DISPERSION) & (brought > 0), own, pooled), 1.0))


def interval(count: Longs, exposure: Doubles, phi: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """(R, low, high); NaN where there was no exposure."""
    if not len(count):
        return exposure, exposure, exposure
    from scipy.special import gammaincinv

    tail = (1 - LEVEL) / 2
    scaled = count / phi
    low = np.where(count > 0, gammaincinv(np.where(count > 0, scaled, 1.0), tail), 0.0)
    high = gammaincinv(scaled + 1, 1 - tail)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, low, high = count / exposure, low * phi / exposure, high * phi / exposure
    none = exposure <= 0
    return tuple(np.where(none, np.nan, value) for value in (rate, low, high))  # type: ignore[return-value]
