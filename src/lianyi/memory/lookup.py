"""Rows of Parquet files by the values of one column, where the files are sorted by it.

The engine prepares every column of every row group before it passes over those that can't hold the value, which at
fifty million events takes longer than reading the one that does. Here the footers, read once, say which row groups
may hold a value; only these are opened, and the wide columns only where the value is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file: its footer, and the least and greatest text in the column by row group.

    unknown: row groups of which the footer does not say it. Those with NULL alone are left out of all three. told: what
    was asked of other columns.
    """

    path: str
    footer: pq.FileMetaData
    groups: npt.NDArray[np.int64]
    least: npt.NDArray[np.object_]
    greatest: npt.NDArray[np.object_]
    unknown: frozenset[int]
    told: dict[str, datetime | None] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str, column: str) -> Part:
        """Read a file's footer."""
        footer = pq.read_metadata(path)
        place = _place(footer, column)
        known, unknown = [], []
        for group in range(footer.num_row_groups):
            chunk = footer.row_group(group).column(place)
            told = chunk.statistics
            if told is not None and told.has_min_max:
                known.append((group, told.min, told.max))
            elif told is None or told.null_count != chunk.num_values:
                unknown.append(group)
        return cls(
            path=path,
            footer=footer,
            groups=np.array([group for group, _least, _greatest in known], dtype=np.int64),
            least=np.array([least for _group, least, _greatest in known], dtype=object),
            greatest=np.array([greatest for _group, _least, greatest in known], dtype=object),
            unknown=frozenset(unknown),
        )

    def latest(self, column: str) -> datetime | None:
        """The greatest moment in another column; None where the footer does not say it for every row group."""
        if column not in self.told:
            place = _place(self.footer, column)
            of = [self.footer.row_group(group).column(place).statistics for group in range(self.footer.num_row_groups)]
            known = all(one is not None and one.has_min_max for one in of)
            self.told[column] = max(one.max for one in of) if known else None
        return self.told[column]

    def holding(self, values: Collection[str]) -> list[int]:
        """The row groups that may hold one of the values."""
        found = set(self.unknown)
        for value in values:
            found.update(self.groups[(self.least <= value) & (self.greatest >= value)].tolist())
        return sorted(found)


class SortedFiles:
    """Parquet files that are each sorted by one text column. Files never change, so their footers are read once.

    known: parts of an older list of files, of which those that are still listed are taken over.
    """

    def __init__(self, files: Sequence[str], column: str, *, known: SortedFiles | None = None) -> None:
        self.column = column
        parts: dict[str, Part] = {part.path: part for part in known.parts} if known is not None else {}
        self.parts: list[Part] = [parts.get(file) or Part.read(file, column) for file in files]

    def reaching(self, column: str, moment: datetime) -> list[str]:
        """The files in which the column of moments may go beyond one."""
        latest = {part.path: part.latest(column) for part in self.parts}
        return [path for path, found in latest.items() if found is None or found > moment]

    def rows(self, values: Collection[str], *, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows whose column has one of these values, as the files follow each other; all columns or the named."""
        wanted = pa.array(sorted(set(values)), pa.string())
        found = list(self._found(wanted, columns))
        if not found:
            schema = pq.ParquetFile(self.parts[0].path, metadata=self.parts[0].footer).schema_arrow
            return _chosen(schema, columns).empty_table()
        return pa.concat_tables(found, promote_options="permissive")

    def _found(self, wanted: pa.Array, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        for part in self.parts:
            groups = part.holding(wanted.to_pylist())
            if not groups:
                continue
            file = pq.ParquetFile(part.path, metadata=part.footer)
            for group in groups:
                here = file.read_row_group(group, columns=[self.column], use_threads=False)[self.column]
                mask = pc.is_in(here, wanted)
                if pc.any(mask).as_py():
                    names = None if columns is None else list(columns)
                    yield file.read_row_group(group, columns=names, use_threads=False).filter(mask)


def _place(footer: pq.FileMetaData, column: str) -> int:
    """Which leaf of the file's schema a plain column is."""
    return [footer.schema.column(leaf).path for leaf in range(footer.num_columns)].index(column)


def _chosen(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])
