"""Learn strength on the workspace's own past, with honest splits in time.

At a split t only what happened up to t is known, and the label is whether the pair interacts in (t, t + horizon]. The
newest split is one horizon before as_of; coefficients are learned on splits whose labels end before it begins, and
checked on it unseen.
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
from lianyi.insight.ties.model import Model, Yes, fit, level, loss, platt, probability, shipped
from lianyi.insight.ties.slots import SLOTS, Scale

SPLITS = 12
# Pairs that are looked at per split, at most; more would hardly change two dozen coefficients.
MOST_PAIRS = 20_000
LEAST_PAIRS, LEAST_AGAIN, LEAST_MET = 100, 30, 5
FEW = 5  # splits
# A log of more rows in SLOTS than this has plenty to learn from in half the splits, and each takes its time.
LONG = 500_000
# How much a period counts beside the one after it when the next level is forecast; the first where none is better.
MEMORIES = (0.1, 0.4, 0.7, 1.0)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Pairs as they were `ago` slots before as_of: features (pairs × FEATURES), and whether they interacted again."""

    ago: int
    features: Doubles
    again: Yes


def learn(build: Build, scale: Scale) -> Model:
    """The workspace's own model, or the shipped one where its past is too short or too quiet."""
    model = shipped()
    found = [split for split in splits(build, scale) if split.again.sum() >= LEAST_MET]
    if not found:
        return model
    # a short past is looked at twice as often; labels overlap, which coefficients can bear and levels could not
    between = [] if len(found) > FEW else [split for split in splits(build, scale, begin=2.5) if split.again.any()]
    earlier = found[1:] + between
    known = np.concatenate([split.again for split in earlier]) if earlier else np.zeros(0, dtype=np.bool_)
    if known.sum() >= LEAST_AGAIN and len(known) >= LEAST_PAIRS:
        model = fit(np.concatenate([split.features for split in earlier]), known, around=model)
    return calibrated(model, found)


def calibrated(model: Model, found: list[Split]) -> Model:
    """The model with the level of the coming period, and with its figures on the newest split, unseen.

    Periods differ in how much is going on. Each split's level is the shift of the odds that fits it; the level of the
    next is forecast from those before, by the memory that forecast best so far. Stretch and shift are then fitted to
    the forecasts (Platt), so that they are as cautious as the forecasts are bad.
    """
    odds = [model.odds(split.features) for split in found]
    levels = [level(one, split.again) for one, split in zip(odds, found, strict=True)]
    if len(found) <= FEW:  # too few to learn how levels follow each other: the newest is the best guess
        stretch, shift = platt(odds[0], found[0].again)
        return replace(model, stretch=stretch, shift=shift, checks=_checks(odds[0], found[0].again))
    memory = _best_memory(odds, levels, found)
    ahead = [one + forecast(levels[place + 1 :], memory) for place, one in enumerate(odds[:-1])]
    again = [split.again for split in found[:-1]]
    stretch, shift = platt(np.concatenate(ahead[1:]), np.concatenate(again[1:]))
    checks = _checks(shift + stretch * ahead[0], again[0])
    stretch, shift = platt(np.concatenate(ahead), np.concatenate(again))
    return replace(model, stretch=stretch, shift=shift + stretch * forecast(levels, memory), checks=checks)


def forecast(levels: list[float], memory: float) -> float:
    """The next level from those before, newest first: each counts `memory` times as much as the one after it."""
    weights = memory ** np.arange(len(levels))
    return float(weights @ np.array(levels) / weights.sum())


def _best_memory(odds: list[Doubles], levels: list[float], found: list[Split]) -> float:
    """The memory whose forecasts had the smallest loss; the newest split is not looked at, for it is the check."""
    losses = [
        sum(
            loss(odds[place] + forecast(levels[place + 1 :], memory), found[place].again)
            for place in range(1, len(found) - 1)
        )
        for memory in MEMORIES
    ]
    return MEMORIES[int(np.argmin(losses))]


def _checks(odds: Doubles, again: Yes) -> dict[str, float]:
    chance = probability(odds)
    checks = {
        "pairs": float(len(odds)),
        "again": float(again.sum()),
        "average_precision": average_precision(chance, again),
        "brier": brier(chance, again),
        "brier_of_rate": brier(np.full(len(odds), again.mean()), again),
        "calibration_error": calibration_error(chance, again),
    }
    return {name: round(value, 6) for name, value in checks.items()}


def _agos(build: Build, scale: Scale, begin: float) -> list[int]:
    """At most SPLITS splits, while there was a past of half a horizon before."""
    known = build.engine.table(f"SELECT max(slot) AS oldest, count(*) AS n FROM {SLOTS} WHERE direct").to_pylist()[0]
    oldest, most = known["oldest"] or 0, SPLITS if known["n"] < LONG else SPLITS // 2
    wanted = [round((begin + step) * scale.per) for step in range(most)]
    return [ago for ago in wanted if ago + scale.per // 2 <= oldest]


def splits(build: Build, scale: Scale, *, begin: float = 1) -> Iterator[Split]:
    """Splits of the past a horizon apart, the newest first; the first is `begin` horizons ago."""
    for ago in _agos(build, scale, begin):
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
