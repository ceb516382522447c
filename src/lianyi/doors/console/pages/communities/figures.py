"""Figures of one community. The same functions work in a notebook: give them `ws.community(id).health`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words

COUNTS = Words(value=lambda value: str(number(value)), tick=lambda value: str(short(value)))
SHARES = Words(
    value=lambda value: "—" if value is None else f"{100 * value:.0f}%", tick=lambda value: f"{100 * value:.0f}%"
)
Health = Sequence[Mapping[str, Any]]


def shares(health: Health) -> Figure:
    """How the parts of health went, period by period."""
    periods = _oldest_first(health)
    names = (("many_way", _("Many-way"), 1), ("reciprocity", _("Both ways"), 3), ("self_answers", _("Self-run"), 5),
             ("answered", _("Answered"), 2), ("top_share", _("Most active one"), 6))  # fmt: skip
    return Figure(
        kind="lines",
        title=_("Health over time, in periods of 28 days"),
        x=[row["until"] for row in periods],
        words=SHARES,
        series=[
            Series(name=title, values=[row[column] for row in periods], colour=colour)
            for column, title, colour in names
        ],
    )


def activity(health: Health) -> Figure:
    """Active people and what passes between them, period by period."""
    periods = _oldest_first(health)
    names = (("interactions", _("Interactions between members"), 1), ("messages", _("Messages"), 3),
             ("active", _("Active members"), 2))  # fmt: skip
    return Figure(
        kind="lines",
        title=_("Activity over time, in periods of 28 days"),
        x=[row["until"] for row in periods],
        words=COUNTS,
        series=[
            Series(name=title, values=[row[column] for row in periods], colour=colour)
            for column, title, colour in names
        ],
    )


def _oldest_first(health: Health) -> list[Mapping[str, Any]]:
    return sorted(health, key=lambda row: -row["period"])
