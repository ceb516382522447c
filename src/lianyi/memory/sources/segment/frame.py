"""What all events of one call share, and reading a call's properties with errors that name the place."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from lianyi.errors import BadEvent
from lianyi.memory.events import CURRENCY_PATTERN, MAX_KEY, Event, money
from lianyi.memory.sources.segment.calls import BadCall, Page

SHOWN = 80


class Frame(msgspec.Struct, frozen=True, gc=False):  # made for each call; a dataclass costs six times as much
    """Who, when and where of one call. `message`: the event id that its messageId gives. `beside`: what stands in the
    props of every event of the call, beside the properties: the event's name, what is kept of the surroundings.
    `currency`: of amounts that name none. `page`: the page that was open."""

    message: str
    at: datetime
    source: str
    actor_key: str
    campaign: str | None
    channel: str | None
    currency: str
    beside: Mapping[str, Any]
    page: Page | None = None

    def event(
        self,
        kind: str,
        props: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002  the event's own field name
        target_key: str | None = None,
        group_key: str | None = None,
        object_key: str | None = None,
        parent_id: str | None = None,
        channel: str | None = None,
        category: str | None = None,
        value: Decimal | None = None,
        currency: str | None = None,
        text: str | None = None,
    ) -> Event:
        """An event of the call; its id is the message's where none is given."""
        # Calls with 16 arguments leave CPython's fast path and cost four times as much, so the rarest comes later.
        event = Event(
            id=id or self.message,
            at=self.at,
            kind=kind,
            source=self.source,
            actor_key=self.actor_key,
            target_key=target_key,
            group_key=group_key,
            object_key=object_key,
            parent_id=parent_id,
            campaign=self.campaign,
            channel=channel or self.channel,
            category=category,
            value=value,
            currency=currency,
            props=together(props, self.beside),
        )
        return event if text is None else msgspec.structs.replace(event, text=text)

    def money_in(self, properties: Mapping[str, Any]) -> str:
        """The currency that the properties name, or the brand's."""
        text = text_of(properties, "currency")
        if text is None:
            return self.currency
        if not CURRENCY_PATTERN.match(text.strip().upper()):
            raise BadCall(
                "properties.currency", f"{text[:SHOWN]!r} is not an ISO 4217 code; write three letters such as CNY"
            )
        return text.strip().upper()


def together(props: Mapping[str, Any], beside: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties and what stands beside them; where both have a name, what stands beside is called call_<name>."""
    both = {**props, **beside}
    if len(both) == len(props) + len(beside):
        return both
    return {**props, **{f"call_{name}" if name in props else name: value for name, value in beside.items()}}


def text_of(properties: Mapping[str, Any], *names: str, path: str = "properties") -> str | None:
    """The first of these properties that is given, as text; BadCall where it is neither text nor a number."""
    for name in names:
        value = properties.get(name)
        if value is None or value == "":
            continue
        if type(value) is str:  # by far the most common
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadCall(f"{path}.{name}", f"must be a text, not {_kind_of(value)}")
        return str(value)
    return None


def plain_text(value: Any) -> str | None:
    """A text or number as text; None for everything else and for the empty text."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" else None


def amount_of(properties: Mapping[str, Any], *names: str, path: str = "properties") -> Decimal | None:
    """The first of these properties that is given, as an amount of money; numbers may come as text."""
    for name in names:
        value = properties.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadCall(f"{path}.{name}", f"must be an amount, not {_kind_of(value)}")
        try:
            return money(value.strip() if isinstance(value, str) else value)
        except BadEvent as error:
            raise BadCall(f"{path}.{name}", str(error).removeprefix("value: ")) from None
    return None


def quantity_of(product: Mapping[str, Any], *, path: str) -> Decimal:
    """How many pieces; 1 where it is not said."""
    value = product.get("quantity")
    if value is None or value == "":
        return Decimal(1)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not 0 < number < 1e9:
        raise BadCall(f"{path}.quantity", f"{str(value)[:SHOWN]!r} is not a number of pieces; write 1 or more")
    return Decimal(str(value))


def key_text(text: str) -> str:
    """The text as part of a key: as it is, or shortened to its digest where it would be too long."""
    text = text.strip()
    return text if len(text) <= MAX_KEY - 64 else text[: MAX_KEY - 128] + "~" + digest(text)


def digest(*parts: str) -> str:
    """32 hex digits that stand for these texts."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _kind_of(value: Any) -> str:
    kinds = {bool: "true or false", dict: "an object", list: "a list"}
    return kinds.get(type(value), type(value).__name__)
