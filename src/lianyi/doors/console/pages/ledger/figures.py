"""The figures of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words

WORDS = Words(
    value=lambda value: str(number(value, 2)), tick=lambda value: str(short(value)), position=str, tick_position=str
)


def by_month(months: Sequence[Mapping[str, Any]], view: str) -> Figure:
    """Net revenue above the line, what was spent below it. months: rows of `Ledger.months`."""
    rows = [row for row in months if row["view"] == view][-24:]
    return Figure(
        kind="stacked",
        title=_("Net revenue and what was spent, by month"),
        x=[f"{row['month']:%Y-%m}" for row in rows],
        words=WORDS,
        series=[
            Series(name=_("Net revenue"), values=[max(row["revenue"], 0) for row in rows], colour=1),
            Series(name=_("Spent"), values=[max(-row["spent"], 0) for row in rows], colour=2, down=True),
        ],
    )
