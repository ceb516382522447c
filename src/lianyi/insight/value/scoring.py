"""How good forecasts of numbers of orders are: proper scores, which nobody can better but by saying what they believe.

Gneiting, Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007. A forecast is the chance of
0, 1, …, `most` or more orders; lower is better for all scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
FLOOR = 1e-6  # a chance that was called impossible is scored as this


@dataclass(frozen=True, kw_only=True)
class Scores:
    """log_score: −log of the chance of what came; crps: in orders; brier: of "one or more"; mae, rmse: of the mean;
    correlation of the mean with what came; total: foretold over what came; people scored."""

    people: int
    log_score: float
    crps: float
    brier: float
    mae: float
    rmse: float
    correlation: float
    total: float


def scores(chances: Doubles, came: Doubles, *, mean: Doubles | None = None, weights: Doubles | None = None) -> Scores:
    """chances: (people, most + 1). came: orders of each. mean: expected orders, where the forecast knows them better
    than from its cut chances. weights: how many people each entry stands for."""
    most = chances.shape[1] - 1
    weight = np.ones(len(came)) if weights is None else weights
    count = np.minimum(came, most).astype(np.int64)
    middle = chances @ np.arange(most + 1) if mean is None else mean
    below = np.cumsum(chances, axis=1)
    steps = (np.arange(most + 1)[None, :] >= count[:, None]).astype(np.float64)

    def average(values: Doubles) -> float:
        return float(weight @ values / weight.sum())

    centred = middle - average(middle), came - average(came)
    spread = np.sqrt(average(centred[0] ** 2) * average(centred[1] ** 2))
    total = float(weight @ came)
    return Scores(
        people=int(weight.sum()),
        log_score=average(-np.log(np.maximum(chances[np.arange(len(count)), count], FLOOR))),
        crps=average(((below - steps) ** 2).sum(axis=1)),
        brier=average(((1 - chances[:, 0]) - (came > 0)) ** 2),
        mae=average(np.abs(middle - came)), rmse=float(np.sqrt(average((middle - came) ** 2))),
        correlation=average(centred[0] * centred[1]) / spread if spread > 0 else 0.0,
        total=float(weight @ middle) / total if total > 0 else np.nan,
    )  # fmt: skip


def learned(then: NDArray[np.int64], came: Doubles, now: NDArray[np.int64], most: int) -> Doubles:
    """A naive forecast: who is in class c now does what those in class c did the period before. then, came: classes
    and outcomes of that period; now: classes to forecast. Each class begins with one person like everybody."""
    classes = int(max(then.max(initial=0), now.max(initial=0))) + 1
    counts = np.zeros((classes, most + 1))
    np.add.at(counts, (then, np.minimum(came, most).astype(np.int64)), 1.0)
    everybody = (counts.sum(axis=0) + 1 / (most + 1)) / (counts.sum() + 1)
    counts += everybody
    return np.asarray((counts / counts.sum(axis=1, keepdims=True))[now])


def bins(chance: Doubles, came: Doubles, count: int = 10) -> list[tuple[float, float, int]]:
    """Calibration: people in equally large bins by chance; of each the mean chance, the share it came to, people."""
    order = np.argsort(chance, kind="stable")
    return [
        (float(chance[part].mean()), float(came[part].mean()), len(part))
        for part in np.array_split(order, count)
        if len(part)
    ]
