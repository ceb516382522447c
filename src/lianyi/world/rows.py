"""Columns of NumPy and Arrow arrays become rows of the event schema. All text work is done by Arrow, column-wise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.memory.events import FIELDS, MONEY, SCHEMA, TIME
from lianyi.world.settings import Bools, Ints

RECEIVED_AFTER = 2_000_000  # microseconds between happening and receiving
HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def rows(count: int, **columns: Any) -> pa.Table:
    """`count` events of SCHEMA. A column is a NumPy array, an Arrow array or one value for all; the rest is null.

    `at` is int64 microseconds since 1970, `value` int64 fen with CNY as currency unless given.
    """
    at = np.asarray(columns.pop("at"), dtype=np.int64)
    if "value" in columns:
        columns["value"] = yuan(columns["value"])
        columns.setdefault("currency", "CNY")
    columns["at"] = pa.array(at).view(TIME)
    columns["received_at"] = pa.array(at + RECEIVED_AFTER).view(TIME)
    arrays = [_array(columns.get(field.name), field.type, count) for field in FIELDS]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _array(value: Any, kind: pa.DataType, count: int) -> Any:
    if value is None:
        return pa.nulls(count, kind)
    if isinstance(value, str):
        return pa.repeat(pa.scalar(value, kind), count)
    if isinstance(value, np.ndarray):
        return pa.array(value, kind)
    return value


def yuan(fen: Ints) -> pa.Array:
    """Fen as decimal(18,4) yuan, exactly; built from the two 64-bit halves, so that no float is ever made."""
    low = np.asarray(fen, dtype=np.int64) * 100
    halves = np.empty((len(low), 2), dtype=np.int64)
    halves[:, 0] = low
    halves[:, 1] = low >> 63
    return pa.Array.from_buffers(MONEY, len(low), [None, pa.py_buffer(halves)])


def join(*parts: Any) -> pa.Array:
    """Texts put together row by row: Arrow text, integer arrays, or constants."""
    texts = [
        part if isinstance(part, str) else pa.array(part).cast(pa.string()) if isinstance(part, np.ndarray) else part
        for part in parts
    ]
    return pc.binary_join_element_wise(*texts, "")


def take(pool: pa.Array, index: Ints) -> pa.Array:
    """pool[index] row by row."""
    return pc.take(pool, pa.array(index))


def only(texts: pa.Array, mask: Bools) -> pa.Array:
    """The texts where the mask is true, null elsewhere."""
    return pc.if_else(pa.array(mask), texts, pa.scalar(None, pa.string()))


def hexes(numbers: Ints) -> pa.Array:
    """16 hex digits per unsigned 64-bit number."""
    data = np.ascontiguousarray(numbers, dtype=">u8").view(np.uint8)
    digits = np.empty(2 * len(data), dtype=np.uint8)
    digits[0::2] = HEX[data >> 4]
    digits[1::2] = HEX[data & 15]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * 16
    return pa.Array.from_buffers(pa.string(), len(numbers), [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


def scramble(numbers: Ints, salt: int) -> Ints:
    """splitmix64 of each number: distinct in, distinct out, and nothing of the order left."""
    with np.errstate(over="ignore"):
        z = np.asarray(numbers).astype(np.uint64) + np.uint64(salt % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def by_time(tables: Iterable[pa.Table]) -> pa.Table:
    """One table of all rows, ordered by time; rows of one moment keep the order in which they were made."""
    table = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
    order = np.argsort(table["at"].combine_chunks().view(pa.int64()).to_numpy(), kind="stable")
    return table.take(pa.array(order))


def rebatch(tables: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """The same rows in tables of `size` rows each (the last one smaller)."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        while count >= size:
            whole = pa.concat_tables(held)
            yield whole.slice(0, size).combine_chunks()
            held, count = [whole.slice(size)], count - size
    if count:
        yield pa.concat_tables(held).combine_chunks()
