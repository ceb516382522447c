"""How good probabilities are: average precision, Brier score, calibration error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles

Yes = NDArray[np.bool_]


def average_precision(score: Doubles, again: Yes) -> float:
    """Area below precision over recall, equal scores taken together; the share of `again` for a useless score."""
    if not again.any():
        return 0.0
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf))
    hits = np.cumsum(again[order])[ends]
    gained = np.diff(hits, prepend=0)
    return float((gained * hits / (ends + 1)).sum() / again.sum())


def brier(probability: Doubles, again: Yes) -> float:
    """Mean squared difference of probability and what happened."""
    return float(((probability - again) ** 2).mean())


def reliability(probability: Doubles, again: Yes, *, parts: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share that happened, pairs) in `parts` equally large parts by probability."""
    order = np.argsort(probability, kind="stable")
    return [
        (float(probability[part].mean()), float(again[part].mean()), len(part))
        for part in np.array_split(order, parts)
        if len(part)
    ]


def calibration_error(probability: Doubles, again: Yes, *, parts: int = 10) -> float:
    """Expected calibration error: mean distance of probability and share over equally large parts."""
    rows = reliability(probability, again, parts=parts)
    return sum(abs(said - seen) * pairs for said, seen, pairs in rows) / max(len(again), 1)
