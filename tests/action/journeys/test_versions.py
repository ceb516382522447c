"""An edit is a new version; the plan says who stands where, and apply does what the plan said."""

from __future__ import annotations

import pytest

from lianyi.action.journeys import versions
from lianyi.action.journeys.models import Enrolment, Journey, Version
from lianyi.errors import InputError
from tests.action.journeys.conftest import NOW, Run, Twin

FIRST = """journey: tea
triggers: [{by: api}]
steps:
- {do: wait, id: one, for: 1 day}
- {do: wait, id: two, for: 2 days}
- {do: send, id: last, content: hello, channel: mail}
"""
# `one` is longer, `two` is gone, `new` has come.
SECOND = """journey: tea
triggers: [{by: api}]
steps:
- {do: wait, id: one, for: 5 days}
- {do: wait, id: new, for: 1 day}
- {do: send, id: last, content: hello, channel: mail}
"""


def test_the_plan_counts_people_and_says_what_becomes_of_them(run: Run) -> None:
    going = run(FIRST)
    going.come("p1", "p2", "p3")
    going.turn(days=1)
    going.come("p4")
    planned = versions.plan(SECOND)
    assert (planned.base, planned.added, planned.changed, planned.removed) == (1, ("new",), ("one",), ("two",))
    assert [(one.step, one.people, one.becomes) for one in planned.people] == [
        ("one", 1, "stays"), ("two", 3, "finish"),
    ]  # fmt: skip
    assert planned.in_vanishing == 3
    assert Version.objects.count() == 1, "planning changes nothing"
    chosen = versions.plan(SECOND, vanish={"two": "nowhere"})
    assert [one.path for one in chosen.problems] == ["vanish.two"]


@pytest.mark.parametrize(("choice", "where"), [("finish", "two"), ("leave", "left"), ("new", "new")])
def test_apply_does_what_was_chosen(run: Run, twin: Twin, choice: str, where: str) -> None:
    going = run(FIRST)
    going.come("p1")
    going.turn(days=1)
    going.come("p2")
    version = versions.apply(SECOND, by="olga", now=going.now, base=1, vanish={"two": choice})
    assert version.number == 2
    going.turn()
    assert going.where() == {"p1": where, "p2": "one"}
    going.turn(days=4, hours=23)
    assert going.where()["p2"] == "one", "the longer wait holds for who stands in it"
    going.turn(hours=1)
    assert going.where()["p2"] == "new"
    assert len(twin.asked) == (0 if choice == "leave" else 1)


def test_two_who_edit_at_once_do_not_overwrite_each_other(run: Run) -> None:
    run(FIRST)
    versions.apply(SECOND, by="olga", now=NOW, base=1)
    with pytest.raises(InputError, match="version 2 was applied meanwhile, this was planned for 1"):
        versions.apply(FIRST, by="ann", now=NOW, base=1)
    assert versions.apply(SECOND, by="ann", now=NOW).number == 2, "the same again is no new version"


def test_an_old_version_can_be_read_and_applied_again(run: Run) -> None:
    going = run(FIRST)
    versions.apply(SECOND, by="olga", now=NOW)
    journey = Journey.objects.get(pk=going.journey.pk)
    assert versions.apply(versions.text_of(journey, 1), by="olga", now=NOW).number == 3


def test_paused_nobody_moves_and_stopped_everybody_leaves(run: Run) -> None:
    going = run(FIRST)
    going.come("p1")
    versions.pause(going.journey)
    going.turn(days=2)
    assert going.where() == {"p1": "one"}
    versions.start(going.journey, now=going.now)
    going.turn()
    assert going.where() == {"p1": "two"}
    assert versions.stop(going.journey, now=going.now) == 1
    assert Enrolment.objects.get().how == "stopped"
    with pytest.raises(InputError, match="tea is over"):
        versions.start(going.journey, now=going.now)
