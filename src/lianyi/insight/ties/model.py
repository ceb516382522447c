"""The probability that a pair interacts again: a logistic model of FEATURES, small enough to be read.

Logistic regression with a Gaussian prior around the shipped coefficients (maximum a posteriori by Newton's method):
with little data it is the shipped model, with much data its own. Then its log-odds are stretched and shifted to the
newest known past (Platt, 1999), again with a prior at "as is".
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, kernel

Yes = NDArray[np.bool_]
# How sure we are of the shipped coefficients (of features in units of their spread): as of a few hundred pairs.
PRIOR = 20.0
PRIOR_STRETCH, PRIOR_SHIFT = 200.0, 20.0
_STEPS = 60


@dataclass(frozen=True, kw_only=True)
class Model:
    """coefficients: per feature name, of the feature as it stands; odds = intercept + their sum, then
    shift + stretch · odds. origin: `shipped` or `learned`. checks: figures on a later split that it had not seen.
    """

    intercept: float
    coefficients: dict[str, float]
    stretch: float = 1.0
    shift: float = 0.0
    origin: str = "shipped"
    checks: dict[str, float] = field(default_factory=dict)

    def odds(self, features: Doubles) -> Doubles:
        """Log-odds, one per row; columns in the order of the coefficients."""
        line: Doubles = self.intercept + features @ np.array(list(self.coefficients.values()))
        result: Doubles = self.shift + self.stretch * line
        return result

    def sql(self) -> str:
        """SQL of the log-odds over columns named like the features."""
        terms = " + ".join(f"({value:.9f}e0 * {name})" for name, value in self.coefficients.items())
        return f"({self.shift:.9f}e0 + {self.stretch:.9f}e0 * ({self.intercept:.9f}e0 + {terms}))"

    def text(self) -> str:
        """The model as JSON, as it is kept beside what it made."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Model:
        """The model of such a text."""
        known: dict[str, Any] = json.loads(text)
        return cls(**{name: known[name] for name in cls.__dataclass_fields__})


def shipped() -> Model:
    """The model that is used before a workspace has a past: learned on simulated worlds."""
    text = resources.files("lianyi.insight.ties").joinpath("shipped.json").read_text(encoding="utf-8")
    return Model.read(text)


def fit(features: Doubles, again: Yes, *, around: Model, precision: float = PRIOR) -> Model:
    """The most probable coefficients given the prior `around`. The intercept has none: how often pairs meet again
    differs between workspaces."""
    spread = features.std(axis=0)
    spread[spread < 1e-9] = 1.0
    center = features.mean(axis=0)
    prior = np.array(list(around.coefficients.values())) * spread
    design = np.column_stack([np.ones(len(features)), (features - center) / spread])
    penalty = np.array([1e-3, *np.full(features.shape[1], precision)])
    start = np.array([_log_odds(again.mean()), *prior])
    goal = np.array([start[0], *prior])
    solution = _newton(design, again.astype(np.float64), start, goal, penalty)
    slopes = solution[1:] / spread
    names = list(around.coefficients)
    return Model(
        intercept=float(solution[0] - slopes @ center),
        coefficients=dict(zip(names, map(float, slopes), strict=True)),
        origin="learned",
    )


def platt(odds: Doubles, again: Yes) -> tuple[float, float]:
    """(stretch, shift) that make the odds agree with what happened, held near (1, 0)."""
    design = np.column_stack([np.ones(len(odds)), odds])
    start = np.array([0.0, 1.0])
    shift, stretch = _newton(design, again.astype(np.float64), start, start, np.array([PRIOR_SHIFT, PRIOR_STRETCH]))
    return float(max(stretch, 0.1)), float(shift)


def level(odds: Doubles, again: Yes) -> float:
    """The shift of the odds that gives as many meetings as there were, held near 0."""
    pull, shift = 1.0, 0.0
    for _ in range(_STEPS):
        chance = probability(odds + shift)
        step = (chance.sum() - again.sum() + pull * shift) / ((chance * (1 - chance)).sum() + pull)
        shift -= float(np.clip(step, -1, 1))
        if abs(step) < 1e-9:
            break
    return shift


def loss(odds: Doubles, again: Yes) -> float:
    """−log likelihood of what happened."""
    return float(np.logaddexp(0, odds).sum() - odds[again].sum())


def _newton(design: Doubles, seen: Doubles, start: Doubles, goal: Doubles, penalty: Doubles) -> Doubles:
    """Minimise −log likelihood + ½ Σ penalty·(β − goal)²: Newton's method with halved steps where one overshoots."""
    beta = start.copy()
    loss, slope, curve = _likelihood(design, seen, beta)
    for _ in range(_STEPS):
        loss += float(0.5 * (penalty @ (beta - goal) ** 2))
        slope += penalty * (beta - goal)
        step = np.linalg.solve(curve + np.diag(penalty), slope)
        if slope @ step < 1e-10 * max(1.0, loss):  # what a step could still gain, twice
            break
        while True:
            next_loss, next_slope, next_curve = _likelihood(design, seen, beta - step)
            whole = next_loss + float(0.5 * (penalty @ (beta - step - goal) ** 2))
            if whole <= loss or np.abs(step).max() < 1e-12:
                break
            step = step / 2
        beta, loss, slope, curve = beta - step, next_loss, next_slope, next_curve
    return beta


@kernel
def _likelihood(design: Doubles, seen: Doubles, beta: Doubles) -> tuple[float, Doubles, Doubles]:
    """−log likelihood with slope and curvature, in one pass: BLAS' threads cost ten times as much on a busy machine."""
    rows, size = design.shape
    loss = 0.0
    slope = np.zeros(size)
    curve = np.zeros((size, size))
    for row in range(rows):
        odds = 0.0
        for i in range(size):
            odds += design[row, i] * beta[i]
        tail = np.exp(-abs(odds))
        loss += max(odds, 0.0) + np.log1p(tail) - seen[row] * odds
        chance = 1 / (1 + tail) if odds >= 0 else tail / (1 + tail)
        sure = chance * (1 - chance)
        for i in range(size):
            slope[i] += design[row, i] * (chance - seen[row])
            weighed = design[row, i] * sure
            for j in range(i + 1):
                curve[i, j] += weighed * design[row, j]
    for i in range(size):
        for j in range(i):
            curve[j, i] = curve[i, j]
    return loss, slope, curve


def probability(odds: Doubles) -> Doubles:
    """The logistic function."""
    result: Doubles = 1 / (1 + np.exp(-np.clip(odds, -40, 40)))
    return result


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(share / (1 - share)))
