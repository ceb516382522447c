"""The numbers of the overview, from the tables `days` and `daily`: a span of days, and the span before to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from lianyi.workspace import Workspace

SPANS = (7, 30, 90, 365)
WEEKLY_FROM = 120  # days; from here on charts count by week
SUMS = ("events", "newcomers", "returners", "inflow", "evaporation", "orders", "gross_sales", "refunds", "net_sales")

Number = int | float | Decimal


@dataclass(frozen=True, kw_only=True)
class Total:
    """A sum over the span, and the same over the span before; None where the log does not reach back that far."""

    now: Number | None
    before: Number | None

    @property
    def change(self) -> float | None:
        """Share by which it grew; None where there is nothing to compare with."""
        if self.now is None or not self.before:
            return None
        return float(self.now) / float(self.before) - 1


@dataclass(frozen=True, kw_only=True)
class Growth:
    """The span: its days (rows of `days`), totals by name, stock at its end and before it."""

    days: Sequence[dict[str, Any]]
    totals: dict[str, Total]
    stock: Total


def growth(ws: Workspace, span: int) -> Growth:
    """The last `span` days up to the last day that the table knows, with the span before."""
    found = ws.rows(f"SELECT * FROM days WHERE day > (SELECT max(day) FROM days) - {int(2 * span)} ORDER BY day")
    last = found[-1]["day"]
    begin = last - timedelta(days=span - 1)
    days = [row for row in found if row["day"] >= begin]
    earlier = [row for row in found if row["day"] < begin]
    whole = len(earlier) == span
    totals = {
        name: Total(now=sum(row[name] for row in days), before=sum(row[name] for row in earlier) if whole else None)
        for name in SUMS
    }
    return Growth(
        days=days, totals=totals, stock=Total(now=days[-1]["stock"], before=earlier[-1]["stock"] if earlier else None)
    )


def by_step(days: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[list[date], dict[str, list[Number]]]:
    """Sums by day, or by week (labelled by its Monday) where the span is long; what is left of a cut first week is
    dropped."""
    if len(days) < WEEKLY_FROM:
        return [row["day"] for row in days], {name: [row[name] for row in days] for name in names}
    weeks = [
        (monday, list(of))
        for monday, of in groupby(days, key=lambda row: row["day"] - timedelta(days=row["day"].weekday()))
    ]
    weeks = [(monday, of) for monday, of in weeks if len(of) == 7 or (monday, of) == weeks[-1]]
    return [monday for monday, _ in weeks], {name: [sum(row[name] for row in of) for _, of in weeks] for name in names}


def at_step(days: Sequence[dict[str, Any]], name: str) -> tuple[list[date], list[Number]]:
    """Levels (not sums) by day, or at the end of each week."""
    if len(days) < WEEKLY_FROM:
        return [row["day"] for row in days], [row[name] for row in days]
    ends = [row for index, row in enumerate(days) if row["day"].weekday() == 6 or index == len(days) - 1]
    return [row["day"] for row in ends], [row[name] for row in ends]


def came_in(ws: Workspace, span: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What came in during the span: events by kind, and by source with its last day; most first."""
    since = f"day > (SELECT max(day) FROM days) - {int(span)}"
    kinds = ws.rows(
        f"SELECT kind, CAST(sum(events) AS BIGINT) AS events FROM daily WHERE {since} GROUP BY kind ORDER BY 2 DESC, 1",
    )
    sources = ws.rows(
        f"SELECT source, CAST(sum(events) FILTER (WHERE {since}) AS BIGINT) AS events, max(day) AS last FROM daily "
        "GROUP BY source ORDER BY last DESC, 2 DESC, 1",
    )
    return kinds, sources
