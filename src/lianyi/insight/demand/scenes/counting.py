"""Purchases by scene: who bought what, on which day, at which hour, in which city."""

from __future__ import annotations

from lianyi.insight.scope import AT, Scope
from lianyi.insight.zone import day_of, hour_of

WEAK_DAYS = 180  # without a purchase of the category for so long, the need of it counts as weak
AFTER = 2  # days after the talk of a group turned to a topic that count as after it: then it came before a purchase
CATEGORIES = 200  # of which scenes are sought: those with most purchases


def purchases(scope: Scope) -> str:
    """One row = one person who bought one category on one local day: hour of the first such order, weak: no purchase
    of the category by the person in WEAK_DAYS days before. Several orders of a day count once: a scene lifts people.
    Orders that carry a campaign are set apart: it is the campaign that lifted them."""
    bought = scope.done(
        "e.category",
        f"{scope.local(AT)} AS local",
        where="e.kind = 'order' AND e.category IS NOT NULL AND e.category <> '' AND e.campaign IS NULL",
    )
    d = scope.dialect
    return f"""
    SELECT person_id, category, day, hour,
        coalesce(day - lag(day) OVER (PARTITION BY person_id, category ORDER BY day) > {WEAK_DAYS}, TRUE) AS weak
    FROM (
        SELECT person_id, category, {day_of(d, "local")} AS day, min({hour_of(d, "local")}) AS hour
        FROM {bought} AS b GROUP BY person_id, category, {day_of(d, "local")}
    ) AS p
    """


def by_time() -> str:
    """One row = one category × day × hour: purchases, and those of people whose need was weak."""
    return f"""
    SELECT p.category, p.day, p.hour, count(*) AS bought, count(*) FILTER (WHERE p.weak) AS weak
    FROM scene_purchases AS p JOIN (
        SELECT category FROM scene_purchases GROUP BY category ORDER BY count(*) DESC, category LIMIT {CATEGORIES}
    ) AS c ON c.category = p.category
    GROUP BY p.category, p.day, p.hour
    """


def by_place() -> str:
    """One row = one category × city: purchases, and those of people whose need was weak."""
    return """
    SELECT p.category, f.city, count(*) AS bought, count(*) FILTER (WHERE p.weak) AS weak
    FROM scene_purchases AS p JOIN profiles AS f ON f.person_id = p.person_id
    WHERE f.city IS NOT NULL AND f.city <> '' GROUP BY p.category, f.city
    """


def activity(scope: Scope) -> str:
    """One row = one local day: people who showed life, by hour (h0 … h23)."""
    d = scope.dialect
    hours = ", ".join(f"sum({d.bit('hours', hour)}) AS h{hour}" for hour in range(24))
    return f"SELECT {d.day_number('day')} AS day, {hours} FROM person_days GROUP BY day"
