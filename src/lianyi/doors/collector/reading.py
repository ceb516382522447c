"""From a request's body to events: good calls become events, bad ones are reported one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from lianyi.doors.collector.answers import Problem
from lianyi.memory.events import Event
from lianyi.memory.parcel import Parcel
from lianyi.memory.sources.segment.brief import Brief, briefs_in, briefs_of
from lianyi.memory.sources.segment.calls import (
    NOTHING,
    BadCall,
    Batch,
    may_hold_nul,
    read_batch,
    read_call,
    read_context,
)
from lianyi.memory.sources.segment.saying import Sender, events_of

# Path of the URL -> type of the call; None: a batch. The short names are those of the specification's own library.
ROUTES: dict[str, str | None] = {
    "/v1/identify": "identify", "/v1/i": "identify",
    "/v1/track": "track", "/v1/t": "track",
    "/v1/page": "page", "/v1/p": "page",
    "/v1/screen": "screen", "/v1/s": "screen",
    "/v1/group": "group", "/v1/g": "group",
    "/v1/alias": "alias", "/v1/a": "alias",
    "/v1/batch": None, "/v1/import": None, "/v1/b": None,
}  # fmt: skip
# Errors told in one answer; a program that sends only rubbish does not need to hear of all of it.
TOLD = 100


class _Keyed(msgspec.Struct):
    writeKey: str | None = None  # noqa: N815


class _Named(msgspec.Struct):
    messageId: str | None = None  # noqa: N815


_keyed = msgspec.json.Decoder(_Keyed)
_named = msgspec.json.Decoder(_Named)


@dataclass(kw_only=True)
class Understood:
    """What a body says: events to keep, ids of the links among them, calls that were understood, calls that were not,
    and the first problems."""

    parcel: Parcel = field(default_factory=Parcel)
    links: list[str] = field(default_factory=list)
    accepted: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)


def key_in(body: bytes) -> str | None:
    """The write key that a body carries (`writeKey`), for senders that can't set headers."""
    try:
        return _keyed.decode(body).writeKey
    except (ValueError, RecursionError):
        return None


def understand(body: bytes, kind: str | None, *, sender: Sender, received_at: datetime, said: RecentIds) -> Understood:
    """The events that a body says, but for links that were said a moment ago. BadCall where the body as a whole can't
    be read."""
    result = Understood()
    if kind is not None:
        call = read_call(body, kind)
        digest_of = None if call.messageId else body.decode("utf-8", "replace")
        _pack(events_of(call, sender=sender, received_at=received_at, digest_of=digest_of), result, said)
        return result
    clean = not may_hold_nul(body)
    briefs = briefs_in(body, sender, received_at) if clean else None
    if briefs is None or None in briefs:
        batch = read_batch(body)
        read_context(bytes(batch.context))  # one mistake there is the batch's, not each call's
        if briefs is None:
            briefs = briefs_of(batch, sender, received_at) if clean else [None] * len(batch.calls)
        for number, (raw, brief) in enumerate(zip(batch.calls, briefs, strict=True)):
            if brief is None:
                _pack_call(raw, number, batch, result, sender=sender, received_at=received_at, said=said)
    _pack_briefs([brief for brief in briefs if brief is not None], result, said)
    return result


def _pack_briefs(briefs: list[Brief], result: Understood, said: RecentIds) -> None:
    result.accepted += len(briefs)
    result.parcel.add_rows([row for row, _links in briefs])
    for _row, links in briefs:
        if links:
            _pack_links(links, result, said)


def _pack_call(
    raw: msgspec.Raw, number: int, batch: Batch, result: Understood, *, sender: Sender, received_at: datetime,
    said: RecentIds,
) -> None:  # fmt: skip
    """Pack what a call of a batch says that is not brief, or count what is wrong with it."""
    try:
        call = read_call(raw)
        if call.context is NOTHING:
            call.context = batch.context
        digest_of = None if call.messageId else f"{batch.sent_at}{number}{bytes(raw).decode('utf-8', 'replace')}"
        events = events_of(call, sender=sender, received_at=received_at, sent_at=batch.sent_at, digest_of=digest_of)
        _pack(events, result, said)
    except BadCall as error:
        result.rejected += 1
        if len(result.problems) < TOLD:
            result.problems.append(problem(error, prefix=f"batch[{number}]", raw=raw))


def _pack(events: list[Event], result: Understood, said: RecentIds) -> None:
    """Pack the events of one call; most calls say one event, which is no link."""
    result.accepted += 1
    if len(events) > 1 or events[0].kind == "alias":
        _pack_links([event for event in events if event.kind == "alias"], result, said)
        events = [event for event in events if event.kind != "alias"]
    result.parcel.add(events)


def _pack_links(links: list[Event], result: Understood, said: RecentIds) -> None:
    """Pack links, but for those that were said a moment ago."""
    new = [link for link in links if link.id not in said]
    result.links += [link.id for link in new]
    result.parcel.add(new)


def problem(error: BadCall, *, prefix: str = "", raw: msgspec.Raw | bytes = b"") -> Problem:
    """The error with its path from the body's root: batch[3].timestamp."""
    path = ".".join(filter(None, (prefix, error.path)))
    message_id = None
    with contextlib.suppress(ValueError, RecursionError):
        message_id = _named.decode(raw).messageId
    where = path or "body"
    return Problem(path=where, message=f"{where}: {error.reason}", messageId=message_id)


class RecentIds:
    """The last ids of alias events that were kept. Two halves, so that forgetting costs nothing."""

    def __init__(self, size: int = 100_000) -> None:
        self._size = size
        self._new: set[str] = set()
        self._old: set[str] = set()

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._new or event_id in self._old

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids of events that are durable now; the log would drop them anyway."""
        self._new.update(ids)
        if len(self._new) > self._size // 2:
            self._old, self._new = self._new, set()
