"""The person's clock: calendar periods and quiet hours in a time zone, across changes of the clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lianyi.action.policy.rules import DAYS, Per, Quiet

DAY = timedelta(days=1)
# Quiet hours can follow upon each other, for ever where somebody wrote them so; then it is looked at again after this.
LOOKS_AHEAD = 14 * DAY


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def period(now: datetime, zone: str, per: Per) -> tuple[datetime, datetime]:
    """The calendar period around a moment: its first moment and the first one after it, in UTC."""
    return _period(now.astimezone(ZoneInfo(zone)).date(), zone, per)


@lru_cache(maxsize=4096)
def _period(today: date, zone: str, per: Per) -> tuple[datetime, datetime]:
    if per is Per.DAY:
        first, after = today, today + DAY
    elif per is Per.WEEK:
        first = today - today.weekday() * DAY
        after = first + 7 * DAY
    else:
        first = today.replace(day=1)
        after = (first + 31 * DAY).replace(day=1)
    return moment(datetime.combine(first, time()), zone), moment(datetime.combine(after, time()), zone)


def days_in_month(now: datetime, zone: str) -> int:
    """How many days the month has that the person's calendar shows."""
    first = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return ((first + 31 * DAY).replace(day=1) - first).days


def moment(wall: datetime, zone: str, *, after: datetime | None = None) -> datetime:
    """When the clock of a zone first shows `wall` or, where it jumps over that, something later; in UTC. after: of two
    such moments, when clocks go back, the first one later than this."""
    place = ZoneInfo(zone)
    first = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    if second < first:  # jumped over: between the two lies the jump
        return _jump(second, first, place, wall)
    return second if after is not None and first <= after < second else first


def _jump(low: datetime, high: datetime, place: ZoneInfo, wall: datetime) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(place).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = max(middle, low + timedelta(seconds=1))
    return low if low.astimezone(place).replace(tzinfo=None) >= wall else high


def quiet_until(now: datetime, zone: str, rule: Quiet) -> datetime | None:
    """When these quiet hours end, in UTC; None where they do not hold at `now`."""
    local = now.astimezone(ZoneInfo(zone))
    clock, today = local.time(), local.date()
    if rule.start < rule.until:
        if not rule.start <= clock < rule.until or not _begins(rule, today):
            return None
        ends = today
    elif clock >= rule.start and _begins(rule, today):
        ends = today + DAY
    elif clock < rule.until and _begins(rule, today - DAY):
        ends = today
    else:
        return None
    return moment(datetime.combine(ends, rule.until), zone, after=now)


def _begins(rule: Quiet, day: date) -> bool:
    return not rule.days or DAYS[day.weekday()] in rule.days


def open_from(now: datetime, zone: str, rules: Sequence[Quiet]) -> datetime:
    """The first moment from `now` on at which none of the quiet hours holds; at most 14 days later."""
    moment, last = now, now + LOOKS_AHEAD
    while moment < last:
        ends = [until for rule in rules if (until := quiet_until(moment, zone, rule)) is not None]
        if not ends:
            return moment
        moment = max(ends)
    return last
