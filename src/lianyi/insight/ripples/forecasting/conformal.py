"""Ranges that keep their promise: whatever the law, its edges are moved by what later ripples show.

Conformalised quantile regression (Romano, Patterson, Candès, NeurIPS 2019): the score of a ripple is by how much its
outcome lies outside of the range (negative inside); the range is widened by the 90 % quantile of the scores of ripples
that the law was not learned on. Valid for exchangeable ripples, whatever their distribution; for a stream that drifts
it is right as far as the last quarter of the past resembles what comes.
"""

from __future__ import annotations

import math

import numpy as np

from lianyi.insight.kernels import Doubles

LEVEL = 0.9


def widening(low: Doubles, high: Doubles, outcome: Doubles, level: float = LEVEL) -> float:
    """By how much to move both edges outwards (inwards where negative)."""
    scores = np.sort(np.maximum(low - outcome, outcome - high))
    place = math.ceil((len(scores) + 1) * level) - 1
    return float(scores[min(place, len(scores) - 1)])
