"""The gate: may this contact go now? A pure function of rules, facts and the moment.

The rules are asked in one order and the first that says no decides: expired, consent, suppression, non_personal,
control, quiet_hours, caps, windows, spacing, priority, confirm. A contact that the person is owed (see `is_owed`) is
asked about expiry, about suppression of everything, about those quiet hours, caps, windows and spacings that say
`transactional: true` (limits of a platform), and about confirmation where whoever asked for it wants that; about
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from lianyi.action.policy import clock
from lianyi.action.policy.rules import DAYS_IN_MONTH, Cap, Consent, Count, Needs, Policy, Rule, Then

R = TypeVar("R", bound=Rule)


class Verdict(StrEnum):
    """What the gate says: send it, wait until a moment, do not send it, or let a human confirm it."""

    SEND = "send"
    WAIT = "wait"
    REFUSE = "refuse"
    CONFIRM = "confirm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A word on consent. purpose, channel: "" = all of them. at: when it was said; the newest counts."""

    purpose: str
    channel: str
    granted: bool
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """A contact that reached the person, or may have. channels: the names of its channel. word: the one among them
    that consents and the log use."""

    at: datetime
    channels: frozenset[str]
    word: str
    purpose: str = ""
    transactional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """An entry on the suppression list that is about the person. channel: "" = all. everything: also what is owed."""

    channel: str
    reason: str
    everything: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rival:
    """Another contact for the same person that is due as well."""

    priority: int
    number: int
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of the person at the moment. zone: IANA name. heard: when the person last wrote to us, by the
    channel's word. rivals: due at the same moment, ready to go. control: the share of the global control group that the
    person is in, 0 = in none."""

    zone: str
    consents: Sequence[Said] = ()
    suppressions: Sequence[Suppression] = ()
    touches: Sequence[Touch] = ()
    heard: Mapping[str, datetime] = field(default_factory=dict)
    rivals: Sequence[Rival] = ()
    control: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """One contact before the gate. channels: the names of its channel (the account's, its kind's, its word). word: the
    one that consents and the log use. number: its place among those asked for; of two with one priority the older goes
    first. transactional: whoever asked says that it is owed; it is where its purpose is one of the policy's as well.
    personal: whom or what was chosen by what is known of the person. confirmed: a human has let it go."""

    channels: frozenset[str]
    word: str
    purpose: str
    number: int = 0
    priority: int = 0
    transactional: bool = False
    personal: bool = True
    confirm: bool = False
    confirmed: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What the gate says. rule: the section of the policy that decided, "" where it may go. until: when to ask again.
    values: the figures behind it, plain data; `words` makes a sentence of them. late: it would have had to wait until
    it is worth nothing any more."""

    verdict: Verdict
    rule: str = ""
    until: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    late: bool = False


SEND = Decision(verdict=Verdict.SEND)
# How soon a contact that stood back for another is looked at again.
TURN = timedelta(minutes=1)


def decide(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision:
    """Whether the contact may go at `now`."""
    for ask in ORDER:
        decision = ask(policy, facts, contact, now)
        if decision is not None:
            return _in_time(decision, contact) if decision.until is not None else decision
    return SEND


def is_owed(policy: Policy, contact: Proposed) -> bool:
    """Whether the person is owed it: whoever asked says so, and its purpose is one that the policy exempts."""
    return contact.transactional and contact.purpose in policy.transactional


def _in_time(decision: Decision, contact: Proposed) -> Decision:
    """What would wait until it has expired is not sent, by the rule that would make it wait."""
    if contact.expires_at is None or decision.until is None or decision.until < contact.expires_at:
        return decision
    return replace(decision, verdict=Verdict.REFUSE, until=None, late=True)


def _expired(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if contact.expires_at is None or now < contact.expires_at:
        return None
    values = {"expired": contact.expires_at.isoformat()}
    return Decision(verdict=Verdict.REFUSE, rule="expired", values=values, late=True)


def _consent(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if is_owed(policy, contact):
        return None
    needs = needed(policy.consent, contact)
    if needs is Needs.NOTHING:
        return None
    said = last_word(facts.consents, contact.purpose, contact.channels)
    if said.granted if said is not None else needs is Needs.NOT_REFUSED:
        return None
    values: dict[str, Any] = {"needs": str(needs), "purpose": contact.purpose, "channel": contact.word}
    if said is not None:
        values |= {"withdrawn": said.at.isoformat(), "of_purpose": said.purpose, "of_channel": said.channel}
    return Decision(verdict=Verdict.REFUSE, rule="consent", values=values)


def needed(rules: Iterable[Consent], contact: Proposed) -> Needs:
    """What the first rule that speaks of the contact asks for."""
    for rule in rules:
        if rule.speaks_of(contact.channels, contact.purpose):
            return rule.needs
    return Needs.NOT_REFUSED


def last_word(consents: Iterable[Said], purpose: str, channels: frozenset[str]) -> Said | None:
    """The newest word that covers a purpose and a channel. A word on all purposes or all channels covers each of them;
    of two at one moment the refusal counts."""
    last: Said | None = None
    for said in consents:
        if said.purpose not in {"", purpose} or (said.channel and said.channel not in channels):
            continue
        if last is None or said.at > last.at or (said.at == last.at and last.granted and not said.granted):
            last = said
    return last


def _suppression(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if not facts.suppressions:
        return None
    owed = is_owed(policy, contact)
    for entry in facts.suppressions:
        if (not entry.channel or entry.channel in contact.channels) and (entry.everything or not owed):
            values = {"reason": entry.reason, "channel": entry.channel}
            return Decision(verdict=Verdict.REFUSE, rule="suppression", values=values)
    return None


def _non_personal(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if not contact.personal or is_owed(policy, contact):
        return None
    # A word on all purposes is one on consent, not on this choice.
    choices = [said for said in facts.consents if said.purpose == policy.personalisation]
    said = last_word(choices, policy.personalisation, contact.channels)
    if said is None or said.granted:
        return None
    values = {"chosen": said.at.isoformat()}
    return Decision(verdict=Verdict.REFUSE, rule="non_personal", values=values)


def _control(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if not facts.control or is_owed(policy, contact):
        return None
    return Decision(verdict=Verdict.REFUSE, rule="control", values={"share": facts.control})


def _quiet_hours(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:
    for rule in _applying(policy, policy.quiet_hours, contact):
        if clock.quiet_until(now, facts.zone, rule) is not None:
            values = {
                "name": rule.name, "from": rule.start.strftime("%H:%M"), "until": rule.until.strftime("%H:%M"),
                "zone": facts.zone,
            }  # fmt: skip
            until = _open(policy, facts, contact, now)
            return Decision(verdict=Verdict.WAIT, rule="quiet_hours", until=until, values=values)
    return None


def _caps(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:
    for rule in _applying(policy, policy.caps, contact):
        if rule.most is None:
            continue
        begins, ends = clock.period(now, facts.zone, rule.per)
        most = clock.days_in_month(now, facts.zone) if rule.most == DAYS_IN_MONTH else int(rule.most)
        had = sum(1 for touch in facts.touches if begins <= touch.at < ends and _counts(policy, rule, touch, contact))
        if had >= most:
            values = {"name": rule.name, "per": str(rule.per), "most": most, "had": had, "count": str(rule.count),
                      "channel": contact.word, "channels": list(rule.channels), "zone": facts.zone}  # fmt: skip
            return _held_back(policy, facts, contact, "caps", values, until=None if most == 0 else ends, then=rule.then)
    return None


def _counts(policy: Policy, rule: Rule, touch: Touch, contact: Proposed) -> bool:
    """Whether an earlier contact counts for a cap or a spacing: it is of those of which the rule speaks."""
    if isinstance(rule, Cap) and rule.count is Count.EACH and touch.word != contact.word:
        return False
    if touch.transactional and touch.purpose in policy.transactional and not rule.transactional:
        return False
    return rule.speaks_of(touch.channels, touch.purpose)


def _windows(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:
    for rule in _applying(policy, policy.windows, contact):
        heard = facts.heard.get(contact.word)
        values: dict[str, Any] = {"name": rule.name, "hours": rule.hours, "channel": contact.word}
        if heard is None or now - heard > timedelta(hours=rule.hours):
            values["heard"] = None if heard is None else heard.isoformat()
            return Decision(verdict=Verdict.REFUSE, rule="windows", values=values)
        had = sum(1 for touch in facts.touches if touch.at >= heard and touch.word == contact.word)
        if rule.most is not None and had >= rule.most:
            values |= {"most": rule.most, "had": had}
            return Decision(verdict=Verdict.REFUSE, rule="windows", values=values)
    return None


def _spacing(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:
    for rule in _applying(policy, policy.spacing, contact):
        last = max((touch.at for touch in facts.touches if _counts(policy, rule, touch, contact)), default=None)
        if last is not None and now < last + timedelta(hours=rule.hours):
            values = {"name": rule.name, "hours": rule.hours, "last": last.isoformat()}
            until = last + timedelta(hours=rule.hours)
            return _held_back(policy, facts, contact, "spacing", values, until=until, then=rule.then)
    return None


def _priority(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:
    if not facts.rivals or is_owed(policy, contact):
        return None
    first = min(facts.rivals, key=lambda rival: (-rival.priority, rival.number))
    if (-first.priority, first.number) > (-contact.priority, contact.number):
        return None
    values = {"priority": contact.priority, "first": first.label, "of_priority": first.priority}
    return Decision(verdict=Verdict.WAIT, rule="priority", until=now + TURN, values=values)


def _confirm(policy: Policy, facts: Facts, contact: Proposed, now: datetime) -> Decision | None:  # noqa: ARG001
    if contact.confirmed:
        return None
    if contact.confirm:
        return Decision(verdict=Verdict.CONFIRM, rule="confirm", values={"asked": True})
    if is_owed(policy, contact):
        return None
    for rule in policy.confirm:
        if rule.speaks_of(contact.channels, contact.purpose):
            return Decision(verdict=Verdict.CONFIRM, rule="confirm", values={"name": rule.name})
    return None


def _applying(policy: Policy, rules: Iterable[R], contact: Proposed) -> Iterable[R]:
    """The rules that hold for the contact."""
    owed = is_owed(policy, contact)
    return (
        rule for rule in rules if (rule.transactional or not owed) and rule.speaks_of(contact.channels, contact.purpose)
    )


def _open(policy: Policy, facts: Facts, contact: Proposed, moment: datetime) -> datetime:
    """The first moment from then on at which no quiet hours hold for the contact."""
    quiet = tuple(_applying(policy, policy.quiet_hours, contact))
    return clock.open_from(moment, facts.zone, quiet) if quiet else moment


def _held_back(
    policy: Policy, facts: Facts, contact: Proposed, rule: str, values: Mapping[str, Any], *,
    until: datetime | None, then: Then,
) -> Decision:  # fmt: skip
    if until is None or then is Then.REFUSE:
        return Decision(verdict=Verdict.REFUSE, rule=rule, values=values)
    return Decision(verdict=Verdict.WAIT, rule=rule, until=_open(policy, facts, contact, until), values=values)


Ask = Callable[[Policy, Facts, Proposed, datetime], Decision | None]
ORDER: tuple[Ask, ...] = (
    _expired, _consent, _suppression, _non_personal, _control, _quiet_hours, _caps, _windows, _spacing,
    _priority, _confirm,
)  # fmt: skip
