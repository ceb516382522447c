"""From ripples to rewards: who brought whom, what the invited bought, and why something is not rewarded.

Only what is exact counts: the invited came through a code (not an estimate), is no bot, no burst, no ring, and is not
the inviter. The purchase came after the coming, within the rule's days and time, was paid, and is worth at least the
least amount net of refunds. A refund later takes back exactly what the purchase is no longer worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from lianyi.action.rewards import posting
from lianyi.action.rewards.models import Posting, Rule
from lianyi.action.rewards.posting import Claim
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

BY = "rule"
REASONS = ("self", "flagged", "estimate", "known", "late", "outside", "below", "returned", "cap", "budget")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What one settling did: grants, refusals, clawbacks, and the amounts."""

    granted: int = 0
    refused: int = 0
    clawed_back: int = 0
    amount: int = 0
    taken: int = 0


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One purchase of somebody who was brought. net, gross: hundredths. upper: who brought the one who brought."""

    order_no: str
    at: datetime
    invited: str
    inviter: str
    upper: str | None
    came: datetime
    how: str
    flags: tuple[str, ...]
    earlier: bool
    gross: int
    net: int


def settle(ws: Workspace, rule: Rule, *, now: datetime, only: str = "") -> Settled:
    """Grant what is earned and not granted yet, take back what was given back. only: what this person has earned.

    The tables say who brought whom; the log says what was bought and returned.
    """
    granted = refused = back = amount = taken = 0
    for purchase in purchases(ws, rule):
        for claim in claims(rule, purchase):
            if only and claim.person != only:
                continue
            before = Posting.objects.filter(rule=rule, key=f"{rule.pk}/{claim.key}/granted").first()
            if before is not None:
                more = posting.claw_back(rule, before, keeps=claim.amount, now=now, by=BY)
                back, taken = back + bool(more), taken + more
                continue
            reason = why_not(rule, purchase, claim)
            done = reason or posting.grant(rule, claim, now=now, by=BY)
            if done == Posting.What.GRANTED.value:
                granted, amount = granted + 1, amount + claim.amount
            elif done != "again":
                refused += posting.refuse(rule, claim, done, now=now, by=BY)
    tell(ws, rule, now=now)
    if not only:
        Rule.objects.filter(pk=rule.pk).update(settled_at=now)
    return Settled(granted=granted, refused=refused, clawed_back=back, amount=amount, taken=taken)


def claims(rule: Rule, purchase: Purchase) -> Iterator[Claim]:
    """What the purchase would pay now, per level. There are two levels at most."""
    worth = purchase.net >= max(rule.least, 1) or (rule.counts != "order")
    first = (rule.fixed + purchase.net * rule.share // 10_000) if worth else 0
    people = [(1, purchase.inviter, first)]
    if rule.second and purchase.upper:
        people.append((2, purchase.upper, rule.second if worth else 0))
    for level, person, amount in people:
        yield Claim(
            person=person, invited=purchase.invited, order_no=purchase.order_no, level=level, amount=amount,
            at=purchase.at,
        )  # fmt: skip


def why_not(rule: Rule, purchase: Purchase, claim: Claim) -> str:
    """The reason by which a purchase is not rewarded; "" where it is."""
    tests = {
        "self": claim.person == purchase.invited,
        "flagged": bool(purchase.flags),
        "estimate": purchase.how != "code",
        "known": rule.new_only and purchase.earlier,
        "late": purchase.at > purchase.came + timedelta(days=rule.days),
        "outside": not rule.starts_at <= purchase.at < rule.ends_at,
        "returned": rule.counts == "order" and purchase.gross > 0 and purchase.net <= 0,
        "below": claim.amount <= 0,
    }
    return next((reason for reason, holds in tests.items() if holds), "")


def purchases(ws: Workspace, rule: Rule) -> list[Purchase]:
    """The purchases of who was brought in the rule's campaign."""
    if not {"arrivals", "keys"} <= set(ws.states()):
        return []
    as_of = ws.states()["arrivals"].as_of
    scope = Scope(as_of=max(as_of, ws.clock()), timezone=ws.settings.timezone, currency=rule.currency)
    rows = ws.sql(_sql(scope, rule), [f"campaign {rule.campaign}"]).to_arrow_table().to_pylist()
    return [_purchase(row) for row in rows]


def _sql(scope: Scope, rule: Rule) -> str:
    currency = scope.dialect.text(rule.currency)
    bought = f"""
        SELECT order_no, person_id, min(moment) AS moment, sum(value) FILTER (WHERE currency = {currency}) AS gross
        FROM order_lines WHERE person_id IS NOT NULL GROUP BY order_no, person_id"""
    served = f"""
        SELECT e.id AS order_no, k.person_id, e."at" AS moment, CAST(0 AS DECIMAL(18, 4)) AS gross
        FROM events e JOIN keys k ON k.key = e.actor_key WHERE e.kind = 'check_in' AND {scope.happened()}"""
    return f"""
    WITH order_lines AS ({order_lines(scope)}), refunds AS ({refunds(scope)}),
    bought AS ({bought if rule.counts == "order" else served}),
    back AS (SELECT order_no, sum(value) FILTER (WHERE currency = {currency}) AS value FROM refunds GROUP BY order_no),
    mine AS (SELECT * FROM arrivals WHERE stone = ? AND parent_person_id IS NOT NULL)
    SELECT b.order_no, b.moment, a.person_id AS invited, a.parent_person_id AS inviter, u.parent_person_id AS upper,
        a."at" AS came, a.how, a.flags,
        EXISTS (SELECT 1 FROM order_lines o WHERE o.person_id = a.person_id AND o.moment < a."at") AS earlier,
        CAST(round(coalesce(b.gross, 0) * 100) AS BIGINT) AS gross,
        CAST(round((coalesce(b.gross, 0) - coalesce(r.value, 0)) * 100) AS BIGINT) AS net
    FROM bought b JOIN mine a ON a.person_id = b.person_id LEFT JOIN back r ON r.order_no = b.order_no
    LEFT JOIN mine u ON u.ripple_id = a.ripple_id AND u.person_id = a.parent_person_id
    WHERE b.moment >= a."at"
    ORDER BY b.moment, b.order_no"""


def _purchase(row: Mapping[str, Any]) -> Purchase:
    return Purchase(
        order_no=row["order_no"], at=row["moment"], invited=row["invited"], inviter=row["inviter"], upper=row["upper"],
        came=row["came"], how=row["how"], flags=tuple(row["flags"] or ()), earlier=row["earlier"], gross=row["gross"],
        net=row["net"],
    )  # fmt: skip


def tell(ws: Workspace, rule: Rule, *, now: datetime) -> int:
    """Tell the log what was granted and taken back and is not told yet, under the person's key; who has none any more
    is told of nowhere. Events have their movement's id: told twice, after a crash, is told once. How many were told."""
    from lianyi.action.codes.issuing import keys_of

    # A rule's movements are written one after the other, so their numbers are in the order of their commits.
    last = Rule.objects.values_list("told", flat=True).get(pk=rule.pk)
    moved = Posting.objects.filter(rule=rule, pk__gt=last, what__in=(Posting.What.GRANTED, Posting.What.CLAWED_BACK))
    rows = list(moved.order_by("pk"))
    if not rows:
        return 0
    keys = keys_of(ws, sorted({row.person for row in rows}))
    events = [_event(rule, row, keys[row.person]) for row in rows if row.person in keys]
    if events:
        ws.inbox.put_now(events, received_at=now)
    Rule.objects.filter(pk=rule.pk, told__lt=rows[-1].pk).update(told=rows[-1].pk)
    return len(events)


def _event(rule: Rule, row: Posting, key: str) -> Event:
    """A reward, or with `back` what was taken back of one."""
    more = {"back": True} if row.what == Posting.What.CLAWED_BACK else {}
    return Event(
        id=f"reward:{row.key.removesuffix('/granted')}"[:500], at=row.at, kind="reward", source="rewards",
        actor_key=None, target_key=key, campaign=rule.campaign, value=Decimal(abs(row.amount)) / 100,
        currency=rule.currency, props={"rule": rule.pk, "level": row.level, **more},
    )  # fmt: skip
