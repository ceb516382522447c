"""Whether a tie warms or cools: contact in the last two horizons against the four before.

Under an even pace the number of slots with contact in the newer part is binomial; beyond SURE standard deviations it is
called warming or cooling. A tie younger than three horizons is new.
"""

from __future__ import annotations

from lianyi.insight.ties.slots import SLOTS, Scale

TRENDS = ("new", "warming", "steady", "cooling")
TREND = "tie_trend"
NEWER, OLDER = 2, 4
SURE = 1.64
_LEAST = 3


def trend(scale: Scale) -> str:
    """One row = one pair with contact in the last NEWER + OLDER horizons: trend, and z of the change."""
    per = scale.per
    known = f"(least(oldest + 1, {(NEWER + OLDER) * per}) * 1e0)"
    share = f"({NEWER * per} / {known})"
    z = f"(newer - whole * {share}) / sqrt(whole * {share} * (1 - {share}))"
    return f"""
    SELECT a, b, CASE WHEN oldest < {(NEWER + 1) * per} THEN 'new' WHEN whole >= {_LEAST} AND z >= {SURE} THEN 'warming'
        WHEN whole >= {_LEAST} AND z <= -{SURE} THEN 'cooling' ELSE 'steady' END AS trend, z
    FROM (
        SELECT a, b, oldest, whole, CASE WHEN oldest < {(NEWER + 1) * per} THEN 0e0 ELSE {z} END AS z FROM (
            SELECT a, b, max(slot) AS oldest, count(*) FILTER (WHERE direct AND slot < {NEWER * per}) AS newer,
                count(*) FILTER (WHERE direct AND slot < {(NEWER + OLDER) * per}) AS whole
            FROM {SLOTS} GROUP BY a, b
        ) AS c WHERE whole > 0
    ) AS t
    """
