"""What people care for beside ripples: the share of a person's acts that fell on a topic, before a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.learning.timelines import Timeline

UNKNOWN, NONE = 0, 1
FEW_ACTS = 3.0  # weights of acts under which nothing is known
CARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)  # edges of the share, levels from 2 on
LEVELS = 2 + len(CARES)


@dataclass(frozen=True, kw_only=True, eq=False)
class Interests:
    """Acts with weights: all of a person (`every`), and those on one topic (`on`, owner = person · topics + topic)."""

    topics: int
    every: Timeline
    on: Timeline

    def levels(self, person: NDArray[np.integer], topic: NDArray[np.integer], at: Doubles) -> NDArray[np.int64]:
        """UNKNOWN, NONE, or 2 and more by the share of the acts before each moment."""
        total = self.every.sum_before(person, at)
        share = self.on.sum_before(person.astype(np.int64) * self.topics + topic, at) / np.maximum(total, FEW_ACTS)
        level = np.where(share < CARES[0], NONE, 1 + np.searchsorted(CARES, share, side="right"))
        return np.where(total >= FEW_ACTS, level, UNKNOWN)


def names() -> list[str]:
    """What the levels are called."""
    return ["unknown", "none", *(f">= {edge:g}" for edge in CARES)]
