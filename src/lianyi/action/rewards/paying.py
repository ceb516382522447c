"""Paying out: what is due, as a list that a person pays by; each amount stands in one list only."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum

from lianyi.action.rewards.models import ERASED, Posting, Rule
from lianyi.errors import Busy

What = Posting.What
# A cell that a spreadsheet would run as a formula; a leading apostrophe makes it text.
RISKY = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Due:
    """What one person is to get by one rule, in hundredths."""

    person: str
    amount: int


def due(rule: Rule, *, now: datetime) -> list[Due]:
    """Grants whose hold is over, less what came back and what was paid. What came back of a grant still on hold waits
    with it; who got too much is owed nothing until it is even; who was erased can't be paid any more."""
    waiting = Posting.objects.filter(rule=rule, what=What.GRANTED, due_at__gt=now).values_list("order_no", "level")
    held = set(waiting)
    sums: dict[str, int] = {}
    moved = Posting.objects.filter(rule=rule).exclude(what=What.REFUSED).exclude(person__startswith=ERASED)
    for person, what, order_no, level, amount in moved.values_list("person", "what", "order_no", "level", "amount"):
        if what == What.PAID or (order_no, level) not in held:
            sums[person] = sums.get(person, 0) + amount
    return [Due(person=person, amount=amount) for person, amount in sorted(sums.items()) if amount > 0]


def pay(rule: Rule, *, now: datetime, by: str) -> tuple[int, list[Due]]:
    """Write down that all that is due is paid now: number of the payment, and the list. Busy: somebody else pays at
    the same moment."""
    try:
        with transaction.atomic():
            number = rule.payouts + 1
            if not Rule.objects.filter(pk=rule.pk, payouts=rule.payouts).update(payouts=F("payouts") + 1):
                raise Busy("somebody else has just paid; look again at what is due")
            people = due(rule, now=now)
            Posting.objects.bulk_create(
                Posting(
                    rule=rule, key=f"{rule.pk}/paid/{number}/{one.person}", what=What.PAID, person=one.person,
                    amount=-one.amount, reason=f"payment {number}", at=now, by=by,
                )
                for one in people
            )  # fmt: skip
    except IntegrityError as error:
        raise Busy("somebody else has just paid; look again at what is due") from error
    rule.refresh_from_db()
    return number, people


def paid(rule: Rule, number: int) -> list[Due]:
    """The list of a payment that was made."""
    rows = Posting.objects.filter(rule=rule, what=What.PAID, key__startswith=f"{rule.pk}/paid/{number}/")
    return [Due(person=row.person, amount=-row.amount) for row in rows.order_by("person")]


def as_csv(rule: Rule, people: list[Due], names: dict[str, tuple[str, str]]) -> str:
    """The list for who pays: person, key and name (person → key, name), amount. No cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["person_id", "key", "name", "amount", "currency", "rule"])
    for one in people:
        key, name = names.get(one.person, ("", ""))
        row = [one.person, key, name, f"{one.amount / 100:.2f}", rule.currency, rule.name]
        writer.writerow([f"'{cell}" if cell.startswith(RISKY) else cell for cell in row])
    return out.getvalue()


def figures(rule: Rule) -> dict[str, int]:
    """Granted, taken back, paid, refused (how many), of one rule."""
    sums = Posting.objects.filter(rule=rule).aggregate(
        **{what.value: Sum("amount", filter=Q(what=what)) for what in (What.GRANTED, What.CLAWED_BACK, What.PAID)}
    )
    made = {name: abs(total or 0) for name, total in sums.items()}
    return {**made, "refused": Posting.objects.filter(rule=rule, what=What.REFUSED).count()}
