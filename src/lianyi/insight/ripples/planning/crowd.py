"""Who may be asked, what it costs, where they belong, and what reaching them is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Bytes, Doubles, Ints
from lianyi.insight.ripples.planning.network import NUMBERED
from lianyi.insight.ripples.planning.request import SOURCES, Request
from lianyi.memory.dialect import Dialect
from lianyi.memory.engine import Engine, literal

NO_COMMUNITY = -1
CONVERSION_PRIOR = (1.0, 20.0)  # buyers among newcomers before any was seen
VALUE_PRIOR = 2.0  # orders of the brand's mean value mixed into everybody's own
REASONS = ("forbidden", "staff", "source", "complained", "refused", "consent", "away")


@dataclass(frozen=True, kw_only=True, eq=False)
class Crowd:
    """One entry per person, in the order of the network.

    source: number in SOURCES. allowed: may be asked. left_out: people kept out, by the first reason of REASONS that
    holds. cost: of asking. community: main one as a number, -1 for none; communities: ids behind the numbers.
    worth: expected revenue if reached, or None; worth_note: how it was made (en, zh).
    names: what to call a person. buyers: 1 where they ever bought. likes: 1 where they bought or chose the topic.
    """

    source: Ints
    allowed: NDArray[np.bool_]
    left_out: Mapping[str, int]
    cost: Doubles
    community: Ints
    communities: tuple[str, ...]
    worth: Doubles | None
    worth_note: tuple[str, str] | None
    names: pa.ChunkedArray
    buyers: Bytes
    likes: Bytes


def read_crowd(engine: Engine, tables: frozenset[str], request: Request, people: pa.Array, *, today: int) -> Crowd:
    """Everybody, as the request sees them; `plan_people` must stand. today: number of the local day of the tables.
    InputError: nobody may be asked, or a community that there is not.
    """
    rows = engine.table(_people(Dialect(engine.dialect), request, today))
    column = {name: rows[name].combine_chunks() for name in rows.column_names}
    source = np.asarray(column["source"].to_numpy(zero_copy_only=False), np.int32)
    allowed, left_out = _allowed(column, source, request, people)
    price = np.array([request.costs.get(name, 0.0) for name in SOURCES])
    community, communities = _communities(engine, tables, len(rows))
    worth, note = _worth(column, request, community, communities)
    return Crowd(
        source=source, allowed=allowed, left_out=left_out, cost=price[source], community=community,
        communities=communities, worth=worth, worth_note=note, names=rows["name"],
        buyers=(_numbers(column["orders"]) > 0).astype(np.uint8), likes=_numbers(column["likes"]).astype(np.uint8),
    )  # fmt: skip


def _people(d: Dialect, request: Request, today: int) -> str:
    """SQL: one row per person by number."""
    kol, staff = (
        " OR ".join(d.has("p.tags", d.text(tag)) for tag in tags) or "FALSE"
        for tags in (request.kol_tags, request.staff_tags)
    )
    away = d.date(str(today - (request.active_days or 0)))
    refused = d.size(d.only("p.consents", "c", "NOT c.granted"))
    granted = "1"
    if request.consent is not None:
        granted = d.size(d.only("p.consents", "c", f"c.granted AND c.purpose = {literal(request.consent)}"))
    likes = "p.orders > 0"
    if request.topic is not None:
        likes = f"{d.size(d.only('p.categories', 'c', f'c.category = {literal(request.topic)}'))} > 0"
    return f"""
    SELECT CASE WHEN {staff} THEN 2 WHEN {kol} THEN 1 WHEN p.orders > 0 THEN 0 ELSE 3 END AS source,
        coalesce({refused}, 0) AS refused, coalesce({granted}, 0) AS granted,
        coalesce(p.counts['complained'], 0) + coalesce(p.counts['unfollow'], 0) AS complained,
        coalesce(p.last_active < {away}, TRUE) AS away,
        CASE WHEN {likes} THEN 1 ELSE 0 END AS likes, coalesce(p.name, n.person_id) AS name,
        CAST(p.orders AS DOUBLE) AS orders, CAST(p.net_spend AS DOUBLE) AS spend,
        CAST(p.brought AS DOUBLE) AS brought, CAST(p.brought_buyers AS DOUBLE) AS brought_buyers
    FROM people AS p JOIN {NUMBERED} AS n ON n.person_id = p.person_id ORDER BY n.number
    """


def _numbers(column: pa.Array) -> Doubles:
    return np.nan_to_num(np.asarray(column.to_numpy(zero_copy_only=False), np.float64))


def _allowed(
    column: Mapping[str, pa.Array], source: Ints, request: Request, people: pa.Array
) -> tuple[NDArray[np.bool_], Mapping[str, int]]:
    """Who is left when every rule has spoken, and how many each rule took that no earlier one had."""
    wanted = [SOURCES.index(name) for name in request.sources]
    forbidden = np.zeros(len(source), np.bool_)
    for person in request.forbidden:
        place = int(pc.index(people, person).as_py())
        if place < 0:
            raise InputError(f"forbidden: nobody has the id {person!r}; ids begin with p, see table people")
        forbidden[place] = True
    staff = source == SOURCES.index("employees")
    rules = {
        "forbidden": forbidden,
        "staff": staff & ("employees" not in request.sources),
        "source": ~np.isin(source, wanted) if wanted else np.zeros(len(source), np.bool_),
        "complained": _numbers(column["complained"]) > 0,
        "refused": _numbers(column["refused"]) > 0,
        "consent": _numbers(column["granted"]) == 0,
        "away": _numbers(column["away"]) > 0 if request.active_days is not None else np.zeros(len(source), np.bool_),
    }
    allowed = np.ones(len(source), np.bool_)
    left_out = {}
    for reason in REASONS:
        left_out[reason] = int(np.count_nonzero(allowed & rules[reason]))
        allowed &= ~rules[reason]
    if not allowed.any():
        why = ", ".join(f"{reason} {count}" for reason, count in left_out.items() if count)
        raise InputError(f"nobody may be asked; left out: {why or 'there are no people'}. Widen sources or rules")
    return allowed, {reason: count for reason, count in left_out.items() if count}


def _communities(engine: Engine, tables: frozenset[str], people: int) -> tuple[Ints, tuple[str, ...]]:
    """Each person's main community (largest weight) as a number, and the ids behind the numbers."""
    main = np.full(people, NO_COMMUNITY, np.int32)
    if "memberships" not in tables:
        return main, ()
    rows = engine.table(
        f"""
        SELECT number, community_id FROM (
            SELECT n.number, m.community_id,
                row_number() OVER (PARTITION BY n.number ORDER BY m.weight DESC, m.community_id) AS place
            FROM memberships AS m JOIN {NUMBERED} AS n ON n.person_id = m.person_id
        ) AS r WHERE place = 1 ORDER BY number
        """
    )
    found, number = np.unique(np.array(rows["community_id"].to_pylist(), dtype=object).astype(str), return_inverse=True)
    main[rows["number"].to_numpy()] = number
    return main, tuple(found.tolist())


def _worth(
    column: Mapping[str, pa.Array], request: Request, community: Ints, communities: tuple[str, ...]
) -> tuple[Doubles | None, tuple[str, str] | None]:
    """What reaching each person counts for under the goal."""
    if request.goal == "people":
        return None, None
    if request.goal == "community":
        if request.community not in communities:
            raise InputError(f"no community {request.community!r}; table communities lists them")
        return (community == communities.index(request.community)).astype(np.float64), None
    orders, spend = _numbers(column["orders"]), np.maximum(_numbers(column["spend"]), 0.0)
    if not orders.sum():
        raise InputError("goal 'revenue' needs orders in the log, and there are none; plan for people instead")
    mean = spend.sum() / orders.sum()
    value = (spend + VALUE_PRIOR * mean) / (orders + VALUE_PRIOR)
    brought, buyers = _numbers(column["brought"]).sum(), _numbers(column["brought_buyers"]).sum()
    rate = (buyers + CONVERSION_PRIOR[0]) / (brought + CONVERSION_PRIOR[1])
    note = (
        f"Worth of reaching somebody = {rate:.1%} ({buyers:,.0f} of {brought:,.0f} brought people bought) × one order.",
        f"触达一人的价值 = {rate:.1%}（带来的 {brought:,.0f} 人中 {buyers:,.0f} 人购买）× 单均消费。",
    )
    return rate * value, note
