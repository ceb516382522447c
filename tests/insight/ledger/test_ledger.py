"""Every split sums to the whole, every event balances, the ledger is the log's money to the last place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import InputError
from lianyi.insight.ledger import book as books
from lianyi.insight.ledger.accounts import COSTS, GOODS, MESSAGE, ORDER, REFUND, SETTLED
from lianyi.insight.ledger.balance import sides
from lianyi.insight.ledger.book import Book, Margin, Price, Rate, Wage
from lianyi.insight.ledger.splits import DIMENSIONS
from lianyi.memory.events import Event, money
from tests.insight.ledger.books import ledger
from tests.insight.log import AS_OF, Row, at

NONE = Decimal(0)
BOOK = Book(
    rates=(
        Rate(currency="USD", rate=Decimal("7.123"), begins=date(2026, 3, 1)),
        Rate(currency="USD", rate=Decimal("7.2"), begins=date(2026, 5, 1)),
    ),
    prices=(
        Price(channel="sms", price=Decimal("0.045"), currency="CNY"),
        Price(channel="sms", account="dear", price=Decimal("0.01"), currency="USD", begins=date(2026, 4, 1)),
        Price(channel="email", price=Decimal("0.001"), currency="EUR"),
    ),
    wages=(
        Wage(member="*", per_hour=Decimal(60), currency="CNY"),
        Wage(member="olga", per_hour=Decimal(100), currency="CNY", begins=date(2026, 5, 1)),
    ),
    margins=(Margin(category="tea", share=Decimal("0.4")),),
)


def event(kind: str, when: str = "2026-05-10 12:00", *, id: str, **fields: Any) -> Event:  # noqa: A002
    if "value" in fields:
        fields = {"currency": "CNY", **fields, "value": money(fields["value"])}
    return Event(id=id, at=at(when), kind=kind, source=fields.pop("source", "shop"), **fields)


def only(rows: list[Row], **wanted: Any) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@st.composite
def logs(draw: Callable[..., Any]) -> list[Event]:
    def one(number: int) -> Event:
        kind = draw(st.sampled_from(("order", "order", "refund", "refund", "cost", "reward", "sent", "click")))
        paid = kind in {"order", "refund", "cost", "reward"} and draw(st.integers(0, 9)) > 0
        order = draw(st.sampled_from(("o1", "o2", "o3")))
        props = {
            "refund": {"cumulative": draw(st.booleans())},
            "cost": {"what": draw(st.sampled_from(("media", "labour", "messages", "gift", "flowers"))),
                     "minutes": draw(st.integers(0, 90)), "member": draw(st.sampled_from(("olga", "per")))},
            "reward": {"back": draw(st.booleans())},
            "sent": {"account": draw(st.sampled_from(("dear", "cheap"))), "journey": "welcome", "step": "hello"},
        }.get(kind)  # fmt: skip
        # statements of one line, of the whole order, and single acts
        name = draw(st.sampled_from((f"{order}/1/refund/{number}", f"{order}/refund/{number}", f"e{number}")))
        return Event(
            id=name if kind == "refund" else f"e{number}", kind=kind, source=draw(st.sampled_from(("a", "b"))),
            at=AS_OF - timedelta(days=draw(st.integers(-1, 120)), hours=draw(st.integers(0, 23))),
            actor_key=draw(st.sampled_from(("user:1", "user:2", None))) if kind != "sent" else None,
            target_key="user:1" if kind in {"sent", "reward"} else None,
            parent_id=order if kind in {"order", "refund"} else draw(st.sampled_from(("e0", "e1", None))),
            campaign=draw(st.sampled_from(("spring", None))), channel=draw(st.sampled_from(("sms", "email", "wecom"))),
            category=draw(st.sampled_from(("tea", "cup", None))),
            value=money(draw(st.decimals("0.01", "500", places=2))) if paid else None,
            currency=draw(st.sampled_from(("CNY", "USD", "EUR"))) if paid else None, props=props,
        )  # fmt: skip

    return [one(number) for number in range(draw(st.integers(1, 14)))]


@settings(max_examples=15)
@given(logs(), st.booleans())
def test_splits_sum_to_the_whole_events_balance_and_the_log_is_told_to_the_last_place(
    log: list[Event], booked: bool
) -> None:
    made = ledger(log, book=BOOK if booked else None, ask={"sides": sides()})
    entries = made["entries"]
    _splits_sum(entries, made["ledger_splits"])
    balance: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for side in made["sides"]:
        balance[side["event_id"], side["currency"]] += side["amount"] or NONE
    assert set(balance.values()) <= {NONE}
    assert {row["difference"] for row in made["ledger_checks"]} <= {NONE}
    happened = [one for one in log if one.at <= AS_OF]
    for kind, account in (("order", ORDER), ("reward", "cost.incentive")):
        said = sum(
            (-(one.value or NONE) if (one.props or {}).get("back") else one.value or NONE
             for one in happened if one.kind == kind), NONE,
        )  # fmt: skip
        rows = [row for row in entries if row["account"] == account and row["event_id"] in _ids(happened, kind)]
        assert sum((row["amount"] or NONE for row in rows), NONE) == (said if kind == "order" else -said)
        assert len(rows) == len(_ids(happened, kind)), "nothing is dropped"
    assert _ids(happened, "refund") == {row["event_id"] for row in entries if row["account"] == REFUND}
    for row in entries:
        known = row["currency"] == "CNY" or (row["currency"] == "USD" and booked and row["day"] >= date(2026, 3, 1))
        assert (row["brand_amount"] is None) == (row["amount"] is None or not known)


def _ids(log: list[Event], kind: str) -> set[str]:
    return {one.id for one in log if one.kind == kind}


def _splits_sum(entries: list[Row], splits: list[Row]) -> None:
    whole: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for dimension in DIMENSIONS:
        for row in entries:
            whole[dimension, row["account"]] += row["brand_amount"] or NONE
            counts[dimension, row["account"]][0] += 1
            counts[dimension, row["account"]][1] += row["brand_amount"] is None
    told: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    told_counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in splits:
        key = (row["dimension"], row["account"])
        told[key] += row["amount"] or NONE
        told_counts[key][0] += row["count"]
        told_counts[key][1] += row["unknown"]
    assert (told, told_counts) == (whole, counts)


def test_a_refund_after_the_months_end_stands_in_its_own_month_and_corrects_that_of_its_order() -> None:
    made = ledger([
        event("order", "2026-04-30 23:30", id="o1/1", actor_key="user:1", parent_id="o1", value=100, campaign="spring"),
        event("refund", "2026-05-02 09:00", id="r1", actor_key="user:1", parent_id="o1", value="30.10"),
        event("refund", "2026-05-03 09:00", id="r2", parent_id="lost", value=5),
    ])  # fmt: skip
    refund, lost = sorted(only(made["entries"], account=REFUND), key=lambda row: str(row["event_id"]))
    assert (refund["day"], refund["of_day"], refund["order_no"]) == (date(2026, 5, 2), date(2026, 4, 30), "o1")
    assert (refund["amount"], refund["campaign"]) == (Decimal("-30.1"), "spring")
    assert (lost["of_day"], lost["day"]) == (None, date(2026, 5, 3))
    rows = only(made["ledger_splits"], dimension="all")
    booked: dict[int, Decimal] = defaultdict(Decimal)
    corrected: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        booked[row["month"].month] += row["amount"]
        corrected[row["of_month"].month] += row["amount"]
    assert booked == {4: Decimal(100), 5: Decimal("-35.1")}
    assert corrected == {4: Decimal("69.9"), 5: Decimal(-5)}


def test_statements_of_what_was_refunded_so_far_count_once() -> None:
    so_far = {"cumulative": True}
    made = ledger([
        event("order", id="o1/1", actor_key="user:1", parent_id="o1", value=100),
        event("refund", "2026-05-12 09:00", id="o1/1/refund/20", parent_id="o1", value=20, props=so_far),
        event("refund", "2026-05-13 09:00", id="o1/1/refund/35", parent_id="o1", value=35, props=so_far),
        event("refund", "2026-05-14 09:00", id="o1/1/refund/900", parent_id="o1", value=900, props=so_far),
    ])  # fmt: skip
    assert [row["amount"] for row in only(made["entries"], account=REFUND)] == [-20, -15, -65]
    check = next(row for row in made["ledger_checks"] if row["kind"] == "refund")
    assert (check["said"], check["again"], check["booked"], check["difference"]) == (955, 855, 100, 0)


def test_messages_cost_what_the_list_says_for_account_channel_and_day_and_are_unknown_elsewhere() -> None:
    def sent(number: int, channel: str, when: str, account: str = "") -> Event:
        props = {"account": account, "journey": "welcome", "step": "hello"}
        return event("sent", when, id=f"s{number}", target_key="user:1", channel=channel, props=props)

    log = [
        sent(1, "sms", "2026-05-10 12:00"), sent(2, "sms", "2026-03-10 12:00", "dear"),
        sent(3, "sms", "2026-05-10 12:00", "dear"), sent(4, "email", "2026-05-10 12:00"),
        sent(5, "matrix", "2026-05-10 12:00"), sent(6, "wecom", "2026-05-10 12:00"),
        event("cost", id="c1", channel="wecom", value=9, props={"what": "messages"}),
        event("cost", id="c2", channel="sms", value=1, props={"what": "messages"}),
    ]  # fmt: skip
    made = {row["event_id"]: row for row in ledger(log, book=BOOK)["entries"]}
    names = ("account", "amount", "currency", "brand_amount")
    assert {name: tuple(row[part] for part in names) for name, row in made.items()} == {
        "s1": (MESSAGE, Decimal("-0.045"), "CNY", Decimal("-0.045")),
        "s2": (MESSAGE, Decimal("-0.045"), "CNY", Decimal("-0.045")),
        "s3": (MESSAGE, Decimal("-0.01"), "USD", Decimal("-0.072")),
        "s4": (MESSAGE, Decimal("-0.001"), "EUR", None),
        "s5": (MESSAGE, None, None, None),
        "c1": (MESSAGE, Decimal(-9), "CNY", Decimal(-9)),  # its six messages are in it
        "c2": (SETTLED, Decimal(-1), "CNY", Decimal(-1)),
    }  # fmt: skip
    assert (made["s1"]["journey"], made["s1"]["step"]) == ("welcome", "hello")


def test_labour_is_minutes_by_the_rate_of_member_and_day() -> None:
    def work(number: int, when: str, member: str) -> Event:
        return event("cost", when, id=f"w{number}", props={"what": "labour", "minutes": 90, "member": member})

    log = [work(1, "2026-05-10 12:00", "olga"), work(2, "2026-04-10 12:00", "olga"), work(3, "2026-05-10 12:00", "per")]
    rows = ledger(log, book=BOOK)["entries"]
    assert {row["event_id"]: (row["amount"], row["units"], row["member"]) for row in rows} == {
        "w1": (-150, 90, "olga"), "w2": (-90, 90, "olga"), "w3": (-90, 90, "per"),
    }  # fmt: skip
    assert {row["amount"] for row in ledger(log)["entries"]} == {None}


def test_goods_cost_what_the_margin_leaves_and_come_back_with_the_money() -> None:
    log = [
        event("order", id="o1/1", actor_key="user:1", parent_id="o1", value=100, category="tea"),
        event("order", id="o2/1", actor_key="user:1", parent_id="o2", value=50, category="cup"),
        event("refund", "2026-05-20 12:00", id="r1", parent_id="o1", value=10),
    ]
    goods = {row["event_id"]: row["amount"] for row in only(ledger(log, book=BOOK)["entries"], account=GOODS)}
    assert goods == {"o1/1": -60, "r1": 6, "o2/1": None}
    assert not only(ledger(log)["entries"], account=GOODS)


def test_an_order_stands_where_it_says_else_where_its_buyer_came_else_clicked() -> None:
    def came(person: str, ripple: str, when: str, **more: Any) -> Row:
        return {"ripple_id": ripple, "person_id": person, "stone": f"campaign {ripple}", "at": at(when),
                "generation": 2, "parent_person_id": "p9", "how": "code", "flags": [], **more}  # fmt: skip

    log = [
        event("order", id="o1", actor_key="user:1", value=1, campaign="own"),
        event("order", id="o2", actor_key="user:2", value=1),
        event("order", id="o3", actor_key="user:3", value=1),
        event("order", id="o4", actor_key="user:4", value=1),
        event("order", id="o5", actor_key="user:5", value=1),
        event("sent", "2026-05-09 10:00", id="m3/sent", target_key="user:3", channel="matrix", campaign="mail",
              object_key="content:7", props={"journey": "welcome", "step": "hello"}),
        event("click", "2026-05-09 12:00", id="m3/click", actor_key="user:3", campaign="mail", parent_id="m3/sent",
              object_key="content:7"),
        event("click", "2026-05-02 12:00", id="m4/click", actor_key="user:4", campaign="mail"),
    ]  # fmt: skip
    arrivals = [
        came("p1", "other", "2026-05-10 11:00"), came("p2", "wave", "2026-05-08 11:00"),
        came("p2", "older", "2026-05-07 11:00"), came("p5", "bots", "2026-05-09 11:00", flags=["bot"]),
    ]  # fmt: skip
    rows = {row["event_id"]: row for row in only(ledger(log, arrivals=arrivals)["entries"], account=ORDER)}
    names = ("booked_by", "campaign", "ripple", "generation", "sharer", "journey", "step", "content")
    assert {name: tuple(row[part] for part in names) for name, row in rows.items()} == {
        "o1": ("named", "own", "other", 2, "p9", None, None, None),
        "o2": ("arrival", "wave", "wave", 2, "p9", None, None, None),
        "o3": ("click", "mail", None, None, None, "welcome", "hello", "7"),
        "o4": ("none", None, None, None, None, None, None, None),
        "o5": ("none", None, None, None, None, None, None, None),
    }


def test_costs_of_a_campaign_are_those_of_its_ripple_and_rewards_of_who_got_them() -> None:
    log = [
        event("cost", id="c1", campaign="wave", value=80, props={"what": "media"}),
        event("reward", id="w1", target_key="user:2", campaign="wave", value=20, props={"form": "gift"}),
    ]
    arrivals = [{"ripple_id": "r1", "person_id": "p2", "stone": "campaign wave", "at": at("2026-05-08 11:00"),
                 "generation": 1, "parent_person_id": "p9", "how": "code", "flags": []}]  # fmt: skip
    made = ledger(
        log, arrivals=arrivals, ripples=[{"ripple_id": "r1", "kind": "campaign", "name": "wave"}],
        memberships=[{"person_id": "p2", "community_id": "c1", "how": "ties", "weight": 0.5},
                     {"person_id": "p2", "community_id": "c2", "how": "ties", "weight": 0.7},
                     {"person_id": "p2", "community_id": "c3", "how": "behaviour", "weight": 0.9}],
    )  # fmt: skip
    names = ("account", "ripple", "generation", "sharer", "community")
    assert [tuple(row[name] for name in names) for row in made["entries"]] == [
        ("cost.media", "r1", 0, None, None), ("cost.gift", "r1", 1, "p2", "c2"),
    ]  # fmt: skip
    assert set(COSTS) >= {row["account"] for row in made["entries"]}


def test_the_price_book_reads_back_equal_and_names_the_line_that_is_wrong() -> None:
    assert books.parsed(books.written(BOOK)) == BOOK
    for text, said in (
        ("rates: [{currency: USD, rate: -1}]", "rates, line 1: rate = -1"),
        ("rates: [{currency: usd, rate: 7}]", "ISO 4217"),
        ("prices: [{channel: sms, price: 0.1, currency: CNY, colour: red}]", "'colour' is not known"),
        ("wages: [{member: a, per_hour: 6, currency: CNY}, {member: a, per_hour: 7, currency: CNY}]", "line 2"),
        ("margins: [{category: tea, share: 1.4}]", "from 0 to 1"),
        ("prizes: []", "there is no 'prizes'"),
        ("rates: [{currency: USD, rate: 7, from: someday}]", "from = 'someday'"),
        ("rates: {", "ledger.yaml"),
    ):
        with pytest.raises(InputError, match=said.replace("(", r"\(")):
            books.parsed(text)
