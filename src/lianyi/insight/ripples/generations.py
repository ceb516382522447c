"""Table `ripple_generations`: each ripple by generation, with R, K and what it earned."""

from __future__ import annotations

from lianyi.insight.ripples.columns import GENERATIONS as COLUMNS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Table


def sums(scope: Scope) -> str:
    """One row = one ripple and generation, numbered: plain counts and sums over those who count."""
    return f"""
    SELECT row_number() OVER (ORDER BY ripple_id, generation) - 1 AS number, ripple_id, generation,
        {common(scope)}
    FROM arrivals GROUP BY ripple_id, generation
    """


def common(scope: Scope) -> str:
    """SQL: the aggregates that generations and ripples share."""
    counts = f"{scope.dialect.size('flags')} = 0"
    return f"""
        count(*) FILTER (WHERE {counts}) AS people, count(*) FILTER (WHERE {counts} AND shares > 0) AS sharers,
        CAST(coalesce(sum(brought) FILTER (WHERE {counts}), 0) AS BIGINT) AS brought,
        CAST(coalesce(sum(brought * brought) FILTER (WHERE {counts}), 0) AS BIGINT) AS squares,
        count(*) FILTER (WHERE {counts} AND newcomer AND how <> 'seed') AS newcomers,
        count(*) FILTER (WHERE {counts} AND how = 'estimate') AS estimated,
        count(*) FILTER (WHERE NOT {counts}) AS apart,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN {counts} THEN delay_hours END) AS median_delay_hours,
        count(*) FILTER (WHERE {counts} AND orders > 0) AS buyers,
        CAST(sum(revenue) FILTER (WHERE {counts}) AS DECIMAL(18, 4)) AS revenue"""


def late(scope: Scope, sums: str, by: str) -> str:
    """One row = one arrival that counts and has not yet had all the time to bring others: its group's number, its age
    in hours, and whether it came through somebody."""
    d = scope.dialect
    came = d.micros('a."at"')
    age = f"CAST({d.micros(d.time(scope.as_of))} - {came} AS DOUBLE) / 3600000000"
    return f"""
    SELECT s.number, {age} AS age, CASE WHEN a.parent_person_id IS NULL THEN 0 ELSE 1 END AS led
    FROM arrivals AS a JOIN {sums} AS s ON {by} WHERE {d.size("a.flags")} = 0 AND {age} < 336
    """


def generations() -> str:
    """One row = one ripple and generation. K: of the people one person brings, those of whom nothing was known."""
    return """
    SELECT s.ripple_id, s.generation, s.people, s.sharers, s.brought,
        CAST(s.sharers AS DOUBLE) / nullif(s.people, 0) AS share_rate,
        s.newcomers, s.estimated, s.apart, e.complete, e.r, e.r_low, e.r_high,
        e.r * CAST(n.newcomers AS DOUBLE) / nullif(n.people, 0) AS k, s.median_delay_hours, s.buyers,
        CASE WHEN s.generation > 0 THEN CAST(s.buyers AS DOUBLE) / nullif(s.people, 0) END AS conversion, s.revenue
    FROM generation_sums AS s JOIN generation_rates AS e ON e.number = s.number
    LEFT JOIN generation_sums AS n ON n.ripple_id = s.ripple_id AND n.generation = s.generation + 1
    """


def _build(build: Build) -> str:
    from lianyi.insight.ripples.measuring import generation_rates  # brings SciPy

    scope = Scope.of(build)
    build.make("generation_sums", sums(scope))
    build.make(
        "generation_late", late(scope, "generation_sums", "s.ripple_id = a.ripple_id AND s.generation = a.generation")
    )
    build.engine.register("rates_rows", generation_rates(build.engine))
    build.make("generation_rates", "SELECT * FROM rates_rows")
    build.drop("rates_rows")
    return generations()


GENERATIONS = Table(
    name="ripple_generations",
    en="One row = one generation of one ripple: how many, how many each brought, how soon, what it earned.",
    zh="每行 = 一个波纹的一代：人数、人均带来人数、时长与收入。",
    rows_from=("arrivals",),
    inputs=("arrivals",),
    key=("ripple_id", "generation"),
    order=("ripple_id", "generation"),
    columns=COLUMNS,
    build=_build,
)
