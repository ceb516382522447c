"""XLSX (and XLS, ODS) workbooks: one sheet as rows of text."""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lianyi.errors import InputError
from lianyi.memory.sources.source import Reject
from lianyi.memory.sources.tabular.part import Part, reject, text_table, unreadable
from lianyi.memory.sources.tabular.workbook_area import check_areas

ROWS = 50_000
# What the parts of a workbook may hold unpacked. Excel's own limit of a million rows stays below it.
MAX_UNPACKED = 2 << 30
MAX_RATIO = 400
# Excel keeps 15 digits of a number; longer ones have been rounded before they reached the file.
EXACT_DIGITS = 15


def sample(path: Path, rows: int) -> tuple[str, list[list[str | None]]]:
    """The name of the sheet with the data (the first that has two rows) and its first rows."""
    best: tuple[str, list[list[str | None]]] | None = None
    with _opened(path) as book:
        for name in book.sheet_names:
            found = [list(row) for row, _number in zip(_rows(book, name, path), range(rows), strict=False)]
            if best is None or (len(best[1]) < 2 <= len(found)):
                best = (name, found)
            if len(found) >= 2:
                break
    if best is None:
        raise InputError("is a workbook without sheets")
    return best


def parts(path: Path, *, sheet: str, columns: Sequence[str], skip: int) -> Iterator[Part]:
    """The rows of a sheet below its header, in parts of ROWS. The line of a row is its number in the sheet."""
    size = path.stat().st_size
    rows: list[list[str | None]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    with _opened(path) as book:
        for number, cells in enumerate(_rows(book, sheet, path), 1):
            if number <= skip or not any(cells):
                continue
            fitted, why = _fitted(cells, len(columns))
            if why:
                rejects.append(reject(number, columns, cells, f"the row {why}"))
                continue
            rows.append(fitted)
            lines.append(number)
            if len(rows) + len(rejects) >= ROWS:
                yield _part(columns, rows, lines, rejects, size // 2)
                rows, lines, rejects = [], [], []
    yield _part(columns, rows, lines, rejects, size)


def _part(
    columns: Sequence[str], rows: list[list[str | None]], lines: list[int], rejects: list[Reject], done: int
) -> Part:
    places = np.array(lines, dtype=np.int64)
    return Part(rows=text_table(columns, rows), lines=places, rejects=rejects, bytes_done=done)


def _fitted(cells: list[str | None], width: int) -> tuple[list[str | None], str | None]:
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) > width:
        return cells, f"has {len(cells)} cells where the header has {width}"
    return [*cells, *([None] * (width - len(cells)))], unreadable(cells)


class _opened:  # noqa: N801  a context manager that reads like a function
    """A workbook, checked before it is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book: Any = None

    def __enter__(self) -> Any:
        from python_calamine import CalamineError, CalamineWorkbook

        check_zip(self._path)
        try:
            self._book = CalamineWorkbook.from_path(str(self._path))
        except (CalamineError, OSError) as error:
            raise InputError(f"is a damaged or protected workbook ({error}); open it and save it again") from error
        return self._book

    def __exit__(self, *_exc: object) -> None:
        self._book.close()


def _rows(book: Any, sheet: str, path: Path) -> Iterator[list[str | None]]:
    from python_calamine import CalamineError

    try:
        found = book.get_sheet_by_name(sheet)
        offset = found.start[0] if found.start else 0
        for _ in range(offset):
            yield []
        for row in found.iter_rows():
            yield [cell_text(value) for value in row]
    except (CalamineError, OSError) as error:
        raise InputError(f"{path.name}: sheet {sheet!r} is damaged ({error}); open it and save it again") from error


def check_zip(path: Path) -> None:
    """InputError where a zip container is damaged, encrypted, or would unpack to more than any workbook holds.

    So it is where its sheets would be laid out as grids that do not fit in memory.
    """
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"is a damaged workbook ({error})") from error
    total = sum(info.file_size for info in infos)
    packed = max(1, path.stat().st_size)
    if total > MAX_UNPACKED or (total > 64 << 20 and total / packed > MAX_RATIO):
        raise InputError(
            f"would unpack from {packed:,} to {total:,} bytes: refused as a zip bomb; save it as CSV if it is honest"
        )
    if any(info.flag_bits & 1 for info in infos):
        raise InputError("is protected by a password; save it without")
    try:
        with zipfile.ZipFile(path) as archive:
            check_areas(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"is a damaged workbook ({error})") from error


def cell_text(value: object) -> str | None:
    """A cell as text: whole floats without point, times in ISO form, empty as None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**EXACT_DIGITS else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
