"""What journeys and tasks hold on a person, for those who have a right to see it, and its erasure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lianyi.action.journeys.models import Enrolment, Stranger, Task


def forget(person_ids: Collection[str], keys: Collection[str]) -> int:
    """Delete what is kept of people, by all their ids and keys; how many rows went. Sums that name nobody stay."""
    ids, names = list(person_ids), list(keys)
    gone = Enrolment.objects.filter(person_id__in=ids).delete()[0]
    gone += Task.objects.filter(person_id__in=ids).delete()[0]
    return gone + Stranger.objects.filter(who__in=names).delete()[0]


def held(person_ids: Collection[str]) -> dict[str, Any]:
    """All that is kept of a person."""
    ids = list(person_ids)
    rows = Enrolment.objects.filter(person_id__in=ids).select_related("journey")
    return {
        "journeys": [
            {"journey": row.journey.name, "entered_at": row.entered_at, "step": row.step, "state": row.state,
             "how": row.how, "trail": row.trail, "facts": row.facts}
            for row in rows
        ],
        "tasks": list(Task.objects.filter(person_id__in=ids).values("title", "text", "to", "state", "note")),
    }  # fmt: skip
