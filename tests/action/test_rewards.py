"""Rewards: what the law allows, never beyond the budget, back to the cent; draws that anybody can compute again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lianyi.action.rewards import drawing, forgetting, granting, paying, posting, ruling, settling
from lianyi.action.rewards.drawing import Prize
from lianyi.action.rewards.models import Draw, Posting, Rule, Total
from lianyi.action.rewards.posting import Claim
from lianyi.action.rewards.ruling import Wanted
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.memory.draining import land
from lianyi.memory.events import Event
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.standing import copy_brand

NOW = datetime.now(UTC).replace(microsecond=0)
START = NOW - timedelta(days=60)
WANTED = Wanted(
    name="spring", campaign="spring", currency="CNY", per_person=5_000, budget=20_000, fixed=1_000, starts_at=START,
    ends_at=NOW + timedelta(days=60), disclosure={"zh-hans": "好友购买后奖励 10 元"},
)  # fmt: skip


def rule_of(**changes: Any) -> Rule:
    return ruling.start(replace(WANTED, **changes), by="olga", now=NOW)


def claim(number: int, person: str = "p1", amount: int = 1_000, level: int = 1) -> Claim:
    return Claim(person=person, invited=f"i{number}", order_no=f"o{number}", level=level, amount=amount, at=START)


@pytest.mark.parametrize("counts", ["share", "arrive", "join", "invite", "follow", "click", "view", "identify"])
def test_sharing_and_heads_are_never_paid(counts: str) -> None:
    with pytest.raises(RefusedError, match="induced sharing or pay by head count"):
        rule_of(counts=counts)


def test_there_is_no_third_level_and_the_second_must_be_meant() -> None:
    with pytest.raises(RefusedError, match="end at the second level"):
        rule_of(levels=3)
    with pytest.raises(RefusedError, match="off unless"):
        rule_of(second=100)
    assert rule_of(second=100, levels=2).second == 100
    assert "third" not in {field.name for field in Rule._meta.get_fields()}


@pytest.mark.parametrize(
    ("changes", "match"),
    [({"budget": 0}, "0 is no limit"), ({"per_person": 30_000}, "within the budget"), ({"fixed": 0}, "say how much"),
     ({"disclosure": {}}, "said beforehand"), ({"ends_at": START}, "after starts_at"), ({"fixed": -1}, "0 or more"),
     ({"counts": "x"}, "not one of")],
)  # fmt: skip
def test_a_rule_says_all_that_it_must(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        rule_of(**changes)


def test_postings_are_never_changed() -> None:
    rule = rule_of()
    posting.grant(rule, claim(1), now=NOW, by="t")
    for act in (lambda: Posting.objects.update(amount=1), lambda: Posting.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()


def test_an_erased_person_is_named_nowhere_and_the_books_stay_right() -> None:
    rule = rule_of(hold_days=0)
    posting.grant(rule, claim(1, person="p1"), now=NOW, by="t")
    posting.grant(rule, claim(2, person="p1 before a merge"), now=NOW, by="t")
    posting.grant(rule, replace(claim(3, person="p2"), invited="p1"), now=NOW, by="t")
    paying.pay(rule, now=NOW + timedelta(days=1), by="t")
    posting.grant(rule, claim(4, person="p1"), now=NOW, by="t")
    draw = Draw.objects.create(
        name="d", prizes=[], currency="CNY", entry="all", organiser="o", contact="c", draws_at=NOW, redeem_until=NOW,
        beacon="b", commitment="c", seed="s", published_at=NOW, by="t", entries={"t1": "p1", "t2": "p2"},
    )  # fmt: skip
    ids = {"p1", "p1 before a merge"}
    held = forgetting.held(ids)
    assert [(one["what"], one["mine"], one["amount"]) for one in held["rewards"]].count(("granted", True, 1_000)) == 3
    assert held["draws"] == [{"draw": "d", "ticket": "t1"}]
    before = sorted(Posting.objects.values_list("what", "order_no", "amount"))
    forgetting.forget(ids)
    assert sorted(Posting.objects.values_list("what", "order_no", "amount")) == before
    assert forgetting.held(ids) == {"rewards": [], "draws": []}
    draw.refresh_from_db()
    everything = [*Posting.objects.values_list("person", "invited", "key"), *draw.entries.items()]
    everything += Total.objects.values_list("person")
    assert not [row for row in everything if any(one in str(cell).split("/") for cell in row for one in ids)]
    sums = dict(Total.objects.values_list("person", "amount"))
    assert sums.pop("p2") == 1_000
    assert list(sums.values()) == [3_000], "one sum under one word"
    assert paying.due(rule, now=NOW + timedelta(days=9)) == [], "nobody to pay to"
    for change in ({"amount": 1}, {"person": "p3"}, {"order_no": "erased-1"}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Posting.objects.update(**change)


MOVES = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["p1", "p2", "p3"]), st.integers(1, 3_000),
              st.one_of(st.none(), st.integers(0, 3_000))),
    max_size=25,
)  # fmt: skip


class Moving(TestCase):
    """Grants and clawbacks in any order, against a ledger kept by hand."""

    @settings(max_examples=30, deadline=None)
    @given(MOVES)
    def test_sums_are_exact_and_within_all_limits(self, moves: list[tuple[int, str, int, int | None]]) -> None:
        rule = rule_of()
        worth: dict[int, tuple[str, int]] = {}
        first: dict[int, int] = {}
        for number, person, amount, keeps in moves:
            if keeps is None:
                spent = sum(value for _, value in worth.values())
                mine = sum(value for who, value in worth.values() if who == person)
                done = posting.grant(rule, claim(number, person, amount), now=NOW, by="t")
                if number in worth:
                    expected = {"again", "cap", "budget"}
                elif mine + amount > 5_000:
                    expected = {"cap"}
                elif spent + amount > 20_000:
                    expected = {"budget"}
                else:
                    expected = {"granted"}
                    worth[number], first[number] = (person, amount), amount
                assert done in expected
            elif number in worth:
                who, value = worth[number]
                (row,) = posting.granted_for(rule, f"o{number}")
                taken = posting.claw_back(rule, row, keeps=keeps, now=NOW, by="t")
                left = min(value, keeps)
                assert taken == value - left
                worth[number] = who, left
        rule.refresh_from_db()
        assert rule.spent == sum(value for _, value in worth.values()) <= rule.budget
        for who in ("p1", "p2", "p3"):
            total = sum(value for person, value in worth.values() if person == who)
            rows = Posting.objects.filter(rule=rule, person=who)
            assert sum(rows.values_list("amount", flat=True)) == total <= rule.per_person
            assert (Total.objects.filter(rule=rule, person=who).first() or Total(amount=0)).amount == total


RACE = """
import pathlib, sys
from datetime import UTC, datetime
from lianyi.doors.console.start import configure
configure(pathlib.Path(sys.argv[1]))
from lianyi.action.rewards import posting
from lianyi.action.rewards.models import Rule
from lianyi.action.rewards.posting import Claim
rule, now = Rule.objects.get(), datetime.now(UTC)
for number in range(60):
    posting.grant(rule, Claim(person=f"p{number % 7}", invited="i", order_no=f"{number + int(sys.argv[2]) * 20}",
                              level=1, amount=700, at=now), now=now, by="t")
"""
MAKE = """
import pathlib, sys
from datetime import UTC, datetime, timedelta
from lianyi.doors.console.start import prepare
prepare(pathlib.Path(sys.argv[1]))
from lianyi.action.rewards import ruling
now = datetime.now(UTC)
ruling.start(ruling.Wanted(name="r", campaign="c", currency="CNY", per_person=5000, budget=20000, fixed=700,
             starts_at=now, ends_at=now + timedelta(days=9), disclosure={"en": "x"}), by="t", now=now)
"""
SUMS = """
import json, pathlib, sys
from lianyi.doors.console.start import configure
configure(pathlib.Path(sys.argv[1]))
from django.db.models import Sum
from lianyi.action.rewards.models import Draw, Posting, Rule, Total
rows = list(Posting.objects.values_list("order_no", "person", "amount"))
print(json.dumps([Rule.objects.get().spent, rows, list(Total.objects.values_list("person", "amount"))]))
"""


def test_the_budget_holds_while_several_processes_grant(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    Workspace.create(folder, Settings(memory_mb=512))

    def run(program: str, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, str(folder), *more]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(process: subprocess.Popen[str]) -> str:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        return out

    end(run(MAKE))
    for process in [run(RACE, str(number)) for number in range(2)]:
        end(process)
    spent, rows, totals = json.loads(end(run(SUMS)).splitlines()[-1])
    assert spent == sum(row[2] for row in rows) == 28 * 700  # as many as fit into 20,000
    assert len({row[0] for row in rows}) == len(rows)
    sums: dict[str, int] = {}
    for _, person, amount in rows:
        sums[person] = sums.get(person, 0) + amount
    assert {person: amount for person, amount in totals if amount} == sums
    assert max(sums.values()) <= 5_000


# --- from the log --------------------------------------------------------------------------------------------------


def act(number: str, kind: str, who: str, days: float, **more: Any) -> Event:
    more.setdefault("campaign", "spring")
    return Event(id=number, at=NOW - timedelta(days=days), kind=kind, source="links", actor_key=f"user:{who}", **more)


def bought(number: str, who: str, days: float, value: int) -> Event:
    return act(number, "order", who, days, value=Decimal(value), currency="CNY", campaign=None)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann brings Bo and Cai, Bo brings Dan; a bot comes; Eve had bought before. Built once."""
    ws = Workspace.create(tmp_path_factory.mktemp("brought") / "w", Settings(memory_mb=512, threads=1))
    ws.record([
        act("s1", "share", "ann", 20), act("s2", "share", "bo", 15), act("x", "view", "ann", 40, campaign=None),
        act("a1", "arrive", "bo", 19, parent_id="s1"), act("a2", "arrive", "cai", 18, parent_id="s1"),
        act("a3", "arrive", "dan", 14, parent_id="s2"), act("a4", "arrive", "eve", 13, parent_id="s1"),
        act("a5", "arrive", "rob", 19.5, parent_id="s1", props={"agent": "somebot"}),
        bought("o1", "bo", 18, 100), bought("o2", "cai", 17, 50), bought("o3", "dan", 13, 80),
        bought("e0", "eve", 30, 10), bought("o4", "eve", 12, 90), bought("o5", "rob", 19, 90),
        bought("o6", "ann", 10, 99),
    ])  # fmt: skip
    ws.refresh()
    return ws.folder


@pytest.fixture
def brought(template: Path, tmp_path: Path) -> Workspace:
    return copy_brand(template, tmp_path / "w")


def ids(ws: Workspace) -> Callable[[str], str]:
    keys = {
        row["key"]: row["person_id"] for row in ws.sql("SELECT key, person_id FROM keys").to_arrow_table().to_pylist()
    }
    return lambda name: keys[f"user:{name}"]


def test_who_brought_a_buyer_is_rewarded_once_and_everything_else_has_its_reason(brought: Workspace) -> None:
    rule, of = rule_of(second=300, levels=2, budget=100_000, per_person=50_000), ids(brought)
    done = settling.settle(brought, rule, now=NOW)
    rows = Posting.objects.filter(rule=rule, what="granted").values_list("person", "order_no", "level", "amount")
    assert sorted(rows) == sorted([
        (of("ann"), "o1", 1, 1_000), (of("ann"), "o2", 1, 1_000), (of("bo"), "o3", 1, 1_000), (of("ann"), "o3", 2, 300)
    ])  # fmt: skip
    refused = Posting.objects.filter(rule=rule, what="refused").values_list("order_no", "reason")
    assert set(refused) == {("o4", "known"), ("o5", "flagged")}
    assert (done.granted, done.amount) == (4, 3_300)
    again = settling.settle(brought, rule, now=NOW)
    assert (again.granted, again.clawed_back) == (0, 0)
    told = [event for portion in brought.inbox.take(10**9) for event in [portion.events]]
    assert sum(told) == 4


def test_a_journey_grants_what_one_person_has_earned_and_nothing_else(brought: Workspace) -> None:
    rule, of = rule_of(budget=100_000, per_person=50_000), ids(brought)
    asked: dict[str, Any] = {"person_id": of("bo"), "key": "k", "by": "journey", "now": NOW, "workspace": brought}
    assert [granting.grant("spring", **asked) for _ in range(2)] == [1, 0]
    assert list(Posting.objects.filter(rule=rule, what="granted").values_list("person", "order_no")) == [
        (of("bo"), "o3")
    ]
    with pytest.raises(NotFound, match="there are: spring"):
        granting.grant("summer", **asked)


def test_a_refund_takes_back_exactly_what_is_no_longer_earned(brought: Workspace) -> None:
    rule, of = rule_of(fixed=0, share=1_000, budget=100_000, per_person=50_000), ids(brought)
    settling.settle(brought, rule, now=NOW)
    assert {one.person: one.amount for one in paying.due(rule, now=NOW)} == {of("ann"): 1_500}  # 10 % of 100 and of 50
    brought.record([act("r1", "refund", "bo", 1, parent_id="o1", value=Decimal(40), currency="CNY", campaign=None)])
    brought.refresh()
    done = settling.settle(brought, rule, now=NOW)
    assert (done.clawed_back, done.taken) == (1, 400)
    number, paid = paying.pay(rule, now=NOW, by="t")
    assert [(one.person, one.amount) for one in paid] == [(of("ann"), 1_100)]
    assert paying.paid(rule, number) == paid
    assert paying.due(rule, now=NOW) == []
    brought.record([act("r2", "refund", "bo", 0.5, parent_id="o1", value=Decimal(60), currency="CNY", campaign=None)])
    brought.refresh()
    assert settling.settle(brought, rule, now=NOW).taken == 600
    rule.refresh_from_db()
    assert rule.spent == 500 + 800
    assert settling.tell(brought, rule, now=NOW) == 0, "all is told"
    while land(brought.inbox, brought.lake, NOW).events:
        pass
    told = brought.sql(
        "SELECT value, coalesce(json_extract_string(props, '$.back'), 'false') = 'true' AS back FROM events "
        "WHERE kind = 'reward' AND source = 'rewards' ORDER BY id"
    ).to_arrow_table().to_pylist()  # fmt: skip
    assert sum(-row["value"] if row["back"] else row["value"] for row in told) == Decimal(13)
    assert sorted(row["value"] for row in told if row["back"]) == [Decimal(4), Decimal(6)]
    Rule.objects.filter(pk=rule.pk).update(told=0)  # as if a crash had come between telling and writing it down
    assert settling.tell(brought, rule, now=NOW) == len(told)
    assert land(brought.inbox, brought.lake, NOW).new == 0
    assert paying.due(rule, now=NOW) == []  # ann has had 600 too much and is owed nothing
    later = NOW + timedelta(days=10)
    assert {one.person: one.amount for one in paying.due(rule, now=later)} == {of("bo"): 800}


def test_nothing_is_paid_before_its_hold_is_over(brought: Workspace) -> None:
    rule = rule_of(hold_days=40, budget=100_000)
    settling.settle(brought, rule, now=NOW)
    assert paying.due(rule, now=NOW) == []
    assert paying.due(rule, now=NOW + timedelta(days=30))


def test_the_list_for_payment_holds_no_formula() -> None:
    rule = rule_of(name="=cmd|' /C calc'!A0")
    text = paying.as_csv(rule, [paying.Due(person="p1", amount=1_234)], {"p1": ("+86", "@x")})
    assert text.splitlines()[1] == "p1,'+86,'@x,12.34,CNY,'=cmd|' /C calc'!A0"


# --- draws ---------------------------------------------------------------------------------------------------------


def draw_of(**changes: Any) -> Draw:
    wanted = drawing.Wanted(
        name="lucky", prizes=[Prize(name="tea", value=10_000, count=2), Prize(name="cup", value=500, count=3)],
        entry="free", rules={"en": "one entry each"}, organiser="Tea Ltd", contact="tea@tea.cn", beacon="SSE close",
        draws_at=NOW + timedelta(days=1), redeem_until=NOW + timedelta(days=9),
    )  # fmt: skip
    return drawing.publish(replace(wanted, **changes), by="o", now=NOW)


def test_the_law_limits_draws() -> None:
    with pytest.raises(RefusedError, match="50,000 yuan"):
        draw_of(prizes=[Prize(name="car", value=5_000_001, count=1)])
    with pytest.raises(RefusedError, match="induced sharing"):
        draw_of(entry="share")
    gaps: tuple[dict[str, Any], ...] = (
        {"organiser": ""},
        {"contact": ""},
        {"rules": {}},
        {"beacon": ""},
        {"prizes": []},
    )
    for missing in gaps:
        with pytest.raises(InputError):
            draw_of(**missing)


def test_anybody_can_compute_a_draw_again_from_what_is_published() -> None:
    draw = draw_of()
    before = drawing.published(draw)
    assert draw.seed not in json.dumps(before, default=str)
    drawing.close(draw, [f"p{n}" for n in range(40)], now=NOW)
    said = drawing.published(draw)
    assert draw.seed not in json.dumps(said, default=str)
    assert said["odds"] == {"tea": 2 / 40, "cup": 3 / 40}
    with pytest.raises(InputError, match="this draw is at"):
        drawing.draw_now(draw, beacon_value="3456.78", now=NOW)
    drawing.draw_now(draw, beacon_value="3456.78", now=NOW + timedelta(days=2))
    said = json.loads(json.dumps(drawing.published(draw), default=str))
    # as a stranger would do it
    assert hashlib.sha256(said["seed"].encode()).hexdigest() == before["commitment"]
    assert hashlib.sha256("\n".join(said["tickets"]).encode()).hexdigest() == said["tickets_sha256"]
    ranked = sorted(said["tickets"], key=lambda t: hashlib.sha256(f"{said['seed']}:3456.78:{t}".encode()).digest())
    assert [one["ticket"] for one in said["winners"]] == ranked[:5]
    assert [one["prize"] for one in said["winners"]] == ["tea"] * 2 + ["cup"] * 3
    assert "p1" not in said["tickets"]
    with pytest.raises(InputError, match="can't be drawn again"):
        drawing.draw_now(draw, beacon_value="1", now=NOW + timedelta(days=2))
    with pytest.raises(InputError, match="closed already"):
        drawing.close(draw, ["p1"], now=NOW)
