"""What operation holds on a person, and its erasure: seats, messages of a day, cases with examples, runs, sign-ups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lianyi.action.operation.deciding import described
from lianyi.action.operation.models import Case, Entry, Run, Said, Seat


def forget(keys: Collection[str]) -> int:
    """Delete all of it; how many rows. The filter forgets what it learned from their words as well. Of who is muted
    now, group, key and time stay until the voice is given back: without them they would be silent for ever."""
    names = list(keys)
    muted = Seat.objects.filter(actor__in=names, muted_until__isnull=False)
    muted.update(joined_at=None, said=0, agreed=0, agreed_at=None, greet_at=None, greeted=0)
    gone = Seat.objects.filter(actor__in=names, muted_until=None).delete()[0]
    for model in (Said, Case, Entry):
        gone += model.objects.filter(actor__in=names).delete()[0]
    for run in Run.objects.exclude(actors=[]):
        kept = [actor for actor in run.actors if actor not in keys]
        if not kept:
            gone += run.delete()[0]
        elif kept != run.actors:
            Run.objects.filter(pk=run.pk).update(actors=kept)
    return gone


def held(keys: Collection[str]) -> dict[str, Any]:
    """All that is kept of a person."""
    names = list(keys)
    seats = Seat.objects.filter(actor__in=names)
    return {
        "seats": list(seats.values("group_key", "joined_at", "said", "agreed", "agreed_at", "muted_until", "greeted")),
        "signups": list(
            Entry.objects.filter(actor__in=names).values("signup__title", "places", "first_at", "struck_why")
        ),
        "moderation": [described(case) for case in Case.objects.filter(actor__in=names)],
    }
