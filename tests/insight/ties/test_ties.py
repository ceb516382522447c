"""Laws of `ties`: who is tied to whom, by what, and what is no tie."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.ties.kinds import BROADCAST, CAP
from tests.insight.log import AS_OF, Log, Row

NUMBERS = ("strength", "weight", "closeness", "common", "toward", "reciprocity", "days", "groups", "counts", "band")


def ties(log: Log, **options: Any) -> dict[tuple[str, str], Row]:
    """Rows of `ties` by pair."""
    return {(row["person_a"], row["person_b"]): row for row in log.build("ties", **options)["ties"]}


def test_contacts_are_counted_by_kind_day_group_channel_and_direction() -> None:
    log = Log()
    said = log.add("message", "user:1", "2026-05-01 10:00", group_key="group:a", channel="wechat")
    log.add("reply", "user:2", "2026-05-01 10:30", parent_id=said.id, group_key="group:a", channel="wechat")
    log.add("mention", "user:1", "2026-05-02 10:00", target="user:2", group_key="group:b", channel="matrix")
    log.add("reaction", "user:2", "2026-05-02 10:05", target="user:1", group_key="group:b", channel="matrix")
    row = ties(log)["p1", "p2"]
    assert row["counts"] == {"reply": 1, "mention": 1, "reaction": 1}
    assert (row["days"], row["groups"], row["channels"]) == (2, 2, ["matrix", "wechat"])
    assert row["toward"] == pytest.approx(1 / 3, abs=1e-4)
    assert row["reciprocity"] == pytest.approx(2 / 3, abs=1e-4)
    assert row["evidence_en"] == "1 reply, 1 mention, 1 reaction on 2 days in 2 groups, both ways"
    assert row["evidence_zh"] == "1 次回复、1 次提及、1 次表情回应，共 2 天，2 个群，双向"


def test_who_arrives_was_brought_by_who_shared() -> None:
    log = Log()
    share = log.add("share", "user:1", "2026-05-01 10:00", object_key="item:1")
    log.add("arrive", "user:2", "2026-05-01 11:00", parent_id=share.id)
    log.add("arrive", "user:3", "2026-05-01 11:00", target="user:1")
    log.add("arrive", "user:1", "2026-05-01 12:00", parent_id=share.id)
    found = ties(log)
    assert set(found) == {("p1", "p2"), ("p1", "p3")}
    assert all(row["toward"] == 1 and row["counts"] == {"arrive": 1} for row in found.values())


def test_one_message_to_many_ties_nobody_but_who_answers() -> None:
    log = Log()
    for number in range(2, BROADCAST + 4):
        log.add("message", "user:1", "2026-05-01 10:00", target=f"user:{number}")
        log.add("mention", "user:1", "2026-05-01 10:00", target=f"user:{number}")
    log.add("reply", "user:2", "2026-05-01 12:00", target="user:1")
    assert set(ties(log)) == {("p1", "p2")}


def test_turning_to_as_many_as_one_can_know_ties() -> None:
    log = Log()
    for number in range(2, BROADCAST + 2):
        log.add("message", "user:1", "2026-05-01 10:00", target=f"user:{number}")
    assert len(ties(log)) == BROADCAST


def test_a_message_in_a_room_ties_only_to_the_one_before_and_only_twice() -> None:
    log = Log()
    for day in ("2026-05-01", "2026-05-02"):
        for minute, who in enumerate((1, 2)):
            log.add("message", f"user:{who}", f"{day} 10:0{minute}", group_key="group:a")
    log.add("message", "user:3", "2026-05-02 10:03", group_key="group:a")
    log.add("message", "user:4", "2026-05-02 10:30", group_key="group:a")
    assert {pair: row["counts"] for pair, row in ties(log).items()} == {("p1", "p2"): {"near": 2}}


def test_meeting_at_an_event_ties_but_points_collected_alone_do_not() -> None:
    log = Log()
    for who in (1, 2, 3):
        log.add("check_in", f"user:{who}", f"2026-05-01 10:0{who}", object_key="task:daily/1", channel="wechat")
    for who in (1, 2):
        log.add("check_in", f"user:{who}", f"2026-05-01 14:0{who}", object_key="event:tea-1", channel="offline")
    row = ties(log)["p1", "p2"]
    assert row["counts"] == {"together": 1}
    assert row["toward"] is None
    assert row["reciprocity"] is None


def test_a_relation_is_stated_and_taken_back() -> None:
    log = Log()
    log.add("relate", "user:1", "2026-01-01 10:00", target="user:2", props={"relation": "family"})
    log.add("relate", "user:3", "2026-01-01 10:00", target="user:2", props={"relation": "friend"})
    log.add("relate", "user:2", "2026-02-01 10:00", target="user:3", props={"remove": True})
    found = ties(log)
    assert set(found) == {("p1", "p2")}
    assert found["p1", "p2"]["relation"] == "family"


def test_what_is_to_come_is_not_known() -> None:
    log = Log()
    log.add("reply", "user:1", "2026-05-01 10:00", target="user:2")
    log.add("reply", "user:1", "2026-05-09 10:00", target="user:3")
    assert set(ties(log, as_of=AS_OF - timedelta(days=25))) == {("p1", "p2")}


def test_no_contact_no_ties() -> None:
    log = Log()
    log.add("view", "user:1")
    built = log.build("ties", "person_ties", "tie_model", "tie_opportunities")
    assert [built[name] for name in built if name.startswith(("tie", "person_tie"))] == [[], [], [], []]


def test_each_tie_stands_on_both_sides() -> None:
    log = _chat(40)
    built = log.build("ties", "person_ties")
    sides = {(row["person_id"], row["other_id"]): row for row in built["person_ties"]}
    assert len(sides) == 2 * len(built["ties"])
    for row in built["ties"]:
        one, other = sides[row["person_a"], row["person_b"]], sides[row["person_b"], row["person_a"]]
        assert one["strength"] == other["strength"] == row["strength"]
        if row["toward"] is not None:
            assert one["toward"] == row["toward"] == pytest.approx(1 - other["toward"])


def _chat(count: int, *, people: int = 6, prefix: str = "", seed: int = 1) -> Log:
    log = Log()
    _talk(log, count, people=people, prefix=prefix, seed=seed)
    return log


def _talk(log: Log, count: int, *, people: int = 6, prefix: str = "", seed: int = 1) -> None:
    for number in range(count):
        one, other = (seed * number * 7 + number // 3) % people, (number * number + seed) % people
        if one != other:
            when = AS_OF - timedelta(hours=11 * number + 1)
            log.add("reply", f"user:{prefix}{one}", when, target=f"user:{prefix}{other}", group_key="group:a")


def _figures(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in NUMBERS)


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(6)))
def test_other_names_give_the_same_ties(order: list[int]) -> None:
    log = _chat(60)
    renamed = Log({f"user:{number}": f"px{place}" for number, place in enumerate(order)})
    renamed.events = list(log.events)
    back = {f"px{place}": f"p{number}" for number, place in enumerate(order)}
    found = {
        tuple(sorted((back[a], back[b]))): (row["strength"], row["weight"], row["common"], row["days"], row["band"])
        for (a, b), row in ties(renamed).items()
    }
    expected = {
        pair: (row["strength"], row["weight"], row["common"], row["days"], row["band"])
        for pair, row in ties(log).items()
    }
    assert found == expected


@settings(max_examples=8, deadline=None)
@given(count=st.integers(1, 60), seed=st.integers(1, 5))
def test_people_who_know_nobody_here_change_nothing(count: int, seed: int) -> None:
    """Given the model and the horizon; bands are relative to all ties of the brand, so they may move."""
    from lianyi.insight.ties.model import shipped

    fixed = {"tie_model": shipped(), "tie_horizon": 30 * 86_400_000_000}
    log = _chat(60)
    alone = ties(log, parameters=fixed)
    _talk(log, count, prefix="z", seed=seed)
    both = ties(log, parameters=fixed)
    assert {pair: _figures(both[pair])[:-1] for pair in alone} == {
        pair: _figures(row)[:-1] for pair, row in alone.items()
    }


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(30)))
def test_the_order_of_the_log_does_not_matter(order: list[int]) -> None:
    log = _chat(31)
    shuffled = Log()
    chosen = log.events[:30]
    shuffled.events = [chosen[place] for place in order if place < len(chosen)]
    log.events = chosen
    assert {pair: _figures(row) for pair, row in ties(shuffled).items()} == {
        pair: _figures(row) for pair, row in ties(log).items()
    }


@settings(max_examples=6, deadline=None)
@given(flood=st.integers(int(CAP), 60))
def test_a_flood_within_a_day_counts_no_more_than_the_cap(flood: int) -> None:
    def weight(count: int) -> Row:
        log = Log()
        for number in range(count):
            log.add("reply", "user:1", AS_OF - timedelta(days=3, seconds=number), target="user:2")
        return ties(log)["p1", "p2"]

    few, many = weight(int(CAP)), weight(2 * flood)
    assert (few["weight"], few["strength"]) == (many["weight"], many["strength"])
    assert many["counts"] == {"reply": 2 * flood}


def test_talk_fades_by_half_in_a_horizon_and_what_was_stated_does_not() -> None:
    def weight(kind: str, days: int) -> float:
        log = Log()
        log.add(kind, "user:1", AS_OF - timedelta(days=days), target="user:2")
        return float(ties(log)["p1", "p2"]["weight"])

    assert weight("reply", 30) == pytest.approx(0.5)
    assert weight("reply", 60) == pytest.approx(0.25)
    assert weight("invite", 90) == pytest.approx(0.5)
    assert weight("relate", 300) == 1


def test_common_acquaintances_are_those_of_an_independent_count() -> None:
    nx = pytest.importorskip("networkx")
    log = _chat(50, people=9)
    found = ties(log)
    graph = nx.Graph(list(found))
    for (a, b), row in found.items():
        assert row["common"] == len(list(nx.common_neighbors(graph, a, b)))
    rare = {(a, b): score for a, b, score in nx.adamic_adar_index(graph, list(found))}
    assert {pair: row["closeness"] for pair, row in found.items()} == pytest.approx(rare, abs=1e-6)
    assert any(row["common"] for row in found.values())


def test_pairs_of_all_people_are_ordered() -> None:
    people = {person for pair in ties(_chat(60)) for person in pair}
    assert set(ties(_chat(60))) <= set(itertools.combinations(sorted(people), 2))
