"""The rules of a policy as typed data. See reading for their YAML, deciding for what they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

NO_LIMIT = "no limit"
DAYS_IN_MONTH = "days in month"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The kinds of messages that a person is owed; no other purpose is exempt, whatever whoever asks says.
OWED = ("transactional", "order", "delivery", "account", "security", "service")


class Needs(StrEnum):
    """What consent a contact needs."""

    GRANTED = "granted"
    NOT_REFUSED = "not refused"
    NOTHING = "nothing"


class Per(StrEnum):
    """The calendar period of a cap, in the person's zone; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Count(StrEnum):
    """Whether a cap counts the contacts of all its channels together, or of each channel for itself."""

    TOGETHER = "together"
    EACH = "each channel"


class Then(StrEnum):
    """What becomes of a contact that a rule holds back: it waits until it may go, or it is not sent at all."""

    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Of which contacts a rule speaks. name: as people call it. channels: names of accounts, kinds of channels or words
    like email; none = all. purposes: none = all. transactional: it also holds for messages that the person is owed."""

    name: str = ""
    channels: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    transactional: bool = False

    def speaks_of(self, channels: frozenset[str], purpose: str) -> bool:
        """Whether a contact with this purpose, by a channel known under these names, is meant."""
        if self.purposes and purpose not in self.purposes:
            return False
        return not self.channels or not channels.isdisjoint(self.channels)


@dataclass(frozen=True, kw_only=True)
class Consent(Rule):
    """What must have been said before. The first rule that speaks of a contact counts; none = not refused."""

    needs: Needs


@dataclass(frozen=True, kw_only=True)
class Quiet(Rule):
    """Nothing goes from `start` until `until` of the person's clock, past midnight where `until` is earlier. days: on
    which it begins; none = every day."""

    start: time
    until: time
    days: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cap(Rule):
    """At most so many contacts of one person in a calendar period. most: None = no limit, 0 = none at all, "days in
    month" = as many as the month of the person's clock has days (the rule of WeCom)."""

    most: int | str | None
    per: Per
    count: Count = Count.TOGETHER
    then: Then = Then.REFUSE


@dataclass(frozen=True, kw_only=True)
class Spacing(Rule):
    """At least so many hours between two contacts of one person."""

    hours: float
    then: Then = Then.WAIT


@dataclass(frozen=True, kw_only=True)
class Window(Rule):
    """Only within so many hours after the person wrote to us there, and at most so many since (None = no limit)."""

    hours: float
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Confirm(Rule):
    """A human must let these contacts go."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All rules. personalisation: the purpose by which people say whether they want to be chosen and addressed by what
    is known of them. transactional: purposes that a contact must have to count as owed to the person."""

    consent: tuple[Consent, ...] = ()
    personalisation: str = "personalisation"
    transactional: tuple[str, ...] = OWED
    quiet_hours: tuple[Quiet, ...] = ()
    caps: tuple[Cap, ...] = ()
    windows: tuple[Window, ...] = ()
    spacing: tuple[Spacing, ...] = ()
    confirm: tuple[Confirm, ...] = ()
