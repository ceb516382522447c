"""The global control group: who is in it gets nothing but what is owed, always the same people, and the log knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.experiments import control
from lianyi.action.experiments.assigning import Place, Trial, tell
from lianyi.action.experiments.models import Told
from lianyi.action.experiments.rounds import Assignments
from lianyi.action.journeys.models import Enrolment, Journey, Version
from lianyi.action.policy import words
from lianyi.action.policy.deciding import Facts, Proposed, Verdict, decide
from lianyi.action.policy.rules import Policy
from lianyi.action.team.models import Act
from lianyi.errors import InputError
from lianyi.memory.draining import land
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, copy_brand

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path) -> Workspace:
    return copy_brand(brand_template, tmp_path / "tea")


def told(ws: Workspace, kind: str) -> list[dict[str, Any]]:
    """Events of a kind, once the inbox has landed."""
    land(ws.inbox, ws.lake, NOW + timedelta(days=3))
    rows = ws.sql('SELECT * FROM events WHERE kind = ? ORDER BY "at", id', [kind]).to_arrow_table().to_pylist()
    return [{**row, "props": json.loads(row["props"])} for row in rows]


def test_a_group_is_a_share_of_stable_people_and_a_smaller_one_lies_within(brand: Workspace) -> None:
    assert control.current() == control.NONE
    ids = [f"p{number}" for number in range(4000)]
    large = control.set_share(brand, 0.2, by="olga", now=NOW)
    held = {one for one in ids if large.holds(one)}
    assert 700 < len(held) < 900
    small = control.set_share(brand, 0.05, by="olga", now=NOW + timedelta(days=1))
    assert {one for one in ids if small.holds(one)} < held
    fresh = control.set_share(brand, 0.05, by="olga", now=NOW + timedelta(days=2), fresh=True)
    assert {one for one in ids if fresh.holds(one)} != {one for one in ids if small.holds(one)}
    assert [event["props"]["share"] for event in told(brand, "control_group")] == [0.2, 0.05, 0.05]
    assert Act.objects.filter(what="control.set").count() == 3


def test_the_same_share_changes_nothing_and_most_of_all_people_is_refused(brand: Workspace) -> None:
    control.set_share(brand, 0.1, by="olga", now=NOW)
    assert control.set_share(brand, 0.1, by="olga", now=NOW).number == 1
    with pytest.raises(InputError, match=r"0\.05 for one of twenty"):
        control.set_share(brand, 0.9, by="olga", now=NOW)


def test_the_gate_refuses_by_its_own_reason_and_lets_through_what_is_owed() -> None:
    facts = Facts(zone="UTC", control=0.05)
    contact = Proposed(channels=frozenset({"email"}), word="email", purpose="marketing")
    said = decide(Policy(), facts, contact, NOW)
    assert (said.verdict, said.rule) == (Verdict.REFUSE, "control")
    assert words.reason("control", said.values, zone="UTC", language="en") == (
        "in the global control group (5.0% of all people)"
    )
    assert "全局对照组" in words.reason("control", said.values, zone="UTC", language="zh")
    owed = Proposed(channels=frozenset({"email"}), word="email", purpose="order", transactional=True)
    assert decide(Policy(), facts, owed, NOW).verdict is Verdict.SEND
    assert decide(Policy(), Facts(zone="UTC"), contact, NOW).verdict is Verdict.SEND


def test_both_arms_are_told_once_and_the_global_group_takes_no_part(brand: Workspace) -> None:
    people = {key: brand.person(key).person_id for key in (ANNA, BO)}
    places = [
        Place(person_id=people[ANNA], held=True, at=NOW, cluster="c1"),
        Place(person_id=people[BO], held=False, at=NOW),
    ]
    trial = Trial(kind="campaign", name="spring", share=0.9)
    assert tell(brand, trial, places, control.NONE, now=NOW) == 2
    tell(brand, trial, places, control.NONE, now=NOW)
    rows = told(brand, "assigned")
    assert {(row["props"]["arm"], row["props"].get("cluster")) for row in rows} == {
        ("control", "c1"),
        ("treatment", None),
    }
    assert {row["campaign"] for row in rows} == {"spring"}
    everybody = control.Control(number=1, share=1.0, salt="x")
    assert tell(brand, trial, places, everybody, now=NOW) == 0


def test_who_comes_into_a_journey_with_a_holdout_is_told_by_and_by(brand: Workspace) -> None:
    journey = Journey.objects.create(name="welcome", number=1, state="running")
    document = {"journey": "welcome", "triggers": [{"by": "api"}], "holdout": 0.5, "steps": []}
    Version.objects.create(journey=journey, number=1, document=json.dumps(document), by="olga")
    for key, state in ((ANNA, "held"), (BO, "over")):
        Enrolment.objects.create(
            journey=journey, number=1, person_id=brand.person(key).person_id, state=state, since=NOW, acted_at=NOW,
            entered_at=NOW, cause=key,
        )  # fmt: skip
    rounds = Assignments()
    assert not rounds.due(NOW)  # enrolments of a minute ago may not be all there
    later = NOW + timedelta(minutes=2)
    assert rounds.due(later)
    assert rounds.work(brand, later, lambda: False) is False
    assert not rounds.due(later)
    assert Told.objects.get().enrolment == Enrolment.objects.latest("pk").pk
    assert sorted(row["props"]["arm"] for row in told(brand, "assigned")) == ["control", "treatment"]
