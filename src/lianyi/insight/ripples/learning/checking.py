"""Holding what was learned to account: ripples that began later, exposure by exposure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.ripples.learning.calibrating import calibrated, exposures, outcome
from lianyi.insight.ripples.learning.reading import Known
from lianyi.insight.ripples.learning.spreading import Spread


def check_later(known: Known, *, later: float, parts: int, early: Spread | None = None) -> pa.Table:
    """Learn and mend on what was known after `later` of the arrivals, then compare with ripples that began after that.

    One row = one of `parts` equal parts of their exposures along known ties, by chance; part 0 = along ties that nobody
    saw. None where there is nothing to compare. An arrival whose parent nobody saw is shared out by the chances
    themselves: it tells of their sum, not of their order. early: learned on what was known then already, not mended.
    """
    past = known.past
    if not len(past.at):
        return _table(np.empty((0, 8)))
    cut = float(np.quantile(past.at, later))
    found, _ = calibrated(past.until(cut), known.arcs, moments=known.moments.until(cut), later=later, whole=early)
    after = outcome(found, exposures(found, past.only(past.began() > cut)))
    seen = np.flatnonzero(~after.unseen)
    if len(seen) < parts:
        return _table(np.empty((0, 8)))
    level = np.where(after.unseen, found.level.unseen, found.level.known)
    rate = np.exp(after.rest + after.log.sum(axis=1) + level)
    chance = np.where(after.unseen, rate, -np.expm1(-rate))
    expected = np.where(after.unseen, rate * after.watched, -np.expm1(-rate * after.watched))
    groups = [np.flatnonzero(after.unseen & (after.watched > 0))]
    groups += np.array_split(seen[np.argsort(chance[seen], kind="stable")], parts)
    whole = after.came[after.unseen].sum(), after.came[seen].sum() / len(seen)
    rows = []
    for number, part in enumerate(groups):
        came = after.came[part]
        flat = whole[0] / max(len(part), 1) if number == 0 else whole[1]
        total = whole[0] if number == 0 else came.sum()
        rows.append(
            (number, len(part), expected[part].sum(), total, chance[part].min(initial=np.inf),
             chance[part].max(initial=0), np.mean((expected[part] - came) ** 2), np.mean((flat - came) ** 2))
        )  # fmt: skip
    return _table(np.array(rows))


def _table(rows: NDArray[np.float64]) -> pa.Table:
    names = ("part", "exposures", "promised", "came", "chance_low", "chance_high", "squared_error",
             "flat_squared_error")  # fmt: skip
    whole = {"part", "exposures"}
    return pa.table({
        name: pa.array(column, pa.int64() if name in whole else pa.float64())
        for name, column in zip(names, rows.T.astype(object) if len(rows) else [[]] * 8, strict=True)
    })  # fmt: skip
