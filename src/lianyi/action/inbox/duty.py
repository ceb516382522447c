"""Who is on duty when, and until when something is to be answered.

Time counts towards a target only while somebody is on duty who answers for that group; without a rota it always does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from lianyi.action.inbox.models import Item, Shift, Target
from lianyi.action.policy import clock
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError

Kind = Item.Kind
# Minutes, where nobody set others.
USUAL: Mapping[str, int] = {
    Kind.MESSAGE: 30, Kind.COMPLAINT: 30, Kind.QUESTION: 60, Kind.BURST: 15, Kind.SENSITIVE: 60, Kind.MODERATION: 120,
}  # fmt: skip
MOST_MINUTES, MOST_SHIFTS = 60 * 24 * 30, 200
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# A target that the rota leaves no time for within it is none.
LOOKS_AHEAD = 35


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A shift as somebody writes it. member: a sign-in name; the rest as in Shift."""

    member: str
    days: Sequence[Any]
    begins: str
    ends: str
    group_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """One shift, read."""

    member: str
    days: frozenset[int]
    begins: time
    ends: time
    group_key: str

    def on(self, day: date, zone: str) -> tuple[datetime, datetime] | None:
        """From when to when it is on a day, in UTC; None where it is not."""
        if day.isoweekday() not in self.days:
            return None
        until = day if self.ends > self.begins else day + timedelta(days=1)
        return (
            clock.moment(datetime.combine(day, self.begins), zone),
            clock.moment(datetime.combine(until, self.ends), zone),
        )


@dataclass(frozen=True, kw_only=True)
class Rota:
    """All shifts of members who are in the team, and the targets, read once. zone: of the brand."""

    zone: str
    shifts: tuple[Hours, ...]
    targets: Mapping[str, int | None]

    def of(self, group_key: str) -> list[Hours]:
        """Shifts that answer for a group: its own where it has some, else those for all."""
        own = [one for one in self.shifts if one.group_key and one.group_key == group_key]
        return own or [one for one in self.shifts if not one.group_key]

    def on_duty(self, now: datetime, group_key: str = "") -> list[str]:
        """Sign-in names of who is on duty, each once."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        names = []
        for one in self.of(group_key):
            spans = (one.on(day, self.zone) for day in (today - timedelta(days=1), today))
            if any(span and span[0] <= now < span[1] for span in spans):
                names.append(one.member)
        return sorted(dict.fromkeys(names))

    def due_at(self, kind: str, said_at: datetime, group_key: str = "") -> datetime | None:
        """When the target of a kind is over, counted from when it was said; None without a target."""
        minutes = self.targets.get(kind)
        if minutes is None:
            return None
        left = timedelta(minutes=minutes)
        if not self.of(group_key):
            return said_at + left
        for begins, ends in self.spans(said_at, group_key):
            if begins + left <= ends:
                return begins + left
            left -= ends - begins
        return None

    def spans(self, since: datetime, group_key: str = "") -> Iterator[tuple[datetime, datetime]]:
        """Stretches of time from a moment on in which somebody is on duty, none touching another."""
        first = since.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        days = [first + timedelta(days=number) for number in range(LOOKS_AHEAD)]
        mine = self.of(group_key)
        found = sorted(span for day in days for one in mine if (span := one.on(day, self.zone)) and span[1] > since)
        open_since, open_until = None, since
        for begins, ends in found:
            begins = max(begins, since)
            if open_since is None:
                open_since, open_until = begins, ends
            elif begins <= open_until:
                open_until = max(open_until, ends)
            else:
                yield open_since, open_until
                open_since, open_until = begins, ends
        if open_since is not None:
            yield open_since, open_until


def rota(zone: str) -> Rota:
    """As it is kept."""
    rows = Shift.objects.select_related("user").filter(user__is_active=True)
    shifts = tuple(
        Hours(member=row.user.name, days=frozenset(row.days), begins=time.fromisoformat(row.begins),
              ends=time.fromisoformat(row.ends), group_key=row.group_key)
        for row in rows
    )  # fmt: skip
    kept = dict(Target.objects.values_list("kind", "minutes"))
    return Rota(zone=zone, shifts=shifts, targets={**USUAL, **kept})


def set_shifts(wanted: Sequence[Wanted], *, by: User | str) -> None:
    """The whole weekly rota, in place of the one before. What waits keeps its time. InputError says what is wrong."""
    if len(wanted) > MOST_SHIFTS:
        raise InputError(f"shifts: at most {MOST_SHIFTS}")
    rows = [_shift(one) for one in wanted]
    with transaction.atomic():
        Shift.objects.all().delete()
        Shift.objects.bulk_create(rows)
        audit.note(by, "inbox.rota", "", shifts=len(rows))


def _shift(wanted: Wanted) -> Shift:
    user = User.objects.filter(name=wanted.member, is_active=True).first()
    if user is None:
        raise InputError(f"member: nobody in the team signs in as {wanted.member[:60]!r}")
    if not wanted.days or not all(type(day) is int and 1 <= day <= 7 for day in wanted.days):
        raise InputError(f"days: {list(wanted.days)!r}; write weekdays from 1 (Monday) to 7")
    for name, at in (("begins", wanted.begins), ("ends", wanted.ends)):
        if not CLOCK.fullmatch(at):
            raise InputError(f"{name}: {at!r}; write a time like 09:30")
    if wanted.group_key and not wanted.group_key.startswith("group:"):
        raise InputError(f"group_key: {wanted.group_key!r}; write one like group:matrix/!room:example.cn, or nothing")
    return Shift(user=user, days=sorted(set(wanted.days)), begins=wanted.begins, ends=wanted.ends,
                 group_key=wanted.group_key)  # fmt: skip


def set_targets(minutes: Mapping[str, Any], *, by: User | str) -> None:
    """Targets by kind, in minutes; None = none. Kinds that are not named stay. What waits keeps its time."""
    for kind, value in minutes.items():
        if kind not in Kind.values:
            raise InputError(f"targets: {kind[:40]!r} is no kind; there are {', '.join(Kind.values)}")
        if value is not None and not (type(value) is int and 1 <= value <= MOST_MINUTES):
            raise InputError(f"targets: {kind} = {value!r}; write minutes, 1 to {MOST_MINUTES}, or nothing for none")
    with transaction.atomic():
        for kind, value in minutes.items():
            Target.objects.update_or_create(kind=kind, defaults={"minutes": value})
        audit.note(by, "inbox.targets", "", **dict(minutes))


def described(zone: str, now: datetime) -> dict[str, Any]:
    """Rota, targets and who is on duty now as plain data."""
    kept = rota(zone)
    return {
        "timezone": zone, "on_duty": kept.on_duty(now), "targets": dict(kept.targets), "has_rota": bool(kept.shifts),
        "shifts": [
            {"member": row.user.name, "active": row.user.is_active, "days": row.days, "begins": row.begins,
             "ends": row.ends, "group_key": row.group_key}
            for row in Shift.objects.select_related("user")
        ],
        "as_of": now.astimezone(UTC),
    }  # fmt: skip
