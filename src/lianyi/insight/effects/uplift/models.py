"""The models inside the learners: expected outcome and chance of being treated, by boosted trees or by ridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Bools, Floats, Ints

Learner = Literal["boosted", "ridge"]
Predict = Callable[[Floats], Floats]
LEARNERS: tuple[Learner, ...] = ("boosted", "ridge")
# With fewer of either answer boosted trees split on noise; their shares are told apart by a straight line.
FEW = 200
PENALTIES = np.logspace(-1, 6, 15)


def outcome_model(features: Floats, y: Floats, *, learner: Learner, seed: int, weight: Floats | None = None) -> Predict:
    """Expected y given the features. Outcomes of 0 and 1 are shares: log loss; other outcomes: squares."""
    shares = bool(np.isin(y, (0.0, 1.0)).all())
    if len(np.unique(y)) == 1:
        return _constant(float(y[0]))
    if shares and learner == "boosted" and min(y.sum(), len(y) - y.sum()) >= FEW:
        return _probability(_boosted_shares(seed).fit(features, y, sample_weight=weight))
    if learner == "boosted" and len(y) >= FEW and not shares:
        return _value(_boosted_values(seed).fit(features, y, sample_weight=weight))
    if learner not in LEARNERS:
        raise InputError(f"learner: {learner!r} is none of {', '.join(LEARNERS)}")
    return ridge(features, y, weight)


def ridge(features: Floats, y: Floats, weight: Floats | None = None) -> Predict:
    """Ridge regression over standardised features, its penalty by generalised cross-validation (Golub, Heath & Wahba
    1979, Technometrics 21). All from the k × k products of the features, so that a hundred thousand people and fifteen
    penalties cost one pass: RidgeCV, which decomposes the whole matrix, takes ten times as long for the same line."""
    share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
    middle, level = share @ features, float(share @ y)
    x = features - middle
    size = np.sqrt(share @ x**2)
    flat = size <= 1e-10 * np.maximum(np.abs(middle), 1.0)  # never varies: what is left of it is rounding
    x[:, flat], size[flat] = 0.0, 1.0
    x /= size
    weighted = x * share[:, None]
    values, vectors = np.linalg.eigh(weighted.T @ x)
    values = np.clip(values, 0.0, None)
    along = vectors.T @ (weighted.T @ (y - level))
    of = values + PENALTIES[:, None] / len(y)  # penalties × k
    left = float(share @ (y - level) ** 2) - (along**2 * (2 * of - values) / of**2).sum(axis=1)
    freedom = len(y) - 1 - (values / of).sum(axis=1)
    best = int(np.argmin(left / freedom**2))
    slopes = np.where(flat, 0.0, vectors @ (along / of[best]) / size)
    return lambda new: np.asarray(level + (new - middle) @ slopes)


def share_model(features: Floats, treated: Bools, *, learner: Learner, seed: int) -> Predict:
    """Chance of being treated given the features, from 0 to 1."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    arm = treated.astype(float)
    if learner == "boosted" and min(arm.sum(), len(arm) - arm.sum()) >= FEW:
        return _probability(_boosted_shares(seed).fit(features, arm))
    return _probability(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features, arm))


def folds_of(treated: Bools, folds: int, dice: np.random.Generator) -> Ints:
    """A fold by person, even in size in both arms."""
    part = np.empty(len(treated), dtype=np.int64)
    for arm in (True, False):
        rows = np.flatnonzero(treated == arm)
        part[dice.permutation(rows)] = np.arange(len(rows)) % folds
    return part


def _boosted_shares(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**_BOOSTED, random_state=seed)


def _boosted_values(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(**_BOOSTED, random_state=seed)


_BOOSTED: dict[str, Any] = {
    "max_iter": 80, "learning_rate": 0.08, "max_leaf_nodes": 8, "min_samples_leaf": 100, "l2_regularization": 5.0,
    "early_stopping": False,
}  # fmt: skip


def _value(model: Any) -> Predict:
    return lambda features: np.asarray(model.predict(features), dtype=float)


def _probability(model: Any) -> Predict:
    return lambda features: np.asarray(model.predict_proba(features)[:, 1], dtype=float)


def _constant(value: float) -> Predict:
    return lambda features: np.full(len(features), value)
