"""A part of a table, as columns, with the place of each row in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.memory.sources.encoding import BROKEN
from lianyi.memory.sources.records import SHOWN
from lianyi.memory.sources.source import Reject


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of a table. rows: text columns ("" is NULL) or, from Parquet, typed ones. lines: line number of each row.

    rejects: rows that are no rows of this table (too many cells, broken bytes). bytes_done: see Batch.
    """

    rows: pa.Table
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    rejects: Sequence[Reject] = ()
    bytes_done: int = 0


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> pa.Table:
    """Rows of cells as a table of text columns; empty cells are NULL."""
    cells = zip(*rows, strict=True) if rows else ([] for _ in columns)
    arrays = [pa.array([cell or None for cell in column], pa.string()) for column in cells]
    return pa.Table.from_arrays(arrays, names=list(columns))


def unreadable(cells: Sequence[str | None]) -> str | None:
    """Why a row of cells can't be taken (broken bytes, NUL), or None."""
    for cell in cells:
        if cell and BROKEN in cell:
            return "holds bytes that are not of the file's encoding; save the file as UTF-8 or mend the row"
        if cell and "\x00" in cell:
            return "holds a NUL character; remove it"
    return None


def reject(line: int, columns: Sequence[str], cells: Sequence[str | None], reason: str, *, column: str = "") -> Reject:
    """A reject of a whole row, or of one cell of it when `column` is named."""
    shown = {
        name: (cell or "")[:MAX_CELL].replace(BROKEN, "\ufffd") for name, cell in zip(columns, cells, strict=False)
    }
    value = shown.get(column, "") if column else " | ".join(list(shown.values())[:8])[:SHOWN]
    return Reject(line=line, column=column, value=value, reason=reason, row=shown)


def unique_names(header: Sequence[str | None]) -> list[str]:
    """Column names that are not empty and stand once: the second `备注` becomes `备注.2`, an empty one `column_7`."""
    names: list[str] = []
    counts: dict[str, int] = {}
    for number, raw in enumerate(header, 1):
        name = clean_header(raw or "") or f"column_{number}"
        counts[name] = counts.get(name, 0) + 1
        while counts[name] > 1 and f"{name}.{counts[name]}" in header:
            counts[name] += 1
        names.append(name if counts[name] == 1 else f"{name}.{counts[name]}")
    return names


def clean_header(text: str) -> str:
    """A header cell without the wrappings that exports put around it (tabs, marks, ="…")."""
    text = text.strip(" \t\r\n\ufeff\u200b\xa0\u3000'\"")
    if text.startswith("=") and text[1:2] == '"':
        text = text[2:]
    return text.strip(' "\t')


def numbered(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Line numbers first, first + 1, …"""
    return np.arange(first, first + count, dtype=np.int64)


# A longer cell is no text that an event may hold; the row it stands in is a reject and is shown cut.
MAX_CELL = 100_000

Columns = Mapping[str, pa.DataType]
