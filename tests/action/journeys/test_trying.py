"""Trying a journey writes nothing and decides as the engine does."""

from __future__ import annotations

from datetime import timedelta

from lianyi.action.journeys import following, reading, trying
from lianyi.action.journeys.flow import END, flow
from lianyi.action.journeys.models import Enrolment, Journey
from lianyi.action.journeys.trying import PastWorld
from lianyi.workspace import Workspace
from tests.action.journeys.conftest import NOW, Run, Twin
from tests.action.journeys.test_engine import WAITING, order
from tests.doors.standing import ANNA, BO

BOUGHT = """journey: tea
triggers: [{by: event, event: order, where: value >= 50}]
again: always
steps:
- {do: send, id: thanks, content: hello, channel: mail}
- do: wait
  id: more
  for: 2 days
  until: {event: order}
  happened: [{do: send, id: wow, content: again, channel: mail}]
"""


def test_a_walk_turns_the_clock_and_lets_things_happen_by_hand(brand: Workspace, twin: Twin) -> None:
    made = flow(reading.must_read(WAITING))
    anna = brand.person(ANNA).person_id

    def walked(hours: float, **happens: float) -> trying.Walk:
        hand = {step: NOW + timedelta(hours=after) for step, after in happens.items()}
        until = NOW + timedelta(hours=hours)
        world = PastWorld(workspace=brand, events="events", until=until, hand=hand)
        return trying.walk(made, anna, start=NOW, until=until, world=world)

    first = walked(1)
    assert [(one.step, one.does) for one in first.passed] == [("hello", "hello · mail")]
    assert (first.where.step, first.where.due_at) == ("bought", NOW + timedelta(days=2))
    assert [(one.step, one.way, one.at - NOW) for one in walked(49).passed][1:] == [
        ("bought", "timeout", timedelta(days=2)), ("remind", "next", timedelta(days=2)),
    ]  # fmt: skip
    bought = walked(49, bought=5)
    assert [(one.step, one.way, one.at - NOW) for one in bought.passed][1:] == [
        ("bought", "happened", timedelta(hours=5)), ("won", "next", timedelta(hours=5)),
    ]  # fmt: skip
    assert bought.where.step == END
    assert Enrolment.objects.count() == 0


def test_a_dry_run_says_what_would_have_been_sent_and_refused(brand: Workspace, twin: Twin) -> None:
    brand.record([order(1, ANNA, 60), order(2, ANNA, 70, minutes=60), order(3, BO, 40), order(4, BO, 80, minutes=30)])
    made = flow(reading.must_read(BOUGHT))
    bo = brand.person(BO).person_id
    found = trying.dry_run(
        brand, made, start=NOW, until=NOW + timedelta(days=30),
        gates=lambda _people: lambda step, person, _at: "caps" if person == bo and step.id == "thanks" else "",
    )  # fmt: skip
    assert (found.came, found.followed, found.left_out) == (3, 3, {})
    assert found.sends == {"thanks": 2, "wow": 1}
    assert found.refused == {"thanks": {"caps": 1}}
    assert found.passed["more"] == {"happened": 1, "timeout": 2}
    assert found.standing == {END: 3}
    assert (Enrolment.objects.count(), Journey.objects.count()) == (0, 0)


def test_a_dry_run_agrees_with_the_engine(run: Run, brand: Workspace, twin: Twin) -> None:
    """The same events lived through by the engine, minute by minute, send the same messages at the same steps."""
    going = run(BOUGHT)
    following.follow(brand, NOW, worker="w")
    for number, (who, minutes) in enumerate(((ANNA, 5), (BO, 9), (ANNA, 30), (ANNA, 45))):
        brand.record([order(number, who, 60, minutes=minutes)])
        going.turn(minutes=minutes + 1 - (going.now - NOW).total_seconds() / 60)
        following.follow(brand, going.now, worker="w")
        going.turn()
    going.turn(days=5)
    lived = sorted((row["person_id"], row["step"]) for row in twin.asked.values())
    tried = trying.dry_run(
        brand, flow(reading.must_read(BOUGHT)), start=NOW, until=NOW + timedelta(days=5, minutes=46)
    )  # fmt: skip
    dry = sorted((one.person_id, one.step) for way in tried.examples for one in way.passed if one.does)
    assert dry == lived
