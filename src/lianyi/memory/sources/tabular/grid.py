"""A file as a table: what kind of container it is, its header and its first rows. Nothing is known of its meaning."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lianyi.errors import BadMapping, InputError
from lianyi.memory.sources.tabular import delimited, jsonlines, parquet, workbook
from lianyi.memory.sources.tabular.delimited import WHITESPACE, Layout
from lianyi.memory.sources.tabular.part import Columns, Part, unique_names

if TYPE_CHECKING:
    from lianyi.memory.sources.source import Head

SAMPLE_ROWS = 200
# Title lines above a header: more than these and it is not a table that people export.
MAX_TITLE_LINES = 15
DELIMITERS = (",", "\t", ";", "|")
TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".tab", ".dat", ".log", ""})


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The table that a file holds. rows: its first rows as text, for guessing. layout: of delimited text only.

    container: `delimited`, `workbook`, `jsonlines` or `parquet`. types: Arrow type by column (text but in Parquet).
    has_header: False where the columns had to be given names (column_1 …). broken: why it can't be read, where its
    container is known but damaged.
    """

    container: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[str | None]] = ()
    types: Columns
    has_header: bool = True
    layout: Layout | None = None
    sheet: str | None = None
    skip: int = 0
    broken: str | None = None

    def column(self, name: str) -> list[str]:
        """The sample's non-empty cells of one column."""
        index = self.columns.index(name)
        return [cell for row in self.rows if (cell := row[index])]

    def renamed(self, columns: Sequence[str], *, name: str) -> Grid:
        """The same table with names for its columns. BadMapping where their number differs."""
        if len(columns) != len(self.columns):
            raise BadMapping(f"{name}: has {len(self.columns)} columns, the mapping names {len(columns)}")
        layout = replace(self.layout, columns=tuple(columns)) if self.layout else None
        return replace(self, columns=tuple(columns), types=dict.fromkeys(columns, pa.string()), layout=layout)

    def parts(self, path: Path) -> Iterator[Part]:
        """All rows of the file. InputError where the container turns out to be damaged."""
        if self.broken:
            raise InputError(f"{path.name}: {self.broken}")
        if self.container == "delimited" and self.layout:
            return delimited.parts(path, self.layout)
        if self.container == "workbook":
            return workbook.parts(path, sheet=self.sheet or "", columns=self.columns, skip=self.skip)
        if self.container == "jsonlines":
            return jsonlines.parts(path, self.columns)
        return parquet.parts(path)


def grid_of(head: Head, *, has_header: bool | None = None, delimiter: str | None = None) -> Grid | None:
    """The file as a table, or None where it is none. has_header, delimiter: what a mapping says of it."""
    if head.start.startswith(b"PAR1"):
        return _parquet(head)
    if head.start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or head.suffix in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return _workbook(head, has_header=has_header)
    if head.suffix in {".parquet", ".pq"}:
        return Grid(container="parquet", types={}, broken="is no Parquet file: its first bytes are not PAR1")
    if not head.encoding or not head.text.strip():
        return None
    if head.text.lstrip()[0] in "{[" and delimiter is None:
        return _jsonlines(head)
    return _delimited(head, has_header=has_header, delimiter=delimiter)


def _parquet(head: Head) -> Grid:
    try:
        types, rows = parquet.sample(head.path, SAMPLE_ROWS)
    except (pa.ArrowException, OSError) as error:
        return Grid(container="parquet", types={}, broken=f"is a damaged Parquet file ({error})")
    return Grid(container="parquet", columns=tuple(types), rows=rows, types=types)


def _workbook(head: Head, *, has_header: bool | None) -> Grid:
    try:
        sheet, rows = workbook.sample(head.path, SAMPLE_ROWS + MAX_TITLE_LINES)
    except InputError as error:
        return Grid(container="workbook", types={}, broken=str(error))
    return _with_header("workbook", rows, sheet=sheet, has_header=has_header)


def _jsonlines(head: Head) -> Grid | None:
    columns, rows = jsonlines.sample(head.path, SAMPLE_ROWS)
    if not columns:
        return None
    return Grid(container="jsonlines", columns=columns, rows=rows, types=dict.fromkeys(columns, pa.string()))


def _delimited(head: Head, *, has_header: bool | None, delimiter: str | None) -> Grid | None:
    text = head.text.replace("\r\n", "\n").replace("\r", "\n")
    if len(head.start) < head.size:
        text = text[: text.rfind("\n") + 1]  # the last line of a long head is cut
    lines = text.split("\n")
    delimiter = delimiter or delimiter_of(lines)
    if delimiter is None or not head.encoding:
        return None
    if delimiter == WHITESPACE:
        rows: list[list[str | None]] = [list(line.split()) for line in lines]
        starts = list(range(1, len(rows) + 1))
    else:
        rows, starts = _sample(text, delimiter)
    grid = _with_header("delimited", rows, has_header=has_header)
    if not grid.columns:
        return None
    # `skip` counts rows; the layout counts lines, which differ where a title or header holds a line break
    skip = starts[grid.skip] - 1 if grid.skip < len(starts) else len(lines)
    layout = Layout(columns=grid.columns, delimiter=delimiter, skip=skip, encoding=head.encoding)
    return Grid(
        container="delimited", columns=grid.columns, rows=grid.rows, types=grid.types, has_header=grid.has_header,
        layout=layout, skip=skip,
    )  # fmt: skip


def _sample(text: str, delimiter: str) -> tuple[list[list[str | None]], list[int]]:
    """The first rows and the line that each starts at (with one more for the end)."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    rows: list[list[str | None]] = []
    starts = [1]
    try:
        for row in islice(reader, SAMPLE_ROWS + MAX_TITLE_LINES):
            rows.append(list(row))
            starts.append(reader.line_num + 1)
    except csv.Error:
        pass  # a huge cell within the sample: the rows before it tell enough; reading will reject it with its line
    return rows, starts


def delimiter_of(lines: Sequence[str]) -> str | None:
    """The sign that cuts most lines into the same number of cells, at least two; a single column is no table."""
    lines = [line for line in lines[:100] if line.strip()]
    best: tuple[float, str] | None = None
    for delimiter in DELIMITERS:
        counts = [
            len(re.findall(rf'"(?:[^"]|"")*"|{re.escape(delimiter)}', line)) - len(re.findall(r'"(?:[^"]|"")*"', line))
            for line in lines
        ]
        usual = max(set(counts), key=counts.count, default=0)
        share = counts.count(usual) / len(counts) if counts else 0.0
        if usual >= 1 and share >= 0.5 and (best is None or (share, usual) > (best[0], 0)):
            best = (share, delimiter)
    if best:
        return best[1]
    widths = {len(line.split()) for line in lines}
    return WHITESPACE if len(widths) == 1 and widths.pop() > 1 and len(lines) > 2 else None


def _with_header(
    container: str, rows: Sequence[Sequence[str | None]], *, sheet: str | None = None, has_header: bool | None
) -> Grid:
    """Find the header below title lines and name the columns."""
    at = None if has_header is False else header_row(rows, sure=bool(has_header))
    if at is None:
        start, width = 0, max((len(row) for row in rows), default=0)
        columns = tuple(f"column_{number}" for number in range(1, width + 1))
    else:
        start = at + 1
        columns = tuple(unique_names(_trimmed(rows[at], rows[start:])))
    body = [_fitted(row, len(columns)) for row in rows[start : start + SAMPLE_ROWS] if any(row)]
    return Grid(
        container=container, columns=columns, rows=body, types=dict.fromkeys(columns, pa.string()),
        has_header=at is not None, sheet=sheet, skip=start,
    )  # fmt: skip


def _trimmed(header: Sequence[str | None], body: Sequence[Sequence[str | None]]) -> Sequence[str | None]:
    """The header without empty cells at its end, but for those below which something stands."""
    width = len(header)
    while width > 1 and not (header[width - 1] or "").strip():
        if any(len(row) >= width and (row[width - 1] or "").strip() for row in body):
            break
        width -= 1
    return header[:width]


def _fitted(row: Sequence[str | None], width: int) -> list[str | None]:
    return [*row[:width], *([None] * (width - len(row)))]


_DATA = re.compile(r"[\s\t'\"=]*[-+]?[\d.,:/\-¥￥%TZ ]*\d[\d.,:/\-¥￥%TZ ]*[\s\"]*\Z")


def header_row(rows: Sequence[Sequence[str | None]], *, sure: bool = False) -> int | None:
    """The number of the row that names the columns: the first of full width without numbers; None where there is none.

    Title lines above it are narrower. A first row with numbers or dates in it is data, unless we are sure of a header.
    """
    widths = [sum(1 for cell in row if cell and cell.strip()) for row in rows[: MAX_TITLE_LINES + 5]]
    if not widths:
        return None
    usual = sorted(width for width in widths if width)
    full = usual[len(usual) // 2] if usual else 0
    for number, row in enumerate(rows[:MAX_TITLE_LINES]):
        cells = [cell.strip() for cell in row if cell and cell.strip()]
        if len(cells) < max(1, full * 0.6):
            continue
        if not sure and (
            any(_DATA.match(cell) for cell in cells) or len({cell.lower() for cell in cells}) < len(cells) * 0.8
        ):
            return None
        return number
    return None
