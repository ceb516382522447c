"""Draws whose outcome anybody can compute again, within the limits of the law.

反不正当竞争法 and 规范促销行为暂行规定 (总局令 32): the highest prize is at most 50,000 yuan; kinds, number or odds,
value, conditions, way, time and the organiser are published beforehand and not changed; records are kept.

Commit and reveal: the SHA-256 of a secret seed is published with the draw. When entries close, every entrant has a
ticket (a hash that says nothing of the person) and the list of tickets is published. At the draw a public number that
nobody knew before (the beacon) comes in, the seed is shown, and the tickets are ordered by
SHA-256(seed ":" beacon ":" ticket); the first ones win the prizes in their order. Whoever has seed, beacon and tickets
can do the same with ten lines of any language (`winners` below is five).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lianyi.action.rewards.models import Draw
from lianyi.errors import InputError, RefusedError

MOST = 5_000_000  # hundredths of a yuan
ENTRIES = ("purchase", "free", "audience")


@dataclass(frozen=True, kw_only=True)
class Prize:
    """One kind of prize: value in hundredths, how many there are."""

    name: str
    value: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A draw as it is asked for; see models.Draw."""

    name: str
    prizes: Sequence[Prize]
    entry: str
    rules: Mapping[str, str]
    organiser: str
    contact: str
    draws_at: datetime
    redeem_until: datetime
    beacon: str
    campaign: str = ""
    currency: str = "CNY"


def publish(wanted: Wanted, *, by: str, now: datetime, seed: str | None = None) -> Draw:
    """Fix and publish a draw. RefusedError: the law forbids it; InputError: something is missing. seed: for tests."""
    _check(wanted, now)
    seed = seed or secrets.token_hex(32)
    prizes = [{"name": one.name, "value": one.value, "count": one.count} for one in wanted.prizes]
    try:
        with transaction.atomic():
            return Draw.objects.create(
                name=wanted.name, campaign=wanted.campaign, prizes=prizes, currency=wanted.currency, entry=wanted.entry,
                rules=dict(wanted.rules), organiser=wanted.organiser, contact=wanted.contact, draws_at=wanted.draws_at,
                redeem_until=wanted.redeem_until, beacon=wanted.beacon, commitment=commitment(seed), seed=seed,
                published_at=now, by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise InputError(f"name: there is a draw {wanted.name!r} already; choose another name") from error


def _check(wanted: Wanted, now: datetime) -> None:
    if wanted.entry == "share":
        raise RefusedError(
            "entry: a chance to win for sharing is induced sharing; let people in for free or by purchase"
        )
    if wanted.entry not in ENTRIES:
        raise InputError(f"entry: {wanted.entry!r} is not one of {', '.join(ENTRIES)}")
    if any(prize.value > MOST for prize in wanted.prizes):
        raise RefusedError("prizes: no prize may be worth more than 50,000 yuan (规范促销行为暂行规定)")
    for name in ("name", "organiser", "contact", "beacon"):
        if not getattr(wanted, name).strip() or len(getattr(wanted, name)) > 100:
            raise InputError(f"{name}: must be published beforehand; write it, at most 100 characters")
    if not wanted.prizes or any(not p.name.strip() or p.value < 0 or p.count < 1 for p in wanted.prizes):
        raise InputError("prizes: write name, value and how many there are of each")
    if not any(text.strip() for text in wanted.rules.values()):
        raise InputError("rules: who may take part, how it is drawn and how prizes are handed out must be published")
    if not now < wanted.draws_at < wanted.redeem_until:
        raise InputError("draws_at, redeem_until: must lie ahead, and the one before the other")


def commitment(seed: str) -> str:
    """What is published of the seed."""
    return hashlib.sha256(seed.encode()).hexdigest()


def close(draw: Draw, people: Iterable[str], *, now: datetime) -> Draw:
    """Entries are over: each person has one ticket. The list of tickets is published from now on."""
    tickets = {ticket_of(draw, person): person for person in people}
    if not tickets:
        raise InputError("nobody takes part; a draw without entries can't be closed")
    hashed = tickets_hash(tickets)
    if not Draw.objects.filter(pk=draw.pk, closed_at__isnull=True).update(
        closed_at=now, entries=tickets, tickets=hashed
    ):
        raise InputError("entries of this draw are closed already")
    draw.refresh_from_db()
    return draw


def ticket_of(draw: Draw, person: str) -> str:
    """A person's ticket: says nothing of them to whoever does not have the seed."""
    return hashlib.sha256(f"{draw.seed}:ticket:{person}".encode()).hexdigest()[:24]


def tickets_hash(tickets: Iterable[str]) -> str:
    """One hash for the whole list, published when entries close."""
    return hashlib.sha256("\n".join(sorted(tickets)).encode()).hexdigest()


def draw_now(draw: Draw, *, beacon_value: str, now: datetime) -> Draw:
    """Draw. InputError: too early, entries still open, or done already."""
    if draw.closed_at is None or now < draw.draws_at:
        raise InputError(f"this draw is at {draw.draws_at.isoformat()}, after its entries are closed")
    if not beacon_value.strip() or len(beacon_value) > 200:
        raise InputError(f"beacon: give the public number that was named: {draw.beacon}")
    won = winners(draw.seed, beacon_value.strip(), list(draw.entries), draw.prizes)
    changed = Draw.objects.filter(pk=draw.pk, drawn_at__isnull=True).update(
        drawn_at=now, beacon_value=beacon_value.strip(), winners=won
    )
    if not changed:
        raise InputError("this draw is done already; it can't be drawn again")
    draw.refresh_from_db()
    return draw


def winners(
    seed: str, beacon: str, tickets: Sequence[str], prizes: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Prize and ticket of each winner, the first prize first."""
    order = sorted(tickets, key=lambda ticket: hashlib.sha256(f"{seed}:{beacon}:{ticket}".encode()).hexdigest())
    names = [prize["name"] for prize in prizes for _ in range(prize["count"])]
    return [{"prize": name, "ticket": ticket} for name, ticket in zip(names, order, strict=False)]


def published(draw: Draw) -> dict[str, Any]:
    """What anybody may see: everything but the seed before the draw, and never who a ticket belongs to. odds: prizes ÷
    tickets, known once entries are closed; the number of prizes is known from the start."""
    names = ("name", "campaign", "prizes", "currency", "entry", "rules", "organiser", "contact", "draws_at",
             "redeem_until", "beacon", "commitment", "published_at", "closed_at", "drawn_at")  # fmt: skip
    said = {name: getattr(draw, name) for name in names}
    if draw.closed_at:
        total = len(draw.entries)
        said |= {"tickets": sorted(draw.entries), "tickets_sha256": draw.tickets}
        said["odds"] = {prize["name"]: min(prize["count"] / total, 1.0) for prize in draw.prizes}
    if draw.drawn_at:
        said |= {"seed": draw.seed, "beacon_value": draw.beacon_value, "winners": draw.winners}
    return said


def won_by(draw: Draw) -> list[dict[str, str]]:
    """The winners as people, for who hands the prizes out."""
    return [{**one, "person": draw.entries[one["ticket"]]} for one in draw.winners]
