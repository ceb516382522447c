"""Health of groups against figures counted by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from lianyi.insight.groups.fixing import ACTS, fixes
from tests.insight.log import AS_OF, Log

ROOM, OTHER = "group:wecom/茶友群", "group:wecom/潜水群"
STAFF = "wecom_user:rui"


def lively() -> Log:
    """A room: 1 asks and 2 answers, 2 asks and 3 answers, 1 and 3 exchange, staff answers once, 4 asks in vain; 5 joins
    and is greeted; 6 joined long ago, never spoke and left. Another room has members and no talk."""
    log = Log({STAFF: "p9"})
    for person in (1, 2, 3, 4, 6):
        log.add("join", f"user:{person}", AS_OF - timedelta(days=60), group_key=ROOM)
        log.add("join", f"user:{person}", AS_OF - timedelta(days=60), group_key=OTHER)
    log.add("join", "user:5", AS_OF - timedelta(days=4), group_key=ROOM)
    log.add("leave", "user:6", AS_OF - timedelta(days=3), group_key=ROOM)
    at = AS_OF - timedelta(days=5)

    def said(person: str, text: str, minutes: int, answers: Any = None) -> Any:
        more = {"parent_id": answers.id, "target": answers.actor_key} if answers else {}
        kind = "reply" if answers else "message"
        return log.add(kind, person, at + timedelta(minutes=minutes), group_key=ROOM, text=text, **more)

    one = said("user:1", "请问乌龙茶怎么保存", 0)
    two = said("user:2", "放阴凉处", 10, one)
    said("user:1", "谢谢", 12, two)
    three = said("user:2", "哪款适合送人？", 60)
    said("user:3", "白茶", 90, three)
    said(STAFF, "都合适", 95, three)
    said("user:4", "什么时候补货？", 200)
    five = said("user:5", "新人报到", 2 * 1440)
    said("user:3", "欢迎", 2 * 1440 + 30, five)
    return log


def test_figures_of_a_week_are_those_counted_by_hand() -> None:
    rows = {(row["group_key"], row["week"]): row for row in lively().build("group_health")["group_health"]}
    row = rows[ROOM, 0]
    assert (row["active"], row["messages"], row["interactions"]) == (6, 9, 5)
    # pairs: 1–2 both ways; 2–3, 2–staff, 3–5 one way
    assert row["reciprocity"] == 0.25
    # three partners: only 2 (1, 3, staff)
    assert row["many_way"] == pytest.approx(1 / 6)
    assert row["top_share"] == pytest.approx(2 / 9)
    assert row["self_answers"] == pytest.approx(4 / 5)
    assert (row["questions"], row["unanswered"], row["answer_minutes"]) == (3, pytest.approx(1 / 3), 20)
    assert (row["joined"], row["gone"], row["members"]) == (1, 1, 6)
    assert row["churn"] == pytest.approx(1 / 7)
    assert row["newcomers"] == 6
    assert rows[ROOM, -1]["messages"] == 9
    assert (OTHER, 0) not in rows


def test_a_group_has_a_verdict_with_its_parts_and_what_to_fix_first() -> None:
    rows = {row["group_key"]: row for row in lively().build("groups")["groups"]}
    parts = {part["part"]: part["holds"] for part in json.loads(rows[ROOM]["verdict_parts"])}
    assert parts == {
        "many_way": False,
        **dict.fromkeys(("reciprocity", "decentral", "self_run", "answered", "newcomers"), True),
    }
    assert rows[ROOM]["verdict"] == "crowd"
    assert rows[ROOM]["fix"] == "many_way"
    assert rows[ROOM]["name"] == "茶友群"
    assert (rows[OTHER]["verdict"], rows[OTHER]["fix"], rows[OTHER]["members"]) == ("unknown", "quiet", 5)


def test_people_have_roles_by_what_they_did() -> None:
    rows = {(row["group_key"], row["person_id"]): row for row in lively().build("group_people")["group_people"]}
    assert rows[ROOM, "p9"]["role"] == "staff"
    assert rows[ROOM, "p5"]["role"] == "newcomer"
    assert (rows[ROOM, "p3"]["role"], rows[ROOM, "p3"]["said"], rows[ROOM, "p3"]["answers"]) == ("core", 2, 2)
    assert rows[ROOM, "p4"]["role"] == "member"
    assert rows[OTHER, "p1"]["role"] == "silent"
    assert (ROOM, "p6") not in rows


def test_unknown_parts_are_not_called_short_and_each_part_has_an_act() -> None:
    known: dict[str, Any] = {"active": 10, "newcomers": 1, "churn": None}
    parts: list[dict[str, Any]] = [
        {"part": "many_way", "value": None, "needs": 0.3, "at_most": False, "holds": None},
        {"part": "decentral", "value": 0.75, "needs": 0.5, "at_most": True, "holds": False},
        {"part": "newcomers", "value": 0.0, "needs": 0.4, "at_most": False, "holds": False},
    ]
    found = fixes(known, parts)
    assert [(one["part"], one["weight"]) for one in found] == [("decentral", 0.5), ("newcomers", 0.1)]
    assert {one["part"] for one in found} <= set(ACTS)


def test_no_groups_no_rows() -> None:
    log = Log()
    log.add("view")
    built = log.build("groups", "group_people")
    assert (built["groups"], built["group_people"], built["group_health"]) == ([], [], [])
