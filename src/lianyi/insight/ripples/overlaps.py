"""Table `ripple_overlaps`: ripples that reach the same people, and whether two reach more than each by itself."""

from __future__ import annotations

from lianyi.insight.ripples.columns import OVERLAPS as COLUMNS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Table

LARGEST = 500  # ripples that are compared
PEOPLE = 10  # a ripple must have
COMMON = 5  # people a pair must have in common


def compared(scope: Scope) -> str:
    """One row = one person in one of the LARGEST ripples: shared yes/no, bought yes/no."""
    counts = f"{scope.dialect.size('a.flags')} = 0"
    return f"""
    SELECT a.ripple_id, a.person_id, l.people, CASE WHEN a.shares > 0 THEN 1 ELSE 0 END AS shared,
        CASE WHEN a.orders > 0 THEN 1 ELSE 0 END AS bought
    FROM arrivals AS a JOIN (
        SELECT a.ripple_id, count(*) AS people FROM arrivals AS a WHERE {counts}
        GROUP BY a.ripple_id HAVING count(*) >= {PEOPLE} ORDER BY count(*) DESC, a.ripple_id LIMIT {LARGEST}
    ) AS l ON l.ripple_id = a.ripple_id WHERE {counts}
    """


def totals() -> str:
    """One row = one compared ripple: people, sharers, buyers."""
    return """
    SELECT ripple_id, count(*) AS people, CAST(sum(shared) AS BIGINT) AS shared, CAST(sum(bought) AS BIGINT) AS bought
    FROM compared GROUP BY ripple_id
    """


def pairs() -> str:
    """One row = one pair of ripples (a < b) with COMMON people: of these, who shared in a, in b, in either; bought."""
    sums = ", ".join(
        f"CAST(sum(a.{what}) AS BIGINT) AS {what}_a, CAST(sum(b.{what}) AS BIGINT) AS {what}_b, "
        f"CAST(sum(greatest(a.{what}, b.{what})) AS BIGINT) AS {what}"
        for what in ("shared", "bought")
    )
    return f"""
    SELECT a.ripple_id AS ripple_a, b.ripple_id AS ripple_b, count(*) AS common, {sums}
    FROM compared AS a JOIN compared AS b ON a.person_id = b.person_id AND a.ripple_id < b.ripple_id
    GROUP BY a.ripple_id, b.ripple_id HAVING count(*) >= {COMMON}
    """


def overlaps() -> str:
    """One row = one pair. Rates have (x + ½) / (n + 1) as estimate, so that none is 0 or 1; expected = 1 − (1 − pa)(1 −
    pb), pa the rate of those whom only a reached; the ratio's interval by the delta method on its logarithm."""
    measures = ",\n".join(_amplification(what) for what in ("shared", "bought"))
    return f"""
    SELECT ripple_a, ripple_b, common, common / people_a AS share_a, common / people_b AS share_b,
        CAST(people_a AS DOUBLE) * people_b / everybody AS expected,
        common * everybody / (CAST(people_a AS DOUBLE) * people_b) AS lift, {measures}
    FROM (
        SELECT p.*, CAST(a.people AS DOUBLE) AS people_a, CAST(b.people AS DOUBLE) AS people_b, e.everybody,
            {_rates("shared")}, {_rates("bought")}
        FROM pairs AS p JOIN totals AS a ON a.ripple_id = p.ripple_a JOIN totals AS b ON b.ripple_id = p.ripple_b
        CROSS JOIN (SELECT count(DISTINCT person_id) AS everybody FROM compared) AS e
    ) AS r
    """


def _rates(what: str) -> str:
    """SQL: rates of those reached by both, by a alone, by b alone."""
    only = ", ".join(
        f"({side}.{what} - p.{what}_{side} + 0.5) / ({side}.people - p.common + 1.0) AS {what}_only_{side}"
        for side in ("a", "b")
    )
    return f"(p.{what} + 0.5) / (p.common + 1.0) AS {what}_rate, {only}"


def _amplification(what: str) -> str:
    """SQL: rate, expected rate, their ratio with its 95 % interval; NULL where nobody was reached by one alone."""
    a, b, rate = f"{what}_only_a", f"{what}_only_b", f"{what}_rate"
    expected = f"(1 - (1 - {a}) * (1 - {b}))"
    alone = f"(1 - {b}) * (1 - {b}) * {a} * (1 - {a}) / (people_a - common + 1)"
    alone += f" + (1 - {a}) * (1 - {a}) * {b} * (1 - {b}) / (people_b - common + 1)"
    error = f"1.959964 * sqrt((1 - {rate}) / ({rate} * (common + 1)) + ({alone}) / ({expected} * {expected}))"
    known = "people_a > common AND people_b > common"
    return f"""
        {rate}, CASE WHEN {known} THEN {expected} END AS {what}_expected,
        CASE WHEN {known} THEN {rate} / {expected} END AS {what}_ratio,
        CASE WHEN {known} THEN {rate} / {expected} * exp(-({error})) END AS {what}_low,
        CASE WHEN {known} THEN {rate} / {expected} * exp({error}) END AS {what}_high"""


def _build(build: Build) -> str:
    build.make("compared", compared(Scope.of(build)))
    build.make("totals", totals())
    build.make("pairs", pairs())
    return overlaps()


OVERLAPS = Table(
    name="ripple_overlaps",
    en="One row = two ripples that reached some of the same people: how many, and whether together they did more.",
    zh="每行 = 触及部分相同人群的两个波纹：重叠人数，以及是否相互放大。",
    rows_from=("arrivals",),
    inputs=("arrivals",),
    key=("ripple_a", "ripple_b"),
    order=("ripple_a", "ripple_b"),
    columns=COLUMNS,
    build=_build,
)
