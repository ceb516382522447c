"""Figures of a ripple: arrivals over time by generation, R by generation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import clock, day, number
from lianyi.doors.figures import Figure, Series, Words

STEPS = 40
SHOWN = 5
COUNTS = Words(value=lambda value: str(number(value)), tick=lambda value: str(number(value)), tick_position=str)
RATES = Words(value=lambda value: str(number(value, 2)), tick=lambda value: str(number(value, 1)), tick_position=str)


def over_time(rows: Sequence[dict[str, Any]], began: datetime, step: timedelta) -> Figure:
    """How many came in each step, by generation. rows: step, generation, people."""
    came = {(row["step"], min(row["generation"], SHOWN)): 0 for row in rows}
    for row in rows:
        came[row["step"], min(row["generation"], SHOWN)] += row["people"]
    steps = range(max((place for place, _generation in came), default=0) + 1)
    generations = sorted({generation for _place, generation in came})
    return Figure(
        kind="stacked",
        title=_("People who came, over time"),
        x=[_moment(began + place * step, step) for place in steps],
        words=COUNTS,
        series=[
            Series(name=_title(generation), values=[came.get((place, generation), 0) for place in steps],
                   colour=generation + 1)
            for generation in generations
        ],
    )  # fmt: skip


def _moment(moment: datetime, step: timedelta) -> str:
    return str(day(moment)) if step >= timedelta(hours=20) else f"{str(day(moment))[-5:]} {clock(moment)}"


def _title(generation: int) -> str:
    if generation == 0:
        return _("Seeds")
    return _("Generation %(number)s") % {"number": f"{generation}+" if generation == SHOWN else generation}


def by_generation(generations: Sequence[dict[str, Any]]) -> Figure:
    """R with its interval."""
    shown = [row for row in generations if row["people"]][:12]
    return Figure(
        kind="lines",
        title=_("R by generation: people whom one person brings"),
        x=[str(row["generation"]) for row in shown],
        words=RATES,
        series=[
            Series(name=_("R"), values=[row["r"] for row in shown], colour=1),
            Series(name=_("95% interval, lower end"), values=[row["r_low"] for row in shown], colour=6),
            Series(name=_("95% interval, upper end"), values=[row["r_high"] for row in shown], colour=6),
        ],
    )
