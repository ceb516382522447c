"""From records, read one by one, to batches: for formats where a row-wise reader is the simplest thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lianyi.errors import BadEvent
from lianyi.memory.events import Event, check, props_text, to_arrow
from lianyi.memory.sources.source import Batch, Options, Reject

BATCH_ROWS = 20_000
# A cell of a reject is shown to people; a megabyte of it helps nobody.
SHOWN = 2_000


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record of a file (a message, a line) and the events that it says; none is allowed (a date line, a notice).

    line: where it starts. raw: its cells, shown when an event of it turns out to be invalid. position: bytes of the
    file read so far.
    """

    line: int
    events: Sequence[Event] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    position: int = 0


def batches(records: Iterable[Record | Reject], options: Options, *, rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """Batches of valid events. A record with an invalid event becomes a reject as a whole; the others stand."""
    events: list[Event] = []
    rejects: list[Reject] = []
    count = position = 0
    for record in records:
        count += 1
        if isinstance(record, Record):
            position = record.position or position
            record = _judge(record, options)
        if isinstance(record, Reject):
            rejects.append(record)
        else:
            events.extend(record.events)
        if count >= rows or len(events) >= rows:
            yield _batch(events, rejects, options, count, position)
            events, rejects, count = [], [], 0
    if count:
        yield _batch(events, rejects, options, count, position)


def _batch(events: list[Event], rejects: list[Reject], options: Options, count: int, position: int) -> Batch:
    table = to_arrow(events, received_at=options.received_at)
    return Batch(events=table, rejects=tuple(rejects), rows=count, bytes_done=position)


def _judge(record: Record, options: Options) -> Record | Reject:
    try:
        for event in record.events:
            check(event, now=options.received_at)
            props_text(event.props)
    except BadEvent as error:
        name, _, reason = str(error).partition(": ")
        value = getattr(event, name, "")
        return Reject(
            line=record.line,
            column=name,
            value=str(value)[:SHOWN],
            reason=reason,
            row={name: text[:SHOWN] for name, text in record.raw.items()},
        )
    return record
