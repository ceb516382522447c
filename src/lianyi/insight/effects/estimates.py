"""What an estimator says: the estimate, how sure it is, of how many, and by which method."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One effect. estimate, se, low, high: in the unit of the outcome, NaN where it can't be known; low and high bound
    the interval of `confidence`. n_treated, n_control: people (units of analysis) behind it. df: degrees of freedom of
    the interval, infinite for the normal. method: the word for how it was made. flags: words on what to beware of."""

    estimate: float
    se: float
    low: float
    high: float
    n_treated: int
    n_control: int
    method: str
    df: float = math.inf
    confidence: float = CONFIDENCE
    flags: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is an estimate with an interval."""
        return math.isfinite(self.estimate) and math.isfinite(self.se)

    @property
    def p(self) -> float:
        """Two-sided p against no effect; NaN where nothing is known, 1 where all outcomes are equal."""
        if not self.known:
            return math.nan
        if self.se == 0:
            return 1.0 if self.estimate == 0 else 0.0
        t = -abs(self.estimate / self.se)
        return float(2 * (scipy.special.ndtr(t) if math.isinf(self.df) else scipy.special.stdtr(self.df, t)))


def quantile(confidence: float, df: float = math.inf) -> float:
    """How many standard errors an interval of this confidence goes to each side (Student's t)."""
    if math.isinf(df):
        from scipy.special import ndtri

        return float(ndtri(0.5 + confidence / 2))
    return float(scipy.special.stdtrit(df, 0.5 + confidence / 2))


def estimated(
    value: float, se: float, *, treated: int, control: int, method: str, df: float = math.inf,
    confidence: float = CONFIDENCE, flags: tuple[str, ...] = (),
) -> Estimate:  # fmt: skip
    """An estimate with its symmetric interval; unknown where the value or its error is."""
    if not (math.isfinite(value) and math.isfinite(se)) or df <= 0:
        return unknown(treated=treated, control=control, method=method, confidence=confidence, flags=flags)
    half = quantile(confidence, df) * se
    return Estimate(
        estimate=value, se=se, low=value - half, high=value + half, n_treated=treated, n_control=control,
        method=method, df=df, confidence=confidence, flags=flags,
    )  # fmt: skip


def unknown(
    *, treated: int, control: int, method: str, confidence: float = CONFIDENCE, flags: tuple[str, ...] = ()
) -> Estimate:
    """What is said where nothing can be: fewer than two units on a side, no clusters."""
    nan = math.nan
    return Estimate(
        estimate=nan, se=nan, low=nan, high=nan, n_treated=treated, n_control=control, method=method,
        confidence=confidence, flags=(*flags, "too_few"),
    )  # fmt: skip
