"""What a channel is: it takes one message for one address, and says what became of it. Nothing else.

Whether a person may be written to, when, and how often, is decided before (action.policy); how fast and how often it
is tried, by who sends (action.contacts). A channel knows its provider, and what the provider's answers mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Fate(StrEnum):
    """What became of a message. UNKNOWN: the provider may or may not have it (the connection broke after it was
    given)."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to one address.

    key: the same for every try of the same message; given to the provider where it takes such keys. to: the address as
    the channel knows it (an e-mail address, a Matrix user or room, a phone number, a URL). html, headers: for channels
    that have them. props: what else the channel's provider asks for, e.g. the id and the variables of an SMS template.
    """

    key: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    props: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a channel says of one try.

    reason: in the provider's words, without the address. permanent: trying again is useless (no such address, refused
    for good). provider_id: by which the provider will speak of it later. retry_after: seconds that the provider asks us
    to wait, for all of its messages.
    """

    fate: Fate
    reason: str = ""
    permanent: bool = False
    provider_id: str = ""
    retry_after: float | None = None


class Channel(Protocol):
    """An open connection to one provider account, used by one event loop, by many messages at once.

    keyed: the provider drops a second message with the same key, so that UNKNOWN may safely be tried again; without,
    an UNKNOWN message is not sent again (at most once).
    """

    keyed: bool

    async def deliver(self, message: Message) -> Outcome:
        """Give the message to the provider. Never raises for what a provider or a network does."""

    async def close(self) -> None:
        """Give connections back."""
