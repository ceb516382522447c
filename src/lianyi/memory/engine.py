"""An engine in four methods: register / run / table / drop. SQL is written in the subset common to all engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from lianyi.memory.dialect import Name

# Rows that lie together in a file: few enough that a look-up by the sorted column decodes little, enough to compress.
ROW_GROUP = 20_480


class Engine(Protocol):
    """Runs SQL over named relations. One engine object is used by one thread at a time. dialect: how it writes SQL."""

    dialect: Name

    def register(self, name: str, data: pa.Table | pa.RecordBatchReader | Sequence[str | Path]) -> None:
        """Make Arrow data, or a list of Parquet files (empty list: not allowed), known as relation `name`."""

    def run(
        self,
        sql: str,
        *,
        into: str | None = None,
        path: Path | None = None,
        part: int = 0,
        row_group: int = ROW_GROUP,
    ) -> None:
        """Run one statement. With `into` the result of the query becomes relation `into`; with `path` as well it is
        written there as Parquet (a folder of part files) and `into` reads from these files. part: number of the result
        among several that make up the relation; `into` reads from all that are written. row_group: rows that lie
        together in its file."""

    def table(self, name_or_sql: str) -> pa.Table:
        """The rows of a relation, or of a query, as an Arrow table in memory."""

    def drop(self, name: str) -> None:
        """Forget a relation; nothing happens where there is none."""


def literal(value: Any) -> str:
    """A Python value as SQL literal, safe to put into text (str, int, bool, None, date, datetime, Decimal)."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a time without zone can't become a literal")
        return f"TIMESTAMPTZ '{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"no SQL literal for {type(value).__name__}")
