"""JSON records, one per line or in one array, as rows of text. Nested objects become columns `a.b`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lianyi.memory.sources.encoding import BROKEN, Utf8, detect
from lianyi.memory.sources.source import Reject
from lianyi.memory.sources.tabular.part import Part, reject, text_table

ROWS = 50_000
MAX_LINE = 16 << 20
MAX_DEPTH = 6
# Records may differ in their fields; those beyond the sample's columns go here as JSON.
REST = "_rest"
_DECODER = msgspec.json.Decoder()


def sample(path: Path, rows: int) -> tuple[tuple[str, ...], list[list[str | None]]]:
    """Columns (in order of appearance) and rows of the first records; no columns where it holds no records."""
    columns: dict[str, None] = {}
    found: list[dict[str, str | None]] = []
    for _line, record, _position in _records(path):
        if isinstance(record, Reject):
            if len(found) == 0 and _line > 20:
                break
            continue
        flat = flatten(record)
        columns.update(dict.fromkeys(flat))
        found.append(flat)
        if len(found) >= rows:
            break
    names = tuple(columns)
    return names, [[row.get(name) for name in names] for row in found]


def parts(path: Path, columns: Sequence[str]) -> Iterator[Part]:
    """The records in parts of ROWS; fields that the sample did not have are kept in the column REST as JSON."""
    names = (*columns, REST) if REST not in columns else tuple(columns)
    pending = _Pending(names=names)
    for line, record, position in _records(path):
        if isinstance(record, Reject):
            pending.rejects.append(record)
        else:
            pending.take(line, flatten(record))
        if len(pending.rows) + len(pending.rejects) >= ROWS:
            yield pending.part(position)
            pending = _Pending(names=names)
    yield pending.part(path.stat().st_size)


@dataclass(kw_only=True)
class _Pending:
    """Rows on their way into a part."""

    names: Sequence[str]
    rows: list[list[str | None]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def take(self, line: int, flat: dict[str, str | None]) -> None:
        cells = [flat.pop(name, None) for name in self.names]
        if flat:
            cells[-1] = msgspec.json.encode({k: v for k, v in flat.items() if v is not None}, order="sorted").decode()
        if any(cell and ("\x00" in cell or BROKEN in cell) for cell in cells):
            why = "the record holds a NUL character or bytes that are not of the file's encoding"
            self.rejects.append(reject(line, self.names, cells, why))
            return
        self.rows.append(cells)
        self.lines.append(line)

    def part(self, position: int) -> Part:
        table = text_table(self.names, self.rows)
        lines = np.array(self.lines, dtype=np.int64)
        return Part(rows=table, lines=lines, rejects=self.rejects, bytes_done=position)


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = 1) -> dict[str, str | None]:
    """Fields as text by dotted path; lists, `props`, and objects deeper than MAX_DEPTH, as JSON."""
    flat: dict[str, str | None] = {}
    for name, value in record.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value and depth < MAX_DEPTH and path != "props":
            flat.update(flatten(value, f"{path}.", depth + 1))
        else:
            flat[path] = scalar_text(value)
    return flat


def scalar_text(value: Any) -> str | None:
    """A JSON value as text."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return msgspec.json.encode(value, order="sorted").decode()


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any] | Reject, int]]:
    """Line (or number in an array), record or reject, bytes read."""
    encoding = detect(path)
    if encoding is None:
        return
    with encoding.open(path) as stream:
        first = _first_sign(encoding.text(_head(path)))
    if first == "[":
        yield from _array(path)
        return
    with encoding.open(path) as stream:
        for number, line in enumerate(_lines(stream), 1):
            if line is None:
                why = f"the line is longer than {MAX_LINE:,} bytes"
                yield number, Reject(line=number, column="", value="", reason=why), stream.position
            elif line.strip():
                yield number, decode(line, number), stream.position


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _first_sign(text: str) -> str:
    return text.lstrip()[:1]


def decode(line: bytes, number: int) -> dict[str, Any] | Reject:
    """The object on a line, or why it is none."""
    try:
        record = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        why = f"is no JSON ({error})" if not isinstance(error, RecursionError) else "is nested too deep"
        return _bad(line, number, why)
    if not isinstance(record, dict):
        return _bad(line, number, f"is {_kind(record)}; each record must be an object {{…}}")
    return record


def _kind(value: object) -> str:
    """What JSON calls a value that is no object."""
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _bad(line: bytes, number: int, why: str) -> Reject:
    text = line.decode("utf-8", "replace").strip()[:2000]
    return Reject(line=number, column="", value=text[:200], reason=f"the line {why}", row={"line": text})


def _lines(stream: Utf8) -> Iterator[bytes | None]:
    """Lines by LF; None for one that is longer than MAX_LINE."""
    rest, skipping = b"", False
    while piece := stream.chunk():
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield None if skipping or len(line) > MAX_LINE else line
            skipping = False
        if len(rest) > MAX_LINE:
            rest, skipping = b"", True
    if rest or skipping:
        yield None if skipping else rest


def _array(path: Path) -> Iterator[tuple[int, dict[str, Any] | Reject, int]]:
    from lianyi.memory.sources.chats.json_elements import Broken, elements

    with path.open("rb") as stream:
        for element in elements(stream, array="records"):
            position = stream.tell()
            if isinstance(element, Broken):
                yield (
                    element.line,
                    Reject(
                        line=element.line,
                        column="",
                        value=element.text[:200],
                        reason=element.reason,
                        row={"line": element.text[:2000]},
                    ),
                    position,
                )
            elif isinstance(element.value, dict):
                yield element.line, element.value, position
            else:
                why = f"record {element.number} is {_kind(element.value)}; each must be an object {{…}}"
                yield (
                    element.line,
                    Reject(line=element.line, column="", value=str(element.value)[:200], reason=why),
                    position,
                )
