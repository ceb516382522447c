"""Checking many events at once: whether all rows of a table are right at a glance, column by column."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.memory.events import (
    CURRENCY_PATTERN,
    EARLIEST,
    FUTURE_SLACK,
    KIND_PATTERN,
    KINDS,
    MAX_ID,
    MAX_KEY,
    MAX_PROPS,
    MAX_TEXT,
    TIME,
)

REQUIRED = ("id", "at", "kind", "source")
LONGEST = {
    "id": MAX_ID,
    "text": MAX_TEXT,
    **dict.fromkeys(("source", "actor_key", "target_key", "group_key", "object_key", "parent_id"), MAX_KEY),
    **dict.fromkeys(("campaign", "channel", "category"), MAX_KEY),
}


def plainly_right(table: pa.Table, *, now: datetime) -> bool:
    """Whether every row would pass memory.events.check and has props of allowed size. Says no when in doubt.

    The table has the columns of memory.parcel.COLUMNS. A hundred times as fast as asking row by row.
    """
    return (
        not any(table[name].null_count for name in REQUIRED)
        and all(_short(table[name], limit) for name, limit in LONGEST.items())
        and _length(table["props"], pc.max) <= MAX_PROPS
        and min(_length(table["id"], pc.min), _length(table["source"], pc.min)) > 0
        and all(kind in KINDS or KIND_PATTERN.match(kind) for kind in pc.unique(table["kind"]).to_pylist())
        and all(_all(pc.match_substring(table[name], ":")) for name in ("actor_key", "target_key"))
        and _money_right(table)
        and _times_right(table["at"], now)
    )


def _short(column: pa.ChunkedArray, limit: int) -> bool:
    """No text is longer than the limit in bytes (which are at least as many as characters), none holds a NUL."""
    if column.null_count == len(column):
        return True
    return _length(column, pc.max) <= limit and not pc.any(pc.match_substring(column, "\x00")).as_py()


def _length(column: pa.ChunkedArray, extreme: pc.ScalarAggregateFunction) -> int:
    if column.null_count == len(column):
        return 0
    length: int = extreme(pc.binary_length(column)).as_py()
    return length


def _money_right(table: pa.Table) -> bool:
    """The type of the column bounds the amount; what it needs beside it is a currency."""
    currencies = table["currency"]
    if currencies.null_count == len(currencies):
        return bool(table["value"].null_count == len(currencies))
    known = pc.unique(currencies).to_pylist()
    return all(currency is None or CURRENCY_PATTERN.match(currency) for currency in known) and _all(
        pc.or_(pc.is_null(table["value"]), pc.is_valid(currencies))
    )


def _times_right(times: pa.ChunkedArray, now: datetime) -> bool:
    bounds = pc.min_max(times)
    return not len(times) or (
        bounds["min"].cast(pa.int64()).as_py() >= pa.scalar(EARLIEST, TIME).cast(pa.int64()).as_py()
        and bounds["max"].cast(pa.int64()).as_py() <= pa.scalar(now + FUTURE_SLACK, TIME).cast(pa.int64()).as_py()
    )


def _all(column: pa.ChunkedArray) -> bool:
    """Whether no value is false; NULL is not false."""
    return pc.all(column).as_py() is not False
