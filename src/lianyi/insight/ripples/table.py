"""Table `ripples`: one row per ripple, with its shape, its speed, and what it earned."""

from __future__ import annotations

from lianyi.insight.ripples.columns import RIPPLES as COLUMNS
from lianyi.insight.ripples.generations import common, late
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Table

KINDS = ("campaign", "content", "group", "share")


def sums(scope: Scope) -> str:
    """One row = one ripple, numbered: plain counts and sums."""
    counts = f"{scope.dialect.size('flags')} = 0"
    apart = "".join(
        f"count(*) FILTER (WHERE {scope.dialect.has('flags', scope.dialect.text(flag))}) AS {flag}s, "
        for flag in ("bot", "burst", "ring")
    )
    return f"""
    SELECT row_number() OVER (ORDER BY ripple_id) - 1 AS number, ripple_id, min(stone) AS stone,
        min(category) AS category, CASE WHEN count(DISTINCT incentive) < 2 THEN min(incentive) ELSE 'mixed' END
            AS incentive,
        min("at") AS began_at, max("at") AS last_at, count(*) FILTER (WHERE how = 'seed' AND {counts}) AS seeds,
        count(*) FILTER (WHERE how = 'unknown' AND {counts}) AS unknown,
        count(*) FILTER (WHERE how <> 'seed' AND {counts}) AS reached,
        count(*) FILTER (WHERE generation > 0 AND {counts}) AS led,
        CAST(sum(shares) FILTER (WHERE {counts}) AS BIGINT) AS shares, max(generation) FILTER (WHERE {counts}) AS depth,
        {apart}CAST(sum(self_opened) AS BIGINT) AS self_opened, CAST(sum(further) AS BIGINT) AS further, {common(scope)}
    FROM arrivals GROUP BY ripple_id
    """


def widths(scope: Scope) -> str:
    """One row = one ripple: people of its largest generation."""
    return f"""
    SELECT ripple_id, max(people) AS width FROM (
        SELECT ripple_id, generation, count(*) AS people FROM arrivals WHERE {scope.dialect.size("flags")} = 0
        GROUP BY ripple_id, generation
    ) AS g GROUP BY ripple_id
    """


def virality(scope: Scope) -> str:
    """One row = one ripple: mean distance between two of its people in one tree (structural virality; Goel, Anderson,
    Hofman, Watts, Management Science 2016), and how many pairs there are.

    Each edge is on the way between those below it and the others of the tree, so distances add up to Σ below · (tree −
    below) over all edges. Who is set apart is passed on the way, not counted.
    """
    mine = f"CASE WHEN {scope.dialect.size('flags')} = 0 THEN 1 ELSE 0 END"
    return f"""
    SELECT ripple_id, sum(CAST(below AS DOUBLE) * (tree - below)) / nullif(sum(pairs), 0) AS virality FROM (
        SELECT ripple_id, CASE WHEN generation > 0 THEN reach + {mine} ELSE 0 END AS below,
            sum({mine}) OVER (PARTITION BY ripple_id, seed_person_id) AS tree,
            CASE WHEN generation = 0 THEN CAST(reach + {mine} AS DOUBLE) * (reach + {mine} - 1) / 2 ELSE 0 END AS pairs
        FROM arrivals
    ) AS e GROUP BY ripple_id
    """


def ripples() -> str:
    """One row = one ripple."""
    kind = " ".join(f"WHEN s.stone LIKE '{kind} %' THEN '{kind}'" for kind in KINDS)
    return f"""
    SELECT s.ripple_id, CASE {kind} END AS kind, substr(s.stone, position(' ' IN s.stone) + 1) AS name, s.category,
        s.incentive, s.began_at, s.last_at, s.seeds, s.reached, s.unknown, s.estimated, s.newcomers,
        s.sharers, s.shares, s.depth, w.width, v.virality, e.r, e.r_low, e.r_high, e.r_now, e.r_now_low, e.r_now_high,
        e.trend, e.r * CAST(s.newcomers AS DOUBLE) / nullif(s.reached, 0) AS k,
        CAST(s.sharers AS DOUBLE) / nullif(s.people, 0) AS share_rate, s.median_delay_hours, s.buyers,
        CAST(s.buyers AS DOUBLE) / nullif(s.reached, 0) AS conversion, s.revenue, s.apart, s.bots, s.bursts, s.rings,
        s.self_opened, s.further
    FROM ripple_sums AS s JOIN ripple_rates AS e ON e.number = s.number
    LEFT JOIN ripple_widths AS w ON w.ripple_id = s.ripple_id
    LEFT JOIN ripple_virality AS v ON v.ripple_id = s.ripple_id
    """


def _build(build: Build) -> str:
    from lianyi.insight.ripples.measuring import ripple_rates  # brings SciPy

    scope = Scope.of(build)
    build.make("ripple_sums", sums(scope))
    build.make("ripple_late", late(scope, "ripple_sums", "s.ripple_id = a.ripple_id"))
    build.make("ripple_widths", widths(scope))
    build.make("ripple_virality", virality(scope))
    build.engine.register("rates_rows", ripple_rates(build.engine))
    build.make("ripple_rates", "SELECT * FROM rates_rows")
    build.drop("rates_rows")
    return ripples()


RIPPLES = Table(
    name="ripples",
    en="One row = one ripple: all that followed from one campaign, one sharing of a thing, or one room's invitations.",
    zh="每行 = 一个波纹：一个活动、一次内容分享或一个群的邀请所引发的一切。",
    rows_from=("arrivals",),
    inputs=("arrivals",),
    key=("ripple_id",),
    order=("ripple_id",),
    columns=COLUMNS,
    build=_build,
)
