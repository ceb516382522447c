"""A sum of decision trees, small enough to ship: arrays in one .npz file, with where it comes from beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Tree t begins at node root[t]; a node sends x[feature] <= threshold to the left. A child below 0 is the leaf
    −child − 1, whose value is added. heat: what scores are divided by before they become chances."""

    root: Longs
    feature: NDArray[np.int16]
    threshold: Floats
    left: Ints
    right: Ints
    leaf: Floats
    heat: float = 1.0

    def scores(self, x: Floats) -> Doubles:
        """The sum over all trees, one per row."""
        return _scores(self.root, self.feature, self.threshold, self.left, self.right, self.leaf, x)

    def chances(self, x: Floats, begin: Longs) -> Doubles:
        """Scores as probabilities among the rows begin[k]:begin[k + 1]: they add up to 1 there."""
        return _chances(self.scores(x) / self.heat, begin)


@kernel
def _scores(
    root: Longs, feature: NDArray[np.int16], threshold: Floats, left: Ints, right: Ints, leaf: Floats, x: Floats
) -> Doubles:
    total = np.zeros(len(x))
    for tree in range(len(root)):  # tree by tree: its nodes stay in the cache
        for row in range(len(x)):
            node = root[tree]
            while node >= 0:
                node = left[node] if x[row, feature[node]] <= threshold[node] else right[node]
            total[row] += leaf[-node - 1]
    return total


@kernel
def _chances(scores: Doubles, begin: Longs) -> Doubles:
    result = np.zeros(len(scores))
    for k in range(len(begin) - 1):
        top = -1e300
        for r in range(begin[k], begin[k + 1]):
            top = max(top, scores[r])
        total = 0.0
        for r in range(begin[k], begin[k + 1]):
            result[r] = np.exp(scores[r] - top)
            total += result[r]
        for r in range(begin[k], begin[k + 1]):
            result[r] /= total
    return result


def write(file: IO[bytes], looks: Mapping[str, Trees]) -> None:
    """Several sums of trees as one .npz file."""
    arrays = {
        f"{name}_{part}": np.asarray(getattr(trees, part))
        for name, trees in looks.items()
        for part in Trees.__dataclass_fields__
    }
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


@cache
def shipped() -> dict[str, Trees]:
    """The trees that the package brings: `first` and `second` look. provenance() says where they come from."""
    with resources.files("lianyi.insight.conversations").joinpath("shipped.npz").open("rb") as file:
        arrays = np.load(file)
        return {
            name: Trees(
                **{part: arrays[f"{name}_{part}"] for part in Trees.__dataclass_fields__ if part != "heat"},
                heat=float(arrays[f"{name}_heat"]),
            )
            for name in ("first", "second")
        }


def provenance() -> dict[str, Any]:
    """What the shipped trees were trained on, by which script, and what they reached."""
    text = resources.files("lianyi.insight.conversations").joinpath("shipped.json").read_text(encoding="utf-8")
    made: dict[str, Any] = json.loads(text)
    return made
