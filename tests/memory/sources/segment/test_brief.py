"""Brief calls say exactly what the long way says, or leave the call to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lianyi.memory.events import Event, rows_to_arrow, to_arrow
from lianyi.memory.sources.segment.brief import Brief, briefs_in, briefs_of
from lianyi.memory.sources.segment.calls import NOTHING, BadCall, Batch, may_hold_nul, read_call
from lianyi.memory.sources.segment.remembering import Remembered
from lianyi.memory.sources.segment.saying import Sender, events_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SENDER = Sender(source="shop", currency="CNY")
PLAIN: dict[str, Any] = {
    "type": "track", "event": "Product Viewed", "messageId": "m1", "userId": "u1", "timestamp": "2026-05-01T11:00:00Z",
    "properties": {"product_id": "p1", "name": "Tea", "zone": "Z", "price": 12.5, "category": "Tea > Oolong"},
    "context": {"library": {"name": "lianyi.js"}, "locale": "zh-CN", "page": {"url": "https://a.example/?utm_source=x"}},
}  # fmt: skip


def brief(call: dict[str, Any], *, sent_at: datetime | None = None) -> Brief | None:
    """What the call says as one of a batch read in one go; the same as read one by one."""
    raw = json.dumps(call).encode()
    sent = b"" if sent_at is None else b'"sentAt":' + json.dumps(sent_at.isoformat()).encode() + b","
    whole = briefs_in(b"{" + sent + b'"batch":[' + raw + b"]}", SENDER, NOW)
    (alone,) = briefs_of(Batch([msgspec.Raw(raw)], sent_at, NOTHING), SENDER, NOW)
    assert whole == [alone] or (whole is None and alone is None)
    return alone


def long(call: dict[str, Any], *, sent_at: datetime | None = None) -> list[Event]:
    read = read_call(json.dumps(call).encode())
    return events_of(read, sender=SENDER, received_at=NOW, sent_at=sent_at, digest_of=None)


def assert_same(call: dict[str, Any], *, sent_at: datetime | None = None) -> None:
    found = brief(call, sent_at=sent_at)
    if found is not None:
        row, links = found
        rows = [row, *(msgspec.structs.astuple(link) for link in links)]
        expected = to_arrow(long(call, sent_at=sent_at), received_at=NOW)
        assert rows_to_arrow(rows, received_at=NOW).to_pylist() == expected.to_pylist()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"event": "Something of Our Own"},
        {"event": "view"},
        {"event": "Products Searched", "properties": {"query": "乌龙茶"}},
        {"event": "Product List Viewed", "properties": {"list_id": "spring"}},
        {"properties": None},
        {"properties": {}},
        {"properties": {"product_id": 17, "colours": ["red", {"a": [1, None, True]}], "context_free": 1, "b": "b"}},
        {"context": None},
        {"context": {}},
        {"context": {"campaign": {"name": "spring", "medium": "email"}}},
        {"userId": None, "anonymousId": "a1"},
        {"userId": 17},
        {"anonymousId": "a1"},
        {"userId": "Ann@Example.org", "anonymousId": "a1"},
        {"integrations": {"All": True}, "version": "2", "channel": "browser", "receivedAt": "2026-05-01T11:00:00Z"},
        {"timestamp": None},
        {"timestamp": "2026-05-01T19:00:00+08:00"},
        {"sentAt": "2026-05-01T11:30:00Z"},
        {"originalTimestamp": "2026-05-01T11:00:00Z", "sentAt": "2026-05-01T11:30:00Z"},
    ],
)
def test_what_shops_send_all_day_is_brief(change: dict[str, Any]) -> None:
    call = {**PLAIN, **change}
    assert brief(call) is not None
    assert_same(call)
    assert_same(call, sent_at=NOW - timedelta(days=2))


@pytest.mark.parametrize(
    "change",
    [
        {"event": "Order Completed", "properties": {"order_id": "o1", "total": 5}},
        {"event": "Checkout Started", "properties": {"value": 5}},
        {"event": "Product Shared", "properties": {"recipient": "ann@example.org"}},
        {"event": "Email Opened"},
        {"event": "  "},
        {"event": None},
        {"type": "identify"},
        {"type": "nonsense"},
        {"type": None},
        {"messageId": None},
        {"messageId": "x" * 300},
        {"userId": None},
        {"userId": "null"},
        {"userId": "x" * 600},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-05-01T11:00:00"},
        {"timestamp": "2030-05-01T11:00:00Z"},
        {"properties": [1]},
        {"properties": {"product_id": {"a": 1}}},
        {"properties": {"context": 1}},
        {"properties": {"event": 1}},
        {"properties": {"a": "x" * 2000}},
        {"properties": {"a": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}},
        {"integrations": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]},
        {"context": {"device": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}},
        {"context": {"page": 1}},
        {"nobody knows": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]},
    ],
)
def test_what_is_rare_or_wrong_goes_the_long_way(change: dict[str, Any]) -> None:
    assert brief({**PLAIN, **change}) is None


def test_a_call_without_a_type_goes_the_long_way() -> None:
    assert brief({name: value for name, value in PLAIN.items() if name != "type"}) is None


def test_the_context_of_the_batch_serves_calls_that_bring_none() -> None:
    bare = {name: value for name, value in PLAIN.items() if name != "context"}
    context = msgspec.Raw(json.dumps(PLAIN["context"]).encode())
    raw = json.dumps(bare).encode()
    assert briefs_of(Batch([msgspec.Raw(raw)], None, context), SENDER, NOW) == [brief(PLAIN)]
    assert briefs_in(b'{"batch":[' + raw + b'],"context":' + bytes(context) + b"}", SENDER, NOW) == [brief(PLAIN)]


def test_one_call_that_nobody_can_read_leaves_the_others_plain() -> None:
    good, bad = json.dumps(PLAIN).encode(), b'{"type":"track","event":1}'
    assert briefs_in(b'{"batch":[' + good + b"," + bad + b"]}", SENDER, NOW) is None
    calls = [msgspec.Raw(good), msgspec.Raw(bad)]
    assert briefs_of(Batch(calls, None, NOTHING), SENDER, NOW) == [brief(PLAIN), None]


def test_what_is_remembered_is_forgotten_in_halves() -> None:
    asked: list[int] = []

    def double(number: int) -> int:
        asked.append(number)
        if number < 0:
            raise ValueError(number)
        return 2 * number

    remembered = Remembered(double, 4)
    assert [remembered[number] for number in (1, 2, 1, 3, 1, 2, 3)] == [2, 4, 2, 6, 2, 4, 6]
    assert asked == [1, 2, 3]  # 1 and 2 came back from the old half
    for number in range(4, 40):
        remembered[number]
    assert len(remembered) <= 2
    assert remembered[1] == 2
    assert asked.count(1) == 2
    for _ in range(2):
        with pytest.raises(ValueError, match="-1"):
            remembered[-1]
    assert asked.count(-1) == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["product_id", "sku", "name", "category", "query", "event", "context", "contex", "contexts", "list_id", "url", "é"]
) | st.text(max_size=6)
IDS = st.sampled_from(["u1", "Ann@Example.org", "null", "", 17, None, "1******6198", "a:b"]) | st.text(max_size=6)
TIMES = st.sampled_from(["2026-05-01T11:00:00Z", "2026-05-01T19:00:00.12+08:00", "2026-05-01", "2031-01-01T00:00:00Z"])
EVENTS = st.sampled_from(
    ["Product Viewed", "Product Added", "Cart Viewed", "Products Searched", "Promotion Viewed", "Product Reviewed",
     "Order Completed", "share", "Seen", "茶"]
)  # fmt: skip
CALLS = st.fixed_dictionaries(
    {
        "type": st.just("track"),
        "event": EVENTS | st.text(max_size=6),
        "messageId": st.text(max_size=6) | st.just("m1"),
    },
    optional={
        "userId": IDS, "anonymousId": IDS, "timestamp": TIMES, "sentAt": TIMES, "originalTimestamp": TIMES,
        "properties": st.dictionaries(NAMES, VALUES, max_size=5) | VALUES,
        "context": st.sampled_from([None, {}, PLAIN["context"], {"os": {"v": 1}}, {"campaign": {"source": "w"}}]),
        "integrations": VALUES,
        "strange": VALUES,
    },
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@example(call=PLAIN, sent=None)
@given(call=CALLS, sent=st.none() | st.sampled_from([NOW, NOW - timedelta(hours=3)]))
def test_brief_calls_say_what_the_long_way_says(call: dict[str, Any], sent: datetime | None) -> None:
    if may_hold_nul(json.dumps(call).encode()):
        return  # such batches go the long way as a whole
    try:
        long(call, sent_at=sent)
    except BadCall:
        assert brief(call, sent_at=sent) is None
    else:
        assert_same(call, sent_at=sent)
