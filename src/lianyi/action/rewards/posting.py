"""Moving amounts: each movement once, never beyond budget or cap whoever moves at the same time, never undone.

A grant raises `Rule.spent` and `Total.amount` by UPDATEs that hold only while the new sum stays within the limit, and
writes its posting, in one transaction; where a count is 0 nothing is written. A clawback lowers both by exactly what
it takes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from lianyi.action.rewards.models import Posting, Rule, Total

What = Posting.What


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A reward that somebody may have earned. at: of the purchase."""

    person: str
    invited: str
    order_no: str
    level: int
    amount: int
    at: datetime

    @property
    def key(self) -> str:
        """One purchase pays each level once, whatever else changes."""
        return f"{self.order_no}/{self.level}"


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def grant(rule: Rule, claim: Claim, *, now: datetime, by: str) -> str:
    """Post a claim: `granted`, or why not (`cap`, `budget`, `again`)."""
    try:
        with transaction.atomic():
            _raise(rule, claim)
            Posting.objects.create(
                rule=rule, key=f"{rule.pk}/{claim.key}/granted", what=What.GRANTED, person=claim.person,
                invited=claim.invited, order_no=claim.order_no, level=claim.level, amount=claim.amount,
                due_at=claim.at + timedelta(days=rule.hold_days), at=now, by=by,
            )  # fmt: skip
    except IntegrityError:
        return "again"
    except _Refused as refused:
        return refused.reason
    return What.GRANTED.value


def _raise(rule: Rule, claim: Claim) -> None:
    Total.objects.get_or_create(rule=rule, person=claim.person)
    mine = Total.objects.filter(rule=rule, person=claim.person, amount__lte=rule.per_person - claim.amount)
    if not mine.update(amount=F("amount") + claim.amount):
        raise _Refused("cap")
    within = Rule.objects.filter(pk=rule.pk, spent__lte=F("budget") - claim.amount, closed_at__isnull=True)
    if not within.update(spent=F("spent") + claim.amount):
        raise _Refused("budget")


def refuse(rule: Rule, claim: Claim, reason: str, *, now: datetime, by: str) -> bool:
    """Write down once why a claim was not granted; False where that was written before."""
    try:
        with transaction.atomic():
            Posting.objects.create(
                rule=rule, key=f"{rule.pk}/{claim.key}/refused/{reason}", what=What.REFUSED, person=claim.person,
                invited=claim.invited, order_no=claim.order_no, level=claim.level, reason=reason, at=now, by=by,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def granted_for(rule: Rule, order_no: str) -> list[Posting]:
    """What a purchase was rewarded with."""
    return list(Posting.objects.filter(rule=rule, order_no=order_no, what=What.GRANTED))


def claw_back(rule: Rule, posting: Posting, *, keeps: int, now: datetime, by: str) -> int:
    """Take a grant back down to what the purchase is still worth (`keeps`); returns how much was taken now. Called
    again with the same it takes nothing more; nothing is given back that was taken once."""
    with transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(spent=F("spent"))  # takes its turn before it looks
        taken = -(_sum(rule, posting) or 0)
        more = min(posting.amount - keeps, posting.amount) - taken
        if more <= 0:
            return 0
        Posting.objects.create(
            rule=rule, key=f"{posting.key}/back/{taken + more}", what=What.CLAWED_BACK, person=posting.person,
            invited=posting.invited, order_no=posting.order_no, level=posting.level, amount=-more, reason="refund",
            at=now, by=by,
        )  # fmt: skip
        Rule.objects.filter(pk=rule.pk).update(spent=F("spent") - more)
        Total.objects.filter(rule=rule, person=posting.person).update(amount=F("amount") - more)
    return more


def _sum(rule: Rule, posting: Posting) -> int | None:
    found = Posting.objects.filter(
        rule=rule, order_no=posting.order_no, level=posting.level, what=What.CLAWED_BACK
    ).aggregate(sum=Sum("amount"))
    total: int | None = found["sum"]
    return total
