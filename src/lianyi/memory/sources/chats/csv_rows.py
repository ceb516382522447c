"""Rows of a chat's CSV file: columns found by name, messages of many lines, and damage that costs one row only."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from lianyi.memory.sources.chats.texts import lines
from lianyi.memory.sources.source import Head, Reject

# Longer than any message that the log takes; the csv module's own limit would stop at a long but honest message.
MAX_CELL = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a format: our name for it, the header's names for it, and its meaning in English and Chinese."""

    name: str
    headers: tuple[str, ...]
    en: str
    zh: str
    required: bool = True


@dataclass(frozen=True)
class Layout:
    """Where the columns of a format stand in one file."""

    header: Sequence[str]
    index: Mapping[str, int]

    def cell(self, row: Sequence[str], name: str) -> str:
        """The cell of a column; empty where the file has no such column."""
        place = self.index.get(name)
        return row[place] if place is not None and place < len(row) else ""

    def named(self, row: Sequence[str]) -> dict[str, str]:
        """The row by the header's names, for rejects."""
        return dict(zip(self.header, row, strict=False))


def layout(header: Sequence[str], columns: Sequence[Column]) -> Layout | None:
    """The places of the columns; None where a required one is missing."""
    places = {title.strip().strip("\ufeff").casefold(): number for number, title in reversed(list(enumerate(header)))}
    index: dict[str, int] = {}
    for column in columns:
        place = next((places[title.casefold()] for title in column.headers if title.casefold() in places), None)
        if place is not None:
            index[column.name] = place
        elif column.required:
            return None
    return Layout([title.strip().strip("\ufeff") for title in header], index)


def head_layout(head: Head, columns: Sequence[Column]) -> Layout | None:
    """The layout of a file from its head; None where its first line is no header of this format."""
    first = next((line for line in head.lines if line.strip()), "")
    if len(first) > 10_000:
        return None
    try:
        header = next(csv.reader([first], strict=True), [])
    except csv.Error:
        return None
    return layout(header, columns)


@dataclass
class CsvRows:
    """The rows of a text, as (line where it starts, cells), with the damaged ones as rejects."""

    text: TextIO
    width: int | None = None
    _waiting: deque[tuple[int, str]] = field(default_factory=deque)
    _taken: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Reject]:
        csv.field_size_limit(MAX_CELL)
        source = lines(self.text)
        rows = csv.reader(self._lines(source), strict=True)
        while True:
            self._taken.clear()
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._damaged(str(error))
                rows = csv.reader(self._lines(source), strict=True)
                continue
            start = self._taken[0][0] if self._taken else 0
            if not cells:
                continue
            if self.width is None:
                self.width = len(cells)
            if len(cells) == self.width:
                yield start, cells
            else:
                yield self._odd(start, cells)

    def _lines(self, source: Iterator[tuple[int, str]]) -> Iterator[str]:
        while True:
            if self._waiting:
                numbered = self._waiting.popleft()
            else:
                try:
                    numbered = next(source)
                except StopIteration:
                    return
            self._taken.append(numbered)
            yield numbered[1]

    def _damaged(self, error: str) -> Reject:
        """Reject the first line of a row that can't be read; the lines after it are tried as rows of their own."""
        start, first = self._taken[0] if self._taken else (0, "")
        self._waiting.extendleft(reversed(self._taken[1:]))
        reason = "its quotes do not close" if "end of data" in error else f"it is no CSV row: {error}"
        return Reject(line=start, column="", value=first.rstrip("\r\n")[:500], reason=reason)

    def _odd(self, start: int, cells: list[str]) -> Reject:
        text = "".join(line for _, line in self._taken).rstrip("\r\n")
        reason = f"has {len(cells)} cells where the header has {self.width}; the file is cut off or damaged here"
        return Reject(line=start, column="", value=text[:500], reason=reason)
