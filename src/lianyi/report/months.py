"""Calendar months of a brand, and those of which there is something to report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

LISTED = 60


@dataclass(frozen=True, kw_only=True, order=True)
class Month:
    """One month. begins: its first day."""

    begins: date

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(begins=(self.begins + timedelta(days=31)).replace(day=1))

    @property
    def before(self) -> Month:
        """The month before it."""
        return Month(begins=(self.begins - timedelta(days=1)).replace(day=1))

    @property
    def ends(self) -> date:
        """Its last day."""
        return self.next.begins - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m}"


def month(text: str) -> Month:
    """2026-10 as a month; InputError otherwise."""
    try:
        return Month(begins=date.fromisoformat(f"{text}-01" if len(text) == len("2026-10") else "x"))
    except ValueError as error:
        raise InputError(f"month: {text[:40]!r} is no month; write it like 2026-10") from error


def day_of(ws: Workspace, moment: datetime) -> date:
    """The day of a moment in the brand's zone."""
    return moment.astimezone(ZoneInfo(ws.settings.timezone)).date()


def months(ws: Workspace) -> list[Month]:
    """Months that the tables know, the latest first; the last may still run. NotFound before a refresh."""
    ws.needs("days")
    found = ws.rows("SELECT min(day) AS first, max(day) AS last FROM days", [])[0]
    if found["first"] is None:
        return []
    listed: list[Month] = []
    one = Month(begins=found["last"].replace(day=1))
    while one.ends >= found["first"] and len(listed) < LISTED:
        listed.append(one)
        one = one.before
    return listed


def latest(ws: Workspace) -> Month:
    """The last month that is over by what the tables know; the running one where there is no other."""
    listed = months(ws)
    if not listed:
        raise NotFound("nothing has happened yet; add data, then run: lianyi refresh")
    today = day_of(ws, ws.states()["days"].as_of)
    return next((one for one in listed if one.ends < today), listed[-1])
