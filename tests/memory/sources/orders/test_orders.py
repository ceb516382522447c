"""What the exports of shops say, line by line."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.memory.sources.landing_place import Place
from tests.memory.sources.orders.samples import (
    DOUYIN,
    JD,
    PINDUODUO,
    SHOPIFY,
    TAOBAO,
    TAOBAO_ITEMS,
    TAOBAO_NEWER,
    WOOCOMMERCE,
    YOUZAN,
)

Events = dict[str, dict[str, Any]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def by_id(place: Place) -> Events:
    return {event["id"]: event for event in place.events()}


def kinds(place: Place) -> Counter[str]:
    return Counter(event["kind"] for event in place.events())


def test_taobao_orders(place: Place) -> None:
    report = place.add_text("a.csv", TAOBAO.encode("gb18030"))
    events = by_id(place)
    assert (report.format, report.rows, report.rejects) == ("taobao_orders", 6, 2)
    paid = events["taobao:1001"]
    assert (paid["kind"], paid["actor_key"], paid["value"], paid["currency"]) == (
        "order", "taobao:小鱼_2020", Decimal("1099.0000"), "CNY",
    )  # fmt: skip
    assert paid["at"].isoformat() == "2026-03-01T02:12:00+00:00"  # the time of payment, in Shanghai
    assert paid["props"]["备注"] == "a"
    assert paid["props"]["备注.2"] == "b"
    assert paid["props"]["quantity"] == 2
    assert events["taobao:1002/placed"]["kind"] == "checkout"
    assert events["taobao:1004/closed"]["kind"] == "cancel"
    # paid, then closed: bought and given back
    assert events["taobao:1003"]["value"] == events["taobao:1003/refund/50.00"]["value"] == Decimal(50)
    assert events["taobao:1003/refund/50.00"]["parent_id"] == "taobao:1003"


def test_masked_people_are_no_keys_and_no_traits(place: Place) -> None:
    place.add_text("a.csv", TAOBAO.encode("gb18030"))
    assert not [e for e in place.events() if "*" in e.get("actor_key", "") + e.get("target_key", "")]
    who = by_id(place)["taobao:1001/who"]
    assert who["props"] == {"address": "浙江省 杭州市", "phone": "13800001111"}
    alias = by_id(place)["taobao:1001/who/alias/phone"]
    assert (alias["actor_key"], alias["target_key"]) == ("taobao:小鱼_2020", "phone:8613800001111")
    assert alias["props"] == {"how": "trait phone", "verified": False}


def test_rows_that_can_not_be_used_say_why(place: Place) -> None:
    report = place.add_text("a.csv", TAOBAO.encode("gb18030"))
    assert report.rejects_file is not None
    text = report.rejects_file.read_text(encoding="utf-8-sig")
    assert "状态不明" in text
    assert "五十" in text
    assert "is no amount" in text
    assert not [event for event in place.events() if event["id"] == "taobao:1006"]


def test_headers_of_another_year_in_another_order(place: Place) -> None:
    report = place.add_text("b.csv", TAOBAO_NEWER)
    assert report.format == "taobao_orders"
    order = by_id(place)["taobao:2001"]
    assert (order["value"], order["actor_key"]) == (Decimal(80), "taobao:阿宁")
    assert order["props"]["新的一列"] == "x"


@pytest.mark.parametrize("order", [(TAOBAO, TAOBAO_ITEMS), (TAOBAO_ITEMS, TAOBAO)])
def test_order_and_item_report_together_do_not_count_money_twice(place: Place, order: tuple[str, str]) -> None:
    for number, text in enumerate(order):
        place.add_text(f"{number}.csv", text.encode("gb18030"))
    events = place.events()
    orders = [event for event in events if event["kind"] == "order"]
    assert sum(event.get("value", 0) for event in orders) == Decimal(1149)
    assert len({event.get("parent_id", event["id"]) for event in orders}) == 2
    refunds = {event["id"]: event["value"] for event in events if event["kind"] == "refund"}
    assert refunds == {"taobao:1003/refund/50.00": Decimal(50), "taobao:1001/1001/refund/100.00": Decimal(100)}
    line = by_id(place)["taobao:1001/1001"]
    assert (line["object_key"], line["props"]["paid"], line["parent_id"]) == ("item:NF-3", 1099, "taobao:1001")


def test_two_shops_of_one_platform_are_told_apart_by_label(place: Place) -> None:
    place.add_text("a.csv", TAOBAO_NEWER, label="north")
    place.add_text("a.csv", TAOBAO_NEWER, label="south")
    orders = [e for e in place.events() if e["kind"] == "order"]
    assert [(e["id"], e["source"]) for e in orders] == [
        ("taobao/north:2001", "taobao_orders/north"),
        ("taobao/south:2001", "taobao_orders/south"),
    ]


def test_jd_total_counts_once_per_order(place: Place) -> None:
    report = place.add_text("jd.csv", JD.encode("gb18030"))
    events = by_id(place)
    assert report.rejects == 0
    money = {id_: e["value"] for id_, e in events.items() if e["kind"] == "order" and "value" in e}
    assert money == {"jd:300001": Decimal(230), "jd:300003": Decimal(100)}
    assert events["jd:300001/100002"]["props"]["price"] == 50
    assert events["jd:300001/100002"]["parent_id"] == "jd:300001"
    assert events["jd:300002/placed"].get("actor_key") is None
    assert events["jd:300003/refund/100.00"]["props"] == {"cumulative": True}


def test_youzan_distributor_is_an_edge(place: Place) -> None:
    place.add_text("y.csv", YOUZAN)
    edges = {(e["actor_key"], e["target_key"]) for e in place.events("kind = 'arrive'")}
    assert edges == {("phone:8613712345678", "youzan_distributor:阿红"), ("phone:8613698765432", "phone:8613912340000")}


def test_pinduoduo_has_no_actor(place: Place) -> None:
    place.add_text("p.csv", PINDUODUO)
    assert all("actor_key" not in event for event in place.events())
    assert kinds(place) == {"order": 2, "refund": 1}
    assert by_id(place)["pinduoduo:260301-1"]["object_key"] == "item:ZJ-1"


def test_douyin_lines_have_their_own_money(place: Place) -> None:
    place.add_text("d.csv", DOUYIN)
    orders = place.events("kind = 'order'")
    assert [event["value"] for event in orders] == [Decimal("39.8"), Decimal("19.9")]
    assert {event["parent_id"] for event in orders} == {"douyin:6900001"}
    assert all("actor_key" not in event for event in orders)  # encrypted


def test_shopify_rows_of_one_order(place: Place) -> None:
    place.add_text("s.csv", SHOPIFY)
    events = by_id(place)
    money = {id_: e["value"] for id_, e in events.items() if e["kind"] == "order" and "value" in e}
    assert money == {"shopify:#1001": Decimal("99.5"), "shopify:#1003": Decimal(20)}
    assert events["shopify:#1001"]["currency"] == "USD"
    assert events["shopify:#1001/POT-1"]["at"].isoformat() == "2026-03-01T15:00:00+00:00"
    assert events["shopify:#1001/refund/10.00"]["value"] == Decimal(10)
    assert "actor_key" not in events["shopify:#1003"]  # the e-mail of the order before must not slip in
    assert events["shopify:#1002/placed"]["kind"] == "checkout"


def test_woocommerce_guests_are_known_by_mail(place: Place) -> None:
    place.add_text("w.csv", WOOCOMMERCE)
    events = by_id(place)
    assert events["woocommerce:11"]["actor_key"] == "woocommerce:7"
    assert events["woocommerce:13"]["actor_key"] == "email:tom@example.com"
    assert events["woocommerce:13/refund/30.00"]["value"] == Decimal(30)
    assert events["woocommerce:11/who/alias/email"]["target_key"] == "email:eva@example.com"


def test_a_shopify_order_that_runs_over_the_border_of_two_parts() -> None:
    import numpy as np
    import pyarrow as pa

    from lianyi.memory.sources.tabular.carrying import FIRST, Carrier
    from lianyi.memory.sources.tabular.part import Part

    rows = [("1", "a"), ("1", None), ("1", None), ("2", None), ("2", "x"), ("3", "c"), ("3", None)]
    for cut in range(len(rows) + 1):
        carrier = Carrier(("mail",), "name")
        seen: list[tuple[Any, Any]] = []
        for piece in (rows[:cut], rows[cut:]):
            table = pa.table({"name": [r[0] for r in piece], "mail": pa.array([r[1] for r in piece], pa.string())})
            part = carrier.carried(Part(rows=table, lines=np.arange(len(piece))))
            if piece:
                seen += zip(part.rows["mail"].to_pylist(), part.rows[FIRST].to_pylist(), strict=True)
        assert seen == [("a", "1"), ("a", ""), ("a", ""), (None, "1"), ("x", ""), ("c", "1"), ("c", "")], cut
