"""Laws of the event vocabulary: what is valid lands unchanged, what is not is named with field, value and remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadEvent
from lianyi.memory.events import (
    FIELD_NAMES,
    KINDS,
    SCHEMA,
    Event,
    _check_fields,
    _plainly_right,
    check,
    money,
    props_text,
    to_arrow,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {"id": "t:1", "at": NOW, "kind": "order", "source": "t", "actor_key": "user:1"}


def test_the_vocabulary_holds_the_words_of_the_product() -> None:
    words = (
        "identify alias view click search message reply reaction mention join leave invite share arrive follow "
        "unfollow "
        "cart order refund review check_in sent delivered opened bounced complained consent tag note cost reward"
    )
    assert set(words.split()) <= set(KINDS)
    assert all(kind.en and kind.zh for kind in KINDS.values())


def test_an_event_goes_to_arrow_and_back() -> None:
    event = Event(**GOOD, value=Decimal("12.30"), currency="CNY", text="你好", props={"b": 1, "a": [1, "二"]})
    row = to_arrow([check(event, now=NOW)], received_at=NOW).to_pylist()[0]
    assert tuple(row) == FIELD_NAMES == tuple(SCHEMA.names)
    assert row["value"] == Decimal("12.3000")
    assert row["props"] == '{"a":[1,"二"],"b":1}'
    assert row["received_at"] == NOW


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": ""}, "id: is empty"),
        ({"id": "x" * 600}, "id: has 600 characters"),
        ({"kind": "Order Placed"}, "kind: 'Order Placed'"),
        ({"kind": ""}, "kind: ''"),
        ({"at": datetime(2026, 3, 1)}, "no time zone"),  # noqa: DTZ001
        ({"at": NOW + timedelta(days=3)}, "between 1970 and tomorrow"),
        ({"at": datetime(1960, 1, 1, tzinfo=UTC)}, "between 1970 and tomorrow"),
        ({"actor_key": "13800138000"}, "has no namespace"),
        ({"target_key": ""}, "target_key: is empty"),
        ({"text": "a\x00b"}, "NUL"),
        ({"value": Decimal(3)}, "currency: is missing"),
        ({"value": Decimal("NaN"), "currency": "CNY"}, "out of range"),
        ({"value": Decimal("1e20"), "currency": "CNY"}, "out of range"),
        ({"currency": "cny"}, "ISO 4217"),
        ({"text": "x" * 200_000}, "text: has 200,000"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadEvent) as caught:
        check(Event(**{**GOOD, **change}), now=NOW)
    assert named in str(caught.value)


def test_unknown_kinds_are_kept() -> None:
    assert check(Event(**{**GOOD, "kind": "watched_live"}), now=NOW).kind == "watched_live"


def test_other_zones_are_fine() -> None:
    there = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert to_arrow([Event(**{**GOOD, "at": there})], received_at=NOW)["at"][0].as_py() == NOW


@pytest.mark.parametrize(("text", "amount"), [("12.5", "12.5"), ("0.1", "0.1"), (0.1, "0.1"), ("-3", "-3"), (7, "7")])
def test_money_is_exact(text: object, amount: str) -> None:
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["12,5元", "", "NaN", "Infinity", "1e30", None])
def test_money_refuses_what_is_none(text: object) -> None:
    with pytest.raises(BadEvent, match="value: "):
        money(text)


def test_props_have_a_limit() -> None:
    assert props_text({}) is None
    with pytest.raises(BadEvent, match="at most 100,000"):
        props_text({"x": "y" * 100_001})


KEYS = st.none() | st.sampled_from(["", "user:1", "nobody", "user:\x00", ":", "u:" + "x" * 250, "u:" + "x" * 511])
WORDS = st.none() | st.sampled_from(["", "w", "\x00", "w" * 500, "w" * 513])


@settings(max_examples=300, deadline=None)
@given(
    fields=st.fixed_dictionaries(
        {
            "id": WORDS.map(lambda word: word or ""),
            "source": WORDS.map(lambda word: word or ""),
            "kind": st.sampled_from(["view", "own_kind", "View", "", "view\x00"]),
            "actor_key": KEYS,
            "target_key": KEYS,
            "value": st.none() | st.just(Decimal(1)),
            "text": WORDS,
        }
        | dict.fromkeys(["group_key", "object_key", "parent_id", "campaign", "channel", "category"], WORDS)
    )
)
def test_what_is_right_at_a_glance_is_right_field_by_field(fields: dict[str, Any]) -> None:
    event = Event(at=NOW, **fields)
    if _plainly_right(event):
        _check_fields(event)


def test_most_events_are_right_at_a_glance() -> None:
    assert _plainly_right(Event(**GOOD, object_key="item:1", channel="web", props={"a": 1}))
