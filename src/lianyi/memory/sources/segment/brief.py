"""Brief calls: track calls that say one plain event. Nine of ten calls of a shop are such, and are said here in one go.

What a call's name and properties say (the kind, the goods, the category) depends on nothing else, and shops repeat the
same goods all day; so does what a context says. Both are remembered as finished JSON, and an event is put together
from the two. Whatever is not plain here (orders, amounts, a field that is wrong, anything rare) is left to `saying`,
which says the same of plain calls, only slower, and alone words the errors.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from lianyi.errors import BadEvent
from lianyi.memory.events import EARLIEST, FUTURE_SLACK, MAX_ID, Event, Row, check
from lianyi.memory.sources.segment.calls import (
    MAX_EVENT_BYTES,
    NOTHING,
    Alias,
    BadCall,
    Batch,
    Call,
    Group,
    Id,
    Identify,
    PageView,
    ScreenView,
    Track,
    may_be_deep,
    read_context,
    read_sent,
)  # fmt: skip
from lianyi.memory.sources.segment.frame import Frame
from lianyi.memory.sources.segment.remembering import Remembered
from lianyi.memory.sources.segment.saying import (
    MAX_MESSAGE_ID,
    Sender,
    actor_of,
    happened_at,
    link_events,
    may_link,
    shift_of,
    track_events,
)
from lianyi.memory.sources.segment.surroundings import surroundings_of

# Larger properties are read each time, so that nobody can fill the memory with them.
KNOWN_BYTES = 1024
# The longest context of a brief call: with it and all its short parts it is shorter than calls may be.
LARGE_CONTEXT = MAX_EVENT_BYTES // 2
# The frame in which remembered properties are said; nothing of it may show in what is remembered.
PROBE = Frame(
    message="probe:1", at=EARLIEST, source="probe", actor_key="probe:1", campaign=None, channel=None, currency="XXX",
    beside={},
)  # fmt: skip
CONTEXT = b'"context":'
# Stands for the context; no JSON holds a NUL.
MARK = msgspec.Raw(b"\x00")


Short = Annotated[str, msgspec.Meta(max_length=256)]


class BriefCall(Call, kw_only=True, tag="track", gc=False, forbid_unknown_fields=True):
    """A track call whose properties are still unread. What the specification's own programs send besides is named here,
    so that nothing nested can hide in a field that nobody knows."""

    event: Short
    properties: msgspec.Raw = NOTHING
    integrations: msgspec.Raw = NOTHING
    channel: Short | None = None
    receivedAt: Short | None = None  # noqa: N815
    version: Short | int | float | None = None
    writeKey: Short | None = None  # noqa: N815


class Said(msgspec.Struct, frozen=True, gc=False):
    """What a name and properties say. before, after: the props as JSON, but for the value of "context" between them."""

    kind: str
    object_key: str | None
    category: str | None
    text: str | None
    before: bytes
    after: bytes


# The event of a brief call as a row, and the links between the ids that it names.
Brief = tuple[Row, list[Event]]
Read = BriefCall | Identify | PageView | ScreenView | Group | Alias


class _Batch(msgspec.Struct, gc=False):
    batch: list[Read]
    sentAt: str | None = None  # noqa: N815
    context: msgspec.Raw = NOTHING


# A union, because a decoder of one struct takes it also where the type is missing; of all types, because an error would
# cost more than reading them does.
_batch: msgspec.json.Decoder[_Batch] = msgspec.json.Decoder(_Batch)
_call: msgspec.json.Decoder[Read] = msgspec.json.Decoder(Read)
_properties = msgspec.json.Decoder(dict[str, Any] | None)
_sorted = msgspec.json.Encoder(order="sorted").encode


def briefs_in(body: bytes, sender: Sender, received_at: datetime) -> list[Brief | None] | None:
    """For each call of a batch what it says, or None where that is not plain; None where the body can't be read in one
    go, because a call is wrong or has what nobody knows. BadCall where the batch's own time or context is wrong.

    The body must hold no NUL. How long a call is, is not asked: each of its parts is short, or it is not plain.
    """
    try:
        batch = _batch.decode(body)
    except (ValueError, RecursionError):
        return None
    teller = _Teller(sender, received_at, read_sent(batch.sentAt), batch.context)
    read_context(bytes(batch.context))
    say = teller.say
    return [say(call) if type(call) is BriefCall else None for call in batch.batch]


def briefs_of(batch: Batch, sender: Sender, received_at: datetime) -> list[Brief | None]:
    """The same of calls that are read one by one."""
    teller = _Teller(sender, received_at, batch.sent_at, batch.context)
    calls = [_read(raw) if len(raw) <= MAX_EVENT_BYTES else None for raw in batch.calls]
    return [teller.say(call) if type(call) is BriefCall else None for call in calls]


def _read(raw: msgspec.Raw) -> Read | None:
    try:
        return _call.decode(raw)
    except (ValueError, RecursionError):
        return None


class _Teller:
    """Says brief calls of one batch: what these share is looked at once."""

    __slots__ = ("_context", "_latest", "_prefix", "_received_at", "_sent_at", "_shift", "_source")

    def __init__(self, sender: Sender, received_at: datetime, sent_at: datetime | None, context: msgspec.Raw) -> None:
        self._source, self._prefix = sender.source, sender.source + ":"
        self._received_at, self._sent_at, self._context = received_at, sent_at, context
        self._latest = received_at + FUTURE_SLACK
        self._shift = shift_of(received_at, sent_at)

    def say(self, call: BriefCall) -> Brief | None:
        """What the call says, or None where it is not plain."""
        message, properties, context = call.messageId, call.properties, call.context
        if len(properties) > KNOWN_BYTES or len(context) > LARGE_CONTEXT:
            return None
        if context is NOTHING:
            context = self._context
        try:
            around = surroundings_of(context)
            at = self._time(call)
            actor, linked = WHO[call.userId, call.anonymousId]
        except (ValueError, RecursionError, OverflowError, BadEvent):
            return None
        said = SAID[call.event, bytes(properties)]
        if said is None or around.deep or not message or len(message) > MAX_MESSAGE_ID or _deep(call.integrations):
            return None
        event_id = self._prefix + message
        if len(event_id) > MAX_ID or len(actor) > MAX_ID or not EARLIEST <= at <= self._latest:
            return None
        channel = around.utm_channel or around.channel
        row = (
            event_id, at, said.kind, self._source, actor, None, None, said.object_key, None, around.campaign, channel,
            said.category, None, None, said.text,
            said.before + around.json + said.after if around.json else _alone(said),
        )  # fmt: skip
        return row, link_events(call, source=self._source, at=at, actor_key=actor, channel=channel) if linked else []

    def _time(self, call: BriefCall) -> datetime:
        stamp = call.timestamp
        if stamp is None or stamp.tzinfo is not UTC or call.sentAt is not None:
            return happened_at(call, received_at=self._received_at, sent_at=self._sent_at)
        return stamp if self._shift is None or call.originalTimestamp is not None else stamp + self._shift


def who(ids: tuple[Id, Id]) -> tuple[str, bool]:
    """The key of whoever has this userId and this anonymousId, and whether they may say that two keys are one
    person's. BadCall as actor_of."""
    return actor_of(*ids), may_link(*ids)


def _deep(integrations: msgspec.Raw) -> bool:
    return integrations is not NOTHING and (len(integrations) > KNOWN_BYTES or may_be_deep(bytes(integrations)))


def said_by(call: tuple[str, bytes]) -> Said | None:
    """What the name of an event and the JSON of its properties say; None where that is not plain."""
    name, properties = call
    if may_be_deep(properties):
        return None
    try:
        read = _properties.decode(properties)
        (event,) = track_events(Track(event=name, properties=read), PROBE)
        check(event, now=EARLIEST)
    except (ValueError, RecursionError, BadCall, BadEvent):
        return None
    props = event.props or {}
    if not name.strip() or "context" in props or "event" in props or not _plain(event):
        return None
    before, _mark, after = _sorted({**props, "event": name.strip(), "context": MARK}).partition(bytes(MARK))
    return Said(event.kind, event.object_key, event.category, event.text, before, after)


def _plain(event: Event) -> bool:
    """Whether the event says nothing but what Said holds."""
    others = (event.target_key, event.group_key, event.parent_id, event.campaign, event.channel, event.value)
    return event.id == PROBE.message and others == (None,) * len(others) and event.currency is None


def _alone(said: Said) -> bytes:
    """The props where there is no context."""
    before = said.before.removesuffix(CONTEXT)
    return before + said.after.removeprefix(b",") if said.after != b"}" else before.removesuffix(b",") + b"}"


# The same visitors come again and again, and look at the same goods.
WHO = Remembered(who, 65_536)
SAID = Remembered(said_by, 16_384)
