"""Large tables are made in ranges of what they are sorted by: each fits into memory, one after the other sorted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TypeVar

Key = TypeVar("Key")

# A range of this many people with all their columns takes about half a gigabyte while it is joined and sorted.
PEOPLE_PER_RANGE = 250_000
_MOST = 64
# So many rows of other tables are joined and sorted in half a gigabyte.
ROWS_AT_ONCE = 2_000_000


def ranges(people: int) -> list[tuple[str, str]]:
    """(from, up to but without) of person ids, in order, together all of them; '' is an open end.

    Ids are p + hex digits of a hash, so equal ranges hold about equally many people.
    """
    count = min(_MOST, 1 + people // PEOPLE_PER_RANGE)
    borders = ["", *(f"p{256 * number // count:02x}" for number in range(1, count)), ""]
    return list(pairwise(borders))


def within(column: str, borders: tuple[str, str]) -> str:
    """SQL condition: a person id lies in a range."""
    low, high = (f"'{border}'" if border else "" for border in borders)
    return marked(column, between(column, low, high))


def portions(counted: Iterable[tuple[Key, int]]) -> list[tuple[Key | None, Key | None]]:
    """(from, up to but without) of keys, None for an open end, together all of them: whole keys with ROWS_AT_ONCE rows
    together or little more. counted: how many rows each key has, in the order of keys."""
    borders: list[Key | None] = [None]
    rows = 0
    for key, count in counted:
        if rows >= ROWS_AT_ONCE:
            borders.append(key)
            rows = 0
        rows += count
    return list(pairwise([*borders, None]))


def between(column: str, low: str, high: str) -> str:
    """SQL condition: a column lies from `low` up to but without `high` (SQL; "" is an open end)."""
    parts = [f"{column} >= {low}"] if low else []
    parts += [f"{column} < {high}"] if high else []
    return " AND ".join(parts) or "TRUE"


def marked(column: str, condition: str) -> str:
    """The condition that a column lies in the range at hand, marked as such: it is all in which ranges differ."""
    return f"/* range of {column} */ {condition} /* end of range */"


_MARKED = re.compile(r"/\* range of (\S+) \*/ (.*?) /\* end of range \*/", re.DOTALL)


def for_all(sql: str) -> str:
    """The SQL that holds for every range: with `:from` and `:to` where it says one."""
    return _MARKED.sub(r"\1 >= :from AND \1 < :to", sql)


def unmarked(sql: str) -> str:
    """The SQL without the marks, for a table that is one range."""
    return _MARKED.sub(r"\2", sql)
