"""Ways to tell a ripple's end from its beginning: three plain ones, a point process, boosted trees.

All speak of growth = log2(final people / people seen), at least 0, and give (low, middle, high).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.forecasting.trees import Trees, learn_trees

Rows = NDArray[np.float64]
Range = tuple[Doubles, Doubles, Doubles]
EDGES = (0.05, 0.95)


class Law(Protocol):
    """One way to forecast. rows: FEATURES; remaining: as of `remaining` below."""

    @property
    def name(self) -> str:
        """Its word in tables."""
        ...

    def range(self, rows: Rows, remaining: Rows) -> Range:
        """(low, middle, high) growth per row."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its parameters, for an .npz file."""
        ...


@dataclass(frozen=True, eq=False)
class Line:
    """growth = weights · (1, log2 people, log rate), a constant, or nothing; edges from what was left over.

    `still`: nothing more comes. `mean`: the mean growth of the past. `line`: Szabo and Huberman, CACM 2010, with the
    recent rate beside the size.
    """

    name: str
    weights: Doubles
    left_over: Doubles

    def range(self, rows: Rows, remaining: Rows) -> Range:  # noqa: ARG002  laws are called alike
        """See Law."""
        middle = np.maximum(_line(rows) @ self.weights, 0.0)
        return middle + self.left_over[0], middle, middle + self.left_over[1]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """See Law."""
        return {"weights": self.weights, "left_over": self.left_over}


@dataclass(frozen=True, eq=False)
class Process:
    """A self-exciting point process: each person seen brings `branching`-many more, directly and through them, as far
    as their delay has not run out (SEISMIC, Zhao et al., KDD 2015, with one branching for all).

    parts: (which delay of DELAYS, people still to come per unit that remains).
    """

    parts: Doubles
    left_over: Doubles
    name: str = "process"

    def range(self, rows: Rows, remaining: Rows) -> Range:  # noqa: ARG002  laws are called alike
        """See Law."""
        middle = np.log2(1.0 + self.parts[1] * remaining[:, int(self.parts[0])])
        return middle + self.left_over[0], middle, middle + self.left_over[1]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """See Law."""
        return {"parts": self.parts, "left_over": self.left_over}


@dataclass(frozen=True, eq=False)
class Forest:
    """Boosted trees for the mean and both edges."""

    low: Trees
    middle: Trees
    high: Trees
    name: str = "trees"

    def range(self, rows: Rows, remaining: Rows) -> Range:
        """See Law."""
        wide = np.concatenate([rows, remaining], axis=1)
        middle = np.maximum(self.middle.predict(wide), 0.0)
        return np.minimum(self.low.predict(wide), middle), middle, np.maximum(self.high.predict(wide), middle)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """See Law."""
        return {**self.low.arrays("low"), **self.middle.arrays("middle"), **self.high.arrays("high")}


def read_law(name: str, file: Any) -> Law:
    """Back from `arrays`; `name` is the law's."""
    if name == "trees":
        low, middle, high = (Trees.read(file, part) for part in ("low", "middle", "high"))
        return Forest(low, middle, high)
    if name == "process":
        return Process(file["parts"], file["left_over"])
    return Line(name, file["weights"], file["left_over"])


DELAYS = tuple((mean, deviation) for mean in (0.0, 1.5, 3.0, 4.5) for deviation in (1.2, 2.0))  # of log hours


def remaining(start: Any, at: Doubles, seen: Any, moment: Doubles) -> Rows:
    """Per ripple and delay of DELAYS: the mean share of people seen whose delay has not run out. (ripples, delays)."""
    size = np.diff(start)
    place = np.arange(len(at)) - np.repeat(start[:-1], size)
    there = place < np.repeat(seen, size)
    waited = np.log(np.maximum(np.repeat(moment, size) - at, 1e-3))
    columns = []
    for mean, deviation in DELAYS:
        still = np.where(there, scipy.special.ndtr((mean - waited) / deviation), 0.0)
        columns.append(np.add.reduceat(still, start[:-1]) / np.maximum(seen, 1))
    return np.stack(columns, axis=1) if len(size) else np.empty((0, len(DELAYS)))


def learn_laws(rows: Rows, remaining: Rows, target: Doubles, *, seed: int = 0) -> list[Law]:
    """All laws, learned on these ripples; trees only where there are enough of them."""
    laws: list[Law] = [
        _line_law("still", np.zeros(3), rows, target),
        _line_law("mean", np.array([float(target.mean()), 0.0, 0.0]), rows, target),
        _line_law("line", _ridge(_line(rows), target), rows, target),
        _process_law(remaining, target),
    ]
    if len(target) >= 150:
        wide = np.concatenate([rows, remaining], axis=1)
        low, high = (learn_trees(wide, target, quantile=edge, rounds=80, seed=seed) for edge in EDGES)
        laws.append(Forest(low, learn_trees(wide, target, seed=seed), high))
    return laws


def _line(rows: Rows) -> Rows:
    """(1, log2 people, log of people per hour)."""
    return np.stack([np.ones(len(rows)), rows[:, 0], rows[:, 0] * np.log(2) - rows[:, 1]], axis=1)


def _ridge(rows: Rows, target: Doubles) -> Doubles:
    penalty = np.diag([0.0, 1.0, 1.0])
    return np.asarray(np.linalg.lstsq(rows.T @ rows + penalty, rows.T @ target, rcond=None)[0])


def _line_law(name: str, weights: Doubles, rows: Rows, target: Doubles) -> Line:
    middle = np.maximum(_line(rows) @ weights, 0.0)
    return Line(name, weights, np.quantile(target - middle, EDGES))


def _process_law(remaining: Rows, target: Doubles) -> Process:
    """The delay and the branching with the least squared error, by search."""
    best = (np.inf, 0.0, 0.0)
    for delay in range(remaining.shape[1]):
        for more in np.exp(np.linspace(np.log(0.02), np.log(200.0), 60)):
            error = float(np.mean((np.log2(1.0 + more * remaining[:, delay]) - target) ** 2))
            best = min(best, (error, float(delay), float(more)))
    middle = np.log2(1.0 + best[2] * remaining[:, int(best[1])])
    return Process(np.array(best[1:]), np.quantile(target - middle, EDGES))
