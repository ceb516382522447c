"""Brief calls: track calls that say one plain event. Nine of ten calls of a shop are such, and are said here in one go.

What a call's name and properties say (the kind, the goods, the category) depends on nothing else, and shops repeat the
same goods all day; so does what a context says. Both are remembered as finished JSON, and an event is put together
from the two. Whatever is not plain here (orders, amounts, a field that is wrong, anything rare) is left to `saying`,
which says the same of plain calls, only slower, and alone words the errors.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from lianyi.errors import BadEvent
from lianyi.memory.events import EARLIEST, FUTURE_SLACK, MAX_ID, Event, Row, check
from lianyi.memory.sources.segment.calls import (
    MAX_EVENT_BYTES,
    NOTHING,
    Alias,
    BadCall,
    Call,
    Group,
    Identify,
    PageView,
    ScreenView,
    Track,
    may_be_deep,
)  # fmt: skip
from lianyi.memory.sources.segment.frame import Frame
from lianyi.memory.sources.segment.saying import (
    MAX_MESSAGE_ID,
    Sender,
    actor_of,
    happened_at,
    link_events,
    track_events,
)
from lianyi.memory.sources.segment.surroundings import surroundings_of

# Larger properties are read each time, so that nobody can fill the memory with them.
KNOWN_BYTES = 1024
# The frame in which remembered properties are said; nothing of it may show in what is remembered.
PROBE = Frame(
    message="probe:1", at=EARLIEST, source="probe", actor_key="probe:1", campaign=None, channel=None, currency="XXX",
    beside={},
)  # fmt: skip
CONTEXT = b'"context":'
# Stands for the context; no JSON holds a NUL.
MARK = msgspec.Raw(b"\x00")


class BriefCall(Call, kw_only=True, tag="track", gc=False, forbid_unknown_fields=True):
    """A track call whose properties are still unread. What the specification's own programs send besides is named here,
    so that nothing nested can hide in a field that nobody knows."""

    event: str
    properties: msgspec.Raw = NOTHING
    integrations: msgspec.Raw = NOTHING
    channel: str | None = None
    receivedAt: str | None = None  # noqa: N815
    version: str | int | float | None = None
    writeKey: str | None = None  # noqa: N815


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

# A union, because a decoder of one struct takes it also where the type is missing; of all types, because an error would
# cost more than reading them does.
_decoder = msgspec.json.Decoder(BriefCall | Identify | PageView | ScreenView | Group | Alias)
_properties = msgspec.json.Decoder(dict[str, Any] | None)
_sorted = msgspec.json.Encoder(order="sorted").encode


def brief_of(
    raw: msgspec.Raw, sender: Sender, received_at: datetime, *, sent_at: datetime | None, context: msgspec.Raw
) -> Brief | None:
    """What the call says, or None where it is not plain. `raw` must hold no NUL. context: of calls that bring none."""
    try:
        call = _decoder.decode(raw)
        if type(call) is not BriefCall or len(raw) > MAX_EVENT_BYTES:
            return None
        if call.integrations is not NOTHING and may_be_deep(bytes(call.integrations)):
            return None
        if call.context is NOTHING:
            call.context = context
        around = surroundings_of(call)
        at = happened_at(call, received_at=received_at, sent_at=sent_at)
        actor = actor_of(call)
    except (ValueError, RecursionError, BadEvent):
        return None
    said = said_by(call.event, bytes(call.properties)) if len(call.properties) <= KNOWN_BYTES else None
    message = call.messageId
    if said is None or around.deep or not message or len(message) > MAX_MESSAGE_ID:
        return None
    event_id = f"{sender.source}:{message}"
    if len(event_id) > MAX_ID or len(actor) > MAX_ID or not EARLIEST <= at <= received_at + FUTURE_SLACK:
        return None
    channel = around.utm_channel or around.channel
    row = (
        event_id, at, said.kind, sender.source, actor, None, None, said.object_key, None, around.campaign, channel,
        said.category, None, None, said.text, said.before + around.json + said.after if around.json else _alone(said),
    )  # fmt: skip
    return row, link_events(call, source=sender.source, at=at, actor_key=actor, channel=channel)


@lru_cache(maxsize=8192)
def said_by(name: str, properties: bytes) -> Said | None:
    """What the name of an event and the JSON of its properties say; None where that is not plain."""
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
