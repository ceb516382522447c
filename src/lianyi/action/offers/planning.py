"""What an offer would cost and bring, and whether it is fair: worked out before it is published and whenever asked.

Given away is what is taken off orders that would have come anyway (the purchase clocks of the entitled, table
`purchase_clocks`, over the days of the offer; range: how counts fall for given clocks). What it adds is the effect on
orders that an experiment found (table `effects`), and unknown without one. Margin is that of the ledger, unknown while
the price book knows none. Every order is taken to be worth the person's usual (`values`) and to fulfil the least worth:
so the cost is what it can be at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lianyi.action.audiences.conditions import asked
from lianyi.action.offers.fairness import fairness

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer
    from lianyi.memory.duckdb import DuckDB
    from lianyi.workspace import Workspace

Z = 1.645
DAY = 86_400
HORIZONS = (30, 90, 180, 365)  # of purchase_clocks
TABLES = ("people", "purchase_clocks", "values", "stages", "memberships", "effects")


def plan(ws: Workspace, offer: Offer, now: datetime) -> dict[str, Any]:
    """Everything about an offer, as plain data: entitled, baseline, effect, cost, fairness. None = unknown."""
    one = asked(ws, offer.condition)
    ids = ws.present(now).chosen(one.whole, now, lists=one.lists)
    days = max(1, round((offer.ends_at - offer.starts_at).total_seconds() / DAY))
    with ws.engine() as engine:
        there = {name for name in TABLES if name in ws.states()}
        for name in there:
            engine.register(name, ws.store.files(ws.states()[name]))
        engine.register("entitled", pa.table({"person_id": ids}))
        known = baseline(engine, offer, days) if {"purchase_clocks", "values"} <= there else {}
        effect = effect_of(engine, offer.experiment) if "effects" in there else None
        groups = fairness(engine, there) if "people" in there else []
    entitled = min(len(ids), offer.most) if offer.most else len(ids)
    part = entitled / len(ids) if len(ids) else 0.0
    return {
        "as_of": ws.states()["people"].as_of.isoformat() if "people" in ws.states() else None, "days": days,
        "entitled": len(ids), "issued_to": entitled, "rule": one.text,
        **money(known, effect, margin(ws), entitled=entitled, part=part), "groups": groups,
    }  # fmt: skip


def margin(ws: Workspace) -> float | None:
    """The part of revenue that goods leave, by the ledger; None: unknown."""
    if "ledger_splits" not in ws.states():
        return None
    total = ws.ledger.total()
    if total["margin"] is None or not total["goods"] or total["revenue"] <= 0:
        return None
    return float(total["margin"] / total["revenue"])


def _expected(days: int) -> str:
    """SQL: order days to come within so many days, between the horizons in a straight line."""
    steps = [(0, "0.0"), *((span, f"c.expected_{span}") for span in HORIZONS)]
    for (begin, low), (end, high) in pairwise(steps):
        if days <= end:
            share = (days - begin) / (end - begin)
            return f"({low} + {share!r} * ({high} - {low}))"
    return f"({steps[-1][1]} * {days / HORIZONS[-1]!r})"


def baseline(engine: DuckDB, offer: Offer, days: int) -> dict[str, Any]:
    """Of the entitled: known (with a clock and a usual worth of an order), orders to come anyway, their worth, what
    would be taken off them and its variance."""
    worth = "CAST(v.order_value AS DOUBLE)"
    off = f"{worth} * {offer.percent / 10_000!r}" if offer.percent else f"least({offer.amount / 100!r}, {worth})"
    found = engine.table(
        f"""
        SELECT count(*) AS known, sum(expected) AS orders, sum(expected * worth) AS revenue,
            sum(expected * off) AS given, sum(expected * off * off) AS spread FROM (
            SELECT {_expected(days)} AS expected, {worth} AS worth, {off} AS off
            FROM entitled AS e JOIN purchase_clocks AS c ON c.person_id = e.person_id
            JOIN "values" AS v ON v.person_id = e.person_id
            WHERE c.expected_30 IS NOT NULL AND v.order_value IS NOT NULL
        ) AS o
        """
    ).to_pylist()[0]
    return found if found["known"] else {}


def effect_of(engine: DuckDB, experiment: str) -> dict[str, float] | None:
    """Orders per person that would not have come without it, with 95 %; None: no experiment says so."""
    if not experiment:
        return None
    rows = engine.table(
        "SELECT experiment, estimate, low, high FROM effects WHERE metric = 'orders' AND main AND estimate IS NOT NULL"
    ).to_pylist()
    for row in rows:
        if row["experiment"] == experiment:
            return {name: float(row[name]) for name in ("estimate", "low", "high")}
    return None


def money(
    known: Mapping[str, Any], effect: Mapping[str, float] | None, share: float | None, *, entitled: int, part: float
) -> dict[str, Any]:
    """What is given away, what is added, what is left, and how many more orders it takes until nothing is lost."""
    made: dict[str, Any] = dict.fromkeys(
        ("clocked", "orders", "given", "given_low", "given_high", "order_value", "off", "added", "added_low",
         "added_high", "net", "net_low", "net_high", "break_even")
    )  # fmt: skip
    made |= {"margin": share, "effect": dict(effect) if effect else None}
    if not known or not known["orders"]:
        return made
    orders, given = known["orders"] * part, known["given"] * part
    worth, off = known["revenue"] / known["orders"], known["given"] / known["orders"]
    reach = Z * (known["spread"] * part) ** 0.5
    made |= {"clocked": known["known"], "orders": orders, "given": given, "given_low": max(0.0, given - reach),
             "given_high": given + reach, "order_value": worth, "off": off}  # fmt: skip
    left = None if share is None else worth * share - off
    if left is not None and left > 0:
        made["break_even"] = given / left
    if effect is not None:
        made |= {"added": effect["estimate"] * entitled, "added_low": effect["low"] * entitled,
                 "added_high": effect["high"] * entitled}  # fmt: skip
        if left is not None:
            nets: Sequence[float] = sorted(left * made[name] for name in ("added_low", "added_high"))
            made |= {"net": left * made["added"] - given, "net_low": nets[0] - made["given_high"],
                     "net_high": nets[1] - made["given_low"]}  # fmt: skip
    return made


def looked_at(ws: Workspace, offer: Offer, now: datetime) -> Offer:
    """Work the plan out anew and keep it on the offer."""
    offer.plan, offer.planned_at = plan(ws, offer, now), now
    offer.save(update_fields=["plan", "planned_at"])
    return offer
