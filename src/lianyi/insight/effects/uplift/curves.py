"""How well an order of people finds those it helps: uplift and Qini curves, their areas, and the value of a policy.

All from an experiment and from scores that have not seen its outcomes. Curves as of Radcliffe (2007) and Devriendt et
al. (2020): Qini at n people = Y_t(n) - Y_c(n) · N_t(n) ÷ N_c(n); uplift (area AUUC) at n = (Ȳ_t(n) - Ȳ_c(n)) · n. Areas
are those between curve and the straight line of no order, as a share of what the best order of these outcomes would
reach: the numbers of scikit-uplift's `qini_auc_score` and `uplift_auc_score`, so that they can be laid beside others'.
Intervals: bootstrap over people (or clusters) with the scores held fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import CONFIDENCE, Bools, Estimate, Floats, Ints, estimated

DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class Curve:
    """people: how many of the best by score; gain: what treating them brought, in outcomes. Begins at (0, 0)."""

    people: Floats
    gain: Floats


def qini_curve(y: Floats, score: Floats, treated: Bools) -> Curve:
    """Incremental outcomes among the best n by score, scaled to the treated."""
    people, of_treated, of_control, y_treated, y_control = _running(y, score, treated)
    share = np.divide(of_treated, of_control, out=np.zeros_like(people), where=of_control > 0)
    return _from_zero(people, y_treated - y_control * share)


def uplift_curve(y: Floats, score: Floats, treated: Bools) -> Curve:
    """Difference of means among the best n by score, times n."""
    people, of_treated, of_control, y_treated, y_control = _running(y, score, treated)
    one = np.divide(y_treated, of_treated, out=np.zeros_like(people), where=of_treated > 0)
    other = np.divide(y_control, of_control, out=np.zeros_like(people), where=of_control > 0)
    return _from_zero(people, (one - other) * people)


def qini(y: Floats, score: Floats, treated: Bools) -> float:
    """Qini coefficient of outcomes 0 or 1: area over no order ÷ that of the best order; NaN where there is none."""
    return _coefficient(qini_curve, y, score, treated, _best_qini(y, treated))


def auuc(y: Floats, score: Floats, treated: Bools) -> float:
    """The same of the uplift curve."""
    best = uplift_curve(y, _best_uplift(y, treated), treated)
    return _coefficient(uplift_curve, y, score, treated, best)


def area(curve: Curve) -> float:
    """Area under the curve less that under the straight line to its end, by trapezes."""
    return float(np.trapezoid(curve.gain, curve.people) - curve.gain[-1] * curve.people[-1] / 2)


def qini_per_person(y: Floats, score: Floats, treated: Bools) -> float:
    """Area over no order with both axes as shares of the people: outcomes gained a person, on average over how many are
    treated. Holds for any outcome (money too), needs no best order."""
    curve = uplift_curve(y, score, treated)
    return area(curve) / len(y) ** 2


def interval(
    measure: Callable[[Floats, Floats, Bools], float], y: Floats, score: Floats, treated: Bools, *,
    dice: np.random.Generator, cluster: Ints | None = None, draws: int = DRAWS, confidence: float = CONFIDENCE,
) -> Estimate:  # fmt: skip
    """A measure with its bootstrap error and normal interval. cluster: drawn as a whole."""
    value = measure(y, score, treated)
    drawn = []
    order = np.argsort(-score, kind="stable")
    for _ in range(draws):
        # people drawn in the order of their scores: the measure finds them sorted, which is most of its work
        if cluster is None:
            rows = order[np.sort(dice.integers(len(y), size=len(y)))]
        else:
            rows = _again(cluster, dice)
        found = measure(y[rows], score[rows], treated[rows])
        if math.isfinite(found):
            drawn.append(found)
    se = float(np.std(drawn, ddof=1)) if len(drawn) > draws // 2 else math.nan
    return estimated(
        value, se, treated=int(treated.sum()), control=int((~treated).sum()), method="bootstrap", confidence=confidence
    )


def policy_value(
    y: Floats, treated: Bools, chosen: Bools, chance: Floats, *, cost: float = 0.0, against: str = "nobody",
    adjust: tuple[Floats, Floats] | None = None, confidence: float = CONFIDENCE,
) -> Estimate:  # fmt: skip
    """What treating `chosen` brings a person, against treating `nobody` or `everybody`, less cost per treated person.

    By inverse probability of the arm, or doubly robust where `adjust` gives cross-fitted expected outcomes if treated
    and if not. `chosen` must not come from these people's own outcomes."""
    if against not in {"nobody", "everybody"}:
        raise InputError(f"against: {against!r} is neither nobody nor everybody")
    one, none = adjust if adjust is not None else (np.zeros(len(y)), np.zeros(len(y)))
    if_treated = one + np.where(treated, (y - one) / chance, 0.0) - cost
    if_not = none + np.where(treated, 0.0, (y - none) / (1 - chance))
    gain = np.where(chosen, if_treated - if_not, 0.0)
    if against == "everybody":
        gain = gain - (if_treated - if_not)
    return estimated(
        float(gain.mean()), float(gain.std(ddof=1) / math.sqrt(len(y))), treated=int(treated.sum()),
        control=int((~treated).sum()), method="policy_value", confidence=confidence,
    )  # fmt: skip


def by_part(y: Floats, score: Floats, treated: Bools, *, parts: int = 5) -> list[tuple[float, Estimate]]:
    """Mean score and measured effect of each part of the people by score, the best first."""
    from lianyi.insight.effects.means import Sums, difference

    order = np.argsort(-score, kind="stable")
    return [
        (
            float(score[rows].mean()),
            difference(Sums.of(y[rows][treated[rows]]), Sums.of(y[rows][~treated[rows]])),
        )
        for rows in np.array_split(order, parts)
    ]


def _running(y: Floats, score: Floats, treated: Bools) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Running sums over the best by score, at the end of each run of equal scores."""
    order = np.argsort(-score, kind="stable")
    y, score, arm = y[order], score[order], treated[order].astype(float)
    ends = np.append(np.flatnonzero(np.diff(score)), len(y) - 1)
    of_treated = np.cumsum(arm)[ends]
    people = ends + 1.0
    return people, of_treated, people - of_treated, np.cumsum(y * arm)[ends], np.cumsum(y * (1 - arm))[ends]


def _from_zero(people: Floats, gain: Floats) -> Curve:
    return Curve(people=np.concatenate([[0.0], people]), gain=np.concatenate([[0.0], gain]))


def _best_uplift(y: Floats, treated: Bools) -> Floats:
    """The order no score could beat with these outcomes: treated who did it and control who did not, then the rest."""
    does = y > 0
    first = (does == treated).astype(float) * 2
    others_who_did, treated_who_did_not = int((does & ~treated).sum()), int((~does & treated).sum())
    return np.asarray(first + (does if others_who_did > treated_who_did_not else treated))


def _best_qini(y: Floats, treated: Bools) -> Curve:
    """The perfect Qini curve: treated who did it come first, others who did it last."""
    return qini_curve(y, np.where(treated, y, -y), treated)


def _coefficient(
    curve: Callable[[Floats, Floats, Bools], Curve], y: Floats, score: Floats, treated: Bools, best: Curve
) -> float:
    if not np.isin(y, (0.0, 1.0)).all():
        raise InputError("outcomes other than 0 and 1 have no best order; use qini_per_person")
    most = area(best)
    return area(curve(y, score, treated)) / most if most > 0 else math.nan


def _again(cluster: Ints, dice: np.random.Generator) -> Ints:
    ids, place = np.unique(cluster, return_inverse=True)
    rows = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    return np.concatenate([rows[one].astype(np.int64) for one in dice.integers(len(ids), size=len(ids))])
