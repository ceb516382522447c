"""How like the seeds somebody is: a logistic regression of seed against everybody on what is known of both.

Positive and unlabelled learning (Elkan and Noto, KDD 2008): everybody who is no seed counts as none, which keeps the
order of people right. How good it is, is measured: each seed is scored by a model that has not seen it (folds), and
AUC is the chance that it stands above a person who is no seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from lianyi.errors import InputError

Doubles = NDArray[np.float64]
LEAST_SEEDS = 20
FOLDS = 5
OTHERS = 50_000  # people who are no seeds that the model learns from
PRECISION = 1.0
TOLD = 5  # traits named per ranking


@dataclass(frozen=True, kw_only=True, eq=False)
class Likeness:
    """score: (people,) log odds of being a seed, comparable among people. auc with low, high (95 %, Hanley and McNeil
    1982): of seeds kept aside. weights: (traits,)."""

    score: Doubles
    auc: float
    low: float
    high: float
    weights: Doubles


def likeness(traits: scipy.sparse.csr_matrix, seeds: NDArray[np.bool_], *, dice: np.random.Generator) -> Likeness:
    """traits: (people, traits) of 0 and 1. seeds: (people,). InputError below LEAST_SEEDS seeds, or where all are."""
    chosen, others = np.flatnonzero(seeds), np.flatnonzero(~seeds)
    if len(chosen) < LEAST_SEEDS:
        raise InputError(f"{len(chosen)} seeds; at least {LEAST_SEEDS} are needed to say what they have in common")
    if len(others) < LEAST_SEEDS:
        raise InputError("nearly everybody is a seed; name fewer")
    if len(others) > OTHERS:
        others = np.sort(dice.choice(others, OTHERS, replace=False))
    rows = np.concatenate([chosen, others])
    fold = dice.integers(0, FOLDS, len(rows))
    truth, some = seeds[rows].astype(np.float64), traits[rows]
    held = np.zeros(len(rows))
    for number in range(FOLDS):
        kept = fold != number
        weights, base = _fit(some[kept], truth[kept])
        held[~kept] = some[~kept] @ weights + base
    weights, base = _fit(some, truth)
    auc, low, high = _auc(held, truth)
    return Likeness(score=np.asarray(traits @ weights + base), auc=auc, low=low, high=high, weights=weights)


def _fit(traits: scipy.sparse.csr_matrix, truth: Doubles) -> tuple[Doubles, float]:
    """(weights, intercept) with a normal prior around 0."""

    def loss(values: Doubles) -> tuple[float, Doubles]:
        score = traits @ values[:-1] + values[-1]
        away = 1 / (1 + np.exp(-score)) - truth
        value = np.logaddexp(0, score).sum() - truth @ score + PRECISION / 2 * values[:-1] @ values[:-1]
        return float(value), np.append(traits.T @ away + PRECISION * values[:-1], away.sum())

    found = scipy.optimize.minimize(loss, np.zeros(traits.shape[1] + 1), jac=True, method="L-BFGS-B")
    return np.asarray(found.x[:-1]), float(found.x[-1])


def _auc(score: Doubles, truth: Doubles) -> tuple[float, float, float]:
    from lianyi.insight.demand.needs.table import auc

    area, ones, zeros = auc(score, truth), truth.sum(), (1 - truth).sum()
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (first - area**2) + (zeros - 1) * (second - area**2)
    error = float(np.sqrt(max(spread, 0) / (ones * zeros)))
    return area, max(area - 1.96 * error, 0.0), min(area + 1.96 * error, 1.0)


def telling(traits: scipy.sparse.csr_matrix, weights: Doubles, row: int) -> NDArray[np.int64]:
    """The traits of one person that speak most for likeness, at most TOLD, the strongest first."""
    mine = traits.indices[traits.indptr[row] : traits.indptr[row + 1]]
    order = mine[np.argsort(-weights[mine], kind="stable")]
    return np.asarray(order[weights[order] > 0][:TOLD], dtype=np.int64)
