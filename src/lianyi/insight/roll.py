"""Columns that lists show, sort and narrow by, beside a table's Parquet files and ready to be read in place.

One file per column (Arrow, not compressed, rows as in the table) is mapped into memory: the fifty people of a page cost
fifty look-ups in it, where Parquet would have whole row groups decoded for each. What is mapped belongs to the
operating system, which takes it back when it needs memory. Held by the process are only the orders of the columns by
which somebody sorted: four bytes for each person and order, until the next refresh.
"""

from __future__ import annotations

import os
import shutil
import threading
from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.insight.tables import Table

FOLDER = "columns"
LOWER = "lower"
HOLDERS, FROM = "holders", "from"
# So many orders are kept: a sort of a million people takes about as long as a page may.
ORDERS = 6
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


def write(table: Table, folder: Path) -> None:
    """Write the columns that the table lists into its version's folder; nothing where they are there already."""
    place = folder / FOLDER
    if place.exists():
        return
    draft = folder / f"{FOLDER}-{os.getpid()}-{threading.get_ident()}"
    draft.mkdir()
    files = sorted(folder.glob("*.parquet"))
    for name in table.listed:
        column = pa.chunked_array(pq.read_table(files, columns=[name], use_threads=False)[name]).combine_chunks()
        coded = _coded(column)
        _write(draft / f"{name}.arrow", coded)
        if _of_words(coded):
            _write_holders(draft, name, coded)
        if name in table.searched:
            _write(draft / f"{name}.{LOWER}.arrow", pc.utf8_lower(column))
    try:
        draft.rename(place)
    except OSError:  # somebody else was quicker; theirs is the same
        shutil.rmtree(draft)
        if not place.exists():
            raise


def _of_words(coded: pa.Array) -> bool:
    return bool(pa.types.is_list(coded.type) and pa.types.is_dictionary(coded.type.value_type))


def _write_holders(folder: Path, name: str, coded: pa.Array) -> None:
    """For each word, one after the other, the rows whose lists hold it, and where each word begins."""
    codes = coded.values.indices
    row = np.repeat(np.arange(len(coded), dtype=np.int32), np.diff(coded.offsets.to_numpy()))
    known = codes.is_valid().to_numpy(zero_copy_only=False)
    row, code = row[known], codes.drop_null().to_numpy()
    words = len(coded.values.dictionary)
    # Numbers of few bits are sorted digit by digit, ten times as fast.
    small = code.astype(np.uint16) if words <= np.iinfo(np.uint16).max else code
    _write(folder / f"{name}.{HOLDERS}.arrow", pa.array(row[np.argsort(small, kind="stable")]))
    begins = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=words))])
    _write(folder / f"{name}.{FROM}.arrow", pa.array(begins, pa.int64()))


def _coded(column: pa.Array) -> pa.Array:
    """Lists of words as lists of numbers of words: a fifth of the bytes, and one number is compared and not a text."""
    if not pa.types.is_list(column.type) or not pa.types.is_string(column.type.value_type):
        return column
    words = column.values.dictionary_encode()
    return pa.ListArray.from_arrays(column.offsets, words, mask=column.is_null())


def _write(path: Path, column: pa.Array) -> None:
    batch = pa.record_batch([column], names=["value"])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


class Roll:
    """The listed columns of one version of a table. Its rows have the table's order, which is that of its key."""

    def __init__(self, table: Table, folder: Path) -> None:
        write(table, folder)
        self._folder = folder / FOLDER
        self._key = table.order[0]
        self._ordered = lru_cache(maxsize=ORDERS)(self._order)
        self._columns: dict[str, pa.Array] = {}
        self._parts = np.cumsum([0, *(pq.read_metadata(file).num_rows for file in sorted(folder.glob("*.parquet")))])

    def __len__(self) -> int:
        return int(self._parts[-1])

    def column(self, name: str) -> pa.Array:
        """All values of a column, mapped."""
        if name not in self._columns:
            source = pa.memory_map(str(self._folder / f"{name}.arrow"))
            self._columns[name] = pa.ipc.open_file(source).get_batch(0).column(0)
        return self._columns[name]

    def order(self, name: str, *, down: bool) -> Rows:
        """Rows by a column, unknown values last, rows of one value in the table's order."""
        return self._ordered(name, "descending" if down else "ascending")

    def _order(self, name: str, way: str) -> Rows:
        values = pa.table({"value": self.column(name)})
        found: Rows = pc.sort_indices(values, sort_keys=[("value", way)]).to_numpy().astype(np.int32)
        return found  # the sort is stable, with NULL at the end

    def places(self, keys: Collection[str]) -> dict[str, int]:
        """The row of each key that there is."""
        column = self.column(self._key)
        size = len(column)
        at = {key: bisect_left(range(size), key, key=lambda row: column[row].as_py()) for key in keys}
        return {key: row for key, row in at.items() if row < size and column[row].as_py() == key}

    def rows(self, rows: npt.NDArray[np.integer] | Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """The values of these columns in these rows, in the order given."""
        taken = [self.column(name).take(pa.array(rows, pa.int64())).to_pylist() for name in columns]
        return [dict(zip(columns, values, strict=True)) for values in zip(*taken, strict=True)]

    def listing(self, name: str, word: str) -> Mask:
        """Whether a column of lists holds the word."""
        code = self.column(name).values.dictionary.index(word).as_py()
        if code < 0:
            return self.marked([])
        begin, end = self.column(f"{name}.{FROM}").slice(code, 2).to_pylist()
        return self.marked(self.column(f"{name}.{HOLDERS}").slice(begin, end - begin).to_numpy())

    def saying(self, name: str, text: str) -> Mask:
        """Whether a searched column has the text in it, capitals or not."""
        return true_of(pc.match_substring(self.column(f"{name}.{LOWER}"), text.lower()))

    def marked(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> Mask:
        """True in these rows."""
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[np.asarray(rows, dtype=np.int64)] = True
        return mask

    def numbered(self, files: npt.NDArray[np.integer], rows: npt.NDArray[np.integer]) -> Mask:
        """True in the rows with these numbers within these files of the table (both counted from 0)."""
        return self.marked(self._parts[files] + rows)


def true_of(column: pa.BooleanArray) -> Mask:
    """A column of truth as a mask; what is unknown is false."""
    valid, truth = column.buffers()
    size = (column.offset + len(column) + 7) // 8
    bits = np.frombuffer(truth, np.uint8, count=size)
    if valid is not None:  # byte by byte: fill_null asks value by value, twenty milliseconds for a million
        bits = bits & np.frombuffer(valid, np.uint8, count=size)
    return np.unpackbits(bits, bitorder="little")[column.offset : column.offset + len(column)].view(np.bool_)
