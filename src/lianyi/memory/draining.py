"""Draining: waiting events move from the inbox into the log, each exactly once."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa

from lianyi.errors import BadEvent, Busy
from lianyi.memory.checking import plainly_right
from lianyi.memory.events import EARLIEST, MAX_PROPS, SCHEMA, Event, check, props_text, to_arrow
from lianyi.memory.inbox import Attempt, Inbox, Portion
from lianyi.memory.lake import Lake
from lianyi.memory.parcel import is_columns, json_in, table_in
from lianyi.memory.seen import replace_text

log = logging.getLogger(__name__)

# Events of one landing: large enough to keep up under load, small enough for a few hundred megabytes of memory.
LANDING = 200_000
TABLE = 50_000
REJECTS = "rejects"
RECEIVED = SCHEMA.field("received_at")

_events = msgspec.json.Decoder(list[Event])
_event = msgspec.json.Decoder(Event)
_raw = msgspec.json.Decoder(list[msgspec.Raw])
_reject_line = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What one call of `land` did: events that were new, that the log held already, that broke the rules."""

    new: int = 0
    duplicate: int = 0
    rejected: int = 0

    @property
    def events(self) -> int:
        """All events that left the inbox."""
        return self.new + self.duplicate + self.rejected


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """One event that broke the rules: its JSON as it waited, and why it can't be landed."""

    reason: str
    event: msgspec.Raw


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """The events of one row of the queue: those that can be landed, as values or as parcel.COLUMNS, and the others."""

    good: list[Event] | pa.Table
    bad: Sequence[Rejected] = ()


def land(inbox: Inbox, lake: Lake, now: datetime, *, events: int = LANDING, wait: float = 60.0) -> Drained:
    """Move up to about `events` waiting events into the log and forget them; call again while it does anything.

    A crash at any point is safe: the landing is one Delta transaction named by the inbox and the landing's number.
    An event that breaks the rules goes to rejects/inbox-<landing>.jsonl beside the inbox's folder, with the reason.
    Busy when somebody else lands this inbox or writes to the log for longer than `wait` seconds.
    """
    with _alone(inbox, wait):
        identity = inbox.identity()
        landed = lake.transaction_version(identity) or 0
        begun = inbox.attempt()
        if begun is not None and begun.version == landed:  # a crash came between landing and forgetting
            inbox.forget(begun.last, now=now)
        attempt = _attempt(inbox, landed, events)
        return Drained() if attempt is None else _land(inbox, lake, now, attempt, (identity, attempt.version), wait)


def _land(
    inbox: Inbox, lake: Lake, now: datetime, attempt: Attempt, transaction: tuple[str, int], wait: float
) -> Drained:
    rejects: list[Rejected] = []
    with lake.landing(received_at=now, transaction=transaction, wait=wait) as landing:
        if not landing.already_landed:
            # Read under the log's lock: what an erasure purged from the inbox can't come back from our memory.
            for table, bad in _tables(inbox.take(attempt.last)):
                rejects += bad
                landing.add(table)
            _keep(rejects, inbox.folder.parent / REJECTS / f"inbox-{attempt.version}.jsonl")
    done = Drained(new=landing.landed.new, duplicate=landing.landed.duplicate, rejected=len(rejects))
    inbox.forget(attempt.last, now=now, landed=done.new, duplicates=done.duplicate, rejected=done.rejected)
    log.info(
        "landed %d events, %d duplicates, %d rejected", done.new, done.duplicate, done.rejected,
        extra={"action": "inbox.landed", "sequence": attempt.last},
    )  # fmt: skip
    return done


@contextmanager
def _alone(inbox: Inbox, wait: float) -> Iterator[None]:
    """Hold the right to land this inbox: two who land at once would take each other's rows as landed."""
    path = inbox.folder / "draining.lock"
    with path.open("w") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(f"{path} is held by another process that lands the inbox; try again later") from None
                time.sleep(0.02)
        yield


def _tables(portions: Iterator[Portion]) -> Iterator[tuple[pa.Table, list[Rejected]]]:
    """Rows of the queue joined to tables of about TABLE events: under light load a row holds only one event or two."""
    pile = Pile()
    for portion in portions:
        pile.add(sort_out(portion), portion.received_at)
        if pile.events >= TABLE:
            yield pile.table(), pile.bad
            pile = Pile()
    if pile.events or pile.bad:
        yield pile.table(), pile.bad


class Pile:
    """Events of several rows of the queue, in their order."""

    def __init__(self) -> None:
        self.events = 0
        self.bad: list[Rejected] = []
        self._tables: list[pa.Table] = []
        self._loose: list[Event] = []
        self._times: list[datetime] = []

    def add(self, sorted_out: Sorted, received_at: datetime) -> None:
        """Put the events of one row on it."""
        self.events += len(sorted_out.good)
        self.bad += sorted_out.bad
        if isinstance(sorted_out.good, pa.Table):
            self._gather()
            times = pa.repeat(pa.scalar(received_at, RECEIVED.type), len(sorted_out.good))
            self._tables.append(sorted_out.good.append_column(RECEIVED, times).select(SCHEMA.names))
        else:
            self._loose += sorted_out.good
            self._times += [received_at] * len(sorted_out.good)

    def table(self) -> pa.Table:
        """All of them, in columns of SCHEMA."""
        self._gather()
        return pa.concat_tables([SCHEMA.empty_table(), *self._tables])

    def _gather(self) -> None:
        if self._loose:
            table = to_arrow(self._loose, received_at=EARLIEST)
            times = pa.array(self._times, RECEIVED.type)
            self._tables.append(table.set_column(SCHEMA.get_field_index(RECEIVED.name), RECEIVED, times))
            self._loose, self._times = [], []


def sort_out(portion: Portion) -> Sorted:
    """The events of a row that can be landed, and those that can't, with the reason."""
    if not is_columns(portion.body):
        return _sort_out_json(portion)
    try:
        table = table_in(portion.body)
    except (pa.ArrowException, OSError):
        return _one_by_one(portion)
    if plainly_right(table, now=portion.received_at):
        return Sorted(good=table)
    return _sort_out_json(replace(portion, body=json_in(table)))


def _sort_out_json(portion: Portion) -> Sorted:
    try:
        events = _events.decode(portion.body)
        for event in events:
            check(event, now=portion.received_at)
        if len(portion.body) > MAX_PROPS:  # in a smaller row no event can be too large
            for event in events:
                props_text(event.props)
    except (msgspec.DecodeError, BadEvent):
        return _one_by_one(portion)
    return Sorted(good=events)


def _one_by_one(portion: Portion) -> Sorted:
    good: list[Event] = []
    bad: list[Rejected] = []
    for raw in _raws(portion):
        try:
            event = check(_event.decode(raw), now=portion.received_at)
            props_text(event.props)
        except (msgspec.DecodeError, BadEvent) as error:
            bad.append(Rejected(reason=str(error), event=raw))
        else:
            good.append(event)
    return Sorted(good=good, bad=bad)


def _raws(portion: Portion) -> Sequence[msgspec.Raw]:
    try:
        return _raw.decode(portion.body)
    except msgspec.DecodeError:
        # Neither columns nor a JSON array: keep the bytes as one text, so that a person can look at them.
        text = portion.body.decode("utf-8", errors="backslashreplace")
        return [msgspec.Raw(msgspec.json.encode(text))]


def _keep(rejects: Sequence[Rejected], path: Path) -> None:
    """Write the rejected events; named by the landing, so that a repeated landing writes the same file again."""
    if rejects:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, "".join(_reject_line.encode(reject).decode() + "\n" for reject in rejects))
        log.warning("%d events can't be landed, see %s", len(rejects), path, extra={"action": "inbox.rejected"})


def _attempt(inbox: Inbox, landed: int, events: int) -> Attempt | None:
    """What to land now, written down in the inbox; a landing that a crash cut short is repeated with what came since.

    Only rows of a landing that this very file began may be taken as landed: sequences say nothing, because an inbox
    that was put back from a backup gives the same ones to other events.
    """
    last = inbox.last_of(events)
    if last is None:
        return None
    begun = inbox.attempt()
    if begun is not None and begun.version == landed + 1:
        last = max(last, begun.last)  # never less than was begun: a backup may have been taken in between
    attempt = Attempt(version=landed + 1, last=last)
    inbox.begin(attempt)
    return attempt
