"""Contacts that were claimed, before the gate: the facts of all of them at once, a decision for each, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lianyi.action.channels import accounts
from lianyi.action.contacts import claiming, facts, rows, telling
from lianyi.action.contacts.composing import address_of
from lianyi.action.contacts.facts import Channels, Known
from lianyi.action.contacts.models import Contact, State
from lianyi.action.policy import keeping
from lianyi.action.policy.deciding import Decision, Verdict, decide
from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A contact that may go now: about whom, to which address, by which key of theirs."""

    contact: Contact
    known: Known
    to: tuple[str, str]


NO_PERSON = Decision(verdict=Verdict.REFUSE, rule="person")
STATES = {Verdict.WAIT: State.WAITING, Verdict.REFUSE: State.REFUSED, Verdict.CONFIRM: State.HELD}


def pass_through(
    ws: Workspace, contacts: Sequence[Contact], policy: keeping.Current, channels: Channels, worker: str, *,
    now: datetime,
) -> list[Passed]:  # fmt: skip
    """Which of these claimed contacts may go now. The others leave this worker with what was decided about them."""
    people = facts.known(
        ws, {contact.person_id for contact in contacts}, policy.policy, channels, now,
        hear=_hears(policy, contacts, channels),
    )  # fmt: skip
    open_channels = set(accounts.names()) - claiming.shut(now)
    rivals = facts.rivals(contacts, now, open_channels=open_channels)
    passed: list[Passed] = []
    stopped: dict[int, tuple[Contact, Decision]] = {}
    twice: list[int] = []
    seen: set[str] = set()
    for contact in contacts:
        known = people.get(contact.person_id)
        if known is not None and known.person_id in seen:  # two ids of one person: one after the other
            twice.append(contact.pk)
            continue
        decision, to = look(contact, known, policy, channels, now=now, rivals=rivals.get(contact.pk, ()))
        if known is None or to is None or decision.verdict is not Verdict.SEND:
            stopped[contact.pk] = contact, decision
        else:
            seen.add(known.person_id)
            passed.append(Passed(contact=contact, known=known, to=to))
    claiming.give_back(twice, worker)
    keep(ws, stopped, people, channels, worker, now=now, policy=policy.number)
    return passed


def look(
    contact: Contact, known: Known | None, policy: keeping.Current, channels: Channels, *, now: datetime,
    rivals: Sequence[Any] = (),
) -> tuple[Decision, tuple[str, str] | None]:  # fmt: skip
    """What the gate says of one contact, and where it would go."""
    if known is None:
        return NO_PERSON, None
    if contact.channel not in channels.words:
        return Decision(verdict=Verdict.REFUSE, rule="channel", values={"channel": contact.channel}), None
    about = replace(known.facts, rivals=rivals) if rivals else known.facts
    decision = decide(policy.policy, about, facts.proposed(contact, channels), now)
    to = address_of(contact, known)
    if decision.verdict is Verdict.SEND and to is None:
        return Decision(verdict=Verdict.REFUSE, rule="address", values={"channel": contact.channel}), None
    return decision, to


def keep(
    ws: Workspace, stopped: Mapping[int, tuple[Contact, Decision]], people: Mapping[str, Known], channels: Channels,
    worker: str, *, now: datetime, policy: int,
) -> None:  # fmt: skip
    """Write down what was decided about contacts that do not go now; those that never will are told to the log."""
    changes: dict[int, dict[str, Any]] = {}
    over: list[telling.Ended] = []
    for pk, (contact, decision) in stopped.items():
        state = State.EXPIRED if decision.late else STATES[decision.verdict]
        ended = state in {State.REFUSED, State.EXPIRED}
        changes[pk] = {
            "state": state, "rule": decision.rule, "values": dict(decision.values), "policy": policy,
            "decided_at": now, "not_before": decision.until or contact.not_before, "ready": False, "worker": "",
            "lease": None, "ended_at": now if ended else None,
        }  # fmt: skip
        known = people.get(contact.person_id)
        if ended and known is not None and known.keys:
            said = telling.skipped(contact, decision, key=known.keys[0], word=channels.word(contact.channel), at=now)
            over.append(said)
    telling.tell(ws, over, now=now)
    rows.write(changes, worker=worker, states=[State.CLAIMED])


def _hears(policy: keeping.Current, contacts: Sequence[Contact], channels: Channels) -> bool:
    return any(
        rule.speaks_of(channels.names(contact.channel), contact.purpose)
        for rule in policy.policy.windows
        for contact in contacts
    )
