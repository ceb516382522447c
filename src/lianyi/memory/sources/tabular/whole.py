"""What only all rows of a table can tell, and not its first ones: whether a column repeats, which number is the day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import InputError
from lianyi.memory.sources.tabular.cleaning import cleaned
from lianyi.memory.sources.tabular.grid import Grid

ENGINE_MB = 256
_SLASHED = r"^(?P<first>\d{1,2})/(?P<second>\d{1,2})/"


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All rows of a table, read anew for each question, one column of a part at a time."""

    grid: Grid
    path: Path

    def names_each_row(self, column: str) -> bool:
        """Whether every row has a value in this column and no value stands twice."""
        from lianyi.memory.duckdb import DuckDB

        with DuckDB(memory_mb=ENGINE_MB) as engine:
            engine.run("CREATE TABLE cells (cell UBIGINT)")
            for cells in self._cells(column):
                if cells.null_count:
                    return False
                engine.register("part", pa.table({"cell": cells}))
                engine.run("INSERT INTO cells SELECT hash(cell) FROM part")
            counted = engine.table("SELECT count(*) AS rows, count(DISTINCT cell) AS cells FROM cells").to_pylist()[0]
        return bool(counted["rows"] == counted["cells"])

    def highest(self, column: str) -> tuple[int, int]:
        """The highest first and second number of times like 3/12/2025; 0 where there are none."""
        first = second = 0
        for cells in self._cells(column):
            parts = pc.extract_regex(cells, _SLASHED)
            first = max(first, _highest(pc.struct_field(parts, "first")))
            second = max(second, _highest(pc.struct_field(parts, "second")))
        return first, second

    def _cells(self, column: str) -> Iterator[pa.ChunkedArray]:
        # a file that is damaged further on is judged by the rows before; importing it tells of the damage
        with suppress(InputError):
            for part in self.grid.parts(self.path):
                cells = part.rows[column]
                yield cleaned(cells) if pa.types.is_string(self.grid.types[column]) else cells


def _highest(numbers: pa.ChunkedArray) -> int:
    return int(pc.max(numbers.cast(pa.int8())).as_py() or 0)
