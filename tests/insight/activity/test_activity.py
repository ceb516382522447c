"""Days and stock: inflow − evaporation = stock, on every day, and stock is who was active within 30 days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.activity.stock import STOCK_DAYS
from lianyi.memory.events import PASSIVE_KINDS, Event, money
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Log, Row, build

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = AS_OF.astimezone(SHANGHAI).date()
KEYS = {"user:1": "pa", "anon:1": "pa", "user:2": "pb", "user:3": "pc"}


# Days that lie on both sides of the borders of stock.
days = st.builds(lambda month, day: 30 * month + day, st.integers(0, 4), st.sampled_from((-1, 0, 0, 1, 7)))


@st.composite
def logs(draw: Callable[..., Any]) -> list[Event]:
    def one(number: int) -> Event:
        kind = draw(st.sampled_from(("view", "view", "message", "order", "refund", "identify")))
        paid = kind in {"order", "refund"}
        return Event(
            id=f"e{number}",
            at=AS_OF - timedelta(days=draw(days), hours=draw(st.sampled_from((0, 12, 13)))),
            kind=kind,
            source=draw(st.sampled_from(("a", "b"))),
            actor_key=draw(st.sampled_from((*KEYS, None))),
            channel=draw(st.sampled_from(("web", None))),
            parent_id=draw(st.sampled_from(("o1", "o2", None))) if paid else None,
            value=money(draw(st.integers(0, 500))) if paid else None,
            currency=draw(st.sampled_from(("CNY", "USD"))) if paid else None,
        )

    return [one(number) for number in range(draw(st.integers(1, 15)))]


def tables(log: list[Event]) -> dict[str, list[Row]]:
    return build(log, KEYS, ["daily", "days", "stock"], settings=Settings(memory_mb=512), parameters={})


def day_of(event: Event) -> date:
    return event.at.astimezone(SHANGHAI).date()


def active_days(log: list[Event]) -> dict[str, set[date]]:
    """person -> days on which they showed life."""
    found: dict[str, set[date]] = {}
    for event in log:
        if event.actor_key and event.at <= AS_OF and event.kind not in PASSIVE_KINDS:
            found.setdefault(KEYS[event.actor_key], set()).add(day_of(event))
    return found


@settings(max_examples=20, deadline=None)
@given(logs())
def test_stock_is_who_was_active_within_thirty_days_and_flows_add_up(log: list[Event]) -> None:
    made = tables(log)
    active = active_days(log)
    before = 0
    for row in made["days"]:
        window = {row["day"] - timedelta(days=back) for back in range(STOCK_DAYS)}
        assert row["stock"] == sum(bool(days & window) for days in active.values())
        assert row["stock"] == before + row["inflow"] - row["evaporation"]
        assert row["inflow"] == row["newcomers"] + row["returners"]
        assert row["active"] == sum(row["day"] in days for days in active.values())
        assert row["newcomers"] == sum(min(days) == row["day"] for days in active.values())
        before = row["stock"]
    weeks = made["stock"]
    stock = 0
    for row in weeks:
        stock += row["inflow"] - row["evaporation"]
        assert (row["stock"], row["week"].isoweekday()) == (stock, 1)
        assert row["complete"] == (row["week"] + timedelta(days=6) <= TODAY)
    assert stock == (made["days"][-1]["stock"] if made["days"] else 0)


@settings(max_examples=20, deadline=None)
@given(logs())
def test_daily_counts_events_and_people(log: list[Event]) -> None:
    events: Counter[tuple[Any, ...]] = Counter()
    people: dict[tuple[Any, ...], set[str]] = {}
    for event in log:
        if event.at <= AS_OF:
            number = (day_of(event), event.kind, event.source, event.channel)
            events[number] += 1
            people.setdefault(number, set()).update({KEYS[event.actor_key]} if event.actor_key else set())
    rows = {(row["day"], row["kind"], row["source"], row["channel"]): row for row in tables(log)["daily"]}
    assert {number: (row["events"], row["people"]) for number, row in rows.items()} == {
        number: (count, len(people[number])) for number, count in events.items()
    }


@settings(max_examples=20, deadline=None)
@given(logs())
def test_days_are_complete_and_hold_every_event_and_every_cent(log: list[Event]) -> None:
    seen = [event for event in log if event.at <= AS_OF]
    days = tables(log)["days"]
    assert [row["day"] for row in days] == [
        min(map(day_of, seen)) + timedelta(days=number) for number in range((TODAY - min(map(day_of, seen))).days + 1)
    ] if seen else not days  # fmt: skip
    assert sum(row["events"] for row in days) == len(seen)
    paid = [event for event in seen if event.kind == "order"]
    assert sum(row["gross_sales"] for row in days) == sum(
        (e.value or Decimal(0) for e in paid if e.currency == "CNY"), Decimal(0)
    )
    assert sum(row["orders"] for row in days) == len({event.parent_id or event.id for event in paid})
    assert all(row["net_sales"] == row["gross_sales"] - row["refunds"] for row in days)


def test_evaporation_is_on_the_first_day_out() -> None:
    log = Log()
    log.add("view", when="2026-04-01 23:59")
    days = {row["day"]: row for row in log.build("days")["days"]}
    assert (days[date(2026, 4, 30)]["stock"], days[date(2026, 5, 1)]["stock"]) == (1, 0)
    assert days[date(2026, 5, 1)]["evaporation"] == 1


def test_coming_back_after_thirty_days_is_no_return_but_after_thirty_one_it_is() -> None:
    log = Log()
    for who, gap in (("user:1", STOCK_DAYS), ("user:2", STOCK_DAYS + 1)):
        log.add("view", who, when="2026-04-01 12:00")
        log.add("view", who, when=f"{date(2026, 4, 1) + timedelta(days=gap)} 12:00")
    days = log.build("days")["days"]
    assert sum(row["returners"] for row in days) == 1
    assert {row["stock"] for row in days if row["day"] < date(2026, 5, 1)} == {2}
