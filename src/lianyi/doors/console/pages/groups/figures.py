"""Figures of one group. The same functions work in a notebook: give them `group(ws, key).health`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lianyi.doors.console.pages.communities.figures import COUNTS, SHARES
from lianyi.doors.figures import Figure, Series, Words

Health = Sequence[Mapping[str, Any]]


def shares(health: Health) -> Figure:
    """How the shares of health went, week by week."""
    names = (("many_way", _("Many-way"), 1), ("reciprocity", _("Both ways"), 3), ("self_answers", _("Self-run"), 5),
             ("unanswered", _("Unanswered questions"), 2), ("top_share", _("Most active one"), 6))  # fmt: skip
    return _lines(_("Health week by week"), health, names, SHARES)


def activity(health: Health) -> Figure:
    """People and what passes between them, week by week."""
    names = (("messages", _("Messages"), 3), ("interactions", _("Interactions"), 1), ("active", _("Active"), 2))
    return _lines(_("Activity week by week"), health, names, COUNTS)


def _lines(title: str, health: Health, names: Sequence[tuple[str, str, int]], words: Words) -> Figure:
    weeks = sorted(health, key=lambda row: -row["week"])
    series = [Series(name=name, values=[row[column] for row in weeks], colour=colour) for column, name, colour in names]
    return Figure(kind="lines", title=title, x=[row["until"] for row in weeks], words=words, series=series)
