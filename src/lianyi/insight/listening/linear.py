"""A linear model over hashed grams: weighed by naive Bayes, fitted by logistic regression.

Wang & Manning 2012, Baselines and Bigrams (ACL): presence of each gram, scaled by the log-ratio of how often it occurs
in the two classes, as features of a linear classifier. After fitting, both factors are one weight per gram.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel
from lianyi.insight.listening.cues import WIDE
from lianyi.insight.listening.grams import BITS, Grams

STRENGTH = 0.05  # of the fit (C); weaker ones lose on every set that was tried
SEEN = 2  # grams of fewer texts say nothing
WIDTH = (1 << BITS) + WIDE
STEPS = 127


@dataclass(frozen=True, kw_only=True)
class Linear:
    """weights: one per place, WIDTH of them. A score above 0 means yes; chance() makes it a probability."""

    weights: Floats
    bias: float

    def scores(self, found: Grams) -> Doubles:
        """One per text."""
        return _sums(self.weights, found.begin, found.places) + self.bias


def chance(scores: Doubles) -> Doubles:
    """The logistic function."""
    result: Doubles = 1 / (1 + np.exp(-np.clip(scores, -40, 40)))
    return result


def learn(found: Grams, yes: Sequence[bool] | NDArray[np.bool_], *, strength: float = STRENGTH) -> Linear:
    """Fit one model; yes: per text whether it belongs to the class. Both kinds weigh alike however many there are."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    truth = np.asarray(yes, dtype=bool)
    if truth.all() or not truth.any():
        raise ValueError("both kinds of texts are needed")
    x = csr_matrix((np.ones(len(found.places)), found.places, found.begin), shape=(len(found), WIDTH))
    known = np.flatnonzero(np.asarray(x.sum(axis=0)).ravel() >= SEEN)
    x = x[:, known]
    with_it = np.asarray(x[truth].sum(axis=0)).ravel() + 1
    without = np.asarray(x[~truth].sum(axis=0)).ravel() + 1
    ratio = np.log(with_it / with_it.sum()) - np.log(without / without.sum())
    fitted = LogisticRegression(C=strength, class_weight="balanced", solver="liblinear", max_iter=500)
    fitted.fit(x.multiply(ratio).tocsr(), truth)
    weights = np.zeros(WIDTH, dtype=np.float32)
    weights[known] = fitted.coef_[0] * ratio
    return Linear(weights=weights, bias=float(fitted.intercept_[0]))


@kernel
def _sums(weights: Floats, begin: Longs, places: Ints) -> Doubles:
    result = np.zeros(len(begin) - 1)
    for text in range(len(begin) - 1):
        total = 0.0
        for k in range(begin[text], begin[text + 1]):
            total += weights[places[k]]
        result[text] = total
    return result


def write(file: IO[bytes], models: Mapping[str, Linear]) -> None:
    """Several models as one .npz file: weights as whole numbers of one byte, in steps of a 127th of the largest."""
    arrays: dict[str, Any] = {}
    for name, model in models.items():
        step = float(np.abs(model.weights).max()) / STEPS
        arrays[name] = np.rint(model.weights / step).astype(np.int8)
        arrays[f"{name}_step"], arrays[f"{name}_bias"] = step, model.bias
    np.savez_compressed(file, **arrays)


@cache
def shipped() -> Mapping[str, Linear]:
    """The models that the package brings: advert, good, bad. provenance() says where they come from."""
    with resources.files("lianyi.insight.listening").joinpath("shipped.npz").open("rb") as file:
        arrays = np.load(file)
        return {
            name: Linear(
                weights=arrays[name].astype(np.float32) * np.float32(arrays[f"{name}_step"]),
                bias=float(arrays[f"{name}_bias"]),
            )
            for name in ("advert", "good", "bad")
        }


def provenance() -> dict[str, Any]:
    """What the shipped models were trained on, under which licence, by which script."""
    text = resources.files("lianyi.insight.listening").joinpath("shipped.json").read_text(encoding="utf-8")
    made: dict[str, Any] = json.loads(text)
    return made
