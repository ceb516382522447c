"""Learn strength on the workspace's own past, with honest splits in time.

At a split t only what happened up to t is known, and the label is whether the pair interacts in (t, t + horizon]. The
newest split is one horizon before as_of; coefficients are learned on splits whose labels end before it begins, checked
on it unseen, and then calibrated on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lianyi.insight.kernels import Doubles
from lianyi.insight.tables import Build
from lianyi.insight.ties import features
from lianyi.insight.ties.checks import average_precision, brier, calibration_error
from lianyi.insight.ties.model import Model, Yes, fit, platt, probability, shipped
from lianyi.insight.ties.slots import SLOTS, Scale

SPLITS = 6
# Pairs that are looked at per split, at most; more would hardly change two dozen coefficients.
MOST_PAIRS = 40_000
LEAST_PAIRS, LEAST_AGAIN = 100, 30
SAMPLED = "tie_sampled"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Pairs as they were `ago` slots before as_of: features (pairs × FEATURES), and whether they interacted again."""

    ago: int
    features: Doubles
    again: Yes


def learn(build: Build, scale: Scale) -> Model:
    """The workspace's own model, or the shipped one where its past is too short or too quiet."""
    start = shipped()
    found = [split for split in splits(build, scale) if split.again.sum() >= 5]
    if not found or found[0].ago != scale.per:
        return start
    newest, earlier = found[0], found[1:]
    known = np.concatenate([split.again for split in earlier]) if earlier else np.zeros(0, dtype=np.bool_)
    if known.sum() < LEAST_AGAIN or len(known) < LEAST_PAIRS:
        return calibrated(start, newest)
    model = fit(np.concatenate([split.features for split in earlier]), known, around=start)
    return calibrated(model, newest)


def calibrated(model: Model, newest: Split) -> Model:
    """The model with its figures on the newest split, unseen, and then calibrated on it.

    What it would be calibrated by is judged by halves: each half of the pairs is predicted after the other's.
    """
    odds = model.odds(newest.features)
    raw = probability(odds)
    crossed = np.zeros(len(odds))
    half = np.arange(len(odds)) % 2 == 0
    for one in (half, ~half):
        stretch, shift = platt(odds[~one], newest.again[~one])
        crossed[one] = probability(shift + stretch * odds[one])
    stretch, shift = platt(odds, newest.again)
    checks = {
        "pairs": float(len(odds)),
        "again": float(newest.again.sum()),
        "average_precision": average_precision(raw, newest.again),
        "brier": brier(raw, newest.again),
        "brier_of_rate": brier(np.full(len(odds), newest.again.mean()), newest.again),
        "calibration_error": calibration_error(raw, newest.again),
        "calibration_error_after": calibration_error(crossed, newest.again),
    }
    return replace(model, stretch=stretch, shift=shift, checks={name: round(v, 6) for name, v in checks.items()})


def _agos(build: Build, scale: Scale) -> list[int]:
    """The splits: one horizon ago, then from two horizons on in steps of half a horizon, while there was a past."""
    oldest = build.engine.table(f"SELECT max(slot) AS oldest FROM {SLOTS} WHERE direct")["oldest"][0].as_py() or 0
    wanted = [scale.per, *(2 * scale.per + step * (scale.per // 2) for step in range(SPLITS))]
    return [ago for ago in wanted if ago + scale.per // 2 <= oldest]


def splits(build: Build, scale: Scale) -> Iterator[Split]:
    """All splits of the past, the newest first."""
    for ago in _agos(build, scale):
        features.make(build, scale, ago, most=MOST_PAIRS)
        yield read_split(build, scale, ago)
        build.drop(features.PAIRS, features.LIVES, features.CIRCLES)


def read_split(build: Build, scale: Scale, ago: int) -> Split:
    """The pairs of CIRCLES at a split with their features and labels."""
    again = f"""SELECT DISTINCT a, b FROM {SLOTS} WHERE direct AND slot < {ago} AND slot >= {ago - scale.per}"""
    rows = build.engine.table(
        f"SELECT m.*, l.a IS NOT NULL AS again FROM ({features.matrix(scale)}) AS m "
        f"LEFT JOIN ({again}) AS l ON l.a = m.a AND l.b = m.b ORDER BY m.a, m.b"
    )
    return Split(ago=ago, features=columns(rows), again=rows["again"].to_numpy(zero_copy_only=False).astype(np.bool_))


def columns(rows: pa.Table) -> Doubles:
    """The features of the rows, one column each."""
    result: Doubles = np.column_stack([rows[name].to_numpy() for name in features.FEATURES])
    return result.astype(np.float64)
