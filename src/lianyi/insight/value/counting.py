"""What clocks are learned from, out of order days: per person (or person × category) the numbers x, t_x, T in days."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.scope import Scope
from lianyi.insight.value.clocks import Doubles, Rows

ALL = ""  # the clock of all orders; other clocks are of a category
OTHERS = "*"  # the common clock of categories that are too small for their own


def counted(scope: Scope, days: str, *, by: str = "", until: int | None = None) -> str:
    """One row = one person (and `by`) with an order up to day number `until` (today): repeats = x, last = t_x,
    age = T in days, paid = days with net spend, each = its mean."""
    number = scope.dialect.day_number("day")
    today = scope.today if until is None else until
    named = f", {by}" if by else ""
    money = "" if by else ", count(*) FILTER (WHERE spend > 0) AS paid, avg(spend) FILTER (WHERE spend > 0) AS each"
    return f"""
    SELECT person_id{named}, count(*) - 1 AS repeats, max(d) - min(d) AS last, {today} - min(d) AS age{money}
    FROM (SELECT *, {number} AS d FROM {days}) AS n WHERE d <= {today} GROUP BY person_id{named}
    """


def distinct(people: str, *, by: str = "", also: str = "") -> str:
    """One row = one (x, t_x, T) that somebody has (in `by`), and how many have it."""
    named = ", ".join(name for name in (by, "repeats", "last", "age", also) if name)
    return f"SELECT {named}, count(*) AS people FROM {people} GROUP BY {named} ORDER BY {named}"


def gaps(scope: Scope, days: str, *, by: str = "", until: int | None = None) -> str:
    """One row = one `by` (or all): sum of the logarithms of the gaps in days between order days."""
    number = scope.dialect.day_number("day")
    today = scope.today if until is None else until
    named = f", {by}" if by else ""
    head = f"{by}, " if by else ""
    return f"""
    SELECT {head}coalesce(sum(ln(CAST(gap AS DOUBLE))), 0) AS log_gaps FROM (
        SELECT person_id{named}, d - lag(d) OVER (PARTITION BY person_id{named} ORDER BY d) AS gap
        FROM (SELECT *, {number} AS d FROM {days}) AS n WHERE d <= {today}
    ) AS g WHERE gap > 0 {f"GROUP BY {by}" if by else ""}
    """


def rows_of(found: pa.Table, log_gaps: float = 0.0) -> Rows:
    """Rows of `distinct` as arrays."""

    def column(name: str) -> Doubles:
        return np.asarray(found[name].to_numpy(), dtype=np.float64)

    return Rows(
        repeats=column("repeats"), last=column("last"), age=column("age"), people=column("people"), log_gaps=log_gaps
    )
