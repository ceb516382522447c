"""What the readers of all chat formats do alike: open the file, keep the place, turn damage into rejects."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.csv_rows import Column, CsvRows, Layout, layout
from lianyi.memory.sources.chats.json_elements import Broken, Element, elements
from lianyi.memory.sources.chats.texts import as_text, opened
from lianyi.memory.sources.encoding import Utf8
from lianyi.memory.sources.records import Record
from lianyi.memory.sources.source import Options, Reject

SHOWN = 2_000
T = TypeVar("T")


class BadMessage(ValueError):
    """A message can't be used: `field` names what is wrong in it, `value` what stands there."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.value = str(value)


def csv_records(
    path: Path, options: Options, columns: tuple[Column, ...], events: Callable[[Layout, list[str]], list[Event]]
) -> Iterator[Record | Reject]:
    """The records of a CSV file whose first row is the header; `events` makes those of one row or raises BadMessage."""
    stream = opened(path, options)
    if isinstance(stream, Reject):
        yield stream
        return
    rows = iter(CsvRows(as_text(stream)))
    header = next(rows, None)
    found = layout(header[1], columns) if isinstance(header, tuple) else None
    if found is None:
        yield _no_header(header, columns)
        return
    for row in rows:
        if isinstance(row, Reject):
            yield row
            continue
        line, cells = row
        named = found.named(cells)
        try:
            yield Record(line=line, events=events(found, cells), raw=named, position=stream.position)
        except BadMessage as error:
            yield Reject(line=line, column=error.field, value=error.value[:SHOWN], reason=str(error), row=named)


def _no_header(header: object, columns: tuple[Column, ...]) -> Reject:
    wanted = ", ".join(column.headers[0] for column in columns if column.required)
    if header is None:
        return Reject(line=1, column="", value="", reason=f"the file is empty; a header with {wanted} is wanted")
    if isinstance(header, Reject):
        return header
    shown = ",".join(header[1]) if isinstance(header, tuple) else ""
    return Reject(line=1, column="", value=shown[:SHOWN], reason=f"the header lacks a column; wanted are {wanted}")


def json_records(
    path: Path,
    options: Options,
    events: Callable[[Element], list[Event]],
    *,
    array: str,
    into: Collection[str] = (),
) -> Iterator[Record | Reject]:
    """The records of a JSON file's messages; `events` makes those of one element or raises BadMessage."""
    stream = opened(path, options)
    if isinstance(stream, Reject):
        yield stream
        return
    yield from _element_records(elements(stream, array=array, into=into), stream, events)


def _element_records(
    found: Iterable[Element | Broken], stream: Utf8, events: Callable[[Element], list[Event]]
) -> Iterator[Record | Reject]:
    number = 0
    for element in found:
        number += 1
        if isinstance(element, Broken):
            reason = f"{element.reason} (line {element.line} of the file)"
            yield Reject(line=number, column="", value=element.text, reason=reason)
            continue
        try:
            made = events(element)
        except BadMessage as error:
            reason = f"{error} (line {element.line} of the file)"
            yield Reject(
                line=number, column=error.field, value=error.value[:SHOWN], reason=reason, row=_raw(element.value)
            )
        else:
            yield Record(line=number, events=made, raw=_Raw(element.value), position=stream.position)


def _raw(value: Any) -> dict[str, str]:
    return {"message": json.dumps(value, ensure_ascii=False, default=str)[:SHOWN]}


class _Raw(Mapping[str, str]):
    """The raw message of a record, written out only where it is looked at: nearly all messages are good."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, name: str) -> str:
        return _raw(self._value)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("message",))

    def __len__(self) -> int:
        return 1


def converted(value: Any, to: type[T]) -> T:
    """A JSON element as the declared struct; BadMessage names the field that does not fit."""
    try:
        return msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        message = str(error)
        what, _, where = message.partition(" - at `$.")
        name = where.rstrip("`") if where else ""
        raise BadMessage(name, _at(value, name), what) from None


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        bare = part.partition("[")[0]
        value = value.get(bare, "") if isinstance(value, dict) else value
    return value if isinstance(value, str | int | float | bool) else json.dumps(value, ensure_ascii=False, default=str)
