"""The figures of the overview. The same functions work in a notebook: give them `growth(ws, 90).days`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.pages.overview.growth import at_step, by_step
from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words

WORDS = Words(value=lambda value: str(number(value)), tick=lambda value: str(short(value)))
Days = Sequence[dict[str, Any]]


def flows(days: Days) -> Figure:
    """Newcomers and returners above the line, evaporation below."""
    x, sums = by_step(days, ("newcomers", "returners", "evaporation"))
    return Figure(
        kind="stacked",
        title=_("People who came in and who evaporated"),
        x=x,
        words=WORDS,
        series=[
            Series(name=_("New"), values=sums["newcomers"], colour=1),
            Series(name=_("Returned"), values=sums["returners"], colour=5),
            Series(name=_("Evaporated"), values=sums["evaporation"], colour=2, down=True),
        ],
    )


def stock(days: Days) -> Figure:
    """How many people there are to keep, and how many were active on the day."""
    x, levels = at_step(days, "stock")
    return Figure(
        kind="areas",
        title=_("People active within 30 days, and on each day"),
        x=x,
        words=WORDS,
        series=[
            Series(name=_("Stock"), values=levels, colour=1),
            Series(name=_("Active on the day"), values=at_step(days, "active")[1], colour=3),
        ],
    )


def sales(days: Days) -> Figure:
    """Net sales."""
    x, sums = by_step(days, ("net_sales",))
    return Figure(
        kind="bars",
        title=_("Net sales"),
        x=x,
        words=WORDS,
        series=[Series(name=_("Net sales"), values=sums["net_sales"], colour=3)],
    )
