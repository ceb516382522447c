"""The figures of an audience."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from lianyi.action.audiences.models import Size
from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words

MOST = 120


def _positions(history: Sequence[Size]) -> tuple[list[Size], list[str]]:
    shown = list(history)[-MOST:]
    return shown, [f"{timezone.localtime(row.at):%m-%d %H:%M}" for row in shown]


def _words() -> Words:
    return Words(
        value=lambda value: str(number(value)), tick=lambda value: str(short(value)),
        tick_position=lambda position: str(position)[:5],
    )  # fmt: skip


def sizes(history: Sequence[Size]) -> Figure:
    """How many people were in, hour by hour."""
    shown, at = _positions(history)
    return Figure(
        kind="areas", title=_("People in the audience"), x=at, words=_words(),
        series=[Series(name=_("People"), values=[row.count for row in shown], colour=1)],
    )  # fmt: skip


def flows(history: Sequence[Size]) -> Figure:
    """How many entered, and below the line how many left."""
    shown, at = _positions(history)
    return Figure(
        kind="stacked", title=_("Who entered and who left"), x=at, words=_words(),
        series=[
            Series(name=_("Entered"), values=[row.entered for row in shown], colour=1),
            Series(name=_("Left"), values=[row.left for row in shown], colour=2, down=True),
        ],
    )  # fmt: skip
