"""Whether an experiment can be believed: shares as they were meant to be, and several things looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Floats

# Below this p the arms are not of the sizes that the coin makes (Fabijan et al. 2019, KDD): something loses people.
MISMATCH = 0.001


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """The check of sizes. p: how likely sizes at least so odd are with these shares; found: p below MISMATCH."""

    counted: tuple[int, ...]
    expected: tuple[float, ...]
    p: float

    @property
    def found(self) -> bool:
        """Whether the arms are not what was meant, so that no estimate should be believed."""
        return self.p < MISMATCH


def sample_ratio(counted: Sequence[int], shares: Sequence[float]) -> Mismatch:
    """Sample-ratio mismatch of arms against the shares they were to get: exact for two arms up to 100,000 people,
    else chi-squared. Give units that were assigned: people, or clusters where whole clusters were."""
    from scipy.stats import binomtest, chisquare

    if len(counted) != len(shares) or len(counted) < 2 or min(shares) <= 0:
        raise InputError(f"{len(counted)} arms and {len(shares)} shares; two or more of each, shares above 0")
    whole = sum(counted)
    parts = [share / sum(shares) for share in shares]
    expected = tuple(whole * part for part in parts)
    if not whole:
        return Mismatch(counted=tuple(counted), expected=expected, p=1.0)
    if len(counted) == 2 and whole <= 100_000:
        p = float(binomtest(counted[0], whole, parts[0]).pvalue)
    else:
        p = float(chisquare(counted, expected).pvalue)
    return Mismatch(counted=tuple(counted), expected=expected, p=p)


def holm(ps: Sequence[float] | Floats) -> Floats:
    """p of each, corrected so that any false one among all is held (Holm 1979); NaN stays and does not count."""
    return _corrected(ps, lambda ordered, left: np.maximum.accumulate(ordered * left[::-1]))


def benjamini_hochberg(ps: Sequence[float] | Floats) -> Floats:
    """p of each, corrected so that the share of false ones among those found is held (Benjamini & Hochberg 1995)."""
    return _corrected(ps, lambda ordered, left: np.minimum.accumulate((ordered * len(left) / left)[::-1])[::-1])


def _corrected(ps: Sequence[float] | Floats, rule: object) -> Floats:
    given = np.asarray(ps, dtype=float)
    known = np.flatnonzero(~np.isnan(given))
    found = np.full(len(given), np.nan)
    order = known[np.argsort(given[known], kind="stable")]
    if len(order):
        found[order] = np.minimum(rule(given[order], np.arange(1, len(order) + 1)), 1.0)  # type: ignore[operator]
    return found
