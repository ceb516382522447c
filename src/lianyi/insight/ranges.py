"""Tables of people are made in ranges of person ids: each fits into memory, one after the other sorted."""

from __future__ import annotations

from itertools import pairwise

# A range of this many people with all their columns takes about half a gigabyte while it is joined and sorted.
PEOPLE_PER_RANGE = 250_000
_MOST = 64


def ranges(people: int) -> list[tuple[str, str]]:
    """(from, up to but without) of person ids, in order, together all of them; '' is an open end.

    Ids are p + hex digits of a hash, so equal ranges hold about equally many people.
    """
    count = min(_MOST, 1 + people // PEOPLE_PER_RANGE)
    borders = ["", *(f"p{256 * number // count:02x}" for number in range(1, count)), ""]
    return list(pairwise(borders))


def within(column: str, borders: tuple[str, str]) -> str:
    """SQL condition: a person id lies in a range."""
    low, high = borders
    parts = [f"{column} >= '{low}'"] if low else []
    parts += [f"{column} < '{high}'"] if high else []
    return " AND ".join(parts) or "TRUE"
