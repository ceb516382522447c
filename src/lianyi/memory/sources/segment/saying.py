"""From one call to the events that it says."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from lianyi.errors import BadEvent
from lianyi.memory.events import Event, check
from lianyi.memory.identify import identify_events
from lianyi.memory.keys import email_key, make_key
from lianyi.memory.sources.segment import mailing, shop
from lianyi.memory.sources.segment.calls import (
    Alias,
    AnyCall,
    BadCall,
    Call,
    Group,
    Id,
    Identify,
    PageView,
    ScreenView,
    Track,
)
from lianyi.memory.sources.segment.frame import Frame, digest, key_text, plain_text
from lianyi.memory.sources.segment.surroundings import surroundings_of

SAYINGS = {**shop.SAYINGS, **mailing.SAYINGS}
# Words of Lianyi's own vocabulary that a site may send as a track call. The others say something about people on
# somebody's authority (tags, merges, consents, what was sent), which a key that stands in a web page does not have.
PLAIN_KINDS = frozenset(
    ("view", "click", "share", "arrive", "follow", "unfollow", "cart", "collect", "check_in", "leave", "reaction")
)  # fmt: skip
# Below this the difference of sending and receiving is the way through the network, not a wrong clock.
SKEW = timedelta(seconds=5)
MAX_MESSAGE_ID = 256
FIELDS = {"at": "timestamp", "actor_key": "userId", "target_key": "traits", "id": "messageId", "value": "properties"}


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends: the name in the events' `source`, and the currency of amounts that name none."""

    source: str
    currency: str


def events_of(
    call: AnyCall,
    *,
    sender: Sender,
    received_at: datetime,
    sent_at: datetime | None = None,
    digest_of: str | None = None,
) -> list[Event]:
    """The events of a call, each valid by memory.events.check. BadCall names the field that is wrong.

    sent_at: when the batch left the sender, by the sender's clock. digest_of: a text that is the same when the sender
    repeats the call, for calls that carry no messageId.
    """
    frame = _frame(call, sender, received_at, sent_at, digest_of)
    try:
        events = _say(call, frame)
        for event in events:
            check(event, now=received_at)
    except BadCall:
        raise
    except BadEvent as error:
        name, _, reason = str(error).partition(": ")
        raise BadCall(FIELDS.get(name, name), reason) from None
    return events


def _say(call: AnyCall, frame: Frame) -> list[Event]:
    match call:
        case Track():
            events = track_events(call, frame)
        case PageView() | ScreenView():
            events = [_view(call, frame)]
        case Identify():
            events = identify_events(
                id=frame.message,
                at=frame.at,
                source=frame.source,
                actor_key=frame.actor_key,
                traits=call.traits or {},
                channel=frame.channel,
            )
        case Group():
            events = [_group(call, frame)]
        case Alias():
            events = [_alias(call, frame)]
    events += link_events(call, source=frame.source, at=frame.at, actor_key=frame.actor_key, channel=frame.channel)
    return events


def track_events(call: Track, frame: Frame) -> list[Event]:
    """The events that the name and the properties of a track call say."""
    word = _word(call.event)
    properties = call.properties or {}
    say = SAYINGS.get(word)
    if say is not None:
        return say(frame, properties)
    if word == "search":
        return shop.searched(frame, properties)
    if word in PLAIN_KINDS:
        return shop.of_goods(word, frame, properties)
    return [frame.event(own_kind(word), properties)]


@lru_cache(maxsize=4096)
def _word(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


@lru_cache(maxsize=4096)
def own_kind(word: str) -> str:
    """The kind of an event that the vocabulary does not have: its name in snake_case, `track` where no letter of it
    can stand in a kind. Names of Lianyi's own kinds get `track_` in front."""
    from lianyi.memory.events import KINDS

    if word in KINDS or not re.match(r"[a-z]", word):
        word = f"track_{word}" if word else "track"
    return word[:64]


def _view(call: PageView | ScreenView, frame: Frame) -> Event:
    properties = call.properties or {}
    page = frame.page if isinstance(call, PageView) else None
    name = call.name or plain_text(properties.get("name"))
    url = plain_text(properties.get("url")) or (page.url if page else None)
    props: dict[str, Any] = {}
    if page:
        known = {"title": page.title, "url": page.url, "path": page.path, "referrer": page.referrer}
        props |= {name: value for name, value in known.items() if value}
    props |= properties
    if name:
        props.setdefault("name", name)
    return frame.event(
        "view",
        props,
        object_key=_place(url or plain_text(properties.get("path")), name, screen=isinstance(call, ScreenView)),
        category=key_text(call.category) if call.category else None,
    )


def _place(url: str | None, name: str | None, *, screen: bool) -> str | None:
    """`page:` with host and path, without query and fragment, so that one page is one object; `screen:` by name."""
    if screen:
        return f"screen:{key_text(name)}" if name else None
    if not url:
        return f"page:{key_text(name)}" if name else None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return f"page:{key_text(url)}"
    return f"page:{key_text(host + (parts.path or '/'))}"


def _group(call: Group, frame: Frame) -> Event:
    text = str(call.groupId).strip()
    if not text:
        raise BadCall("groupId", "is empty; give the group's id")
    return frame.event(
        "join",
        {"how": "group call", **(call.traits or {})},
        group_key=f"group:{key_text(f'{frame.source}/{text}')}",
    )


def _alias(call: Alias, frame: Frame) -> Event:
    text = str(call.previousId)
    before = email_key(text) or make_key("anon", text)
    if before is None:
        raise BadCall("previousId", f"{text[:80]!r} is no id; give the id that the person had before")
    return frame.event("alias", {"how": "alias call", "verified": False}, target_key=before)


def link_events(call: Call, *, source: str, at: datetime, actor_key: str, channel: str | None) -> list[Event]:
    """That the person's ids in this call are one. The ids of these events depend on nothing else, so that a thousand
    calls of one visitor say it once."""
    user = call.userId
    if not may_link(user, call.anonymousId):
        return []
    links: list[tuple[str | None, str]] = []
    if call.anonymousId is not None:
        links.append((_key("anon", call.anonymousId), "userId with anonymousId"))
    if isinstance(user, str) and "@" in user:
        links.append((email_key(user), "userId is an e-mail address"))
    return [
        Event(
            id=f"{source}:alias/{_link_digest(actor_key, key)}",
            at=at,
            kind="alias",
            source=source,
            actor_key=actor_key,
            target_key=key,
            channel=channel,
            props={"how": how, "verified": False},
        )
        for key, how in links
        if key is not None and key != actor_key
    ]


def may_link(user: Id, anonymous: Id) -> bool:
    """Whether these two ids of a call may say that two keys are one person's: both are given, or the first is an
    address."""
    return user is not None and (anonymous is not None or (isinstance(user, str) and "@" in user))


# A visitor who is known says the same link with every call.
_link_digest = lru_cache(maxsize=65_536)(digest)


# --- who, when, where --------------------------------------------------------------------------------------------


def _frame(
    call: AnyCall, sender: Sender, received_at: datetime, sent_at: datetime | None, digest_of: str | None
) -> Frame:
    around = surroundings_of(call.context)
    beside = around.beside
    if isinstance(call, Track):
        name = call.event.strip()
        if not name:
            raise BadCall("event", "is empty; name what happened, e.g. Product Viewed")
        beside = {**beside, "event": name}
    return Frame(
        message=f"{sender.source}:{_message_id(call, digest_of)}",
        at=happened_at(call, received_at=received_at, sent_at=sent_at),
        source=sender.source,
        actor_key=actor_of(call.userId, call.anonymousId),
        campaign=around.campaign,
        channel=around.utm_channel or ("app" if isinstance(call, ScreenView) else around.channel),
        currency=sender.currency,
        beside=beside,
        page=around.page,
    )


def _message_id(call: Call, digest_of: str | None) -> str:
    if call.messageId:
        if len(call.messageId) > MAX_MESSAGE_ID:
            raise BadCall("messageId", f"has {len(call.messageId):,} characters; at most {MAX_MESSAGE_ID} are allowed")
        return call.messageId
    # Two equal calls that say no time may both have happened, so only those that do are recognised when repeated.
    if digest_of is not None and (call.timestamp or call.sentAt):
        return "~" + digest(digest_of)
    return "~" + secrets.token_hex(16)


def happened_at(call: Call, *, received_at: datetime, sent_at: datetime | None) -> datetime:
    """The call's time by the receiver's clock: timestamp + (received - sent), as the specification corrects it.

    A call that was corrected before (it carries originalTimestamp), or whose sender's clock is right within SKEW, is
    taken by its word; one without a time happened when it was received.
    """
    stamp, sent = call.timestamp, call.sentAt or sent_at
    if sent is not None and sent.tzinfo is None:
        raise _without_zone("sentAt", sent)
    if stamp is None:
        return received_at
    if stamp.tzinfo is None:
        raise _without_zone("timestamp", stamp)
    try:
        shift = None if call.originalTimestamp is not None else shift_of(received_at, sent)
        stamp = stamp if shift is None else stamp + shift
        return stamp if stamp.tzinfo is UTC else stamp.astimezone(UTC)
    except OverflowError:
        raise BadCall("timestamp", f"{stamp.isoformat()} is not between 1970 and tomorrow; mend the time") from None


def shift_of(received_at: datetime, sent_at: datetime | None) -> timedelta | None:
    """What is added to a time by the sender's clock; None where that clock is right, or unknown."""
    if sent_at is None or abs(received_at - sent_at) <= SKEW:
        return None
    return received_at - sent_at


def _without_zone(name: str, moment: datetime) -> BadCall:
    return BadCall(name, f"{moment.isoformat()} has no time zone; add one, e.g. {moment.isoformat()}Z")


def actor_of(user: Id, anonymous: Id) -> str:
    """The key of whoever did what the call with these ids says. BadCall where neither id is one."""
    key = _key("user", user) or _key("anon", anonymous)
    if key is not None:
        return key
    if user is None and anonymous is None:
        raise BadCall("userId", "is missing, and so is anonymousId; give one of them")
    name, given = ("userId", user) if user is not None else ("anonymousId", anonymous)
    raise BadCall(name, f"{str(given)[:80]!r} is no id of a person; leave it out where nobody is known")


def _key(namespace: str, value: str | int | None) -> str | None:
    return None if value is None else _cached_key(namespace, str(value))


# The same visitors come again and again; normalising their ids each time would cost more than all the rest.
_cached_key = lru_cache(maxsize=65_536)(make_key)
