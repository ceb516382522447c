"""What a person cares for: categories weighted by what was done with them, with the counts as evidence."""

from __future__ import annotations

from lianyi.insight.orders import ORDER_NO
from lianyi.insight.scope import Scope

# What one act says about an interest. A judgement, not a measurement: buying says most, looking least.
WEIGHTS = {
    "order": 8,
    "checkout": 4,
    "cart": 4,
    "collect": 4,
    "review": 4,
    "share": 4,
    "click": 1,
    "search": 1,
    "view": 1,
}
TOP_CATEGORIES = 5


def interests(scope: Scope) -> str:
    """One row = one person × category: orders (by number, not by line), carts, views, and the weight of all acts."""
    kinds = ", ".join(scope.dialect.text(kind) for kind in WEIGHTS)
    weight = " ".join(f"WHEN kind = '{kind}' THEN {weight}" for kind, weight in WEIGHTS.items() if weight != 1)
    acts = scope.done(
        "e.kind",
        "e.category",
        f"CASE WHEN e.kind = 'order' THEN {ORDER_NO} END AS order_no",
        where=f"e.kind IN ({kinds}) AND e.category IS NOT NULL AND e.category <> ''",
    )
    return f"""
    SELECT person_id, category, CAST(sum(acts * weight) AS BIGINT) AS weight,
        CAST(coalesce(sum(acts) FILTER (WHERE kind = 'order'), 0) AS BIGINT) AS orders,
        CAST(coalesce(sum(acts) FILTER (WHERE kind = 'cart'), 0) AS BIGINT) AS carts,
        CAST(coalesce(sum(acts) FILTER (WHERE kind = 'view'), 0) AS BIGINT) AS views
    FROM (
        SELECT person_id, category, kind, CASE {weight} ELSE 1 END AS weight,
            CASE WHEN kind = 'order' THEN 1 ELSE count(*) END AS acts
        FROM {acts} AS a GROUP BY person_id, category, kind, order_no
    ) AS c
    GROUP BY person_id, category
    """


def preferences(scope: Scope) -> str:
    """One row = one person with an interest: the top categories with share of all weight, most first."""
    d = scope.dialect
    # structs sort by their first members: weight, then category
    ranked = d.struct(weight="weight", category="category", orders="orders", carts="carts", views="views")
    shown = d.struct(
        category="c.category",
        share="round(CAST(c.weight AS DOUBLE) / total, 4)",
        weight="c.weight",
        orders="c.orders",
        carts="c.carts",
        views="c.views",
    )
    return f"""
    SELECT person_id, {d.each("top", "c", shown)} AS categories, top[{d.first}].category AS top_category
    FROM (
        SELECT person_id, CAST(sum(weight) AS BIGINT) AS total, {d.top(ranked, TOP_CATEGORIES)} AS top
        FROM interests GROUP BY person_id
    ) AS p
    """
