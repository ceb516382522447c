"""Long lists of ids in pieces that fit into one statement of any database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 1_000


def in_pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values, AT_ONCE at a time, in their order."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
