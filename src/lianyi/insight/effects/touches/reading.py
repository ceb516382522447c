"""What touches are, read from the log: SQL, and the sorted numbers that moments are made of.

Counted are, for a person, by any channel: messages, what we sent them and what did not come back (sent, without bounced
or failed); where more is asked for also answers and mentions by staff, arrivals through somebody's share, and views of
contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.communities.acts import staff
from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.effects.estimates import Ints
from lianyi.insight.effects.touches.moments import DAY, KEPT, Log, keys_of
from lianyi.insight.effects.words import GLOBAL
from lianyi.insight.orders import ORDER_NO
from lianyi.insight.scope import AT, Scope
from lianyi.insight.tables import Build

# Of more people than this every second, third … is read: the same ones each time, by the order of their ids.
PEOPLE = 150_000
# Of so many people moments without a touch are drawn.
DRAWN_FROM = 60_000
MESSAGE, ANY = "message", "any"
MICROS = 1_000_000


def people(step: int) -> str:
    """One row = one person who is not staff: number from 0, microseconds of first sight. step: every so manieth."""
    return f"""
    SELECT person_id, CAST((number - 1) / {step} AS INTEGER) AS number, first FROM (
        SELECT p.person_id, row_number() OVER (ORDER BY p.person_id) AS number, p.first
        FROM touch_seen AS p LEFT JOIN ({staff()}) AS s ON s.person_id = p.person_id WHERE s.person_id IS NULL
    ) AS n WHERE (number - 1) % {step} = 0
    """


def touches(scope: Scope) -> str:
    """One row = one touch since KEPT before as_of: number of the person, second, whether it is a message of ours."""
    d = scope.dialect
    recent = f"{AT} > {d.moment(str(_begin(scope) * MICROS))}"
    worked = f"(SELECT k.key FROM keys AS k JOIN ({staff()}) AS s ON s.person_id = k.person_id)"
    at = d.micros(AT)
    by_us = f"e.kind = 'sent' OR (e.kind IN ('reply', 'mention') AND e.actor_key IN {worked})"
    theirs = "e.kind = 'arrive' AND e.target_key IS NOT NULL OR (e.kind = 'view' AND e.object_key LIKE 'content:%')"
    return f"""
    SELECT n.number, t.us, t.message FROM (
        SELECT k.person_id, t.us, t.message FROM (
            SELECT e.target_key AS key, e.id, {at} AS us, e.kind = 'sent' AS message FROM events AS e
            WHERE ({by_us}) AND {recent} AND {scope.happened()}
            UNION ALL
            SELECT e.actor_key AS key, e.id, {at} AS us, FALSE AS message FROM events AS e
            WHERE ({theirs}) AND {recent} AND {scope.happened()}
        ) AS t JOIN keys AS k ON k.key = t.key
        WHERE t.id NOT IN (
            SELECT parent_id FROM events AS e
            WHERE e.kind IN ('bounced', 'failed') AND e.parent_id IS NOT NULL AND {scope.happened()}
        )
    ) AS t JOIN touch_people AS n ON n.person_id = t.person_id
    """


def orders(scope: Scope) -> str:
    """One row = one order, when its first line came: number of the person, microseconds."""
    done = scope.done(f"{scope.dialect.micros(AT)} AS us", f"{ORDER_NO} AS order_no", where="e.kind = 'order'")
    return f"""
    SELECT n.number, min(o.us) AS us FROM {done} AS o JOIN touch_people AS n ON n.person_id = o.person_id
    GROUP BY n.number, o.order_no
    """


def drawn(scope: Scope) -> str:
    """One row = one place in an experiment of people one by one, since KEPT: number, microseconds, arm, share."""
    us = scope.dialect.micros("a.assigned_at")
    return f"""
    SELECT n.number, {us} AS us, a.arm = 'treatment' AS arm, a.share FROM assignments AS a
    JOIN touch_people AS n ON n.person_id = a.person_id
    WHERE a.arm IN ('treatment', 'control') AND a.kind <> '{GLOBAL}' AND a.cluster IS NULL
        AND a.share > 0 AND a.share < 1 AND {us} > {_begin(scope) * MICROS}
    """


def active(scope: Scope) -> str:
    """One row = one person and local day since KEPT on which they showed life: number, day."""
    day = scope.dialect.day_number("p.day")
    return f"""
    SELECT n.number, {day} AS day FROM person_days AS p JOIN touch_people AS n ON n.person_id = p.person_id
    WHERE {day} >= {_begin(scope) // DAY}
    """


def seats() -> str:
    """One row = one person of one community now: number, community."""
    return f"""
    SELECT n.number, c.community_id FROM community_people AS c JOIN touch_people AS n ON n.person_id = c.person_id
    WHERE c.height = {COMMUNITY} AND c.weight IS NOT NULL
    """


def _begin(scope: Scope) -> int:
    """The second from which on seconds are counted."""
    return int(scope.as_of.timestamp()) - KEPT


@dataclass(frozen=True, kw_only=True)
class Read:
    """log: touches are messages; others: keys of touches of the other kinds. step: every so manieth person was read."""

    log: Log
    others: Ints
    step: int


def read(build: Build, least: int) -> Read | None:
    """Everything; None where there are fewer than `least` messages, which a small brand is asked for alone."""
    scope, engine = Scope.of(build), build.engine
    if engine.table("SELECT count(*) AS n FROM events WHERE kind = 'sent'")["n"][0].as_py() < least:
        return None
    build.make("touch_seen", f"SELECT person_id, {scope.dialect.micros('first_seen')} AS first FROM people")
    count = engine.table("SELECT count(*) AS n FROM touch_seen")["n"][0].as_py()
    step = -(-count // PEOPLE)
    if not count:
        return None
    build.make("touch_people", people(step))
    begin = _begin(scope)
    found = engine.table(touches(scope))
    if found.num_rows < least:
        return None
    message = found["message"].to_numpy()
    keys = _keys(found, begin)
    sent = np.sort(keys[message], kind="stable")
    listed = engine.table("SELECT number, coalesce(first, 0) AS first FROM touch_people ORDER BY number")
    places = engine.table(drawn(scope))
    place = _keys(places, begin)
    order = np.argsort(place, kind="stable")
    days = engine.table(active(scope))
    # A day counts a day later than in UTC, so that it is over in every zone.
    alive = keys_of(days["number"].to_numpy(), (days["day"].to_numpy() + 1) * DAY - begin)
    log = Log(
        first=np.clip(listed["first"].to_numpy() // MICROS - begin, 0, KEPT), touches=sent, messages=sent,
        orders=np.sort(_keys(engine.table(orders(scope)), begin), kind="stable"), drawn=place[order],
        arm=places["arm"].to_numpy()[order], share=places["share"].to_numpy()[order],
        active=np.sort(alive, kind="stable"), sample=-(-(count // step) // DRAWN_FROM),
    )  # fmt: skip
    return Read(log=log, others=np.sort(keys[~message], kind="stable"), step=step)


def _keys(found: pa.Table, begin: int) -> Ints:
    return keys_of(found["number"].to_numpy(), found["us"].to_numpy() // MICROS - begin)


def parameter(parameters: Mapping[str, Any]) -> Mapping[str, str]:
    """Files of members by number of audience, as the refresh was given them."""
    given: Mapping[str, str] = parameters.get("audiences", {})
    return given
