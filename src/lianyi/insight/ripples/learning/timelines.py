"""Moments of many people or pairs, to ask what had happened before any other moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Longs, kernel


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """Moments of many owners in hours: those of owner i are at[start[i]:start[i+1]], sorted.

    weight: running sum of the weights of all moments with a 0 in front, or None where they have none.
    """

    start: Longs
    at: Doubles
    weight: Doubles | None = None

    @classmethod
    def of(
        cls, owner: NDArray[np.integer], at: Doubles, owners: int, weight: NDArray[np.floating] | None = None
    ) -> Timeline:
        """Sort moments by owner and time; those that are in order stay as they are."""
        if not np.all((owner[1:] > owner[:-1]) | ((owner[1:] == owner[:-1]) & (at[1:] >= at[:-1]))):
            order = np.lexsort((at, owner))
            owner, at, weight = owner[order], at[order], None if weight is None else weight[order]
        start = np.searchsorted(owner, np.arange(owners + 1)).astype(np.int64)
        running = None if weight is None else np.concatenate([[0.0], np.cumsum(weight, dtype=np.float64)])
        return cls(start=start, at=np.ascontiguousarray(at, dtype=np.float64), weight=running)

    def sum_before(self, owner: NDArray[np.integer], at: Doubles) -> Doubles:
        """The weights of the owner's moments before `at`, per row; needs weights."""
        assert self.weight is not None  # noqa: S101  asked only of timelines that were made with weights
        start = self.start[owner]
        return np.asarray(self.weight[start + self.before(owner, at)] - self.weight[start], dtype=np.float64)

    def before(self, owner: NDArray[np.integer], at: Doubles) -> Longs:
        """How many of the owner's moments lie before `at`, per row."""
        if not len(owner):  # not worth compiling for
            return np.empty(0, np.int64)
        return _before(self.start, self.at, owner.astype(np.int64), np.asarray(at, np.float64))

    def latest(self, owner: NDArray[np.integer], count: Longs) -> Doubles:
        """The latest of the first `count` moments of the owner; -inf where there are none."""
        place = self.start[owner] + count - 1
        return np.where(count > 0, self.at[np.maximum(place, 0)] if len(self.at) else -np.inf, -np.inf)

    def first(self, owner: NDArray[np.integer]) -> Doubles:
        """The first moment of the owner; inf where there is none."""
        start, some = self.start[owner], self.start[owner] < self.start[owner + 1]
        return np.where(some, self.at[np.minimum(start, len(self.at) - 1)] if len(self.at) else np.inf, np.inf)


@kernel
def _before(start: Longs, moments: Doubles, owner: Longs, at: Doubles) -> Longs:
    count = np.empty(len(owner), np.int64)
    for row in range(len(owner)):
        low, high = start[owner[row]], start[owner[row] + 1]
        while low < high:
            middle = (low + high) // 2
            if moments[middle] < at[row]:
                low = middle + 1
            else:
                high = middle
        count[row] = low - start[owner[row]]
    return count
