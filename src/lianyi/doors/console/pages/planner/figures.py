"""The figures of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words
from lianyi.insight.ripples.planning import Line, SeedPlan

WORDS = Words(value=lambda value: str(number(value)), tick=lambda value: str(short(value)))
POINTS = 120  # more would only be drawn over each other


def marginal(plan: SeedPlan) -> Figure:
    """Expected reach of the first 1, 2, 3 … people, beside what simple rankings would reach."""
    last = max(len(line.reach) for line in (plan.curve, *plan.rivals.values())) - 1
    places = _places(last)
    names = {"degree": _("Most ties"), "pagerank": _("Best connected"), "random": _("By chance")}
    series = [Series(name=_("This plan"), values=_at(plan.curve, places), colour=1)]
    series += [
        Series(name=names[rival], values=_at(line, places), colour=colour)
        for colour, (rival, line) in zip((3, 5, 2), plan.rivals.items(), strict=True)
    ]
    return Figure(
        kind="lines", title=_("Expected reach by people asked"), x=[str(place) for place in places], series=series,
        words=Words(value=WORDS.value, tick=WORDS.tick, tick_position=str),
    )  # fmt: skip


def generations(plan: SeedPlan) -> Figure:
    """Expected people per generation; generation 0 are those who are asked and take part."""
    values = plan.forecast.generations[:12]
    return Figure(
        kind="bars", title=_("Expected people by generation"), x=[str(number) for number in range(len(values))],
        series=[Series(name=_("People"), values=[round(value, 1) for value in values], colour=1)],
        words=Words(value=WORDS.value, tick=WORDS.tick, tick_position=str),
    )  # fmt: skip


def _places(last: int) -> list[int]:
    step = max(1, -(-last // POINTS))
    return sorted({*range(0, last + 1, step), last})


def _at(line: Line, places: Sequence[int]) -> list[float | None]:
    """Values at the places; beyond the end of a line nothing is known."""
    return [round(line.reach[place], 1) if place < len(line.reach) else None for place in places]
