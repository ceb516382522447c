"""Delimited text (CSV, TSV, …) in parts: fast where a block is well formed, careful where it is not.

A block is cut at the end of a record and given to Arrow's parser. Where that finds as many rows as there are lines,
each row's line number is known. All other blocks (cells with line breaks, rows with too many cells, broken bytes) go
through the careful path, record by record, which knows the line of each row and loses none but the bad one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from lianyi.memory.sources.encoding import BROKEN_BYTES, Encoding, Utf8
from lianyi.memory.sources.source import Reject
from lianyi.memory.sources.tabular.part import Part, numbered, reject, text_table, unreadable

BLOCK = 8 << 20
# A record longer than this is a quote that never closes, not a record.
MAX_RECORD = 4 << 20
WHITESPACE = "whitespace"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a delimited file is laid out. skip: lines before the first data row, header included."""

    columns: tuple[str, ...]
    delimiter: str
    skip: int
    encoding: Encoding


def parts(path: Path, layout: Layout) -> Iterator[Part]:
    """The rows of a file, in parts of about BLOCK bytes."""
    with layout.encoding.open(path) as stream:
        line = 1
        for block in _blocks(stream, layout):
            skipped = 0
            if line <= layout.skip:
                block, skipped = _without_lines(block, layout.skip - line + 1)
            line += skipped
            if block:
                yield _part(block, line, layout, stream.position)
            line += block.count(b"\n")


def _without_lines(block: bytes, count: int) -> tuple[bytes, int]:
    place = done = 0
    while done < count and place < len(block):
        end = block.find(b"\n", place)
        place = len(block) if end < 0 else end + 1
        done += 1
    return block[place:], done


def _blocks(stream: Utf8, layout: Layout) -> Iterator[bytes]:
    """The file's bytes in pieces that end where a record ends."""
    rest = b""
    wanted = BLOCK
    while True:
        pieces = [rest]
        size = len(rest)
        while size < wanted:
            piece = stream.chunk()
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        data = _plain_ends(b"".join(pieces), ended=size < wanted)
        if size < wanted:
            if data:
                yield data
            return
        cut = _record_end(data, layout.delimiter.encode())
        if cut == 0 and len(data) < BLOCK + MAX_RECORD:
            rest, wanted = data, len(data) + BLOCK // 2
            continue
        cut = cut or data.rfind(b"\n") + 1 or len(data)
        yield data[:cut]
        rest, wanted = data[cut:], max(BLOCK, len(data) - cut + 1)


def _plain_ends(data: bytes, *, ended: bool) -> bytes:
    """Line ends of old Macs (CR alone) as LF; CR LF stays, both parsers know it."""
    if b"\r" not in data or b"\n" in data:
        return data
    return data.replace(b"\r", b"\n") if ended or not data.endswith(b"\r") else data[:-1].replace(b"\r", b"\n") + b"\r"


def _record_end(data: bytes, delimiter: bytes) -> int:
    """Where the last whole record ends; 0 where an open quote runs through."""
    last = data.rfind(b"\n") + 1
    if data.count(b'"', 0, last) % 2 == 0:
        return last
    opened, end, place = False, 0, 0
    while place < last:
        stop = data.index(b"\n", place) + 1
        opened = _open_after(data[place:stop], delimiter, opened=opened)
        place = stop
        if not opened:
            end = stop
    return end


def _open_after(line: bytes, delimiter: bytes, *, opened: bool) -> bool:
    """Whether a quoted cell is open at the end of a line. A quote opens a cell only at the cell's start."""
    place = 0
    if not opened and line.startswith(b'"'):
        place, opened = 1, True
    while True:
        if opened:
            quote = line.find(b'"', place)
            while quote >= 0 and line[quote + 1 : quote + 2] == b'"':
                quote = line.find(b'"', quote + 2)
            if quote < 0:
                return True
            place, opened = quote + 1, False
        start = line.find(delimiter + b'"', place)
        if start < 0:
            return False
        place, opened = start + len(delimiter) + 1, True


def _part(block: bytes, line: int, layout: Layout, position: int) -> Part:
    if layout.delimiter == WHITESPACE:
        block = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", block))
    if b"\x00" not in block and BROKEN_BYTES not in block:
        table = _fast(block, layout)
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if table is not None and table.num_rows == lines:
            return Part(rows=table, lines=numbered(line, lines), bytes_done=position)
    return _careful(block, line, layout, position)


def _fast(block: bytes, layout: Layout) -> pa.Table | None:
    """The block by Arrow's parser; None where a row does not fit."""
    misfits: list[object] = []

    def note(row: object) -> str:
        misfits.append(row)
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=list(layout.columns), block_size=max(len(block), 1 << 20)),
            parse_options=pacsv.ParseOptions(
                delimiter=_character(layout), newlines_in_values=False, invalid_row_handler=note
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(layout.columns, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        return None
    return None if misfits else table


def _character(layout: Layout) -> str:
    return "\t" if layout.delimiter == WHITESPACE else layout.delimiter


def _careful(block: bytes, line: int, layout: Layout, position: int) -> Part:
    """The block record by record; what does not fit is a reject, and reading goes on at the next line."""
    rows: list[list[str | None]] = []
    places: list[int] = []
    rejects: list[Reject] = []
    for place, outcome in _records(block, line, layout):
        if isinstance(outcome, Reject):
            rejects.append(outcome)
        else:
            rows.append(outcome)
            places.append(place)
    table = text_table(layout.columns, rows)
    return Part(rows=table, lines=np.array(places, dtype=np.int64), rejects=rejects, bytes_done=position)


def _records(block: bytes, line: int, layout: Layout) -> Iterator[tuple[int, list[str | None] | Reject]]:
    # not splitlines: a lone CR within a cell is no line end here
    lines = [piece + b"\n" for piece in block.removesuffix(b"\n").split(b"\n")]
    delimiter = _character(layout).encode()
    index = 0
    while index < len(lines):
        end = _end_of_record(lines, index, delimiter)
        outcome: list[str | None] | Reject | None
        if end is None:
            outcome, end = _bad(lines[index], line + index, layout, "opens a quote that never closes"), index + 1
        else:
            outcome = _cells(b"".join(lines[index:end]), line + index, layout)
            if isinstance(outcome, Reject) and end > index + 1:
                # the quote that joins these lines is likely the mistake: give up one line, not all of them
                outcome = _bad(lines[index], line + index, layout, "opens a quote that closes lines later")
                end = index + 1
        if outcome is not None:
            yield line + index, outcome
        index = end


def _end_of_record(lines: list[bytes], index: int, delimiter: bytes) -> int | None:
    """The index after the record's last line; None where its quote does not close within MAX_RECORD."""
    opened, size = False, 0
    for end in range(index, len(lines)):
        opened = _open_after(lines[end], delimiter, opened=opened)
        size += len(lines[end])
        if not opened:
            return end + 1
        if size > MAX_RECORD:
            break
    return None


def _cells(record: bytes, line: int, layout: Layout) -> list[str | None] | Reject | None:
    """The cells of one record; None for an empty line."""
    text = record.decode("utf-8").rstrip("\r\n")
    if not text:
        return None
    try:
        # in a cell of several lines a stray quote is likelier than a quote that somebody meant
        strict = "\n" in text
        cells = next(csv.reader([text.replace("\r\n", "\n")], delimiter=_character(layout), strict=strict), [])
    except csv.Error as error:
        return _bad(record, line, layout, f"can't be parsed ({error})")
    width = len(layout.columns)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        columns = [*layout.columns, *(f"_extra_{n}" for n in range(1, max(0, len(cells) - width) + 1))]
        return reject(line, columns, cells, f"the row has {len(cells)} cells where the header has {width}")
    why = unreadable(cells)
    return reject(line, layout.columns, cells, f"the row {why}") if why else list(cells)


def _bad(record: bytes, line: int, layout: Layout, why: str) -> Reject:
    text = record.decode("utf-8", "replace").rstrip("\r\n")
    cells = text.split(_character(layout))
    return reject(line, layout.columns, cells, f"the row {why}; mend its quotes")
