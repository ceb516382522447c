"""Parquet files in parts, with the types that they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.errors import InputError
from lianyi.memory.sources.source import Reject
from lianyi.memory.sources.tabular.part import Columns, Part, numbered, reject

ROWS = 131_072


def sample(path: Path, rows: int) -> tuple[Columns, Sequence[Sequence[str | None]]]:
    """The types of the columns, and the first rows as text."""
    with pq.ParquetFile(path) as file:
        types = {field.name: field.type for field in file.schema_arrow}
        first = next(file.iter_batches(batch_size=rows), None)
    if first is None:
        return types, []
    cells = [[None if value is None else str(value) for value in column.to_pylist()] for column in first.columns]
    return types, list(zip(*cells, strict=True))


def parts(path: Path) -> Iterator[Part]:
    """The rows in parts of ROWS; the line of a row is its number, the first is 1. InputError where damaged."""
    done, size = 0, path.stat().st_size
    try:
        # without pre-buffering a column chunk is read page by page: a row group may be larger than the memory
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            total = max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=ROWS):
                table = pa.Table.from_batches([batch])
                yield _part(table, done + 1, bytes_done=min(size, size * (done + batch.num_rows) // total))
                done += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name}: is a damaged Parquet file after row {done:,} ({error})") from error


def _part(table: pa.Table, first: int, *, bytes_done: int) -> Part:
    lines = numbered(first, table.num_rows)
    bad = _bad_rows(table)
    if not bad.any():
        return Part(rows=table, lines=lines, bytes_done=bytes_done)
    rejects = [_reject(table, int(row), first) for row in np.flatnonzero(bad)]
    good = pa.array(~bad)
    return Part(rows=table.filter(good), lines=lines[~bad], rejects=rejects, bytes_done=bytes_done)


def _texts(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            yield name, column


def _bad_rows(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows hold text with NUL or bytes that are no UTF-8: Parquet promises neither, SQL can't take them."""
    bad = np.zeros(table.num_rows, dtype=np.bool_)
    for _name, column in _texts(table):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            values = column.cast(pa.large_binary()).to_pylist()
            bad |= np.array([value is not None and not _decodes(value) for value in values])
            continue
        nul = pc.match_substring(column, "\x00")
        if pc.any(nul).as_py():
            bad |= pc.fill_null(nul, False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return bad


def _decodes(value: bytes) -> bool:
    try:
        return "\x00" not in value.decode()
    except UnicodeDecodeError:
        return False


def _reject(table: pa.Table, row: int, first: int) -> Reject:
    cells = []
    for column in table.columns:
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        value = column.slice(row, 1)
        scalar = value.cast(pa.large_binary())[0].as_py() if is_text else value[0].as_py()
        cells.append(
            scalar.decode("utf-8", "replace") if isinstance(scalar, bytes) else None if scalar is None else str(scalar)
        )
    return reject(first + row, table.column_names, cells, "the row holds a NUL character or bytes that are no UTF-8")
