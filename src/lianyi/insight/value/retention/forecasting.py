"""Stock in the weeks to come: inflow and the rate of evaporation go on by the law that held best, ranges by its errors.

Laws: last week, the mean of 4 or 13 weeks, and a level with a damped trend (Gardner, McKenzie, "Forecasting trends in
time series", Management Science 1985). Each is tried from every week of the past year as if that were now; the one with
the smallest error of stock four weeks on is kept. Ranges are the 5 % and 95 % of these same errors (split conformal,
with the finite-sample step of Vovk et al.), so they need no form of distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

AHEAD = 8  # weeks
LEAST = 16  # complete weeks of a part that is forecast
ORIGINS = 52  # weeks from which the laws are tried, at most
JUDGED = 3  # errors of so many weeks ahead choose (counted from 0)
LEVELS = (0.05, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Complete weeks of one part, oldest first."""

    inflow: Doubles
    evaporation: Doubles
    stock: Doubles

    def until(self, weeks: int) -> Series:
        """As it was known after so many weeks."""
        return Series(
            inflow=self.inflow[:weeks], evaporation=self.evaporation[:weeks], stock=self.stock[:weeks]
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """The weeks ahead: middle, low, high of inflow, evaporation and stock: (3, AHEAD) each, in this order."""

    law: str
    origins: int
    middle: Doubles
    low: Doubles
    high: Doubles


def _mean(weeks: int) -> Callable[[Doubles], Doubles]:
    return lambda values: np.full(AHEAD, values[-weeks:].mean())


def _damped(values: Doubles) -> Doubles:
    level, trend, damping, smooth, slope = values[0], 0.0, 0.85, 0.4, 0.1
    for value in values[1:]:
        before = level
        level = smooth * value + (1 - smooth) * (level + damping * trend)
        trend = slope * (level - before) + (1 - slope) * damping * trend
    return np.asarray(level + trend * np.cumsum(damping ** np.arange(1, AHEAD + 1)))


LAWS: dict[str, Callable[[Doubles], Doubles]] = {
    "last week": _mean(1), "mean of 4 weeks": _mean(4), "mean of 13 weeks": _mean(13), "damped trend": _damped,
}  # fmt: skip


def ahead(series: Series, law: str) -> Doubles:
    """(3, AHEAD): inflow, evaporation and stock by one law. Inflow goes on in logarithms, evaporation as the share of
    those who could go."""
    rule = LAWS[law]
    inflow = np.maximum(np.expm1(rule(np.log1p(series.inflow))), 0)
    before = np.concatenate([[0.0], series.stock[:-1]]) + series.inflow
    share = np.clip(rule(np.where(before > 0, series.evaporation / np.maximum(before, 1), 0)), 0, 1)
    made = np.zeros((3, AHEAD))
    stock = series.stock[-1]
    for week in range(AHEAD):
        made[0, week] = inflow[week]
        made[1, week] = share[week] * (stock + inflow[week])
        stock = stock + made[0, week] - made[1, week]
        made[2, week] = stock
    return made


def errors(series: Series, law: str) -> Doubles:
    """(origins, 3, AHEAD): log of what came over what was foretold, NaN where it has not come yet."""
    weeks = len(series.stock)
    actual = np.stack([series.inflow, series.evaporation, series.stock])
    first = max(LEAST // 2, weeks - ORIGINS)
    found = np.full((max(weeks - first, 0), 3, AHEAD), np.nan)
    for place, origin in enumerate(range(first, weeks)):
        told = ahead(series.until(origin), law)
        known = min(AHEAD, weeks - origin)
        found[place, :, :known] = np.log1p(actual[:, origin : origin + known]) - np.log1p(told[:, :known])
    return found


def paths(parts: Sequence[Series]) -> list[Path]:
    """Forecasts of parts that are alike: one law for all of them, ranges from their own errors."""
    tried = {law: [errors(series, law) for series in parts] for law in LAWS}

    def miss(law: str) -> float:
        off = np.concatenate([found[:, 2, JUDGED] for found in tried[law]])
        return float(np.nanmean(np.abs(off))) if (~np.isnan(off)).any() else np.inf

    best = min(LAWS, key=miss)
    pooled = np.concatenate(tried[best])
    return [_path(series, best, found, pooled) for series, found in zip(parts, tried[best], strict=True)]


def _path(series: Series, law: str, own: Doubles, pooled: Doubles) -> Path:
    middle = ahead(series, law)
    low, high = np.zeros((2, 3, AHEAD))
    for what in range(3):
        for week in range(AHEAD):
            off = own[:, what, week][~np.isnan(own[:, what, week])]
            if len(off) < LEAST:  # too few of its own: those of parts that are alike as well
                off = pooled[:, what, week][~np.isnan(pooled[:, what, week])]
            low[what, week], high[what, week] = _range(off)
    logs = np.log1p(middle)
    return Path(
        law=law, origins=len(own), middle=middle, low=np.maximum(np.expm1(logs + low), 0), high=np.expm1(logs + high)
    )


def _range(off: Doubles) -> tuple[float, float]:
    """The conformal quantiles: a step further out than the sample's own, for there is one week more than were seen."""
    count = len(off)
    if count == 0:
        return 0.0, 0.0
    values = np.sort(off)
    high = min(int(np.ceil(LEVELS[1] * (count + 1))) - 1, count - 1)
    low = max(int(np.floor(LEVELS[0] * (count + 1))) - 1, 0)
    return float(values[low]), float(values[high])
