"""Conditional logit (McFadden 1974): the chance of each alternative of a question is proportional to exp(θ·x)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lianyi.insight.kernels import Doubles, Longs


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Alternatives as flat rows in order of their question. row: question; option: what the alternative stands for;
    x: (rows, weights). Questions without alternatives do not occur."""

    row: Longs
    option: Longs
    x: Doubles

    @cached_property
    def _begin(self) -> Longs:
        return np.flatnonzero(np.diff(self.row, prepend=-1))

    @cached_property
    def _place(self) -> Longs:
        return np.asarray(np.cumsum(np.diff(self.row, prepend=-1) != 0) - 1)

    def shares(self, theta: Doubles) -> Doubles:
        """The probability of each alternative."""
        score = self.x @ theta
        weight = np.exp(score - np.maximum.reduceat(score, self._begin)[self._place])
        return np.asarray(weight / np.add.reduceat(weight, self._begin)[self._place])

    def sums(self, values: Doubles) -> Doubles:
        """Sums over the alternatives of each question."""
        return np.asarray(np.add.reduceat(values, self._begin))

    def spread(self, sums: Doubles) -> Doubles:
        """A value per question, for each of its alternatives."""
        return np.asarray(sums[self._place])


def fit(choice: Choice, truth: Doubles, default: Doubles, prior: float) -> Doubles:
    """θ: maximum a posteriori under a normal prior around `default` with precision `prior`, by Newton's method.

    truth: 1 where the alternative was chosen; questions without a 1 say nothing. The log-posterior is strictly concave;
    steps that are too long are halved.
    """
    answered = choice.spread(choice.sums(truth))
    theta: Doubles = default.copy()
    step: Doubles = np.zeros(len(theta))
    best = -np.inf
    for _ in range(50):
        probability = choice.shares(theta)
        away = theta - default
        value = float(truth @ np.log(np.maximum(probability, 1e-300)) - prior / 2 * away @ away)
        if value < best - 1e-9:
            theta, step = theta - step / 2, step / 2
            continue
        best = value
        gradient = choice.x.T @ (truth - probability * answered) - prior * away
        weighted = choice.x * (probability * np.minimum(answered, 1))[:, None]
        mean = choice.sums(weighted)
        hessian = weighted.T @ choice.x - mean.T @ mean + prior * np.eye(len(theta))
        step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        theta = np.asarray(theta + step, dtype=np.float64)
        if np.abs(step).max() < 1e-6:
            break
    return theta
