"""How long an arrival takes after the one it came through had the thing: lognormal, learned or given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, inlined

LEAST = 1.0 / 3600  # hours; what is faster is counted as one second


@dataclass(frozen=True, kw_only=True)
class Delay:
    """log(hours) is normal with this mean and standard deviation."""

    mean: float = math.log(4.5)
    deviation: float = 1.5


@inlined
def arrived_by(hours: float, mean: float, deviation: float) -> float:
    """Chance that an arrival that will come has come after so many hours."""
    return 0.5 * math.erfc((mean - math.log(max(hours, LEAST))) / (deviation * math.sqrt(2.0)))


@inlined
def density(hours: float, mean: float, deviation: float) -> float:
    """Chance per hour that it comes just then."""
    time = max(hours, LEAST)
    away = (math.log(time) - mean) / deviation
    return math.exp(-0.5 * away * away) / (time * deviation * math.sqrt(2.0 * math.pi))


def learn_delay(hours: Doubles, prior: Delay | None = None, *, weight: float = 20.0) -> Delay:
    """From delays with known parents, drawn towards the prior as if it had been seen `weight` times.

    Recent ripples are cut off (long delays are still to come), which shortens the delay a little; see the method note.
    """
    start = prior or Delay()
    logs = np.log(np.maximum(hours, LEAST))
    count = len(logs)
    mean = (weight * start.mean + logs.sum()) / (weight + count)
    square = weight * (start.deviation**2 + (start.mean - mean) ** 2) + ((logs - mean) ** 2).sum()
    return Delay(mean=float(mean), deviation=float(np.sqrt(square / (weight + count))))
