"""Holding what was learned to account: ripples that began later, exposure by exposure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.ripples.learning.past import UNKNOWN
from lianyi.insight.ripples.learning.reading import Known
from lianyi.insight.ripples.learning.spreading import learn
from lianyi.insight.ripples.learning.trials import share_out, trials


def check_later(known: Known, traits: tuple[str, ...], *, later: float, parts: int) -> pa.Table:
    """Learn on what was known after `later` of the arrivals, then compare with ripples that began after that moment.

    One row = one of `parts` equal parts of their exposures, by chance; none where there is nothing to compare. An
    arrival whose parent nobody saw is shared out by the chances themselves: it tells of their sum, not of their order.
    """
    past = known.past
    if not len(past.at):
        return _table(np.empty((0, 8)))
    cut = float(np.quantile(past.at, later))
    began = np.full(past.ripples, np.inf)
    np.minimum.at(began, past.ripple, past.at)
    found = learn(past.until(cut), known.arcs, care=known.care, traits=traits)
    tried = trials(past, known.arcs, found.delay)
    tried = tried.only(began[tried.ripple] > cut)
    if len(tried) < parts:
        return _table(np.empty((0, 8)))
    chance = found.probability(known.arcs, tried.arc, past.topic[tried.ripple], past.incentive[tried.ripple])
    expected = 1 - (1 - chance) ** tried.watched
    came = share_out(tried.arrival, expected * (tried.arrival > UNKNOWN), tried.credit, len(past.person))
    flat = came.sum() / len(came)
    rows = [
        (number, len(part), expected[part].sum(), came[part].sum(), chance[part].min(), chance[part].max(),
         np.mean((expected[part] - came[part]) ** 2), np.mean((flat - came[part]) ** 2))
        for number, part in enumerate(np.array_split(np.argsort(chance, kind="stable"), parts), 1)
    ]  # fmt: skip
    return _table(np.array(rows))


def _table(rows: NDArray[np.float64]) -> pa.Table:
    names = ("part", "exposures", "promised", "came", "chance_low", "chance_high", "squared_error",
             "flat_squared_error")  # fmt: skip
    whole = {"part", "exposures"}
    return pa.table({
        name: pa.array(column, pa.int64() if name in whole else pa.float64())
        for name, column in zip(names, rows.T.astype(object) if len(rows) else [[]] * 8, strict=True)
    })  # fmt: skip
