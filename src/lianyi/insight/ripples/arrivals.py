"""Table `arrivals`: each person once per ripple, with whom they came through; all further comings beside it."""

from __future__ import annotations

from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.ripples import earned, told
from lianyi.insight.ripples.columns import ARRIVALS as ARRIVAL_COLUMNS
from lianyi.insight.ripples.told import CONTENT, FLAGS, HOW
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build, Table, of_kinds

CONTACT = ("reply", "mention", "reaction", "message")
HOUR = 3_600_000_000
NEW = 60_000_000  # microseconds: the coming itself may be told in several events


def lives(scope: Scope) -> str:
    """One row = one person who shared or came: first sign of life ever, and how many that are not comings."""
    return f"""
    SELECT p.person, {scope.dialect.micros("min(e.moment)")} AS first_at,
        count(*) FILTER (WHERE e.kind <> 'arrive') AS others
    FROM {scope.done("e.kind", MOMENT, where=scope.alive)} AS e JOIN persons AS p ON p.person_id = e.person_id
    GROUP BY p.person
    """


def contacts(scope: Scope) -> str:
    """One row = one pair of persons who shared or came: on how many days one answered, named or met the other."""
    kinds = ", ".join(scope.dialect.text(kind) for kind in CONTACT)
    pair = ("e.target_key", f"{scope.day(AT)} AS day")
    return f"""
    SELECT one, other, count(*) AS days FROM (
        SELECT DISTINCT least(a.person, b.person) AS one, greatest(a.person, b.person) AS other, e.day
        FROM {scope.done(*pair, where=f"e.target_key IS NOT NULL AND e.kind IN ({kinds})")} AS e
        JOIN keys AS k ON k.key = e.target_key
        JOIN persons AS a ON a.person_id = e.person_id JOIN persons AS b ON b.person_id = k.person_id
        WHERE a.person <> b.person
    ) AS d GROUP BY one, other
    """


def reached(scope: Scope) -> str:
    """One row = one arrival: its ripple and who is who, in texts."""
    d = scope.dialect
    bits = ", ".join(f"CASE WHEN {d.bit('t.flags', bit)} = 1 THEN '{name}' END" for bit, name in enumerate(FLAGS))
    how = " ".join(f"WHEN t.how = {number} THEN '{name}'" for number, name in enumerate(HOW))
    root = f"CASE WHEN {CONTENT.format('c.scope')} THEN concat(' ', coalesce(rs.event_id, rc.event_id)) ELSE '' END"
    return f"""
    SELECT t.node, concat('r', substr(md5(concat(c.scope, {root})), 1, 16)) AS ripple_id, c.scope, p.person_id,
        {d.moment("t.micros")} AS moment, t.micros, t.generation, q.person_id AS parent_person_id,
        b.event_id AS parent_event_id, coalesce(a.event_id, s.event_id) AS event_id, CASE {how} END AS how,
        t.probability, {d.only(d.items(bits), "f", "f IS NOT NULL")} AS flags, z.person_id AS seed_person_id,
        coalesce(b.category, s.category) AS category, coalesce(b.incentive, s.incentive) AS incentive,
        CAST(t.waited AS DOUBLE) / {HOUR} AS interval_hours, t.brought, t.reach,
        s.micros AS shared_micros, t.shares, t.micros - b.micros AS since_share,
        t.micros - l.first_at < {NEW} AS newcomer
    FROM traced AS t JOIN persons AS p ON p.person = t.person JOIN scopes AS c ON c.number = t.scope
    JOIN persons AS z ON z.person = t.seed_person LEFT JOIN persons AS q ON q.person = t.parent_person
    LEFT JOIN passings AS rs ON rs.passing = t.root_passing LEFT JOIN comings AS rc ON rc.coming = t.root_coming
    LEFT JOIN passings AS b ON b.passing = t.passing LEFT JOIN passings AS s ON s.passing = t.first_passing
    LEFT JOIN comings AS a ON a.coming = t.coming LEFT JOIN lives AS l ON l.person = t.person
    """


def arrivals(scope: Scope) -> str:
    """One row = one arrival, with what it brought in."""
    d = scope.dialect
    return f"""
    SELECT r.ripple_id, r.person_id, r.scope AS stone, r.category, r.incentive, r.moment AS "at",
        r.generation, r.parent_person_id, r.parent_event_id, r.event_id,
        r.how, r.probability, r.flags, r.seed_person_id, r.newcomer,
        CAST(r.since_share AS DOUBLE) / {HOUR} AS delay_hours, r.interval_hours, r.brought, r.reach, r.shares,
        CASE WHEN r.shared_micros IS NOT NULL THEN {d.moment("r.shared_micros")} END AS shared_at,
        coalesce(f.comings, 0) AS further, coalesce(f.own, 0) AS self_opened,
        coalesce(f.also_from, {d.texts([])}) AS also_from, o.converted_at,
        coalesce(o.orders, 0) AS orders, o.revenue
    FROM reached AS r
    LEFT JOIN (
        SELECT f.node, count(*) AS comings, CAST(sum(f.own) AS BIGINT) AS own,
            {d.collect_distinct("CASE WHEN f.own = 0 THEN p.person_id END")} AS also_from
        FROM further AS f LEFT JOIN persons AS p ON p.person = f.source GROUP BY f.node
    ) AS f ON f.node = r.node
    LEFT JOIN earned AS o ON o.ripple_id = r.ripple_id AND o.person_id = r.person_id
    """


def _arrivals(build: Build) -> str:
    from lianyi.insight.ripples.gathering import trace_all  # brings the compiler of kernels

    scope = Scope.of(build)
    told.tell(build)
    build.make("lives", lives(scope))
    build.make("contacts", contacts(scope))
    for name, rows in trace_all(build).items():
        build.engine.register(f"{name}_rows", rows)
        build.make(name, f"SELECT * FROM {name}_rows")  # a relation that goes with the others at the end
        build.drop(f"{name}_rows")
    build.make("reached", reached(scope))
    build.make("order_lines", order_lines(scope))
    build.make("refunds", refunds(scope))
    build.make("bought", earned.bought(scope))
    build.make("earned", earned.earned())
    return arrivals(scope)


ARRIVALS = Table(
    name="arrivals",
    en="One row = one person in one ripple: when and through whom they came, what they did and bought then.",
    zh="每行 = 一个波纹中的一个人：何时、经谁到达，之后分享与购买了什么。",
    rows_from=of_kinds("share", "invite", "arrive"),
    inputs=(EVENTS, "keys"),
    key=("ripple_id", "person_id"),
    order=("ripple_id", "generation", '"at"', "person_id"),
    columns=ARRIVAL_COLUMNS,
    build=_arrivals,
)
