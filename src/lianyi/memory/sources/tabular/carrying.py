"""Orders of several rows whose shared columns stand in the first row only: the cells are carried down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.memory.sources.tabular.part import Part

FIRST = "_first_of_group"


class Carrier:
    """Fills `columns` from the first row of each run of equal `by`, also where a run goes on in the next part.

    Adds the column FIRST: "1" in the first row of a run, so that what is said once per order is counted once.
    """

    def __init__(self, columns: Sequence[str], by: str) -> None:
        self._columns = columns
        self._by = by
        self._last: dict[str, str | None] = {}

    def carried(self, part: Part) -> Part:
        """The part with the cells carried down."""
        if not part.rows.num_rows:
            return part
        group = pc.fill_null(part.rows[self._by], "").to_numpy(zero_copy_only=False)
        starts = np.ones(len(group), dtype=np.bool_)
        starts[1:] = group[1:] != group[:-1]
        goes_on = bool(self._last) and group[0] == self._last[self._by] and group[0] != ""
        leader = np.maximum.accumulate(np.where(starts, np.arange(len(group)), 0))
        starts[0] = not goes_on
        rows = part.rows
        for name in self._columns:
            column = rows[name].combine_chunks()
            filled = pc.coalesce(column, column.take(pa.array(leader)))
            if goes_on:
                run = int(np.argmax(leader > 0)) if leader.any() else len(group)
                before = pa.array([self._last[name]] * run + [None] * (len(group) - run), filled.type)
                filled = pc.coalesce(filled, before)
            rows = rows.set_column(rows.column_names.index(name), name, filled)
        first = pa.array(np.where(starts, "1", ""), pa.string())
        end = rows.slice(rows.num_rows - 1, 1).select([*dict.fromkeys([*self._columns, self._by])]).to_pylist()[0]
        self._last = {name: None if value is None else str(value) for name, value in end.items()}
        return replace(part, rows=rows.append_column(FIRST, first))
