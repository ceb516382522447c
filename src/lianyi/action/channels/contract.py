"""What a channel is: it takes one message for one address, and says what became of it. Nothing else.

Whether a person may be written to, when, and how often, is decided before (action.policy); how fast and how often it
is tried, by who sends (action.contacts). A channel knows its provider, and what the provider's answers mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class Fate(StrEnum):
    """What became of a message.

    UNKNOWN: nobody can say yet whether it goes out. Without a provider_id: the connection broke after it was given; it
    is tried again only where the channel is keyed. With a provider_id: the provider has it and will say later (a member
    of staff must confirm it there); it is never tried again, `Reporting.results` tells what came of it.
    """

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class File:
    """What goes with a message. name: as the recipient keeps it; kind: its media type, e.g. text/html."""

    name: str
    kind: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to one address.

    key: the same for every try of the same message; given to the provider where it takes such keys. to: the address as
    the channel knows it (an e-mail address, a Matrix user or room, a phone number, a URL). html, headers: for channels
    that have them. props: what else the channel's provider asks for, e.g. the id and the variables of an SMS
    template. files: for channels that can carry them (e-mail).
    """

    key: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    props: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[File] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a channel says of one try.

    reason: in the provider's words, without the address. permanent: trying again is useless (no such address, refused
    for good). provider_id: by which the provider will speak of it later. retry_after: seconds that the provider asks us
    to wait, for all of its messages. at: when it happened, where the provider says so; None = now.
    """

    fate: Fate
    reason: str = ""
    permanent: bool = False
    provider_id: str = ""
    retry_after: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How fast an account may be written to. per_second: messages, None = as fast as it takes them. at_once: how many
    `deliver` calls may be under way together. keyed: see Channel."""

    per_second: float | None
    at_once: int
    keyed: bool


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


@runtime_checkable
class Reporting(Protocol):
    """A channel whose provider says later what came of a message. Ask with `isinstance(channel, Reporting)`."""

    async def results(self, provider_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """For those of the messages about which there is news: what is final now. The others stay UNKNOWN; ask again
        later, not more often than every few minutes. Never raises for what a provider or a network does."""
