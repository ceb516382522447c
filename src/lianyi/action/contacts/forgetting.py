"""What the outbox and the policy hold on a person, and its erasure. The suppression list stays: it holds hashes, and
who said no must not be written to when their address comes back in a file."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from lianyi.action.contacts.models import STOPPABLE, Contact, State
from lianyi.action.policy import suppressing
from lianyi.action.policy.models import Word
from lianyi.workspace import Workspace

EMPTY: dict[str, Any] = {
    "person_id": "", "body": {}, "variables": {}, "values": {}, "reason": "", "provider_id": "", "told": True,
}  # fmt: skip


def forget(ws: Workspace, person_ids: Collection[str], keys: Collection[str], *, now: datetime) -> int:
    """Take a person out of the outbox, by all ids and keys; returns of how many contacts. What waits is cancelled; of
    what is over there stays that it was, without whom it was for, so that a campaign's sums stay right."""
    ids = list(person_ids)
    _remember_refusals(ws, ids, keys, now)
    Word.objects.filter(person_id__in=ids).delete()
    mine = Contact.objects.filter(person_id__in=ids)
    mine.filter(state__in=STOPPABLE).update(state=State.CANCELLED, ended_at=now)
    # The key may name the person (whoever asks makes it).
    return mine.update(**EMPTY, key=Concat(Value("erased/"), Cast(F("pk"), CharField(max_length=20))))


def held(person_ids: Collection[str]) -> dict[str, Any]:
    """All that is kept of a person."""
    names = ("key", "channel", "purpose", "campaign", "journey", "step", "state", "rule", "values", "variables",
             "body", "created_at", "sent_at", "ended_at")  # fmt: skip
    ids = list(person_ids)
    return {
        "contacts": list(Contact.objects.filter(person_id__in=ids).values(*names)),
        "words_on_consent": list(Word.objects.filter(person_id__in=ids).values("purpose", "channel", "granted", "at")),
    }


def _remember_refusals(ws: Workspace, ids: Collection[str], keys: Collection[str], now: datetime) -> None:
    """Put the person's keys on the suppression list of each channel for which they refused anything."""
    said = [
        (one["channel"], one["granted"])
        for person in (ws.look_up("people", ids, columns=["consents"]).to_pylist() if "people" in ws.states() else ())
        for one in person["consents"] or ()
    ]
    said += Word.objects.filter(person_id__in=list(ids)).values_list("channel", "granted")
    for channel in sorted({channel for channel, granted in said if not granted}):
        suppressing.add(ws, keys, reason="asked", by="erasure", now=now, channel=channel)
