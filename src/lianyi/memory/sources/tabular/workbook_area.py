"""How large a grid the sheets of a workbook span, told from a stream: the reader lays every sheet out as a full grid.

Two cells, A1 and XFD1048576, are a file of two kilobytes and a grid of 17 thousand million cells.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from lianyi.errors import InputError

CHUNK = 1 << 20
# A cell of the grid takes 24 to 32 bytes, so this is about two gigabytes: a million rows of 60 columns.
MAX_AREA = 64_000_000
# A grid up to this size may be as empty as it likes; a larger one must hold a value in every EMPTINESS-th cell.
SMALL_AREA = 4_000_000
EMPTINESS = 20

# The head of a cell or row as all common programs write it, else (groups empty) any other way to begin one.
_HEAD = re.compile(
    rb'<(?:c|row) r="([A-Z]{0,3})(\d{1,7})"|<(?:[^\s<>/:]{1,99}:)?(?:c|row)[\s/>]|<[^\s<>/]{100}'
)  # fmt: skip
# Longer than the longest head in the pattern: what is cut off at the end of a chunk is looked at with the next.
_LONGEST_HEAD = 256
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_PLACE = re.compile(r"([A-Za-z]{1,3})(\d{1,10})")


@dataclass
class Area:
    """What the cells of one sheet span. rows, columns: the last that holds something. cells: how many do."""

    rows: int = 0
    columns: int = 0
    cells: int = 0

    def add(self, row: int, column: int, *, cells: int = 1) -> None:
        """One more cell with a value (or a block of them that ends there)."""
        self.rows, self.columns, self.cells = max(self.rows, row), max(self.columns, column), self.cells + cells

    @property
    def allowed(self) -> bool:
        """Whether the full grid may be laid out."""
        area = self.rows * self.columns
        return area <= SMALL_AREA or (area <= MAX_AREA and area <= EMPTINESS * self.cells)


def check_areas(archive: zipfile.ZipFile) -> None:
    """InputError where a sheet of an XLSX or ODS file spans a grid that is far larger than what stands in it."""
    names = archive.namelist()
    if any(name.lower().endswith("workbook.bin") for name in names):
        raise InputError(
            "is a binary workbook (XLSB), which can't be checked before it is read; save it as XLSX or CSV"
        )
    if "content.xml" in names:
        for area in _ods_areas(archive):
            _refuse(area, "content.xml")
        return
    # A workbook may call its sheets as it likes, so all parts are looked at.
    for name in names:
        with archive.open(name) as file:
            bound = _glance(file)
        if bound is None or not bound.allowed:
            _refuse(_exact(archive, name, seen=bound is not None), name)


def _refuse(area: Area, part: str) -> None:
    if not area.allowed:
        raise InputError(
            f"{part} holds {area.cells:,} cells but spans {area.rows:,} rows and {area.columns:,} columns: refused, "
            f"for the grid would not fit in memory; delete what stands far off in the sheet, or save it as CSV"
        )


def _glance(file: IO[bytes]) -> Area | None:
    """An upper bound of a sheet's area, blank cells included; None where its heads are not written as usual."""
    area, rest = Area(), b""
    while piece := file.read(CHUNK):
        if not area.cells and piece.startswith(_UTF16):
            return None
        data = rest + piece
        cut = data.rfind(b"<", max(0, len(data) - _LONGEST_HEAD))
        data, rest = (data[:cut], data[cut:]) if cut >= 0 else (data, b"")
        if not _widened(area, data):
            return None
    return area if _widened(area, rest) else None


def _widened(area: Area, data: bytes) -> bool:
    found = _HEAD.findall(data)
    if not found:
        return True
    columns, rows = {column for column, _row in found}, {row for _column, row in found}
    if b"" in rows:
        return False
    cells = sum(1 for column, _row in found if column)
    area.add(max(map(int, rows)), max(_column(name.decode()) for name in columns), cells=cells)
    return True


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


@dataclass
class _Sheet:
    """The cells of a sheet that hold something, as the parser meets them."""

    area: Area = field(default_factory=Area)
    row: int = 0
    column: int = 0
    in_cell: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            place = attributes.get("r", "")
            self.row = int(place) if place.isdecimal() and len(place) < 11 else self.row + 1
            self.column = 0
        elif name == "c":
            place = attributes.get("r", "")
            match = _PLACE.fullmatch(place)
            self.column = _column(match[1]) if match else self.column + 1
            self.row = int(match[2]) if match else self.row
            self.in_cell = True
        elif self.in_cell:
            # what stands in the cell: a blank one that only has a colour has nothing in it
            self.area.add(self.row, self.column)
            self.in_cell = False

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "c":
            self.in_cell = False


def _exact(archive: zipfile.ZipFile, name: str, *, seen: bool) -> Area:
    """The area of the cells that hold something. seen: cells were found in it, so that it must be XML."""
    sheet = _Sheet()
    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler = sheet.start, sheet.end
    try:
        with archive.open(name) as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        if seen or name.lower().endswith((".xml", ".rels")):
            raise InputError(f"is a damaged workbook ({name}: {error})") from error
    return sheet.area


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_declaration: object) -> None:
        raise InputError("is a damaged workbook (its XML declares entities)")

    parser.EntityDeclHandler = refuse
    return parser


@dataclass
class _Tables:
    """The tables of an ODS file. Equal neighbours are written once, with a number."""

    areas: list[Area] = field(default_factory=list)
    row: int = 0
    rows: int = 1
    column: int = 0
    columns: int = 1
    width: int = 0
    filled: int = 0
    in_cell: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self.areas.append(Area())
            self.row = 0
        elif tag == "table:table-row":
            self.rows = _number(attributes.get("table:number-rows-repeated"))
            self.column = self.width = self.filled = 0
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            self.columns = _number(attributes.get("table:number-columns-repeated"))
            self.column += self.columns
            self.in_cell = True
            if any(name.endswith((":value-type", ":formula")) for name in attributes):
                self._fill()
        elif self.in_cell:
            self._fill()

    def _fill(self) -> None:
        self.width, self.filled, self.in_cell = self.column, self.filled + self.columns, False

    def end(self, tag: str) -> None:
        if tag in {"table:table-cell", "table:covered-table-cell"}:
            self.in_cell = False
        elif tag == "table:table-row" and self.areas:
            self.row += self.rows
            if self.width:
                self.areas[-1].add(self.row, self.width, cells=self.filled * self.rows)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 11 else 1


def _ods_areas(archive: zipfile.ZipFile) -> Iterator[Area]:
    tables = _Tables()
    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler = tables.start, tables.end
    try:
        with archive.open("content.xml") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise InputError(f"is a damaged workbook (content.xml: {error})") from error
    # all tables of an ODS file are laid out when it is opened
    yield from tables.areas
    yield Area(
        rows=sum(area.rows * area.columns for area in tables.areas),
        columns=1,
        cells=sum(area.cells for area in tables.areas),
    )
