"""Bursts in streams of messages: the last 15 and 60 minutes against what the hour, weekday and stream let expect.

The count of a window is held to a negative binomial whose mean is the stream's daily rate (28 days before, drawn to the
mean of all streams) times the share of the hour and the weekday, and whose dispersion is that of hourly counts of all
streams. An alarm is a window whose chance is below FALSE_A_DAY / (windows looked at in a day): so many false alarms a
day the model expects over all streams together. Scan statistics: Kulldorff 1997; counts that scatter: Noufaily et al.
2013 (Statistics in Medicine). Rates know only the days before; hours, weekdays and scatter are those of the whole time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Longs

WINDOWS = (15, 60)  # minutes
BASE_DAYS, FALSE_A_DAY = 28, 0.1
LEAST, LEAST_PEOPLE, QUIET = 8, 4, 60
HOUR, DAY = 60, 1_440
MOST_SCATTER = 20.0


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Messages of one room, or on one topic. minute: local minutes since 1970, rising. person: a number per speaker."""

    name: str
    minute: Longs
    person: Longs


@dataclass(frozen=True, kw_only=True)
class Burst:
    """began, found, ended: local minutes: the beginning of the window that raised the alarm, the alarm, and the last
    message before an hour below it. messages, people: from began to ended. expected: messages that this time lets
    expect. chance: the smallest one of a window in it."""

    name: str
    began: int
    found: int
    ended: int
    messages: int
    people: int
    expected: float
    chance: float
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Habits:
    """hours: share of a day in each hour; weekdays: factor of each (Monday first); rate: messages of a stream on a
    day; scatter: variance = mean + scatter × mean²; level: the chance below which a window raises an alarm."""

    hours: Doubles
    weekdays: Doubles
    rate: float
    scatter: float
    level: float


def habits(streams: Sequence[Stream], first_day: int, today: int) -> Habits:
    """What all streams together let expect."""
    minutes = np.concatenate([np.zeros(0, dtype=np.int64), *(stream.minute for stream in streams)])
    days = max(1, today - first_day + 1)
    hour = np.bincount(minutes % DAY // HOUR, minlength=24)[:24].astype(np.float64)
    smooth = (np.roll(hour, 1) + 2 * hour + np.roll(hour, -1)) / 4 + 0.01 * max(1.0, hour.mean())
    week = np.bincount((minutes // DAY + 3) % 7, minlength=7).astype(np.float64) + 1.0
    rate = max(len(minutes), 1) / days / max(len(streams), 1)
    made = Habits(hours=smooth / smooth.sum(), weekdays=week / week.mean(), rate=rate, scatter=0.0,
                  level=FALSE_A_DAY / max(1.0, len(minutes) / days * len(WINDOWS)))  # fmt: skip
    return Habits(**{**made.__dict__, "scatter": _scatter(streams, made, first_day, today)})


def _scatter(streams: Sequence[Stream], usual: Habits, first_day: int, today: int) -> float:
    """Dispersion of hourly counts about their expectation, by moments; the wildest hour in a thousand left out."""
    hours = np.arange(first_day * 24, (today + 1) * 24)
    share = usual.hours[hours % 24] * usual.weekdays[(hours // 24 + 3) % 7]
    above, squares = [], []
    for stream in streams:
        count = np.bincount(stream.minute // HOUR - hours[0], minlength=len(hours))[: len(hours)]
        mean = share * (len(stream.minute) / (share.sum() or 1.0))
        above.append((count - mean) ** 2 - mean)
        squares.append(mean**2)
    if not above:
        return 0.0
    every, ground = np.concatenate(above), np.concatenate(squares)
    kept = every <= np.quantile(every, 0.999)
    return float(np.clip(every[kept].sum() / max(ground[kept].sum(), 1e-9), 0.0, MOST_SCATTER))


def expected(stream: Stream, usual: Habits, first_day: int, window: int) -> Doubles:
    """Messages that the window ending at each message of the stream lets expect."""
    day = stream.minute // DAY
    before = np.searchsorted(day, day - BASE_DAYS, side="left")
    until = np.searchsorted(day, day, side="left")
    known = np.minimum(day - first_day, BASE_DAYS)
    rate = (until - before + 1.0) / (known + 1.0 / usual.rate)
    start = stream.minute - window + 1
    share = np.maximum(usual.hours[stream.minute % DAY // HOUR], usual.hours[start % DAY // HOUR])
    made: Doubles = rate * share * usual.weekdays[(day + 3) % 7] * window / HOUR
    return made


def scan(stream: Stream, usual: Habits, first_day: int) -> list[Burst]:
    """Bursts of one stream in order of time."""
    place = np.arange(len(stream.minute))
    begins, chances = [], []
    for window in WINDOWS:
        begin = np.searchsorted(stream.minute, stream.minute - window, side="right")
        begins.append(begin)
        chances.append(_tail(place - begin + 1, expected(stream, usual, first_day, window), usual.scatter))
    best = np.argmin(chances, axis=0)
    chance = np.min(chances, axis=0)
    begin = np.choose(best, begins)
    found: list[Burst] = []
    for at in np.flatnonzero((chance < usual.level) & (place - begin + 1 >= LEAST)).tolist():
        inside = found and stream.minute[at] - found[-1].ended <= QUIET
        since = found[-1].first if inside else int(begin[at])
        people = len(np.unique(stream.person[since : at + 1]))
        if inside or people >= LEAST_PEOPLE:
            alarm = found.pop() if inside else None
            found.append(_burst(stream, usual, first_day, since, at, alarm, float(chance[at]), people))
    return found


def _burst(
    stream: Stream, usual: Habits, first_day: int, since: int, at: int, known: Burst | None, chance: float, people: int
) -> Burst:
    began, ended = int(stream.minute[since]), int(stream.minute[at])
    hourly = float(expected(stream, usual, first_day, HOUR)[since])
    return Burst(
        name=stream.name, began=began, found=known.found if known else ended, ended=ended, messages=at - since + 1,
        people=people, expected=hourly * max(1.0, (ended - began) / HOUR),
        chance=min(chance, known.chance) if known else chance, first=since, last=at,
    )  # fmt: skip


def _tail(count: Longs, mean: Doubles, scatter: float) -> Doubles:
    """The chance of so many messages or more."""
    from scipy import stats

    enough = count >= LEAST  # most windows need no look: the tail is what takes time
    chance = np.ones(len(count))
    if enough.any():
        k, m = count[enough], mean[enough]
        if scatter < 1e-6:
            chance[enough] = stats.poisson.sf(k - 1, m)
        else:
            chance[enough] = stats.nbinom.sf(k - 1, 1 / scatter, 1 / (1 + scatter * m))
    return chance
