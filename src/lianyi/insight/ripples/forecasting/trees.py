"""Boosted trees as plain arrays: learned by scikit-learn, kept as numbers that no version of it needs to read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, kernel

LEAF = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """A sum of trees. Nodes of all trees lie one after the other; root: first node of each tree.

    feature: column asked (LEAF at leaves); threshold: at most this goes left; unknown: 1 where NaN goes left; left,
    right: nodes; value: what a leaf adds. base: what is added anyway.
    """

    base: float
    root: Ints
    feature: Ints
    threshold: Doubles
    unknown: Ints
    left: Ints
    right: Ints
    value: Doubles

    def predict(self, rows: NDArray[np.float64]) -> Doubles:
        """The sum per row."""
        nodes = (self.feature, self.threshold, self.unknown, self.left, self.right, self.value)
        return _predict(np.ascontiguousarray(rows), self.base, self.root, *nodes)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """For an .npz file, each with the name before it."""
        return {f"{name}.{part}": np.asarray(value) for part, value in vars(self).items()}

    @classmethod
    def read(cls, file: Any, name: str) -> Trees:
        """Back from `arrays`."""
        parts = {part: file[f"{name}.{part}"] for part in cls.__dataclass_fields__}
        return cls(**{**parts, "base": float(parts["base"])})


def learn_trees(
    rows: NDArray[np.float64], target: Doubles, *, quantile: float | None = None, rounds: int = 120, seed: int = 0
) -> Trees:
    """Trees for the mean of the target given the rows, or for a quantile of it."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingRegressor(
        loss="squared_error" if quantile is None else "quantile", quantile=quantile, max_iter=rounds,
        learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=max(10, min(40, len(target) // 40)),
        l2_regularization=1.0, early_stopping=False, random_state=seed,
    )  # fmt: skip
    unknown = np.isnan(rows).all(axis=0)  # scikit-learn refuses a column without any value; a constant is never asked
    with threadpool_limits(1, user_api="openmp"):  # its threads wait for each other by spinning, which costs others
        model.fit(np.where(unknown, 0.0, rows), target)
    return _plain(model)


def _plain(model: Any) -> Trees:
    """scikit-learn keeps each tree as one structured array; its shape is held by a test against its own predictions."""
    nodes = [trees[0].nodes for trees in model._predictors]  # noqa: SLF001
    sizes = np.array([len(tree) for tree in nodes])
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift = np.repeat(root, sizes)
    whole = np.concatenate(nodes)
    leaf = whole["is_leaf"].astype(bool)
    return Trees(
        base=float(np.asarray(model._baseline_prediction).ravel()[0]),  # noqa: SLF001
        root=root.astype(np.int32),
        feature=np.where(leaf, LEAF, whole["feature_idx"]).astype(np.int32),
        threshold=whole["num_threshold"].astype(np.float64),
        unknown=whole["missing_go_to_left"].astype(np.int32),
        left=(whole["left"] + shift).astype(np.int32),
        right=(whole["right"] + shift).astype(np.int32),
        value=whole["value"].astype(np.float64),
    )


@kernel
def _predict(
    rows: NDArray[np.float64], base: float, root: Ints, feature: Ints, threshold: Doubles, unknown: Ints, left: Ints,
    right: Ints, value: Doubles,
) -> Doubles:  # fmt: skip
    total = np.full(rows.shape[0], base)
    for row in range(rows.shape[0]):
        for tree in range(len(root)):
            node = root[tree]
            while feature[node] >= 0:
                found = rows[row, feature[node]]
                if np.isnan(found):
                    node = left[node] if unknown[node] else right[node]
                else:
                    node = left[node] if found <= threshold[node] else right[node]
            total[row] += value[node]
    return total
