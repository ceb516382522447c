"""Parcels: events packed for the inbox. A few wait as a JSON array, many as columns (Arrow streams, LZ4).

Columns are what the log is made of: whoever lands them looks at no event by itself, and they take a tenth of the bytes.
A body tells by its first bytes what it is, and bodies of one kind are joined to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from lianyi.errors import BadEvent
from lianyi.memory.events import EARLIEST, ROW_FIELDS, SCHEMA, Event, Row, rows_to_arrow

# From so many events on columns cost less than JSON; the schema alone takes two kilobytes.
COLUMNS_FROM = 64
# Events of one record batch; bounds how many of them are held as Python objects.
AT_ONCE = 1024
# received_at is the row's, and is filled in at landing.
COLUMNS = pa.schema([field for field in SCHEMA if field.name != "received_at"])
# An Arrow stream begins with this; no text in UTF-8 does.
CONTINUATION = b"\xff\xff\xff\xff"

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A parcel as it waits: its bytes, how many events it holds, how many bytes these take unpacked."""

    body: bytes
    events: int
    unpacked: int


class Parcel:
    """Events on their way into the inbox."""

    def __init__(self) -> None:
        self.events = 0
        self._loose: list[Row] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, events: Sequence[Event]) -> None:
        """Pack these events too."""
        self.add_rows([msgspec.structs.astuple(event) for event in events])

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Pack events that come as rows."""
        self.events += len(rows)
        self._loose += rows
        if len(self._loose) >= AT_ONCE:
            self._pack()

    def packed(self) -> Packed:
        """All of them."""
        if self.events >= COLUMNS_FROM:
            self._pack()
        if self._loose or not self._batches:  # few, or such as no column can hold; the landing says what is wrong
            events = [*(event for batch in self._batches for event in _events_in(batch)), *map(_event, self._loose)]
            body = _encoder.encode(events)
            return Packed(body=body, events=self.events, unpacked=len(body))
        return Packed(
            body=_stream(self._batches), events=self.events, unpacked=sum(batch.nbytes for batch in self._batches)
        )

    def _pack(self) -> None:
        if not self._loose:
            return
        try:
            table = rows_to_arrow(self._loose, received_at=EARLIEST)
        except (BadEvent, TypeError, pa.ArrowException):
            return  # they stay loose
        self._batches += table.select(COLUMNS.names).to_batches()
        self._loose = []


def is_columns(body: bytes) -> bool:
    """Whether the body is columns. What is neither columns nor a JSON array is found out when it is read."""
    return body.startswith(CONTINUATION)


def joined(bodies: Sequence[bytes]) -> bytes:
    """Bodies of one kind as one body."""
    if is_columns(bodies[0]):
        return b"".join(bodies)
    return b"[" + b",".join(body[1:-1] for body in bodies) + b"]"


def table_in(body: bytes) -> pa.Table:
    """The events in a body of columns: the streams in it, one after the other. pa.ArrowException where it is broken."""
    source = pa.BufferReader(body)
    tables = []
    while source.tell() < len(body):
        with pa.ipc.open_stream(source) as stream:
            tables.append(stream.read_all())
    table = pa.concat_tables(tables)
    table.validate(full=True)  # broken offsets would crash whoever reads them
    return table


def json_in(table: pa.Table) -> bytes:
    """The same events as a JSON array."""
    return _encoder.encode(list(_events_in(table)))


def _events_in(columns: pa.Table | pa.RecordBatch) -> Iterator[dict[str, Any]]:
    rows = zip(*(columns[name].to_pylist() for name in ROW_FIELDS), strict=True)
    return map(_event, rows)


def _event(row: Row) -> dict[str, Any]:
    """What is encoded to the same JSON as the event."""
    event = {name: value for name, value in zip(ROW_FIELDS, row, strict=True) if value is not None}
    props = event.get("props")
    if isinstance(props, str | bytes):
        event["props"] = msgspec.Raw(props)
    return event


def _stream(batches: Sequence[pa.RecordBatch]) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_stream(sink, COLUMNS, options=options) as stream:
        for batch in batches:
            stream.write_batch(batch)
    body: bytes = sink.getvalue().to_pybytes()
    return body
