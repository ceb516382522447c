"""People in journeys: they come as the rules say, move on in pages, and are never lost or done twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from lianyi.action.journeys import engine as room
from lianyi.action.journeys import following, neighbours, timers, versions
from lianyi.action.journeys.engine import Engine, retry
from lianyi.action.journeys.models import Enrolment, Passage, Task
from lianyi.errors import InputError
from lianyi.insight.chance import chance
from lianyi.memory.draining import land
from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.workspace import Workspace
from tests.action.journeys.conftest import NOW, Change, Run, Twin
from tests.doors.standing import ANNA, BO, CAI, DAN

BY_HAND = "triggers: [{by: api}]\n"
HELLO = "- {do: send, id: hello, content: hello, channel: mail}\n"


def people(ws: Workspace) -> list[str]:
    return [ws.person(key).person_id for key in (ANNA, BO, CAI, DAN)]


def test_a_message_a_wait_and_a_message(run: Run, twin: Twin) -> None:
    going = run(f"journey: tea\n{BY_HAND}steps:\n{HELLO}- {{do: wait, id: day, for: 1 day}}\n"
                "- {do: send, id: again, content: again, channel: mail, purpose: service}\n")  # fmt: skip
    assert going.come("p1", "p2") == 2
    going.turn()
    assert going.where() == {"p1": "day", "p2": "day"}
    assert [(row["step"], row["person_id"], row["content"], row["purpose"]) for row in twin.asked.values()] == [
        ("hello", "p1", 1, "marketing"), ("hello", "p2", 1, "marketing"),
    ]  # fmt: skip
    going.turn(hours=23, minutes=59)
    assert going.where() == {"p1": "day", "p2": "day"}
    going.turn(minutes=1)
    assert going.where() == {"p1": "end", "p2": "end"}
    assert Counter(row["step"] for row in twin.asked.values()) == {"hello": 2, "again": 2}
    row = Enrolment.objects.get(person_id="p1")
    assert [line.split("@")[0] for line in row.trail.splitlines()] == ["hello", "day", "again"]
    assert {(one.step, one.way): one.people for one in Passage.objects.all()} == {
        ("hello", "next"): 2, ("day", "next"): 2, ("again", "next"): 2,
    }  # fmt: skip


@pytest.mark.parametrize(("again", "comes"), [
    ("never", [True, False, False, False]), ("out", [True, False, True, True]),
    ("always", [True, True, True, True]), ("3 days", [True, False, False, True]),
])  # fmt: skip
def test_who_may_come_again(run: Run, again: str, comes: list[bool]) -> None:
    """At once while still in it, after the end, and after four days; the same cause never twice."""
    going = run(f"journey: tea\n{BY_HAND}again: {again}\nsteps:\n- {{do: wait, id: day, for: 1 day}}\n")
    came = [going.come("p1", cause="a")]
    came.append(going.come("p1", cause="b"))
    going.turn(days=1)
    came.append(going.come("p1", cause="c"))
    going.turn(days=3)
    came.append(going.come("p1", cause="d"))
    assert came == [int(one) for one in comes]
    assert going.come("p1", cause="d") == 0


def test_who_is_held_out_is_always_the_same_and_nothing_is_done_with_them(run: Run, twin: Twin) -> None:
    going = run(f"journey: tea\n{BY_HAND}holdout: 0.3\nsteps:\n{HELLO}")
    names = [f"p{number}" for number in range(1000)]
    going.come(*names)
    going.turn()
    held = {name for name in names if chance("tea/holdout", name) < 0.3}
    assert 250 < len(held) < 350
    assert set(Enrolment.objects.filter(state="held").values_list("person_id", flat=True)) == held
    assert {row["person_id"] for row in twin.asked.values()} == set(names) - held


def test_branches_take_the_first_way_that_fits_and_meet_again_behind(run: Run, twin: Twin) -> None:
    going = run(f"journey: tea\n{BY_HAND}steps:\n- do: branch\n  id: which\n  ways:\n"
                "  - {when: orders >= 2, steps: [{do: send, id: buyer, content: hello, channel: mail}]}\n"
                "  - {when: orders >= 1}\n  otherwise: [{do: exit, id: out}]\n"
                "- {do: send, id: all, content: again, channel: mail}\n")  # fmt: skip
    twin.fits = {"orders >= 2": {"p1"}, "orders >= 1": {"p1", "p2"}}
    going.come("p1", "p2", "p3")
    going.turn()
    assert going.where() == {"p1": "end", "p2": "end", "p3": "exit"}
    assert [(row["step"], row["person_id"]) for row in twin.asked.values()] == [
        ("buyer", "p1"), ("all", "p2"), ("all", "p1"),
    ]  # fmt: skip


def test_a_window_of_the_day_is_that_of_the_persons_zone(run: Run, brand: Workspace) -> None:
    brand.record(
        identify_events(id="zone", at=NOW, source="members", actor_key=BO, traits={"timezone": "Europe/Paris"})
    )
    brand.refresh()
    going = run(f"journey: tea\n{BY_HAND}steps:\n- {{do: wait, id: morning, between: ['09:00', '11:00']}}\n")
    home, abroad = brand.person(ANNA).person_id, brand.person(BO).person_id
    going.come(home, abroad)  # noon in Shanghai, six in Paris
    going.turn()
    due = dict(Enrolment.objects.values_list("person_id", "due_at"))
    assert due == {home: NOW + timedelta(hours=21), abroad: NOW + timedelta(hours=3)}
    going.turn(hours=3)
    assert going.where() == {home: "morning", abroad: "end"}


def test_one_failure_stalls_nobody_else_and_can_be_tried_again(run: Run, twin: Twin) -> None:
    going = run(f"journey: tea\n{BY_HAND}steps:\n{HELLO}")
    names = [f"p{number}" for number in range(100)]
    twin.broken = {"p13", "p77"}
    going.come(*names)
    going.turn()
    aside = Enrolment.objects.filter(state="aside")
    assert {(row.person_id, row.reason) for row in aside} == {
        ("p13", "p13 can't be asked"), ("p77", "p77 can't be asked"),
    }  # fmt: skip
    assert len(twin.asked) == 98
    twin.broken = set()
    assert retry(going.journey, now=going.now) == 2
    going.turn()
    assert len(twin.asked) == 100
    assert set(going.where().values()) == {"end"}


def test_a_reason_that_all_share_is_not_looked_for_person_by_person(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    going = run(f"journey: tea\n{BY_HAND}steps:\n{HELLO}")
    calls: list[int] = []

    def fail(rows: list[object], **_more: object) -> int:
        calls.append(len(rows))
        raise InputError("the outbox is shut")

    monkeypatch.setattr(neighbours, "asks", fail)
    going.come(*[f"p{number}" for number in range(400)])
    going.turn()
    assert Enrolment.objects.filter(state="aside", reason="the outbox is shut").count() == 400
    assert len(calls) < 50


def test_tags_tasks_and_calls(run: Run, brand: Workspace, twin: Twin) -> None:
    other = run(f"journey: after\n{BY_HAND}steps:\n{HELLO}")
    going = run(f"journey: tea\n{BY_HAND}steps:\n- {{do: tag, id: mark, add: [茶友], remove: [old]}}\n"
                "- {do: attribute, id: level, set: {level: gold}}\n"
                "- {do: task, id: ring, title: Ring them, to: olga, within: 2 days}\n"
                "- {do: group, id: room, group: 'group:wecom/tea', act: invite}\n"
                "- {do: call, id: more, journey: after}\n")  # fmt: skip
    anna = brand.person(ANNA).person_id
    going.come(anna)
    going.turn()
    while land(brand.inbox, brand.lake, brand.clock()).events:
        pass
    brand.refresh()
    person = brand.person(ANNA)
    assert "茶友" in {row["tag"] for row in person.tags if row["source"] == "manual"}
    assert person.profile["level"] == "gold"
    tasks = {task.title: task for task in Task.objects.all()}
    assert set(tasks) == {"Ring them", "Invite to the group group:wecom/tea"}
    assert tasks["Ring them"].due_at == NOW + timedelta(days=2)
    other.turn()
    assert [row["journey"] for row in twin.asked.values()] == ["after"]


# --- events ---------------------------------------------------------------------------------------------------------


def order(number: int, key: str, value: int, *, minutes: float = 1) -> Event:
    return Event(id=f"o{number}", at=NOW + timedelta(minutes=minutes), kind="order", source="shop", actor_key=key,
                 value=Decimal(value), currency="CNY", props={"title": "绿茶"})  # fmt: skip


def test_an_order_lets_in_once_for_each_order_and_only_where_the_filter_holds(
    run: Run, brand: Workspace, twin: Twin
) -> None:
    going = run("journey: tea\ntriggers: [{by: event, event: order, where: value >= 100, key: order}]\n"
                f"steps:\n{HELLO}")  # fmt: skip
    following.follow(brand, NOW, worker="w")
    brand.record([order(1, ANNA, 100), order(2, ANNA, 99), order(3, ANNA, 500), order(4, BO, 200)])
    later = NOW + timedelta(minutes=2)
    assert following.follow(brand, later, worker="w")
    assert not following.follow(brand, later, worker="w"), "nothing is new"
    going.turn(minutes=2)
    said = [(row["person_id"], row["variables"]["order"]) for row in twin.asked.values()]
    anna, bo = brand.person(ANNA).person_id, brand.person(BO).person_id
    assert sorted(said) == sorted([(anna, "o1"), (anna, "o3"), (bo, "o4")])


def test_an_event_of_somebody_unknown_counts_once_they_are_known(run: Run, brand: Workspace, twin: Twin) -> None:
    going = run(f"journey: tea\ntriggers: [{{by: event, event: order}}]\nsteps:\n{HELLO}")
    following.follow(brand, NOW, worker="w")
    brand.record([order(1, "user:new", 10)])
    following.follow(brand, NOW + timedelta(minutes=2), worker="w")
    going.turn(minutes=2)
    assert not twin.asked
    brand.refresh()
    following.follow(brand, NOW + timedelta(minutes=3), worker="w")
    going.turn(minutes=1)
    assert [row["person_id"] for row in twin.asked.values()] == [brand.person("user:new").person_id]


WAITING = (f"journey: tea\n{BY_HAND}steps:\n{HELLO}- do: wait\n  id: bought\n  for: 2 days\n  until: {{event: order}}\n"
           "  happened: [{do: goal, id: won}]\n"
           "  timeout: [{do: send, id: remind, content: again, channel: mail}]\n")  # fmt: skip


def test_a_wait_ends_with_the_event_or_the_timeout(run: Run, brand: Workspace, twin: Twin) -> None:
    going = run(WAITING)
    anna, bo = brand.person(ANNA).person_id, brand.person(BO).person_id
    following.follow(brand, NOW, worker="w")
    going.come(anna, bo)
    going.turn()
    assert set(going.where().values()) == {"bought"}
    brand.record([order(1, ANNA, 10)])
    following.follow(brand, NOW + timedelta(minutes=2), worker="w")
    going.turn(minutes=2)
    assert going.where() == {anna: "end", bo: "bought"}
    assert Enrolment.objects.get(person_id=anna).goal_at is not None
    going.turn(days=2)
    assert Counter(row["step"] for row in twin.asked.values()) == {"hello": 2, "remind": 1}


def test_what_happens_between_the_message_and_the_wait_ends_the_wait(run: Run, brand: Workspace) -> None:
    """The follower has seen the order before the person comes to the wait; the wait looks back."""
    going = run(WAITING)
    anna = brand.person(ANNA).person_id
    following.follow(brand, NOW, worker="w")
    going.come(anna)
    going.engine.step(NOW)  # the message
    assert going.where() == {anna: "bought"}
    brand.clock = lambda: NOW + timedelta(seconds=61)
    brand.record([order(1, ANNA, 10, minutes=1)])
    following.follow(brand, NOW + timedelta(seconds=61), worker="w")
    Enrolment.objects.update(met_at=None)  # as if the follower had come before the person did
    going.turn(minutes=2)
    assert going.where() == {anna: "end"}
    assert "bought=happened" in Enrolment.objects.get(person_id=anna).trail


def test_a_goal_ends_the_journey_and_counts_for_those_held_out(run: Run, brand: Workspace) -> None:
    going = run(f"journey: tea\n{BY_HAND}holdout: 0.5\ngoal: {{happening: {{event: order}}, within: 7 days}}\n"
                "steps:\n- {do: wait, id: long, for: 9 days}\n")  # fmt: skip
    everybody = people(brand)
    following.follow(brand, NOW, worker="w")
    going.come(*everybody)
    before = dict(Enrolment.objects.values_list("person_id", "state"))
    brand.record([order(number, key, 10) for number, key in enumerate((ANNA, BO, CAI, DAN))])
    following.follow(brand, NOW + timedelta(minutes=2), worker="w")
    for row in Enrolment.objects.all():
        assert row.goal_at == NOW + timedelta(minutes=1)
        assert (row.state, row.how) == (("held", "") if before[row.person_id] == "held" else ("over", "goal"))


# --- doors ----------------------------------------------------------------------------------------------------------


def test_entering_an_audience_lets_in_from_the_start_on(run: Run, brand: Workspace, twin: Twin) -> None:
    own = twin.add("buyers", ["p1"])
    own.changes = [Change(1, "p1", entered=True, at=NOW)]
    going = run(f"journey: tea\ntriggers: [{{by: audience, audience: buyers}}]\nsteps:\n{HELLO}")
    timers.open_doors(brand, NOW, worker="w")
    own.changes += [Change(2, "p2", entered=True, at=NOW), Change(3, "p1", entered=False, at=NOW)]
    later = NOW + timedelta(seconds=3)
    assert timers.open_doors(brand, later, worker="w") == 1
    assert timers.open_doors(brand, later + timedelta(seconds=3), worker="w") == 0
    assert going.where() == {"p2": "hello"}


def test_a_schedule_takes_everybody_in_pages_and_each_time_once(
    run: Run, brand: Workspace, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "PAGE", 10)
    twin.add("all", [f"p{number:03}" for number in range(25)])
    run("journey: tea\ntriggers: [{by: schedule, audience: all, every: day, at: '13:00'}]\nagain: always\n"
        f"steps:\n{HELLO}")  # fmt: skip
    assert timers.open_doors(brand, NOW, worker="w") == 0
    at = NOW + timedelta(hours=1)
    assert [timers.open_doors(brand, at, worker="w") for _ in range(4)] == [10, 10, 5, 0]
    assert timers.open_doors(brand, at + timedelta(days=1), worker="w") == 10


def test_a_date_of_a_person_with_an_offset(run: Run, brand: Workspace) -> None:
    orders = brand.sql("SELECT person_id, last_order FROM people WHERE last_order IS NOT NULL").to_arrow_table()
    anna, last = orders["person_id"][0].as_py(), orders["last_order"][0].as_py()
    text = ("journey: tea\ntriggers: [{by: date, date: last_order, offset: 3 days, at: '09:00'}]\n"
            "steps:\n- {do: exit, id: out}\n")  # fmt: skip
    version = versions.apply(text, by="olga", now=last)
    versions.start(version.journey, now=last)
    came = {days: timers.open_doors(brand, last + timedelta(days=days), worker="w") for days in range(6)}
    assert sum(came.values()) == 1
    row = Enrolment.objects.get()
    assert row.person_id == anna
    assert timedelta(days=2) < row.entered_at - last < timedelta(days=5)


# --- workers --------------------------------------------------------------------------------------------------------


def test_a_page_is_done_by_one_worker_and_taken_over_when_its_lease_is_over(run: Run, brand: Workspace) -> None:
    going = run(f"journey: tea\n{BY_HAND}steps:\n{HELLO}")
    going.come("p1", "p2")
    first, second = Engine(workspace=brand), Engine(workspace=brand)
    claimed = first._claim(NOW)
    assert sum(map(len, claimed.values())) == 2
    assert second.step(NOW).people == 0
    assert second.step(NOW + room.LEASE + timedelta(seconds=1)).people == 2
