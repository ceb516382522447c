"""What came of tries, written down: first told to the log, then in the rows, so that a crash between the two loses
nothing and an event told twice is one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lianyi.action.channels.contract import Fate, Outcome
from lianyi.action.contacts import lines, rows, telling
from lianyi.action.contacts.delivering import Done
from lianyi.action.contacts.models import Contact, State
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

OURS = (State.DELIVERING, State.UNKNOWN)


def settle(
    ws: Workspace, done: Sequence[Done], worker: str, *, word: str, keyed: bool, now: datetime, chance: random.Random
) -> None:
    """Keep the outcomes of one channel account."""
    events: list[Event] = []
    changes: dict[int, dict[str, Any]] = {}
    for each in done:
        contact, outcome = each.ready.contact, each.outcome
        changes[contact.pk] = _change(contact, outcome, keyed=keyed, now=now, chance=chance)
        state = changes[contact.pk]["state"]
        if state == State.SENT:
            events.append(telling.sent(contact, outcome, key=each.ready.key, word=word, at=now))
        elif state == State.FAILED:
            events.append(telling.failed(contact, outcome, key=each.ready.key, word=word, at=now))
    telling.tell(ws, events, now=now)
    rows.write(changes, worker=worker, states=OURS)


def _change(contact: Contact, outcome: Outcome, *, keyed: bool, now: datetime, chance: random.Random) -> dict[str, Any]:
    change: dict[str, Any] = {
        "state": State.SENT, "provider_id": outcome.provider_id[:300], "reason": outcome.reason[:500], "lease": None,
        "worker": "", "ready": False, "not_before": contact.not_before, "sent_at": outcome.at or now, "ended_at": now,
    }  # fmt: skip
    if outcome.fate is Fate.SENT:
        return change
    change["sent_at"] = None
    if outcome.fate is Fate.UNKNOWN and (outcome.provider_id or not keyed):
        return {**change, "state": State.UNKNOWN}
    if not outcome.permanent:
        wait = lines.next_try(contact.attempts + 1, chance)  # the row counts this try, the object was read before it
        if wait is not None:
            return {**change, "state": State.WAITING, "not_before": now + wait, "ended_at": None}
    return {**change, "state": State.FAILED}


def judge(channel: str, done: Sequence[Done], *, now: datetime, doubtful: bool) -> bool:
    """What these tries say of the account; True: it rests now. doubtful: it has failed before."""
    faults, worked = [], False
    for each in done:
        if lines.is_fault_of_account(each.outcome):
            faults.append(each.outcome)
        else:
            faults, worked = [], True
    waits = [each.outcome.retry_after for each in done if each.outcome.retry_after is not None]
    if worked and doubtful:
        lines.went_well(channel)
    if not faults and not waits:
        return False
    reason = faults[-1].reason if faults else "the provider asks us to wait"
    return lines.failed(channel, len(faults), now=now, reason=reason, retry_after=max(waits, default=None))
