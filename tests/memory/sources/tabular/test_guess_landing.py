"""What lands by a guessed mapping: orders once, days as they are, money as written, no id on trust."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lianyi.errors import BadMapping
from lianyi.memory.sources.source import Head
from lianyi.memory.sources.tabular.choosing import choice
from lianyi.memory.sources.tabular.mapping import Mapping, from_data, to_data
from tests.memory.sources.landing_place import Place

SHOP = "order_id,email,created_at,total,status\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def reasons(place: Place) -> str:
    return "".join(path.read_text(encoding="utf-8-sig") for path in (place.folder / "rejects").glob("*.csv"))


def orders(place: Place) -> list[tuple[str, str, Decimal]]:
    return [(e["id"], e["parent_id"], e["value"]) for e in place.events("kind = 'order'")]


def test_the_next_export_of_an_order_is_the_same_order(place: Place) -> None:
    first = "A1,ann@x.de,2025-12-01 10:00:00,12.50,"
    place.add_text("shop.csv", SHOP + first + "paid\n")
    again = place.add_text("shop.csv", SHOP + first + "shipped\nA2,ann@x.de,2025-12-03 10:00:00,1.00,paid\n")
    assert (again.new, again.duplicates) == (1, 1)
    assert orders(place) == [("shop:A1", "shop:A1", Decimal("12.5")), ("shop:A2", "shop:A2", Decimal(1))]


def test_lines_of_an_order_are_one_order(place: Place) -> None:
    header = "order_id,email,created_at,sku,quantity,total\n"
    text = header + "A1,ann@x.de,2025-12-01 10:00:00,S1,1,12.50\nA1,ann@x.de,2025-12-01 10:00:00,S2,1,2.50\n"
    text += "A1,ann@x.de,2025-12-01 10:00:00,S2,1,2.50\nA1,ann@x.de,2025-12-01 10:00:00,,1,3\n"
    place.add_text("lines.csv", text)
    assert [(ident, parent) for ident, parent, _value in orders(place)] == [
        ("lines:A1", "lines:A1"), ("lines:A1/S1", "lines:A1"), ("lines:A1/S2", "lines:A1"),
        ("lines:A1/S2#2", "lines:A1"),
    ]  # fmt: skip


def test_a_line_number_goes_before_what_was_bought(place: Place) -> None:
    header = "order_id,line_no,email,created_at,sku,total\n"
    place.add_text("lines.csv", header + "A1,1,a@x.de,2025-12-01,S1,12\nA1,2,a@x.de,2025-12-01,S1,2\n")
    assert place.ids() == ["lines:A1/1", "lines:A1/2"]


def test_lines_without_number_and_goods_are_counted_within_their_order(place: Place) -> None:
    text = SHOP + "A1,a@x.de,2025-12-01,12,paid\nA1,a@x.de,2025-12-01,5,paid\n"
    place.add_text("shop.csv", text)
    again = place.add_text("shop.csv", text.replace("paid", "shipped"))
    assert (again.new, again.duplicates) == (0, 2)
    assert orders(place) == [("shop:A1", "shop:A1", Decimal(12)), ("shop:A1#2", "shop:A1", Decimal(5))]


def test_only_orders_have_the_order_number_for_an_id(place: Place) -> None:
    header = "user_id,action,order_no,created_at,amount\n"
    text = header + "7,view,,2025-12-01 10:00,\n7,buy,A1,2025-12-01 10:01,5\n7,refund,A1,2025-12-02 10:01,5\n"
    report = place.add_text("log.csv", text + "8,buy,,2025-12-01 10:00,6\n")
    assert (report.new, report.rejects) == (4, 0)
    found = {(e["kind"], e.get("parent_id")): e["id"] for e in place.events()}
    assert found["order", "log:A1"] == "log:A1"
    assert all("~" in found[key] for key in (("view", None), ("refund", "log:A1"), ("order", None)))


def test_a_mapping_remembers_that_lines_are_numbered() -> None:
    mapping: Mapping = from_data(
        {"source": "s", "numbered": True, "events": [{"at": "t", "kind": "order", "id": "no"}]}
    )
    assert (mapping.numbered, mapping.natural_ids) == (True, False)
    assert from_data(to_data(mapping)) == mapping


def days(rows: list[str]) -> str:
    return "id,email,created_at,total\n" + "".join(f"{n},a{n}@x.de,{day},5\n" for n, day in enumerate(rows))


def test_the_last_row_may_tell_which_number_is_the_day(place: Place) -> None:
    rows = [f"0{1 + n // 200}/12/2025 10:00" for n in range(1200)] + ["15/12/2025 10:00"]
    report = place.add_text("days.csv", days(rows))
    assert (report.new, report.rejects) == (1201, 0)
    assert {e["at"].strftime("%m-%d") for e in place.events()} == {f"12-{d:02}" for d in [1, 2, 3, 4, 5, 6, 15]}


@pytest.mark.parametrize(
    ("rows", "why"),
    [(["01/12/2025", "02/12/2025"], "no row up to the last tells"), (["13/12/2025", "12/13/2025"], "beyond 12")],
)
def test_days_that_nothing_tells_from_months_are_asked_about(place: Place, rows: list[str], why: str) -> None:
    with pytest.raises(BadMapping, match=f"DAY OR MONTH FIRST in column 'created_at'.*{why}") as caught:
        place.add_text("days.csv", days(rows))
    assert "%m/%d/%Y" in str(caught.value)
    assert place.ids() == []


def test_an_id_that_stands_twice_further_down_is_no_id(place: Place) -> None:
    rows = [f"{n},a{n}@x.de,2025-12-01 10:00:00,5\n" for n in range(1500)]
    rows += [f"{n},a{n}@x.de,2025-12-01 10:00:00,7.00\n" for n in range(1400, 1500)]
    report = place.add_text("ids.csv", "id,email,created_at,total\n" + "".join(rows))
    assert (report.new, report.duplicates) == (1600, 0)
    assert "is no id" in report.why


def test_an_id_that_names_every_row_is_one(place: Place) -> None:
    report = place.add_text("ids.csv", days([f"2025-12-01 10:{n % 60:02}" for n in range(500)]))
    assert "in the whole file" in report.why
    assert place.events("id = 'ids:499'")


def test_the_first_rows_suffice_to_recognise(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text(days(["01/12/2025", "02/12/2025"]), encoding="utf-8")
    first, whole = (choice(Head(path=path, name=path.name), whole=whole) for whole in (False, True))
    assert first is not None
    assert whole is not None
    assert first.confidence > 0.5 >= whole.confidence


MONEY = SHOP + "A1,a@x.de,2025-12-01,{0},paid\nA2,a@x.de,2025-12-01,{0},paid\n"


def test_a_comma_before_the_cents_is_never_thousands(place: Place) -> None:
    report = place.add_text("shop.csv", MONEY.format('"12,50"'))
    assert (report.new, report.rejects) == (0, 2)
    assert "decimal_comma" in reasons(place)


def test_the_sign_of_an_amount_is_its_currency(place: Place) -> None:
    place.add_text("shop.csv", MONEY.format("$20.00"))
    assert {(e["value"], e["currency"]) for e in place.events()} == {(Decimal(20), "USD")}


@pytest.mark.parametrize("extra", [{"currency": "CNY"}, {"column": "EUR"}])
def test_a_sign_that_fights_the_mapping_is_rejected(place: Place, extra: dict[str, str]) -> None:
    event = {"at": "t", "kind": "order", "value": "v", "id": "n"}
    data: dict[str, object] = {"source": "s", "events": [event]}
    if "column" in extra:
        event["currency"] = "c"
    else:
        data.update(extra)
    report = place.add_text(
        "s.csv", "n,t,v,c\n1,2025-12-01,$20.00,CNY\n2,2025-12-01,20.00,CNY\n", mapping=from_data(data)
    )
    assert (report.new, report.rejects) == (1, 1)
    assert "another currency" in reasons(place)


def test_an_empty_currency_is_filled_by_the_sign(place: Place) -> None:
    event = {"at": "t", "kind": "order", "value": "v", "id": "n", "currency": "c"}
    place.add_text("s.csv", "n,t,v,c\n1,2025-12-01,€20.00,\n", mapping=from_data({"source": "s", "events": [event]}))
    assert [e["currency"] for e in place.events()] == ["EUR"]


NAMED = "Order ID,Date,Customer,Email,Phone,Total,Status\n"


def test_two_customers_of_one_name_are_two_people_and_all_their_keys_are_theirs(place: Place) -> None:
    first = "1,2026-03-02 10:15,Li Na,a@x.cn,13800138111,5.00,paid\n"
    second = "2,2026-03-03 10:15,Li Na,b@x.cn,13900139222,6.00,refunded\n"
    report = place.add_text("shop.csv", NAMED + first + second)
    assert {event["actor_key"] for event in place.events()} == {"phone:8613800138111", "phone:8613900139222"}
    links = {(event["actor_key"], event["target_key"]) for event in place.events("kind = 'alias'")}
    assert links == {("phone:8613800138111", "email:a@x.cn"), ("phone:8613900139222", "email:b@x.cn")}
    traits = [event["props"] for event in place.events("kind = 'identify'")]
    assert sorted(traits, key=lambda known: known["email"]) == [
        {"email": "a@x.cn", "name": "Li Na", "phone": "13800138111"},
        {"email": "b@x.cn", "name": "Li Na", "phone": "13900139222"},
    ]
    assert "EVERY ROW COUNTS AS PAID" in report.why
    assert report.kinds["order"] == 2
    assert place.add_text("shop.csv", NAMED + second + first).new == 0


@pytest.mark.parametrize(
    "customers", [("C-1", "C-2"), ("ann_1988", "\u5c0f\u9f99\u4eba\u7231\u559d\u8336\u7684\u4eba")]
)
def test_customers_that_are_ids_stay_ids(place: Place, customers: tuple[str, str]) -> None:
    rows = "".join(
        f"{n},2026-03-02 10:15,{name},{n}@x.cn,1380013811{n},5.00,paid\n" for n, name in enumerate(customers)
    )
    place.add_text("shop.csv", NAMED + rows)
    assert {event["actor_key"] for event in place.events("kind = 'order'")} == {f"user:{name}" for name in customers}


def test_names_are_all_there_is_to_tell_people_apart(place: Place) -> None:
    place.add_text("shop.csv", "Order ID,Date,Customer,Total\n1,2026-03-02,Li Na,5\n2,2026-03-03,Bo Wang,5\n")
    assert {event["actor_key"] for event in place.events()} == {"user:Li Na", "user:Bo Wang"}
