"""The parts that the readers are made of: times, JSON arrays, CSV rows, texts, ids."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.memory.sources.chats.clock import Clock, DayClock
from lianyi.memory.sources.chats.csv_rows import CsvRows
from lianyi.memory.sources.chats.json_elements import Broken, Element, elements
from lianyi.memory.sources.chats.room import REMEMBERED, Room, RowIds, tidy
from lianyi.memory.sources.chats.texts import clean, stem
from lianyi.memory.sources.source import Options, Reject

FIRST = datetime(2000, 1, 1)  # noqa: DTZ001  a wall clock time


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05 21:40:12", "2026-10-05T21:40:12", "2026-10-05T13:40:12Z", "2026-10-05T13:40:12.000000000Z",
        "2026-10-05 13:40:12 UTC", "2026-10-05T21:40:12+08:00", "2026/10/5 21:40:12", "2026.10.05 21:40:12",
        "2026年10月5日 21:40:12", "05-Oct-26 09:40:12 PM", "13/10/2026 21:40:12",
    ],
)  # fmt: skip
def test_forms_of_times(text: str) -> None:
    day = 13 if text.startswith("13") else 5
    assert Clock("Asia/Shanghai").read(text) == datetime(2026, 10, day, 13, 40, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-05 10:00", "2026-02-30 10:00:00", "05/06/2026 10:00", "99:99", "2026年13月40日 1:1"],
)
def test_what_is_no_time_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Clock("Asia/Shanghai").read(text)


def test_the_hour_that_comes_twice_is_told_apart_by_order() -> None:
    clock = Clock("Europe/Berlin")
    read = [clock.read(f"2026-10-25 {time}") for time in ("01:59", "02:10", "02:50", "02:05", "02:40", "03:00")]
    assert read == sorted(read)
    assert [moment.hour for moment in read] == [23, 0, 0, 1, 1, 2]


def test_a_time_that_the_clocks_skipped_is_still_read() -> None:
    assert Clock("Europe/Berlin").read("2026-03-29 02:30:00") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(st.datetimes(FIRST, FIRST.replace(year=2030)), st.sampled_from(["Asia/Shanghai", "America/New_York"]))
def test_a_single_local_time_agrees_with_the_zone_database(moment: datetime, zone: str) -> None:
    assert Clock(zone).local(moment) == moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_a_new_day_begins_when_the_time_goes_back_by_hours() -> None:
    day = DayClock(date(2026, 10, 5))
    times = [(10, 0), (9, 59), (23, 59), (0, 0), (0, 5), (23, 0), (20, 0)]
    assert [day.moment(*time).day for time in times] == [5, 5, 5, 6, 6, 6, 7]


def test_a_clock_of_twelve_hours_goes_round_twice_a_day() -> None:
    day = DayClock(date(2026, 10, 5))
    times = [(11, 58), (12, 59), (1, 0), (11, 59), (0, 1), (12, 59), (1, 0)]
    assert [(moment.day, moment.hour) for moment in (day.moment(*time) for time in times)] == [
        (5, 11), (5, 12), (5, 13), (5, 23), (6, 0), (6, 12), (6, 13),
    ]  # fmt: skip


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=6)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=8), st.integers(1, 40), st.sampled_from([None, 1]))
@settings(max_examples=150, deadline=None)
def test_elements_are_those_of_the_json_module(values: list[Any], chunk: int, indent: int | None) -> None:
    whole = json.dumps(
        {"name": "x", "other": [1, {"messages": 2}], "messages": values}, indent=indent, ensure_ascii=False
    )
    found = list(elements(io.BytesIO(whole.encode("utf-8", "surrogatepass")), array="messages", chunk=chunk))
    broken = [element for element in found if isinstance(element, Broken)]
    assert broken == []
    assert [element.value for element in found if isinstance(element, Element)] == json.loads(whole)["messages"]


@given(st.lists(st.integers(0, 99).map(lambda number: {"id": number}), min_size=1, max_size=6), st.data())
@settings(max_examples=100, deadline=None)
def test_a_cut_array_gives_the_whole_elements_and_one_final_complaint(values: list[Any], data: st.DataObject) -> None:
    text = json.dumps({"messages": values})
    end = data.draw(st.integers(0, len(text) - 1))
    found = list(elements(io.BytesIO(text[:end].encode()), array="messages", chunk=7))
    *good, last = found
    assert isinstance(last, Broken)
    assert last.final
    assert [element.value for element in good if isinstance(element, Element)] == values[: len(good)]


def test_broken_elements_cost_only_themselves() -> None:
    text = '{"messages": [{"a": 1}, {"a": nope, "b": [1, {"c": "]}"}]}, {"a": 2}, {"a" 3}, {"a": 4}]}'
    found = list(elements(io.BytesIO(text.encode()), array="messages"))
    assert [element.value["a"] for element in found if isinstance(element, Element)] == [1, 2, 4]
    assert [(element.number, element.final) for element in found if isinstance(element, Broken)] == [
        (2, False),
        (4, False),
    ]


def test_places_are_lines_of_the_file() -> None:
    text = json.dumps({"name": "x", "messages": [{"a": 1}, {"a": 2}]}, indent=2)
    lines = [element.line for element in elements(io.BytesIO(text.encode()), array="messages", chunk=3)]
    assert lines == [4, 7]


@pytest.mark.parametrize(
    "text", ["", "   ", "5", "x", "[" * 100_000, '{"messages": ' + "[" * 100_000, '{"a"', '{"a": 1} x']
)
def test_no_json_ends_in_a_complaint(text: str) -> None:
    *_, last = elements(io.BytesIO(text.encode()), array="messages")
    assert isinstance(last, Broken)


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """300 MB of messages that never exist at once."""

        def __init__(self) -> None:
            self.left = 3_000
            self.block = (json.dumps({"id": 1, "text": "x" * 1000}) + ",").encode() * 100
            self.begun = False

        def read(self, size: int = -1) -> bytes:
            if not self.begun:
                self.begun = True
                return b'{"messages": ['
            self.left -= 1
            return self.block if self.left > 0 else b"{}]}" if self.left == 0 else b""

    tracemalloc.start()
    count = sum(1 for _ in elements(Endless(), array="messages"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2_999 * 100 + 1
    assert peak < 30 << 20


def _rows(text: str) -> list[tuple[int, list[str]] | Reject]:
    return list(CsvRows(io.StringIO(text, newline="")))


def test_rows_know_the_line_where_they_begin() -> None:
    assert _rows('a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n') == [(1, ["a", "b"]), (2, ["1", "x\r\ny"]), (5, ["2", "z"])]


def test_a_damaged_row_costs_only_itself() -> None:
    rows = _rows('a,b\n1,"x" y\n2,z\n3\n4,w,extra\n5,v\n')
    assert [row for row in rows if not isinstance(row, Reject)] == [(1, ["a", "b"]), (3, ["2", "z"]), (6, ["5", "v"])]
    assert [row.line for row in rows if isinstance(row, Reject)] == [2, 4, 5]


def test_a_quote_that_never_closes_costs_only_its_line() -> None:
    rows = _rows('a,b\n1,"open\n2,z\n3,y\n')
    assert [row for row in rows if not isinstance(row, Reject)] == [(1, ["a", "b"]), (3, ["2", "z"]), (4, ["3", "y"])]
    assert [(row.line, "quotes" in row.reason) for row in rows if isinstance(row, Reject)] == [(2, True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"), ("a\x00b", "ab"), ("\ud83d\ude00", "😀"), ("cut \ud83d", "cut \ufffd"),
        ("b\ufdd0d", "b\ufffdd"), ("你好\x00", "你好"),
    ],
)  # fmt: skip
def test_texts_hold_only_what_the_log_can_hold(text: str, expected: str) -> None:
    assert clean(text) == expected
    expected.encode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("产品群 (1).csv", "产品群"),
        ("产品群（2）.txt", "产品群"),
        ("a/b/群.json", "群"),
        ("noending", "noending"),
        ("(1).csv", "(1).csv"),
    ],
)
def test_names_of_files(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_equal_rows_get_numbers_and_memory_stays_bounded() -> None:
    ids = RowIds()
    first = ids.next("a", "b")
    assert (ids.next("a", "b"), ids.next("a", "b")) == (first + "#2", first + "#3")
    assert ids.next("ab", "") != first
    for number in range(REMEMBERED + 10):
        ids.next(str(number))
    assert len(ids._counts) == REMEMBERED


def test_names_in_keys_are_one_line_of_bounded_length() -> None:
    assert tidy("  老\n王 \t x ") == "老 王 x"
    assert len(tidy("x" * 1000)) == 200


def test_names_become_known_once_a_month_and_at_a_change() -> None:
    options = Options(received_at=datetime(2027, 1, 1, tzinfo=UTC))
    room = Room(options=options, format="irc", platform="irc", id="r")
    person = room.called("Ann")
    days = [(1, 1), (1, 20), (2, 1), (2, 2)]
    seen = [len(room.seen(datetime(2026, month, day, tzinfo=UTC), person)) for month, day in days]
    assert seen == [1, 0, 1, 0]


def test_memory_of_a_text_without_line_ends(tmp_path: Path) -> None:
    from tests.memory.sources.chats.chat_files import read

    chat = read(tmp_path, "wechat_text", b"x" * (9 << 20), "a.txt")
    assert chat.events == []
    assert len(chat.rejects) == 3
