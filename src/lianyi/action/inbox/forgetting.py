"""What the inbox holds on a person, and its erasure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from lianyi.action.inbox.models import Item, Step


def _mine(person_ids: Collection[str], keys: Collection[str]) -> QuerySet[Item]:
    return Item.objects.filter(Q(actor__in=list(keys)) | Q(person_id__in=list(person_ids)))


def forget(person_ids: Collection[str], keys: Collection[str]) -> int:
    """Delete what they said and what was answered and noted on it; that they answered others is not kept either."""
    gone = _mine(person_ids, keys).delete()[0]
    Item.objects.filter(answered_by__in=[*keys, *person_ids]).update(answered_by="")
    return gone


def held(person_ids: Collection[str], keys: Collection[str]) -> dict[str, Any]:
    """All that is kept of a person."""
    mine = _mine(person_ids, keys)
    fields = ("kind", "channel", "group_key", "text", "said_at", "assignee", "answered_at", "closed_at", "how")
    steps = Step.objects.filter(item__in=mine).values("what", "by", "at", "text", "fate")
    return {"inbox": list(mine.values(*fields)), "inbox_steps": list(steps)}
