"""Laws of `profiles`, one by one."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from tests.insight.log import Log


def test_lines_of_one_order_are_one_order() -> None:
    log = Log()
    log.add("order", when="2026-05-01 10:00", parent_id="shop:7", value="10")
    log.add("order", when="2026-05-01 10:00", parent_id="shop:7", value="5.5")
    log.add("order", when="2026-05-03 10:00", id="shop:8", value="1")
    row = log.person()
    assert (row["orders"], row["order_days"], row["net_spend"]) == (2, 2, Decimal("16.5"))


def test_a_whole_order_and_its_lines_have_one_number() -> None:
    log = Log()
    log.add("order", id="shop:7", value="10")
    log.add("order", parent_id="shop:7", value="10")
    assert log.person()["orders"] == 1


def test_refunds_so_far_count_by_the_largest_statement() -> None:
    log = Log()
    log.add("order", when="2026-05-01 10:00", parent_id="shop:7", object_key="item:a", value="100")
    for amount in ("20", "30", "25"):
        log.add("refund", parent_id="shop:7", object_key="item:a", value=amount, props={"cumulative": True})
    row = log.person()
    assert (row["refunds"], row["net_spend"]) == (Decimal(30), Decimal(70))


def test_refund_acts_add_up_and_told_twice_count_once() -> None:
    log = Log()
    log.add("order", when="2026-05-01 10:00", parent_id="shop:7", object_key="item:a", value="100")
    log.add("refund", parent_id="shop:7", object_key="item:a", value="20")
    log.add("refund", parent_id="shop:7", object_key="item:a", value="15")
    assert log.person()["refunds"] == Decimal(35)
    log.add("refund", parent_id="shop:7", object_key="item:a", value="35", props={"cumulative": True})
    assert log.person()["refunds"] == Decimal(35)


def test_statements_on_two_things_of_one_order_add_up() -> None:
    log = Log()
    log.add("order", parent_id="shop:7", value="100")
    for thing in ("item:a", "item:b"):
        log.add("refund", parent_id="shop:7", object_key=thing, value="20", props={"cumulative": True})
    assert log.person()["refunds"] == Decimal(40)


def test_two_lines_of_no_known_thing_are_refunded_both() -> None:
    log = Log()
    for line in ("1", "2"):
        log.add("order", id=f"shop:7/{line}", parent_id="shop:7", value="50")
        log.add("refund", id=f"shop:7/{line}/refund/5000", parent_id="shop:7", value="50", props={"cumulative": True})
    row = log.person()
    assert (row["refunds"], row["net_spend"]) == (Decimal(100), Decimal(0))


def test_the_report_on_the_order_and_those_on_its_lines_tell_the_same_money() -> None:
    log = Log()
    for line, value in (("1", "20"), ("2", "80")):
        log.add("order", id=f"shop:7/{line}", parent_id="shop:7", object_key=f"item:{line}", value=value)
    so_far = {"cumulative": True}
    log.add("refund", id="shop:7/1/refund/2000", parent_id="shop:7", object_key="item:1", value="20", props=so_far)
    assert log.person()["refunds"] == Decimal(20)
    log.add("refund", id="shop:7/refund/10000", parent_id="shop:7", value="100", props=so_far)
    assert log.person()["refunds"] == Decimal(100)


def test_statements_give_back_at_most_what_was_paid() -> None:
    log = Log()
    log.add("order", id="shop:7", value="100")
    for line in ("1", "2"):
        log.add("refund", id=f"shop:7/{line}/refund/6000", parent_id="shop:7", value="60", props={"cumulative": True})
    assert log.person()["refunds"] == Decimal(100)


def test_a_refund_without_actor_belongs_to_the_buyer() -> None:
    log = Log()
    log.add("order", id="shop:7", value="100")
    log.add("refund", actor=None, parent_id="shop:7", value="40")
    assert log.person()["net_spend"] == Decimal(60)


def test_orders_without_actor_belong_to_nobody_but_to_the_day() -> None:
    log = Log()
    log.add("view", when="2026-06-01 08:00")
    log.add("order", actor=None, when="2026-06-01 09:00", value="100")
    built = log.build("profiles", "days")
    assert [row["net_spend"] for row in built["profiles"]] == [0]
    assert built["days"][-1]["gross_sales"] == Decimal(100)


def test_currencies_stay_apart() -> None:
    log = Log()
    log.add("order", value="100")
    log.add("order", value="7.25", currency="USD")
    log.add("refund", value="0.25", currency="USD")
    row = log.person()
    assert row["net_spend"] == Decimal(100)
    assert row["spend_by_currency"] == {"CNY": Decimal(100), "USD": Decimal(7)}


def test_cents_do_not_round_away() -> None:
    log = Log()
    for _ in range(1000):
        log.add("order", value="0.0101")
    assert log.person()["net_spend"] == Decimal("10.1")


def test_events_after_as_of_do_not_count() -> None:
    log = Log()
    log.add("order", when="2026-06-01 11:59", value="1")
    log.add("order", when="2026-06-01 12:01", value="1")
    assert log.person()["orders"] == 1


@pytest.mark.parametrize(
    ("zone", "day", "hour"), [("Asia/Shanghai", date(2026, 3, 29), 7), ("America/New_York", date(2026, 3, 28), 19)]
)
def test_days_and_hours_are_those_of_the_brand(zone: str, day: date, hour: int) -> None:
    log = Log(timezone=zone)
    log.add("view", when="2026-03-29 07:30")  # 23:30 UTC the day before
    row = log.person()
    assert (row["first_active"], row["preferred_hour"]) == (day, hour)
    assert row["preferred_weekday"] == day.isoweekday()


def test_days_go_with_the_clock_where_it_changes() -> None:
    log = Log(timezone="Europe/Berlin")
    log.add("view", when="2026-03-29 06:30")  # 23:30 in Berlin, still winter
    log.add("view", when="2026-03-30 05:30")  # 23:30 in Berlin, summer since this morning
    row = log.person()
    assert (row["first_active"], row["last_active"], row["preferred_hours"]) == (
        date(2026, 3, 28),
        date(2026, 3, 29),
        [23],
    )


def test_the_cycle_is_the_median_gap_between_order_days() -> None:
    log = Log()
    for day in (1, 1, 11, 31):
        log.add("order", when=f"2026-05-{day:02} 10:00", value="1")
    row = log.person()
    assert (row["order_days"], row["cycle_days"], row["cycle_spread"]) == (3, 15.0, 5.0)


def test_one_gap_has_no_spread_and_one_order_no_cycle() -> None:
    log = Log()
    log.add("order", when="2026-05-01 10:00", value="1")
    assert log.person()["cycle_days"] is None
    log.add("order", when="2026-05-08 10:00", value="1")
    row = log.person()
    assert (row["cycle_days"], row["cycle_spread"]) == (7.0, None)


def test_scores_and_levels_by_the_brands_own_buyers() -> None:
    log = Log()
    for number in range(1, 21):
        log.add("order", actor=f"user:{number}", when=f"2026-05-{number:02} 10:00", value=str(number))
    log.add("view", actor="user:99")
    rows = {row["person_id"]: row for row in log.build("profiles")["profiles"]}
    levels = [rows[f"p{number}"]["consumption_level"] for number in range(1, 21)]
    assert levels == ["low"] * 10 + ["mid"] * 6 + ["high"] * 3 + ["top"]
    assert rows["p99"]["consumption_level"] == "none"
    assert [rows[f"p{number}"]["m_score"] for number in (4, 5, 8, 9, 20)] == [1, 2, 2, 3, 5]
    assert [rows[f"p{number}"]["r_score"] for number in (1, 20)] == [1, 5]
    assert {rows[f"p{number}"]["f_score"] for number in range(1, 21)} == {1}


def test_a_verified_value_beats_a_newer_one() -> None:
    log = Log()
    log.add("identify", when="2026-05-01 10:00", id="a", props={"phone": "13800000001", "city": "上海"})
    log.add("alias", when="2026-05-01 10:00", id="a/alias/phone", target="phone:8613800000001",
            props={"how": "trait phone", "verified": True})  # fmt: skip
    log.add("identify", when="2026-05-02 10:00", id="b", source="shop", props={"phone": "13900000002", "city": "杭州"})
    row = log.person()
    known, sources = json.loads(row["attributes"]), json.loads(row["attribute_sources"])
    assert (known["phone"], known["city"], row["city"]) == ("13800000001", "杭州", "杭州")
    assert sources["phone"]["verified"] is True
    assert (sources["city"]["source"], sources["city"]["values"], row["conflicts"]) == ("shop", 2, 2)


def test_what_an_operator_states_is_verified() -> None:
    log = Log()
    log.add("identify", when="2026-05-01 10:00", source="operator", props={"city": "上海"})
    log.add("identify", when="2026-05-02 10:00", props={"city": "杭州"})
    assert log.person()["city"] == "上海"


def test_odd_attribute_values_stay_as_they_are() -> None:
    log = Log()
    odd = {"note": 'say "hi"\n\\ 好', "list": [1, 2], "number": 7, "yes": True, "空": "值", "empty": ""}
    log.add("identify", props=odd)
    known = json.loads(log.person()["attributes"])
    assert known == {"note": 'say "hi"\n\\ 好', "list": "[1,2]", "number": "7", "yes": "true", "空": "值"}


@pytest.mark.parametrize(
    ("written", "born"),
    [
        ("1990-05-01", (5, 1, 36)), ("1990/6/2", (6, 2, 35)), ("19900501", (5, 1, 36)), ("1990年5月1日", (5, 1, 36)),
        ("05-01", (5, 1, None)), ("5月31日", (5, 31, None)), ("1990-05-01T00:00:00Z", (5, 1, 36)),
        ("1990-13-01", (None, None, None)), ("unknown", (None, None, None)), ("0000-00-00", (None, None, None)),
        ("2026-06-01", (6, 1, 0)),
    ],
)  # fmt: skip
def test_birthdays_as_people_write_them(written: str, born: tuple[int | None, int | None, int | None]) -> None:
    log = Log()
    log.add("identify", props={"birthday": written})
    row = log.person()
    assert (row["birth_month"], row["birth_day"], row["age"]) == born


@pytest.mark.parametrize(
    ("said", "meant"), [("女", "female"), (" M ", "male"), ("Female", "female"), ("保密", None), ("x", None)]
)
def test_gender_in_one_way(said: str, meant: str | None) -> None:
    log = Log()
    log.add("identify", props={"gender": said})
    assert log.person()["gender"] == meant


def test_groups_are_those_not_left() -> None:
    log = Log()
    log.add("join", when="2026-05-01 10:00", group_key="group:w/a")
    log.add("message", when="2026-05-01 10:00", group_key="group:w/b", text="hi")
    log.add("leave", when="2026-05-02 10:00", group_key="group:w/b")
    log.add("leave", when="2026-05-02 10:00", group_key="group:w/c")
    log.add("join", when="2026-05-03 10:00", group_key="group:w/c")
    assert log.person()["groups"] == ["group:w/a", "group:w/c"]


def test_consents_are_the_last_word() -> None:
    log = Log()
    log.add("consent", when="2026-05-01 10:00", props={"purpose": "news", "channel": "email", "granted": True})
    withdrawn = {"purpose": "news", "channel": "email", "granted": False}
    log.add("consent", when="2026-05-03 10:00", id="t:no", source="members", props=withdrawn)
    log.add("consent", when="2026-05-02 10:00", props={"purpose": "news", "channel": "sms", "granted": True})
    consents = log.person()["consents"]
    words = [(row["channel"], row["granted"]) for row in consents]
    assert words == [("email", False), ("sms", True)]
    assert (consents[0]["event"], consents[0]["source"]) == ("t:no", "members")


def test_whoever_brought_somebody_first_brought_them() -> None:
    log = Log()
    log.add("arrive", actor="user:2", when="2026-05-01 10:00", target="user:1")
    log.add("arrive", actor="user:2", when="2026-05-02 10:00", target="user:3")
    log.add("invite", actor="user:1", when="2026-05-03 10:00", target="user:4")
    log.add("arrive", actor="user:1", when="2026-05-03 10:00", target="user:1")
    log.add("order", actor="user:2", when="2026-05-04 10:00", value="1")
    log.add("order", actor="user:4", when="2026-05-01 10:00", value="1")
    rows = {row["person_id"]: (row["brought"], row["brought_buyers"]) for row in log.build("profiles")["profiles"]}
    assert rows == {"p1": (2, 1), "p2": (0, 0), "p3": (0, 0), "p4": (0, 0)}


def test_preferences_with_their_evidence() -> None:
    log = Log()
    for line in range(3):
        log.add("order", parent_id="shop:7", category="母婴", value="1", props={"line": line})
    log.add("cart", category="食品")
    for _ in range(4):
        log.add("view", category="食品")
    first, second = log.person()["categories"]
    assert first == {"category": "食品", "share": 0.5, "weight": 8, "orders": 0, "carts": 1, "views": 4}
    assert second == {"category": "母婴", "share": 0.5, "weight": 8, "orders": 1, "carts": 0, "views": 0}


def test_a_person_who_only_received_is_a_person() -> None:
    log = Log()
    log.add("mention", target="user:2", when="2026-05-02 10:00")
    row = log.person("p2")
    assert (row["events"], row["counts"], row["days_active"]) == (0, {}, 0)
    assert row["first_seen"] is not None
