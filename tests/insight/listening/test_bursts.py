"""Bursts: found where they were planted, not where a room merely wakes up; what a row of the table says."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from lianyi.insight.listening.scanning import DAY, HOUR, QUIET, Habits, Stream, expected, habits, scan
from tests.insight.log import AS_OF, Log

DAYS, ROOMS = 60, 12


def day_and_night(seed: int, rooms: int = ROOMS) -> list[Stream]:
    """Rooms that talk by day and sleep by night, a Poisson process without any burst."""
    dice = np.random.default_rng(seed)
    made = []
    for room in range(rooms):
        hours = np.arange(DAYS * 24)
        share = np.where((hours % 24 >= 8) & (hours % 24 < 22), 1.0, 0.05)
        count = dice.poisson(share * dice.uniform(0.5, 4))
        minute = np.repeat(hours * HOUR, count) + dice.integers(0, HOUR, count.sum())
        made.append(Stream(name=f"r{room}", minute=np.sort(minute), person=dice.integers(0, 30, len(minute))))
    return made


def planted(stream: Stream, minute: int, messages: int, people: int) -> Stream:
    more = minute + np.arange(messages)
    who = np.arange(messages) % people + 1_000
    order = np.argsort(np.concatenate([stream.minute, more]), kind="stable")
    return Stream(name=stream.name, minute=np.concatenate([stream.minute, more])[order],
                  person=np.concatenate([stream.person, who])[order])  # fmt: skip


def found(streams: list[Stream]) -> list[tuple[str, int, int]]:
    usual = habits(streams, 0, DAYS - 1)
    return [(one.name, one.began, one.found) for stream in streams for one in scan(stream, usual, 0)]


def test_a_planted_burst_is_found_within_the_hour_and_waking_up_is_none() -> None:
    streams = day_and_night(1)
    began = 50 * DAY + 15 * HOUR
    alarms = found([planted(streams[0], began, 60, 20), *streams[1:]])
    mine = [alarm for alarm in alarms if alarm[0] == "r0" and began <= alarm[2] < began + HOUR]
    assert len(mine) == 1
    assert len(alarms) - len(mine) <= DAYS * 0.2  # the model promises one in ten days over all rooms


def test_one_person_who_talks_much_is_no_burst() -> None:
    streams = day_and_night(2)
    began = 50 * DAY + 3 * HOUR
    alarms = found([planted(streams[0], began, 40, 1), *streams[1:]])
    assert not [alarm for alarm in alarms if alarm[0] == "r0" and began <= alarm[2] < began + HOUR]


def test_what_is_said_later_does_not_change_when_a_burst_was_found() -> None:
    streams = day_and_night(3)
    streams[0] = planted(streams[0], 40 * DAY + 12 * HOUR, 60, 20)
    usual = habits(streams, 0, DAYS - 1)
    whole = scan(streams[0], usual, 0)
    until = 45 * DAY
    cut = Stream(name="r0", minute=streams[0].minute[streams[0].minute < until],
                 person=streams[0].person[streams[0].minute < until])  # fmt: skip
    assert scan(cut, usual, 0) == [burst for burst in whole if burst.ended < until]


def test_the_expectation_of_a_window_is_rate_times_hour_times_weekday() -> None:
    usual = Habits(hours=np.full(24, 1 / 24), weekdays=np.ones(7), rate=24.0, scatter=0.0, level=1e-6)
    minute = np.arange(0, 40 * DAY, HOUR)
    stream = Stream(name="even", minute=minute, person=np.zeros(len(minute), dtype=np.int64))
    assert expected(stream, usual, 0, HOUR)[-1] == pytest.approx(1.0, rel=0.01)
    assert scan(stream, usual, 0) == []
    assert habits([], 0, 10).scatter == 0.0


def test_a_burst_as_a_row_with_its_words_and_hours() -> None:
    log = Log()
    room = "group:wecom/茶友群"
    for day in range(40):
        for number in range(3):
            log.add("message", f"user:{number}", AS_OF - timedelta(days=day + 1, hours=number), group_key=room,
                    text="今天喝茶")  # fmt: skip
    began = AS_OF - timedelta(minutes=30)
    for number in range(25):
        log.add(
            "message", f"user:{number}", began + timedelta(minutes=number), group_key=room, text="白茶新国标出来了吗"
        )
    rows = [row for row in log.build("bursts")["bursts"] if row["kind"] == "group"]
    (row,) = rows
    assert (row["topic"], row["running"]) == (room, True)
    assert timedelta() <= row["found_at"] - began < timedelta(minutes=QUIET)
    assert row["people"] >= 20
    assert any("新国标" in word for word in row["words"])
    assert sum(json.loads(row["hours"])) >= row["messages"] > row["expected"]
