"""What rewards hold on a person, and its erasure.

Books must be kept, so movements stay, under a name that says nothing: one random word for all rows of a person, so that
sums by person stay right. Nothing more can be paid to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from lianyi.action.rewards.models import ERASED, Draw, Posting, Total


def forget(person_ids: Collection[str]) -> int:
    """Replace people in movements, sums and draws by a random word; in how many rows."""
    ids, name = list(person_ids), ERASED + secrets.token_hex(8)
    with transaction.atomic():
        changed = sum(_totals(total, name) for total in Total.objects.filter(person__in=ids))
        changed += (
            _mine(ids)
            .filter(person__in=ids)
            .update(person=name, key=Concat(Value(ERASED), Cast("pk", CharField(max_length=20)), Value(f"/{name}")))
        )  # the key of a payment names the person
        changed += _mine(ids).filter(invited__in=ids).update(invited=name)
        for draw in Draw.objects.all():
            kept = {ticket: name if person in ids else person for ticket, person in draw.entries.items()}
            if kept != draw.entries:
                changed += Draw.objects.filter(pk=draw.pk).update(entries=kept)
    return changed


def held(person_ids: Collection[str]) -> dict[str, Any]:
    """All that is kept of a person: movements for and through them, and draws they are in."""
    ids = set(person_ids)
    rows = _mine(list(ids)).order_by("id").select_related("rule")
    return {
        "rewards": [
            {"rule": row.rule.name, "what": row.what, "mine": row.person in ids, "order_no": row.order_no,
             "amount": row.amount, "reason": row.reason, "at": row.at}
            for row in rows
        ],
        "draws": [
            {"draw": draw.name, "ticket": ticket}
            for draw in Draw.objects.all()
            for ticket, person in draw.entries.items()
            if person in ids
        ],
    }  # fmt: skip


def _mine(ids: list[str]) -> QuerySet[Posting]:
    return Posting.objects.filter(Q(person__in=ids) | Q(invited__in=ids))


def _totals(total: Total, name: str) -> int:
    """A person with several ids has several sums by a rule; under one name they are one."""
    there = Total.objects.filter(rule=total.rule, person=name).first()
    if there is None:
        return Total.objects.filter(pk=total.pk).update(person=name)
    Total.objects.filter(pk=there.pk).update(amount=there.amount + total.amount)
    total.delete()
    return 1
