"""Every figure of profiles equals that of an independent calculation, for any log; order and files do not matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.memory.events import Event
from lianyi.settings import Settings
from tests.insight.log import AS_OF, build
from tests.insight.people.oracle import Oracle, comparable

KEYS = {"user:1": "pa", "anon:1": "pa", "user:2": "pb", "email:c@x.cn": "pc", "phone:8613": "pd"}
ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
KINDS = ("order", "refund", "view", "cart", "message", "join", "leave", "identify", "invite", "sent", "custom_kind")
PLAIN = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Half an hour apart, so that equal times, equal days and borders of days are frequent.
times = st.integers(-3, 60 * 48).map(lambda half: AS_OF - timedelta(minutes=30 * half))
amounts = st.integers(0, 30_000).map(lambda tenth: Decimal(tenth) / 10_000 * 37)


@st.composite
def events(draw: Callable[..., Any], number: int = 0) -> Event:
    kind = draw(st.sampled_from(KINDS))
    value = draw(amounts).quantize(Decimal("0.0001")) if kind in {"order", "refund"} else None
    refunded = draw(st.sampled_from(("o1", "o1/1", "o1/2", "o2", None))) if kind == "refund" else None
    return Event(
        id=f"{refunded}/refund/{number}" if refunded else f"e{number}",
        at=draw(times),
        kind=kind,
        source=draw(st.sampled_from(("shop", "web"))),
        actor_key=draw(st.sampled_from((*KEYS, None))),
        target_key=draw(st.sampled_from((*KEYS, None, None))),
        group_key=draw(st.sampled_from(("group:a", "group:b", None))),
        object_key=draw(st.sampled_from(("item:1", "item:2", None))),
        parent_id=draw(st.sampled_from(("o1", "o2", "o3", "o4", None))),
        channel=draw(st.sampled_from(("web", "wechat", None))),
        category=draw(st.sampled_from(("母婴", "食品", "a > b", None))),
        value=value,
        currency=draw(st.sampled_from(("CNY", "CNY", "USD"))) if value is not None else None,
        props=_props(draw, kind),
    )


def _props(draw: Callable[..., Any], kind: str) -> Any:
    if kind == "refund":
        return draw(st.sampled_from(({"cumulative": True}, {"cumulative": False}, None)))
    if kind == "identify":
        values = st.sampled_from(("甲", "乙", '"q\\'))
        return draw(st.dictionaries(st.sampled_from(("name", "city", "x y")), values, min_size=1))
    return None


@st.composite
def logs(draw: Callable[..., Any]) -> list[Event]:
    return [draw(events(number)) for number in range(draw(st.integers(1, 40)))]


def profiles(log: list[Event], zone: str) -> dict[str, dict[str, Any]]:
    rows = build(log, KEYS, ["profiles"], settings=Settings(timezone=zone, memory_mb=512), parameters={})["profiles"]
    return {row["person_id"]: row for row in rows}


@PLAIN
@given(logs(), st.sampled_from(ZONES))
def test_profiles_equal_an_independent_calculation(log: list[Event], zone: str) -> None:
    truth = Oracle(log, KEYS, as_of=AS_OF, zone=zone, currency="CNY").profiles()
    made = {person: comparable(row) for person, row in profiles(log, zone).items()}
    assert made.keys() == truth.keys()
    for person, row in truth.items():
        assert {name: made[person][name] for name in row} == row, person


@settings(PLAIN, max_examples=5)
@given(logs(), st.integers(0, 1000))
def test_the_order_of_the_log_does_not_matter(log: list[Event], seed: int) -> None:
    shuffled = Random(seed).sample(log, len(log))
    assert profiles(shuffled, "Asia/Shanghai") == profiles(log, "Asia/Shanghai")
