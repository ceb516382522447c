"""What came through codes: per code and per campaign, from the log and the table of arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One code. visitors: browsers and people that came through it; programs: link scanners, kept and not counted.
    people, apart, new, buyers, revenue: of those whom the ripple counts as having come through this code (apart: set
    apart as bot, burst or ring; they are not among `people`); None while the tables are not built."""

    visitors: int = 0
    programs: int = 0
    people: int | None = None
    apart: int | None = None
    new: int | None = None
    buyers: int | None = None
    revenue: Decimal | None = None


def of(ws: Workspace, tokens: Sequence[str]) -> dict[str, Figures]:
    """By token. A code through which nobody came has zeros."""
    if not tokens:
        return {}
    marks = ", ".join("?" for _ in tokens)
    told = f"""
        SELECT json_extract_string(props, '$.code') AS token, id, actor_key, json_extract_string(props, '$.bot') AS bot
        FROM events WHERE kind = 'arrive' AND source = 'links'
            AND json_extract_string(props, '$.code') IN ({marks})"""
    built = "arrivals" in ws.states()
    counted = """count(*) FILTER (WHERE a.person_id IS NOT NULL AND len(a.flags) = 0) AS people,
        count(*) FILTER (WHERE len(a.flags) > 0) AS apart,
        count(*) FILTER (WHERE a.newcomer AND len(a.flags) = 0) AS new,
        count(*) FILTER (WHERE a.orders > 0 AND len(a.flags) = 0) AS buyers,
        CAST(coalesce(sum(a.revenue) FILTER (WHERE len(a.flags) = 0), 0) AS DECIMAL(18, 2)) AS revenue"""
    nothing = "NULL AS people, NULL AS apart, NULL AS new, NULL AS buyers, NULL AS revenue"
    join = "LEFT JOIN arrivals a ON a.event_id = t.id" if built else ""
    rows = ws.sql(
        f"SELECT t.token, count(DISTINCT t.actor_key) AS visitors, count(*) FILTER (WHERE t.bot IS NOT NULL) AS "
        f"programs, {counted if built else nothing} FROM ({told}) t {join} GROUP BY t.token",
        list(tokens),
    ).to_arrow_table()
    found = {row.pop("token"): Figures(**row) for row in rows.to_pylist()}
    none = Figures(people=0, apart=0, new=0, buyers=0, revenue=Decimal(0)) if built else Figures()
    return {token: found.get(token, none) for token in tokens}
