"""Families of few levels and the base rate, all at once: Newton's method on sums per combination of their levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.learning.cells import Cells

NEAR_ENOUGH = 1e-7  # the largest step of a logarithm at which Newton's method ends
LONGEST, MOST_STEPS = 1.0, 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Few:
    """codes: (codes, families) levels, laid one family after the other from `offset` on; 0 is the base rate. counts:
    arrivals, in the same order. exposures: added to all exposures."""

    places: tuple[int, ...]
    codes: Ints
    offset: Longs
    counts: Doubles
    exposures: float

    @classmethod
    def of(cls, cells: Cells, counts: Sequence[Doubles], *, arrivals: float, exposures: float) -> Few:
        """counts: per family."""
        sizes = [len(cells.seen[place]) for place in cells.few]
        offset = np.cumsum([1, *sizes]).astype(np.int64)
        every = np.concatenate([[arrivals], *(counts[place] for place in cells.few)])
        codes = np.ascontiguousarray(cells.codes + offset[:-1].astype(np.int32))
        return cls(places=cells.few, codes=codes, offset=offset, counts=every, exposures=exposures)

    def times(self, mean: Sequence[Doubles]) -> Doubles:
        """Per code the product of its factors."""
        product = np.ones(len(self.codes))
        for column, place in enumerate(self.places):
            product *= mean[place][self.codes[:, column] - self.offset[column]]
        return product

    def settled(
        self, total: Doubles, base: float, mean: Sequence[Doubles], prior: Sequence[float]
    ) -> tuple[float, dict[int, Doubles], dict[int, Doubles]]:
        """(base rate, factors per family, expected arrivals per level of each family but for its factor) where the
        objective is largest. total: per code, watched × factors of all other families; prior: a per family."""
        sizes = np.diff(self.offset)
        a = np.concatenate([[0.0], np.repeat([prior[place] for place in self.places], sizes)])
        value = np.log(np.concatenate([[base], *(mean[place] for place in self.places)]))
        for _ in range(MOST_STEPS):
            expected, bend = _expected(self.codes, total, value)
            drawn = a * np.exp(value)
            drawn[0] = self.exposures * np.exp(value[0])
            bend[np.diag_indices(len(value))] += drawn
            step = np.linalg.solve(bend, a + self.counts - drawn - expected)
            value += np.clip(step, -LONGEST, LONGEST)
            if np.abs(step).max() < NEAR_ENOUGH:
                break
        factors = np.exp(value)
        expected = _expected(self.codes, total, value)[0] / factors
        parts = {place: slice(self.offset[column], self.offset[column + 1]) for column, place in enumerate(self.places)}
        return (
            float(factors[0]), {place: factors[part] for place, part in parts.items()},
            {place: expected[part] for place, part in parts.items()},
        )  # fmt: skip


@kernel
def _expected(codes: Ints, total: Doubles, value: Doubles) -> tuple[Doubles, NDArray[np.float64]]:
    """Arrivals to be expected per level, and of two levels together."""
    count, families = codes.shape
    expected, both = np.zeros(len(value), np.float64), np.zeros((len(value), len(value)), np.float64)
    for code in range(count):
        log = value[0]
        for family in range(families):
            log += value[codes[code, family]]
        arrivals = total[code] * np.exp(log)
        expected[0] += arrivals
        for family in range(families):
            one = codes[code, family]
            expected[one] += arrivals
            both[0, one] += arrivals
            for other in range(family, families):
                both[one, codes[code, other]] += arrivals
    both[0, 0] = expected[0]
    for one in range(len(value)):
        for other in range(one):
            both[one, other] = both[other, one]
    return expected, both


@kernel
def pass_on(product: Doubles, before: Ints, ratio: Doubles, level: Ints, levels: int) -> Doubles:
    """Multiply each cell's product by the ratio of its level of the family before, in place; sums per level of the next
    family."""
    total = np.zeros(levels, np.float64)
    for cell in range(len(product)):
        value = product[cell] * ratio[before[cell]]
        product[cell] = value
        total[level[cell]] += value
    return total
