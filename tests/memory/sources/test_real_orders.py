"""Real logs through the tutorial's mappings, against counts that plain Python makes."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.memory.sources.landing_place import Place
from tests.real_data import ROOT, real

MAPPINGS = ROOT / "docs" / "tutorial" / "mappings"
CENT = Decimal("0.0001")

pytestmark = pytest.mark.data


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def spending(place: Place) -> dict[str, tuple[Decimal, Decimal, int, datetime]]:
    """Paid, given back, number of orders and last order by person, summed from the log in plain Python."""
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    back: defaultdict[str, Decimal] = defaultdict(Decimal)
    orders: defaultdict[str, set[str]] = defaultdict(set)
    last: dict[str, datetime] = {}
    for event in place.events("actor_key IS NOT NULL AND kind IN ('order', 'refund')"):
        who = event["actor_key"]
        if event["kind"] == "refund":
            back[who] += event["value"]
            continue
        paid[who] += event["value"]
        orders[who].add(event.get("parent_id", event["id"]))
        last[who] = max(last.get(who, event["at"]), event["at"])
    return {who: (paid[who], back[who], len(orders[who]), last[who]) for who in paid}


def test_online_retail_agrees_person_by_person(place: Place) -> None:
    path = real("online_retail/onlineretail.parquet")
    report = place.add(path, mapping=MAPPINGS / "online_retail.yaml")[0]
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    assert (report.rows, report.new, report.rejects) == (len(rows), len(rows), 0)
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    back: defaultdict[str, Decimal] = defaultdict(Decimal)
    invoices: defaultdict[str, set[str]] = defaultdict(set)
    without = 0
    for row in rows:
        amount = (Decimal(str(row["Quantity"])) * Decimal(str(row["UnitPrice"]))).quantize(CENT, ROUND_HALF_UP)
        taken_back = row["InvoiceNo"].startswith("C")
        if amount <= 0 and not taken_back:
            continue
        customer = row["CustomerID"]
        without += customer is None
        if customer is None:
            continue
        who = f"user:{int(customer)}"
        if taken_back:
            back[who] -= amount
        elif row["Quantity"] > 0:
            paid[who] += amount
            invoices[who].add(row["InvoiceNo"])
    ours = spending(place)
    assert set(ours) == set(paid)
    assert {who: mine[:3] for who, mine in ours.items()} == {
        who: (paid[who], back[who], len(invoices[who])) for who in paid
    }
    assert len(place.events("actor_key IS NULL AND kind IN ('order', 'refund')")) == without
    assert report.kinds["refund"] == 9288  # the cancellation lines that the set's description names


def test_cdnow_agrees_person_by_person(place: Place) -> None:
    path = real("cdnow/CDNOW_master.txt")
    report = place.add(path, mapping=MAPPINGS / "cdnow.yaml")[0]
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    count: Counter[str] = Counter()
    for line in path.read_text().splitlines()[1:]:
        customer, _day, _discs, dollars = line.split()
        if Decimal(dollars) > 0:
            paid[f"user:{customer}"] += Decimal(dollars)
            count[f"user:{customer}"] += 1
    ours = spending(place)
    assert report.rows == 69_659
    assert {who: (mine[0], mine[2]) for who, mine in ours.items()} == {who: (paid[who], count[who]) for who in paid}
    assert len({event["actor_key"] for event in place.events()}) == 23_570


def test_taobao_shares_keep_who_passed_what_to_whom(place: Place) -> None:
    path = real("taobao_share/share_sample.csv")
    report = place.add(path, mapping=MAPPINGS / "taobao_share.yaml")[0]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    edges = Counter((f"user:{r['inviter_id']}", f"user:{r['voter_id']}", f"item:{r['item_id']}") for r in rows)
    ours = Counter((e["actor_key"], e["target_key"], e["object_key"]) for e in place.events())
    assert report.kinds == {"share": 30_134}
    assert ours == edges
    assert len({actor for actor, _target, _item in ours}) == 9_889


def test_shop_funnel_without_a_header(place: Place) -> None:
    path = real("dyhatr_ecomm/ecomm_edge_train.txt")
    report = place.add(path, mapping=MAPPINGS / "shop_funnel.yaml")[0]
    words = {"1": "click", "2": "collect", "3": "cart", "4": "order"}
    plain = Counter(words[line.split("\t")[2]] for line in path.read_text().splitlines())
    assert report.kinds == dict(plain)
    assert (report.rows, report.rejects) == (85_213, 0)


def test_followers_interests_become_traits(place: Place) -> None:
    path = real("social_marketing_tags/social_marketing.csv")
    report = place.add(path, mapping=MAPPINGS / "followers.yaml")[0]
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    traits = {e["actor_key"]: e["props"] for e in place.events()}
    assert report.new == 7_882
    for row in rows[1:]:
        assert traits[f"user:{row[0]}"] == dict(zip(rows[0][1:], row[1:], strict=True))


def test_a_set_that_nobody_mapped_is_understood_from_its_header(place: Place) -> None:
    """The guess for order lines finds time, person, goods and price by itself, and asks before it imports nothing."""
    from lianyi.memory.sources.source import Head
    from lianyi.memory.sources.tabular.choosing import choice

    path = real("online_retail/onlineretail.parquet")
    chosen = choice(Head(path=path, name=path.name))
    assert chosen is not None
    fields = chosen.mapping.rules[0].fields
    assert fields["at"].column == "InvoiceDate"
    assert fields["actor_key"].column == "CustomerID"
    assert fields["object_key"].column == "StockCode"
