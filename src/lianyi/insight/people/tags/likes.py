"""Category tags: what a person cares for most, without a rule per category."""

from __future__ import annotations

from lianyi.insight.people.tags.sensitive import ANY_CLASS, CHILD_AGE
from lianyi.insight.scope import Scope

PREFIX = "likes:"
MIN_SHARE = 0.4
MIN_WEIGHT = 8


def liked(category: str) -> str:
    """SQL: a category of `profiles.categories` is liked."""
    return f"{category}.share >= {MIN_SHARE} AND {category}.weight >= {MIN_WEIGHT}"


def likes(scope: Scope, here: str) -> str:
    """One row = one person × category that they like: at least MIN_SHARE of all weight of what they did, and at least
    MIN_WEIGHT (one order, or eight views). weight = the share.
    """
    d = scope.dialect
    percent = "CAST(CAST(round(100 * c.share) AS BIGINT) AS STRING)"
    n = {name: f"CAST(c.{name} AS STRING)" for name in ("orders", "carts", "views")}
    return f"""
    SELECT person_id, concat('{PREFIX}', c.category) AS tag, 'preference' AS source,
        concat({percent}, '% of interest: ', {n["orders"]}, ' orders, ', {n["carts"]}, ' cart additions, ',
            {n["views"]}, ' views of “', c.category, '”') AS evidence_en,
        concat('兴趣占比 ', {percent}, '%：购买“', c.category, '” ', {n["orders"]}, ' 次，加购 ',
            {n["carts"]}, ' 次，浏览 ', {n["views"]}, ' 次') AS evidence_zh,
        c.share AS weight, {d.no_time} AS since
    FROM (
        SELECT person_id, {d.explode("categories")} AS c FROM profiles
        WHERE {here} AND coalesce(age, {CHILD_AGE}) >= {CHILD_AGE}
    ) AS p
    WHERE {liked("c")} AND NOT {d.matches("c.category", ANY_CLASS)}
    """
