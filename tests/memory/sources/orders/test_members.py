"""Lists of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.memory.sources.landing_place import NOW, Place
from tests.memory.sources.orders.samples import MEMBERS, WECOM


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_wecom_customers_with_several_tags(place: Place) -> None:
    report = place.add_text("客户列表.csv", WECOM.encode("gb18030"))
    assert (report.format, report.rows, report.rejects) == ("members", 3, 1)
    tags = place.events("kind = 'tag'")
    assert {(e["target_key"], e["props"]["tag"]) for e in tags} == {
        ("phone:8613812345678", "高意向"), ("phone:8613812345678", "奶粉"), ("phone:8613812345678", "VIP"),
        ("phone:8613812345678", "老客"), ("phone:8613700001111", "新客"),
    }  # fmt: skip
    who = place.events("kind = 'identify' AND actor_key = 'phone:8613812345678'")[0]
    assert who["props"]["name"] == "老王"
    assert who["props"]["company"] == "某公司"
    assert who["at"].isoformat() == "2026-01-05T02:00:00+00:00"


def test_who_came_at_no_known_time_is_known_since_now(place: Place) -> None:
    place.add_text("客户列表.csv", WECOM.encode("gb18030"))
    assert place.events("kind = 'identify' AND actor_key = 'phone:8613700001111'")[0]["at"] == NOW


def test_members_with_all_their_keys(place: Place) -> None:
    place.add_text("members.csv", MEMBERS)
    people = place.events("kind = 'identify'")
    assert [e["actor_key"] for e in sorted(people, key=lambda e: e["actor_key"])] == ["user:17", "user:18"]
    aliases = {(e["actor_key"], e["target_key"]) for e in place.events("kind = 'alias'")}
    assert aliases == {
        ("user:17", "email:ann@example.com"), ("user:17", "phone:16175550100"), ("user:18", "email:bob@example.com"),
    }  # fmt: skip
    ann = next(e for e in people if e["actor_key"] == "user:17")
    assert ann["props"]["Shoe size"] == "38"
    assert {e["props"]["tag"] for e in place.events("kind = 'tag'")} == {"vip", "early bird"}


def test_the_same_list_next_month_adds_only_what_is_new(place: Place) -> None:
    first = place.add_text("members.csv", MEMBERS)
    more = MEMBERS + "19,Cy,cy@example.com,,Austin,,2025-06-07 07:08:09,41\n"
    second = place.add_text("members.csv", more)
    assert (second.new, second.duplicates) == (2, first.new)
