"""What becomes of contacts, told to the log. The id of each event is made from the contact's key, so that telling it
twice, after a crash, is telling it once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lianyi.action.channels.contract import Outcome
from lianyi.action.contacts.facts import SOURCE, Channels, known
from lianyi.action.contacts.models import Contact, State
from lianyi.action.paging import in_pages
from lianyi.action.policy.deciding import Decision
from lianyi.action.policy.rules import Policy
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

Ended = Event
# By state: the kind of event that says so.
KINDS = {
    State.SENT: "sent", State.FAILED: "failed", State.REFUSED: "skipped", State.EXPIRED: "skipped",
    State.CANCELLED: "skipped",
}  # fmt: skip
UNTOLD = 2_000


def tell(ws: Workspace, events: Sequence[Event], *, now: datetime) -> None:
    """Put events where they outlive any crash."""
    if events:
        ws.inbox.put_now(events, received_at=now)


def sent(contact: Contact, outcome: Outcome, *, key: str, word: str, at: datetime) -> Event:
    """The provider took it."""
    more = {"provider_id": outcome.provider_id, "attempts": contact.attempts, **contact.choice}
    return _event(contact, "sent", key=key, word=word, at=outcome.at or at, more=more)


def failed(contact: Contact, outcome: Outcome, *, key: str, word: str, at: datetime) -> Event:
    """It was refused for good (bounced), or tried in vain until nobody tries any more (failed)."""
    kind = "bounced" if outcome.permanent else "failed"
    more = {"reason": outcome.reason, "permanent": outcome.permanent, "attempts": contact.attempts}
    return _event(contact, kind, key=key, word=word, at=outcome.at or at, more=more)


def skipped(contact: Contact, decision: Decision, *, key: str, word: str, at: datetime) -> Event:
    """The gate said no."""
    more = {"rule": decision.rule, "values": dict(decision.values), "late": decision.late}
    return _event(contact, "skipped", key=key, word=word, at=at, more=more)


def tell_rest(ws: Workspace, *, now: datetime) -> int:
    """Tell what ended outside a worker (cancelled, resolved by hand); returns how many are told now."""
    rows = list(Contact.objects.filter(told=False).order_by("ended_at")[:UNTOLD])
    if not rows:
        return 0
    channels = Channels.read()
    people = known(ws, {row.person_id for row in rows}, Policy(), channels, now, hear=False)
    events = []
    for row in rows:
        kind = KINDS.get(State(row.state))
        one = people.get(row.person_id)
        if kind and one is not None and one.keys:
            more = {"rule": row.rule or row.state, "reason": row.reason, **(row.choice if kind == "sent" else {})}
            at = row.sent_at or row.ended_at or now
            events.append(_event(row, kind, key=one.keys[0], word=channels.word(row.channel), at=at, more=more))
    tell(ws, events, now=now)
    for page in in_pages([row.pk for row in rows]):
        Contact.objects.filter(pk__in=page).update(told=True)
    return len(rows)


def _event(contact: Contact, kind: str, *, key: str, word: str, at: datetime, more: dict[str, Any]) -> Event:
    props = {
        "contact": contact.key, "account": contact.channel, "purpose": contact.purpose, "journey": contact.journey,
        "step": contact.step, **more,
    }  # fmt: skip
    return Event(
        id=f"contact:{contact.key}/{kind}", at=at, kind=kind, source=SOURCE, target_key=key,
        campaign=contact.campaign or None, channel=word or None,
        object_key=f"content:{contact.content}" if contact.content else None,
        props={name: value for name, value in props.items() if value not in ("", None, {}, False)},
    )  # fmt: skip
