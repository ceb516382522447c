"""The same estimates as `offpolicy`, from sums by cell: where what is known of people is a few kinds, nobody is read.

A cell is a kind of people × option × its chance × half of the people, with the number of decisions, the sum of rewards
and of their squares. Every estimate is a mean of a + b · reward, a and b the same within a cell, so sums are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.demand.next_best.offpolicy import Worth, Z

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One entry = one cell. kind, option: numbers from 0; half: 0 or 1; chance: of the option; n, total, squares: of
    the rewards."""

    kind: Ints
    option: Ints
    half: Ints
    chance: Doubles
    n: Doubles
    total: Doubles
    squares: Doubles
    kinds: int
    options: int

    def means(self) -> Doubles:
        """(half, kind, option): mean reward in the other half of the people, so that nobody tells of themselves; of
        the option, or of all, where there the kind is not."""
        made = np.empty((2, self.kinds, self.options))
        for half in (0, 1):
            other = self.half != half
            whole = self.total[other].sum() / max(self.n[other].sum(), 1)
            for option in range(self.options):
                of = other & (self.option == option)
                plain = self.total[of].sum() / self.n[of].sum() if of.any() else whole
                for kind in range(self.kinds):
                    one = of & (self.kind == kind)
                    made[half, kind, option] = self.total[one].sum() / self.n[one].sum() if one.any() else plain
        return made


def best(cells: Cells) -> Doubles:
    """(half, kind, option) chances: the option that did best among the kind in the other half of the people."""
    means = cells.means()
    return np.asarray(means.argmax(axis=2)[:, :, None] == np.arange(cells.options), dtype=np.float64)


def always(cells: Cells, chosen: Sequence[int]) -> Doubles:
    """(half, kind, option) chances: one option for each kind, as they are numbered."""
    options = np.array(chosen)
    return np.tile(options[None, :, None] == np.arange(cells.options), (2, 1, 1)).astype(np.float64)


def worth(cells: Cells, policy: Doubles) -> tuple[Worth, ...]:
    """IPS, SNIPS and DR of a policy, see `offpolicy.evaluate`; its predictions are `Cells.means`."""
    place = (cells.half, cells.kind, cells.option)
    weight = policy[place] / cells.chance
    mean = float((cells.n * weight).sum() / cells.n.sum())
    found = [_linear("ips", cells, np.zeros_like(weight), weight, weight)]
    if mean > 0:
        normal = weight / mean
        value = float((normal * cells.total).sum() / cells.n.sum())
        found.append(_linear("snips", cells, value - normal * value, normal, weight))
    predicted = cells.means()
    direct = (policy * predicted).sum(axis=2)[cells.half, cells.kind]
    found.append(_linear("dr", cells, direct - weight * predicted[place], weight, weight))
    return tuple(found)


def followed(cells: Cells) -> Worth:
    """What was done, as it was done: the mean reward."""
    ones = np.ones_like(cells.n)
    return _linear("mean", cells, np.zeros_like(ones), ones, ones)


def _linear(method: str, cells: Cells, a: Doubles, b: Doubles, weight: Doubles) -> Worth:
    """Mean of a + b · reward over all decisions."""
    count = float(cells.n.sum())
    value = float((cells.n * a + b * cells.total).sum()) / count
    second = float((cells.n * a**2 + 2 * a * b * cells.total + b**2 * cells.squares).sum()) / count
    error = (max(second - value**2, 0.0) / max(count - 1, 1.0)) ** 0.5
    square = float((cells.n * weight**2).sum())
    return Worth(
        method=method, value=value, error=error, low=value - Z * error, high=value + Z * error,
        effective=float((cells.n * weight).sum()) ** 2 / square if square else 0.0,
        largest=float(weight.max(initial=0.0)),
    )  # fmt: skip
