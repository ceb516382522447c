"""Where nobody was held out: the best that can be said, always labelled as observation.

Doubly robust (AIPW, Robins, Rotnitzky & Zhao 1994; cross-fitted, Chernozhukov et al. 2018, Econometrics Journal 21):
right where either the model of who is reached or the model of the outcome is. That what is not seen does not matter
cannot be tested; so overlap is shown, and how strong a hidden cause would have to be to explain the effect away
(E-value, VanderWeele & Ding 2017, Annals of Internal Medicine 167).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import CONFIDENCE, Bools, Estimate, Floats, estimated
from lianyi.insight.effects.uplift.models import Learner, folds_of, outcome_model, share_model

# People reached nearly always, or nearly never, have nobody to be compared with (Crump et al. 2009, Biometrika 96).
TRIM = 0.05


@dataclass(frozen=True, kw_only=True)
class Observed:
    """estimate: mean effect over those with overlap. overlap: their share. propensity: chance of being reached, by
    person. balance: largest standardised difference of a feature between the arms, before and after weighing.
    e_value, e_value_bound: of the estimate, and of the bound of its interval that is nearer to nothing; 1 = any hidden
    cause explains it; NaN where the outcome has no mean above 0."""

    estimate: Estimate
    overlap: float
    propensity: Floats
    balance: tuple[float, float]
    e_value: float
    e_value_bound: float


def doubly_robust(
    y: Floats, treated: Bools, features: Floats, *, dice: np.random.Generator, learner: Learner = "boosted",
    folds: int = 5, confidence: float = CONFIDENCE,
) -> Observed:  # fmt: skip
    """Mean effect of treated over untreated people who are alike in `features` (people × columns, known before)."""
    if not len(y) == len(treated) == len(features) or min(treated.sum(), (~treated).sum()) < 2 * folds:
        raise InputError(f"{len(y)} people, {int(treated.sum())} treated: at least {2 * folds} of each arm are needed")
    part = folds_of(treated, folds, dice)
    chance, if_treated, if_not = np.empty(len(y)), np.empty(len(y)), np.empty(len(y))
    seed = int(dice.integers(2**31))
    for number in range(folds):
        out, rest = part == number, part != number
        chance[out] = share_model(features[rest], treated[rest], learner=learner, seed=seed)(features[out])
        for arm, into in ((True, if_treated), (False, if_not)):
            of_arm = rest & (treated == arm)
            into[out] = outcome_model(features[of_arm], y[of_arm], learner=learner, seed=seed)(features[out])
    able = (chance >= TRIM) & (chance <= 1 - TRIM)
    kept, safe = able, np.clip(chance, TRIM, 1 - TRIM)
    score = if_treated - if_not + np.where(treated, (y - if_treated) / safe, -(y - if_not) / (1 - safe))
    value, count = float(score[kept].mean()), int(kept.sum())
    se = float(score[kept].std(ddof=1) / math.sqrt(count))
    found = estimated(
        value, se, treated=int((treated & kept).sum()), control=int((~treated & kept).sum()), method="doubly_robust",
        confidence=confidence, flags=("observational", *(("overlap",) if able.mean() < 0.9 else ())),
    )  # fmt: skip
    base = float((if_not + np.where(treated, 0.0, (y - if_not) / (1 - safe)))[kept].mean())
    weight = np.where(treated, 1 / safe, 1 / (1 - safe))
    return Observed(
        estimate=found, overlap=float(able.mean()), propensity=chance,
        balance=(_imbalance(features[kept], treated[kept], np.ones(count)),
                 _imbalance(features[kept], treated[kept], weight[kept])),
        e_value=e_value(1 + value / base) if base > 0 else math.nan,
        e_value_bound=_bound(found, base),
    )  # fmt: skip


def e_value(ratio: float) -> float:
    """How strongly, as a ratio of risks, a hidden cause must go with both treatment and outcome to make a ratio of this
    size out of nothing."""
    if not ratio > 0:
        return math.nan
    more = max(ratio, 1 / ratio)
    return more + math.sqrt(more * (more - 1))


def _bound(found: Estimate, base: float) -> float:
    if base <= 0 or not found.known:
        return math.nan
    if found.low <= 0 <= found.high:
        return 1.0
    return e_value(1 + (found.low if found.low > 0 else found.high) / base)


def _imbalance(features: Floats, treated: Bools, weight: Floats) -> float:
    """Largest difference of means between the arms in standard deviations (of the untreated and treated together)."""
    spread = np.sqrt((features[treated].var(axis=0) + features[~treated].var(axis=0)) / 2)
    apart = np.average(features[treated], axis=0, weights=weight[treated]) - np.average(
        features[~treated], axis=0, weights=weight[~treated]
    )
    there = spread > 0
    return float(np.abs(apart[there] / spread[there]).max()) if there.any() else 0.0


def observational(estimate: Estimate) -> Estimate:
    """The same estimate with the label that it comes from observation."""
    return (
        estimate if "observational" in estimate.flags else replace(estimate, flags=(*estimate.flags, "observational"))
    )
