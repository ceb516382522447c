"""Times of chat logs: local times of a zone become UTC, with the hour that comes twice in autumn told apart."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_FRACTION = re.compile(r"(\.\d{6})\d+")
_SLASHED = re.compile(
    r"(\d{1,4})[/.](\d{1,2})[/.](\d{1,4}),? +(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \u202f]*([AaPp])\.?[Mm]\.?)?\Z"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED_MONTH = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{2,4}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: *([AaPp])[Mm])?\Z")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?)?分?\Z")


class Clock:
    """Reads the times of one file whose lines stand in order of time.

    `zone` is the IANA zone of times that carry none. In the hour that comes twice when summer time ends, a time that
    goes back means that the second round has begun. A time that the clocks skipped in spring is read as if they had
    not been put forward. `date_order` ("dmy" or "mdy") settles dates such as 05/10/2026.
    """

    def __init__(self, zone: str, *, date_order: str | None = None) -> None:
        self._zone = ZoneInfo(zone)
        self._date_order = date_order
        self._last = datetime.min  # noqa: DTZ901  wall clock time, compared with its like only
        self._second_round = False

    def read(self, text: str) -> datetime:
        """UTC time of an ISO text, an Excel or a Discord date; ValueError says what is not understood."""
        text = text.strip()
        if text.endswith(" UTC"):
            text = text[:-4] + "+00:00"
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = self._other(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        return self.local(moment)

    def local(self, moment: datetime) -> datetime:
        """UTC time of a wall clock time in the clock's zone."""
        if (moment < self._last or self._second_round) and self._comes_twice(moment):
            self._second_round = True
        else:
            self._second_round = False
        self._last = moment
        return moment.replace(tzinfo=self._zone, fold=int(self._second_round)).astimezone(UTC)

    def _comes_twice(self, moment: datetime) -> bool:
        aware = moment.replace(tzinfo=self._zone)
        first, second = aware.utcoffset(), aware.replace(fold=1).utcoffset()
        return first is not None and second is not None and first > second

    def _other(self, text: str) -> datetime:
        if _FRACTION.search(text):  # .NET and Go write up to nine places
            return datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        if match := _CHINESE.match(text):
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  the zone is added by read()
        if match := _NAMED_MONTH.match(text):
            day_text, month_name, year_text, *rest = match.groups()
            if month_name.lower() in _MONTHS:
                return _joined(year_text, _MONTHS.index(month_name.lower()) + 1, int(day_text), *rest)
        if match := _SLASHED.match(text):
            first, second_part, third, *rest = match.groups()
            year_text, month, day = self._slashed(first, second_part, third)
            return _joined(year_text, month, day, *rest)
        raise ValueError(f"{text[:40]!r} is not a time; write it like 2026-10-05 21:40:12")

    def _slashed(self, first: str, second: str, third: str) -> tuple[str, int, int]:
        if len(first) == 4:
            return first, int(second), int(third)
        one, two = int(first), int(second)
        order = self._date_order or ("dmy" if one > 12 else "mdy" if two > 12 else None)
        if order is None:
            raise ValueError(f"{first}/{second}/{third} may be two days; export again with the date as year-month-day")
        return (third, two, one) if order == "dmy" else (third, one, two)


def _joined(year: str, month: int, day: int, hour: str, minute: str, second: str | None, half: str | None) -> datetime:
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return datetime(full_year, month, day, hours, int(minute), int(second or 0))  # noqa: DTZ001  zone: read()


class DayClock:
    """Turns the times of day of a log into wall clock times: going back by more than two hours means a new day.

    Two hours, since clocks are put back and lines of several servers arrive out of order. Some bots write twelve
    hours without am and pm: where no hour above 12 has been seen and the hands of the clock go on by minutes
    (12:59 to 01:00, 11:59 to 00:00), the other half of the day begins, not a new day.
    """

    def __init__(self, day: date) -> None:
        self.day = day
        self._last = timedelta(0)
        self._afternoon = False
        self._twelve_hours = True

    def moment(self, hour: int, minute: int, second: int = 0) -> datetime:
        """The wall clock time of the next line."""
        if hour > 12:
            self._twelve_hours = self._afternoon = False
        time = self._time(hour, minute, second)
        if time < self._last - timedelta(hours=2):
            if self._twelve_hours and (time - self._last) % _HALF_DAY <= _HANDS_GO_ON:
                self._turn()
            else:
                self.new_day(self.day + timedelta(days=1))
            time = self._time(hour, minute, second)
        self._last = max(self._last, time)
        return datetime.combine(self.day, datetime.min.time()) + time

    def _time(self, hour: int, minute: int, second: int) -> timedelta:
        return timedelta(hours=hour % 12 + 12 if self._afternoon else hour, minutes=minute, seconds=second)

    def _turn(self) -> None:
        """The other half of the day begins on a clock of twelve hours."""
        if self._afternoon:
            self.new_day(self.day + timedelta(days=1))
        else:
            self._afternoon = True

    def new_day(self, day: date) -> None:
        """A day begins; the log says so itself, or its times do."""
        self.day = day
        self._last = timedelta(0)
        self._afternoon = False


_HALF_DAY = timedelta(hours=12)
_HANDS_GO_ON = timedelta(minutes=15)
_SLASHED_DAY = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](?:\d{4}|\d{2})(?!\d)")


def date_order_of(text: str) -> str | None:
    """Whether dates such as 25/10/2026 in a text begin with the day ("dmy") or the month ("mdy"); None if not seen."""
    for first, second in _SLASHED_DAY.findall(text):
        if int(first) > 12:
            return "dmy"
        if int(second) > 12:
            return "mdy"
    return None


def epoch(seconds: float) -> datetime:
    """UTC time of Unix seconds; ValueError where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds} is not a Unix time") from error
