"""Figures of one topic. The same functions work in a notebook: give them `topic(ws, kind, name).days`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from lianyi.doors.console.pages.communities.figures import COUNTS
from lianyi.doors.figures import Figure, Series


def tones(days: Sequence[Mapping[str, Any]]) -> Figure:
    """How much was said of it, day by day, in what tone."""
    shown = days[-56:]
    plain = [row["messages"] - row["good"] - row["bad"] for row in shown]
    return Figure(
        kind="stacked", title=_("Tone day by day"), x=[row["day"] for row in shown], words=COUNTS,
        series=[
            Series(name=_("Good tone"), values=[row["good"] for row in shown], colour=3),
            Series(name=_("Plain"), values=plain, colour=1),
            Series(name=_("Bad tone"), values=[row["bad"] for row in shown], colour=2),
        ],
    )  # fmt: skip


def hours(burst: Mapping[str, Any], expected: float) -> Figure:
    """Messages hour by hour around a burst, beside what an hour lets expect."""
    shown = [(timezone.localtime(hour), count) for hour, count in burst["hours"]]
    return Figure(
        kind="bars", title=_("Messages hour by hour"), words=COUNTS,
        x=[f"{hour:%m-%d %H}:00" for hour, _count in shown],
        series=[
            Series(name=_("Messages"), values=[count for _hour, count in shown], colour=1),
            Series(name=_("expected in an hour"), values=[expected] * len(shown), colour=2),
        ],
    )  # fmt: skip
