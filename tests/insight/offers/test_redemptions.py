"""What became of an offer, from the log alone: each order once, refunds taken back, the right version, by group."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lianyi.insight.ledger.accounts import GIVEN, ORDER
from lianyi.insight.ledger.book import Book, Margin
from lianyi.insight.offers import naming, results, shares
from lianyi.insight.tables import EVENTS, Build
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import to_arrow
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Log, Row, at, keys_table

SPANS = {1: "2026-05-20 00:00", 2: "2026-07-01 00:00", 3: "2026-05-20 00:00"}  # version -> until


def issue(log: Log, version: int, *people: int, when: str, **more: Any) -> None:
    """Version 1: 20 % off; 2: 10 off; 3 is another offer, a tier of 50 %."""
    gives = {1: {"percent": "20", "amount": "0.00"}, 2: {"percent": "0", "amount": "10.00"},
             3: {"percent": "50", "amount": "0.00", "kind": "tier", "offer": "Gold", "code": ""}}[version]  # fmt: skip
    props = {"offer": "Spring Back", "code": "BACK-20", "version": version, "kind": "coupon",
             "until": at(SPANS[version]).isoformat(), **gives, **more}  # fmt: skip
    for person in people:
        log.add("offer", None, when, id=f"offer:{version}/{person}", target=f"user:{person}",
                object_key=f"offer:{version}", currency="CNY", props=props)  # fmt: skip


def build(log: Log, book: Book | None = None) -> dict[str, list[Row]]:
    """The room's tables and the entries; everybody lives in the same city and nothing else is known of them."""
    from lianyi.insight import ledger, offers

    empty = {"arrivals": ("ripple_id", "stone", "parent_person_id", "how"), "ripples": ("ripple_id", "kind", "name"),
             "memberships": ("person_id", "community_id", "how")}  # fmt: skip
    with DuckDB(memory_mb=512, threads=1) as engine:
        engine.register(EVENTS, to_arrow(log.events, received_at=AS_OF))
        engine.register("keys", keys_table(log.keys()))
        for name, columns in empty.items():
            fields = [pa.field(column, pa.string()) for column in columns]
            if name == "arrivals":
                fields += [("person_id", pa.string()), ("at", pa.timestamp("us", "UTC")), ("generation", pa.int32()),
                           ("flags", pa.list_(pa.string())), ("newcomer", pa.bool_())]  # fmt: skip
            if name == "memberships":
                fields.append(pa.field("weight", pa.float64()))
            engine.register(name, pa.schema(fields).empty_table())
        people = sorted(set(log.keys().values()))
        engine.register("people", pa.table({"person_id": people, "city": ["杭州"] * len(people)}))
        by = {table.name: table for table in (*offers.TABLES, *ledger.TABLES)}
        made = {}
        for name in ("redemptions", "offer_holders", "entries", "offer_results"):
            one = Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=512), parameters={"ledger": book})
            built = by[name].build(one)
            parts = []
            for number, sql in enumerate([built] if isinstance(built, str) else built):
                engine.run(sql, into=f"part_{number}")
                parts.append(f"SELECT * FROM part_{number}")
            engine.run(f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS t ORDER BY {', '.join(by[name].order)}",
                       into=name)  # fmt: skip
            one.clear()
            found = engine.table(f"SELECT * FROM {name}")
            assert found.column_names == list(by[name].columns)
            assert found.num_rows == len(found.select(list(by[name].key)).group_by(list(by[name].key)).aggregate([]))
            made[name] = found.to_pylist()
    return made


@pytest.fixture(scope="module")
def made() -> dict[str, list[Row]]:
    log = Log()
    issue(log, 1, 1, 2, 3, 4, 5, when="2026-05-01 09:00")
    issue(log, 2, 1, 2, when="2026-05-21 09:00")
    issue(log, 3, 9, when="2026-05-01 09:00")
    # p1: an order of two lines, said by each of them and twice; a fifth of it given back
    for line, value in ((1, "60"), (2, "20")):
        log.add("order", "user:1", "2026-05-03 10:00", id=f"o1/{line}", parent_id="o1", value=value, category="tea",
                props={"coupon": "back-20", "order": {"coupon": "Back-20"}})  # fmt: skip
    log.add("refund", "user:1", "2026-05-04 10:00", id="o1/1/refund/1", parent_id="o1", value="16")
    # p1 again, by the name; and with the second version
    log.add(
        "order", "user:1", "2026-05-05 10:00", id="o2", value="80", category="tea", props={"coupon": "spring  BACK"}
    )
    log.add("order", "user:1", "2026-05-25 10:00", id="o3", value="90", category="tea", props={"offer": "BACK-20"})
    # p2: all given back, then used again: the coupon is free again; the order says less was taken off
    log.add("order", "user:2", "2026-05-06 10:00", id="o4", value="40", category="tea", props={"coupon": "BACK-20"})
    log.add("refund", "user:2", "2026-05-07 10:00", id="o4/refund/1", parent_id="o4", value="40")
    log.add("order", "user:2", "2026-05-08 10:00", id="o5", value="40", category="tea",
            props={"discount_code": "SUMMER,back-20", "discount": "7"})  # fmt: skip
    # p3: late; p4: only that, and it went back; p7 never got it; somebody nobody knows; by id, before it was out
    log.add("order", "user:3", "2026-05-22 10:00", id="o6", value="8", category="tea", props={"coupon": "offer:1"})
    log.add("order", "user:4", "2026-05-06 10:00", id="o7", value="8", category="tea", props={"coupon": "BACK-20"})
    log.add("refund", "user:4", "2026-05-07 10:00", id="o7/refund/1", parent_id="o7", value="8")
    log.add("order", "user:7", "2026-05-06 10:00", id="o8", value="8", category="tea", props={"coupon": '["BACK-20"]'})
    log.add("order", None, "2026-05-06 10:00", id="o9", value="8", category="tea", props={"coupon": "BACK-20"})
    log.add("order", "user:5", "2026-04-01 10:00", id="o10", value="8", category="tea", props={"coupon": "BACK-20"})
    log.add("order", "user:5", "2026-05-06 10:00", id="o11", value="8", category="tea", props={"coupon": "BACK-200"})
    # the tier may be used again and again, here beside the coupon
    for number in (12, 13):
        log.add("order", "user:9", "2026-05-06 10:00", id=f"o{number}", value="8", category="tea",
                props={"coupon": "gold"})  # fmt: skip
    return build(log, Book(margins=(Margin(category="tea", share=Decimal("0.5")),)))


def test_an_order_uses_a_version_once_and_the_one_that_its_buyer_had(made: dict[str, list[Row]]) -> None:
    found = {(row["order_no"], row["offer"]): row["use"] for row in made["redemptions"]}
    assert found == {
        ("o1", "offer:1"): "right", ("o2", "offer:1"): "again", ("o3", "offer:2"): "right", ("o4", "offer:1"): "right",
        ("o5", "offer:1"): "right", ("o6", "offer:1"): "late", ("o7", "offer:1"): "right",
        ("o8", "offer:1"): "passed_on", ("o9", "offer:1"): "unknown", ("o12", "offer:3"): "right",
        ("o13", "offer:3"): "right",
    }  # fmt: skip


def test_what_was_taken_off_follows_the_rule_and_what_was_kept(made: dict[str, list[Row]]) -> None:
    off = {row["order_no"]: (row["kept"], row["off"]) for row in made["redemptions"]}
    assert off["o1"] == (64, 16)  # 80 paid are 100 less 20; four fifths of it were kept
    assert off["o3"] == (90, 10)
    assert off["o4"] == (0, 0)
    assert off["o5"] == (40, 7)  # the rule says 10, the order 7
    assert off["o12"] == (8, 8)


def test_everybody_who_got_one_is_in_one_state(made: dict[str, list[Row]]) -> None:
    states = {(row["offer"], row["person_id"]): row["state"] for row in made["offer_holders"]}
    assert states == {
        ("offer:1", "p1"): "redeemed", ("offer:1", "p2"): "redeemed", ("offer:1", "p3"): "redeemed",
        ("offer:1", "p4"): "returned", ("offer:1", "p5"): "expired", ("offer:2", "p1"): "redeemed",
        ("offer:2", "p2"): "open", ("offer:3", "p9"): "redeemed",
    }  # fmt: skip


def test_the_version_sums_its_orders(made: dict[str, list[Row]]) -> None:
    first, second, tier = made["offer_results"]
    assert (first["issued"], first["redeemed"], first["returned"], first["expired"], first["open"]) == (5, 3, 1, 1, 0)
    assert first["share"] == 0.6
    assert (first["low"], first["high"]) == shares.wilson(3, 5)
    uses = {name: first[f"used_{name}"] for name in results.USES}
    assert uses == {"right": 4, "late": 1, "again": 1, "passed_on": 1, "unknown": 1}
    assert first["orders"] == sum(uses.values()) == 8
    mine = [row for row in made["redemptions"] if row["offer"] == "offer:1"]
    assert {name: first[name] for name in ("kept", "refunded", "off")} == {
        name: sum(row[name] for row in mine) for name in ("kept", "refunded", "off")
    }
    assert first["margin"] == first["kept"] / 2
    assert (second["orders"], second["off"], tier["orders"], tier["off"]) == (1, 10, 2, 16)


def test_the_ledger_tells_it_beside_the_rest_and_counts_nothing_twice(made: dict[str, list[Row]]) -> None:
    entries = made["entries"]
    given = {row["order_no"]: row["brand_amount"] for row in entries if row["account"] == GIVEN}
    assert given == {row["order_no"]: -row["off"] for row in made["redemptions"]}
    assert not any(row["account"].startswith("cost.incentive") for row in entries)
    paid = {row["event_id"]: row["amount"] for row in entries if row["account"] == ORDER}
    assert paid["o2"] == 80


def test_without_margins_the_margin_is_unknown() -> None:
    log = Log()
    issue(log, 1, 1, when="2026-05-01 09:00")
    log.add("order", "user:1", "2026-05-02 10:00", value="8", props={"coupon": "BACK-20"})
    [row] = build(log)["offer_results"]
    assert (row["orders"], row["off"], row["margin"]) == (1, 2, None)


def test_groups_that_use_it_less_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LEAST", 1)
    log = Log()
    issue(log, 1, 1, 2, when="2026-05-01 09:00")
    log.add("order", "user:1", "2026-05-02 10:00", value="8", props={"coupon": "BACK-20"})
    rows = build(log)["offer_results"]
    assert [(row["dimension"], row["member"], row["issued"], row["redeemed"]) for row in rows] == [
        ("all", "", 2, 1), ("city", "杭州", 2, 1)
    ]  # fmt: skip
    assert shares.apart(0.1, 0.39, 0.5) == "low"
    assert shares.apart(0.63, 0.9, 0.5) == "high"
    assert shares.apart(0.3, 0.9, 0.5) == ""


ODD = ("much", "NaN", "-NaN", "sNaN", "Infinity", "-1e999", "1e999", "9" * 40, -5, True, [1], {"a": 1}, None)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_cannot_be_read_of_an_offer_is_left_out_and_nothing_breaks(odd: Any) -> None:
    said = {"percent": odd, "amount": odd, "until": odd, "version": odd}
    [one] = naming.read([{"offer": "offer:1", "props": json.dumps(said), "us": 1, "currency": None}])
    assert (one.name, one.until, one.version) == ("offer:1", None, 0)
    assert one.share == one.factor == one.amount == 0
    assert naming.version_rows([one]).num_rows == 1
    rows = naming.word_rows(["OFFER:1", "other"], [one]).to_pylist()
    assert {row["told"] for row in rows} == {"OFFER:1"}
    assert {row["offer"] for row in rows} == {None, "offer:1"}  # its name is its id here


@pytest.mark.parametrize("percent", ["99.99999999999", "100", "101", "1e9"])
@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31T23:59:59", "2026-05-20T00:00:00+08:00"])
def test_numbers_at_the_ends_fit_the_columns(percent: str, until: str) -> None:
    said = {"percent": percent, "amount": "1e9", "until": until, "version": "1e9"}
    [one] = naming.read([{"offer": "offer:1", "props": json.dumps(said), "us": 1, "currency": "CNY"}])
    [row] = naming.version_rows([one]).to_pylist()
    assert row["amount"] == Decimal(10) ** 9
    assert row["factor"] >= 0
    assert row["until_us"] is not None
