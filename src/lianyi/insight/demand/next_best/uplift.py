"""What a message adds to what people order, by what they did lately: found by experiments, drawn together.

Each experiment compares who was treated with who was held out (table `effect_people`), among people who bought in the
time before, who were active without buying, and who were quiet. Over experiments the differences are pooled by random
effects (DerSimonian and Laird 1986). Of a kind of people with few experiments the estimate is noisy, so it leans on the
effect of all (table `effects`), as much as its error is large beside the spread between kinds (Bayes, see leaned).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.tables import Build

Doubles = NDArray[np.float64]
Z = 1.959964
LATELY = ("bought", "active", "quiet")
DAYS, HALF = 14, 7  # the window of a campaign, and its later half: `bought` and `active` of people as they are now
GRID = 64  # values of the spread between kinds that are averaged over
LEAST = 30  # people of a kind in an arm, from which an experiment says something of them


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Orders per person that would not have come without it, and the standard error."""

    mean: float
    error: float


def pooled(estimates: Doubles, errors: Doubles) -> Effect | None:
    """Over experiments that may differ (DerSimonian and Laird 1986); None without any."""
    if not len(estimates):
        return None
    between = _between(estimates, errors)
    weight = 1 / (errors**2 + between)
    return Effect(mean=float((weight * estimates).sum() / weight.sum()), error=float(1 / np.sqrt(weight.sum())))


def _between(estimates: Doubles, errors: Doubles) -> float:
    """Variance between true effects, by moments."""
    weight = 1 / errors**2
    mean = (weight * estimates).sum() / weight.sum()
    excess = float((weight * (estimates - mean) ** 2).sum()) - (len(estimates) - 1)
    spread = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max(excess / spread, 0.0) if spread > 0 else 0.0


def leaned(kinds: Mapping[str, Effect], whole: Effect) -> dict[str, Effect]:
    """One effect for each of LATELY: its own, drawn to that of all; the more, the noisier it is and the less the kinds
    differ. How much they truly differ is hardly known from three, so it is averaged over (half-Cauchy prior, Gelman
    2006, whose scale is the effect of all: that kinds differ by as much as it is no surprise)."""
    means = np.array([kinds[name].mean if name in kinds else whole.mean for name in LATELY])
    errors = np.array([kinds[name].error if name in kinds else np.inf for name in LATELY])
    scale = max(abs(whole.mean), whole.error)
    spread = scale * np.tan(np.pi / 2 * (np.arange(GRID) + 0.5) / GRID)  # quantiles of the prior, equally likely
    between = spread[:, None] ** 2
    known = np.isfinite(errors)
    variance = errors[known] ** 2 + between + whole.error**2
    fits = -0.5 * ((means[known] - whole.mean) ** 2 / variance + np.log(variance)).sum(axis=1)
    weight = np.exp(fits - fits.max())
    weight /= weight.sum()
    with np.errstate(invalid="ignore"):
        lean = np.where(known, errors**2 / (errors**2 + between), 1.0)
    each = (1 - lean) * means + lean * whole.mean
    own = np.where(known, (1 - lean) * np.where(known, errors, 0.0) ** 2, np.minimum(between, scale**2))
    found = weight @ each
    error = np.sqrt(weight @ (own + (lean * whole.error) ** 2 + (each - found) ** 2))
    return {name: Effect(mean=float(found[k]), error=float(error[k])) for k, name in enumerate(LATELY)}


def measured(build: Build) -> dict[str, Effect] | None:
    """The effect on orders of each of LATELY; None: no experiment has told."""
    rows = build.engine.table(
        "SELECT estimate, se FROM effects WHERE metric = 'orders' AND main AND se > 0 AND estimate IS NOT NULL "
        "ORDER BY experiment"
    )
    whole = pooled(*(rows[name].to_numpy().astype(np.float64) for name in ("estimate", "se")))
    return None if whole is None else leaned(_kinds(build), whole)


def _kinds(build: Build) -> dict[str, Effect]:
    """Of experiments of people one by one: whole communities say nothing of one kind of people within them."""
    rows = build.engine.table(
        """SELECT lately, experiment, arm, count(*) AS n, sum(orders) AS total, sum(orders * orders) AS squares FROM (
            SELECT experiment, arm, orders, CASE WHEN before_buyers > 0 THEN 'bought' WHEN before_kept > 0 THEN 'active'
                ELSE 'quiet' END AS lately
            FROM effect_people WHERE cluster IS NULL
        ) AS p GROUP BY lately, experiment, arm ORDER BY lately, experiment, arm"""
    ).to_pylist()
    found = {}
    for name in LATELY:
        arms: dict[str, list[tuple[float, float, float]]] = {}
        for row in rows:
            if row["lately"] == name and row["n"] >= LEAST:
                arms.setdefault(row["experiment"], []).append((row["n"], row["total"], row["squares"]))
        effect = pooled(*_differences([pair for pair in arms.values() if len(pair) == 2]))
        if effect is not None:
            found[name] = effect
    return found


def _differences(pairs: Sequence[Sequence[tuple[float, float, float]]]) -> tuple[Doubles, Doubles]:
    """Treatment less control and standard errors (Welch), of pairs (control, treatment) of (people, sum, squares)."""
    means, errors = [], []
    for pair in pairs:
        (low, low_error), (high, high_error) = (_mean(*arm) for arm in pair)
        if low_error + high_error > 0:
            means.append(high - low)
            errors.append((low_error + high_error) ** 0.5)
    return np.array(means), np.array(errors)


def _mean(n: float, total: float, squares: float) -> tuple[float, float]:
    """Mean and its squared error."""
    mean = total / n
    return mean, max(squares - n * mean**2, 0.0) / (n - 1) / n
