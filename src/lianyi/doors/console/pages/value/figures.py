"""The figures of value, from rows that `lianyi.worth` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words

WORDS = Words(value=lambda value: str(number(value)), tick=lambda value: str(short(value)))
Rows = Sequence[Mapping[str, Any]]


def calibration(bins: Rows) -> Figure:
    """What was said of each tenth of the people, and to how many of them it came, in percent."""
    return Figure(
        kind="lines",
        title=_("Chance of an order: said, and came, in %"),
        x=[str(row["bin"]) for row in bins],
        series=[
            Series(name=_("Foretold"), values=[round(100 * row["chance"], 1) for row in bins], colour=2),
            Series(name=_("Came in fact"), values=[round(100 * row["came"], 1) for row in bins], colour=1),
        ],
    )


def stock(past: Rows, ahead: Rows) -> Figure:
    """Stock of the weeks behind, and of those to come with its range."""
    gap, later = [None] * len(past), [None] * len(ahead)
    known = [row["stock"] for row in past]
    # the forecast begins where the past ends, so that the lines meet
    joint = [*gap[:-1], *known[-1:]]
    return Figure(
        kind="lines",
        title=_("Stock by week, and the weeks to come with their 90 % range"),
        x=[row["week"] for row in (*past, *ahead)],
        words=WORDS,
        series=[
            Series(name=_("Stock"), values=[*known, *later], colour=1),
            Series(name=_("Expected"), values=[*joint, *(row["stock"] for row in ahead)], colour=3),
            Series(name=_("Lower end"), values=[*joint, *(row["stock_low"] for row in ahead)], colour=5),
            Series(name=_("Upper end"), values=[*joint, *(row["stock_high"] for row in ahead)], colour=5),
        ],
    )


def flows(past: Rows) -> Figure:
    """Inflow above the line, evaporation below."""
    return Figure(
        kind="stacked",
        title=_("People who came in and who evaporated"),
        x=[row["week"] for row in past],
        words=WORDS,
        series=[
            Series(name=_("New"), values=[row["newcomers"] for row in past], colour=1),
            Series(name=_("Returned"), values=[row["returners"] for row in past], colour=5),
            Series(name=_("Evaporated"), values=[row["evaporation"] for row in past], colour=2, down=True),
        ],
    )


def standing(stages: Rows, names: Sequence[str]) -> Figure:
    """Where people stand, and in which stage they dropped out."""
    return Figure(
        kind="stacked",
        title=_("People by the furthest stage that they reached"),
        x=list(names),
        words=WORDS,
        series=[
            Series(name=_("Here and showing life"), values=[row["here"] for row in stages], colour=1),
            Series(name=_("Dropped out"), values=[row["lapsed"] for row in stages], colour=2),
        ],
    )
