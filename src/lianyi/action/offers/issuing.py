"""Issuing an offer: an event about each person who is entitled now. Telling them is a campaign of its own, which the
contact policy stands before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from lianyi.action.audiences.conditions import asked
from lianyi.action.offers.models import Offer
from lianyi.action.paging import in_pages
from lianyi.errors import InputError
from lianyi.memory.events import Event

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

SOURCE = "offers"


def issue(ws: Workspace, offer: Offer, *, now: datetime) -> int:
    """Issue a version, once; to how many. Where more are entitled than `most`, lots are drawn: a hash of offer and
    person, so that anybody can compute it again and nobody is preferred. An event is named by offer and person, so that
    one who issues again after a crash says the same. InputError: issued, closed or over."""
    if offer.closed_at is not None or offer.ends_at <= now:
        raise InputError("this offer is closed or over; publish another version")
    one = asked(ws, offer.condition)
    ids = ws.present(now).chosen(one.whole, now, lists=one.lists).to_pylist()
    chosen = drawn(offer.pk, ids, offer.most)
    with transaction.atomic():
        if not Offer.objects.filter(pk=offer.pk, issued_at__isnull=True).update(issued_at=now):
            raise InputError("this version was issued before; publish another one for who came since")
        count = 0
        for some in in_pages(chosen):
            events = _events(ws, offer, some, now)
            ws.inbox.put_now(events, received_at=now)
            count += len(events)
        Offer.objects.filter(pk=offer.pk).update(issued=count)
    offer.refresh_from_db()
    return count


def drawn(number: int, people: Sequence[str], most: int) -> list[str]:
    """At most so many of these people (0 = all), by lot."""
    if not most or len(people) <= most:
        return list(people)
    return sorted(sorted(people, key=lambda one: hashlib.sha256(f"{number}/{one}".encode()).digest())[:most])


def _events(ws: Workspace, offer: Offer, people: Sequence[str], now: datetime) -> list[Event]:
    rows = ws.look_up("people", list(people), columns=["person_id", "keys"]).to_pylist()
    props = {
        "offer": offer.name, "version": offer.version, "kind": offer.kind, "percent": f"{offer.percent / 100:g}",
        "amount": f"{offer.amount / 100:.2f}", "least": f"{offer.least / 100:.2f}",
        "until": offer.ends_at.isoformat(), **({"code": offer.code} if offer.code else {}),
    }  # fmt: skip
    return [
        Event(
            id=f"{offer.key}/{row['person_id']}", at=now, kind="offer", source=SOURCE, target_key=row["keys"][0],
            object_key=offer.key, currency=offer.currency, props=props,
        )
        for row in rows
        if row["keys"]
    ]  # fmt: skip
