"""Draining: waiting events move from the inbox into the log, each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec
import pyarrow as pa

from lianyi.errors import BadEvent
from lianyi.memory.checking import plainly_right
from lianyi.memory.events import EARLIEST, MAX_PROPS, SCHEMA, Event, check, props_text, to_arrow
from lianyi.memory.inbox import Attempt, Inbox, Portion
from lianyi.memory.lake import Lake, held
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


def _alone(inbox: Inbox, wait: float) -> AbstractContextManager[None]:
    """Hold the right to land this inbox: two who land at once would take each other's rows as landed."""
    return held(inbox.folder / "draining.lock", wait=wait, does="lands the inbox")


def _tables(portions: Iterator[Portion]) -> Iterator[tuple[pa.Table, list[Rejected]]]:
    """Rows of the queue joined to tables of about TABLE events: under light load a row holds only one event or two."""
    pile: list[Portion] = []
    events = 0
    for portion in portions:
        pile.append(portion)
        events += portion.events
        if events >= TABLE:
            yield _table(pile)
            pile, events = [], 0
    if pile:
        yield _table(pile)


def _table(pile: Sequence[Portion]) -> tuple[pa.Table, list[Rejected]]:
    """The events of these rows in columns of SCHEMA, in their order, and those that can't be landed."""
    tables: list[pa.Table] = [SCHEMA.empty_table()]
    bad: list[Rejected] = []
    for columns, run in groupby(pile, lambda portion: is_columns(portion.body)):
        for table, worse in _sorted_out(list(run), columns=columns):
            tables.append(table)
            bad += worse
    return pa.concat_tables(tables), bad


def _sorted_out(portions: Sequence[Portion], *, columns: bool) -> Iterator[tuple[pa.Table, list[Rejected]]]:
    """Rows of one kind: columns all together, else each by itself, and only what is doubtful then event by event."""
    found = _joined_columns(portions) if columns else None
    if found is not None:
        yield found, []
    elif columns and len(portions) > 1:
        for portion in portions:
            yield from _sorted_out([portion], columns=True)
    else:
        yield _one_after_the_other(portions)


def _joined_columns(portions: Sequence[Portion]) -> pa.Table | None:
    """Rows of columns as one table; None where a look at all of them together finds anything to doubt."""
    try:
        tables = [_received(table_in(portion.body), portion.received_at) for portion in portions]
    except (pa.ArrowException, OSError):
        return None
    table = pa.concat_tables(tables)
    return table if plainly_right(table, now=min(portion.received_at for portion in portions)) else None


def _one_after_the_other(portions: Sequence[Portion]) -> tuple[pa.Table, list[Rejected]]:
    events: list[Event] = []
    bad: list[Rejected] = []
    times: list[datetime] = []
    for portion in portions:
        good, worse = sort_out(portion)
        events += good
        bad += worse
        times += [portion.received_at] * len(good)
    table = to_arrow(events, received_at=EARLIEST)
    return table.set_column(SCHEMA.get_field_index(RECEIVED.name), RECEIVED, pa.array(times, RECEIVED.type)), bad


def _received(table: pa.Table, at: datetime) -> pa.Table:
    """A table of parcel.COLUMNS with the time of its reception, in columns of SCHEMA."""
    return table.append_column(RECEIVED, pa.repeat(pa.scalar(at, RECEIVED.type), len(table))).select(SCHEMA.names)


def sort_out(portion: Portion) -> tuple[list[Event], list[Rejected]]:
    """The events of a row that can be landed, and those that can't, with the reason."""
    try:
        body = json_in(table_in(portion.body)) if is_columns(portion.body) else portion.body
        events = _events.decode(body)
        for event in events:
            check(event, now=portion.received_at)
        if len(body) > MAX_PROPS:  # in a smaller row no event can be too large
            for event in events:
                props_text(event.props)
    except (msgspec.DecodeError, BadEvent):
        return _one_by_one(replace(portion, body=body))
    except (pa.ArrowException, OSError):
        return _one_by_one(portion)
    return events, []


def _one_by_one(portion: Portion) -> tuple[list[Event], list[Rejected]]:
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
    return good, bad


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
