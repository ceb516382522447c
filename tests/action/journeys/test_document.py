"""A definition reads and writes back exactly, and all that is wrong with one is said at once."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.action.journeys import checking, reading
from lianyi.action.journeys import document as d
from lianyi.action.journeys.flow import END, flow
from lianyi.action.journeys.models import Journey
from tests.action.journeys.conftest import Run, Twin

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20) | st.sampled_from(
    [
        "10:30",
        "09:00",
        "2026-11-11",
        "on",
        "no",
        "true",
        "null",
        "~",
        "1e5",
        "0x1f",
        "1_000",
        "- a",
        "#x",
        "",
        "=",
        "<<",
    ]
)
HAPPENINGS = st.builds(d.Happening, event=TEXTS, where=TEXTS, received=st.booleans())
TRIGGERS = st.one_of(
    st.builds(d.Event, event=TEXTS, where=TEXTS, key=TEXTS),
    st.builds(d.Audience, audience=TEXTS, present=st.booleans()),
    st.builds(d.Date, date=TEXTS, offset=TEXTS, at=TEXTS),
    st.builds(d.Ripple, generation=st.integers(), campaign=TEXTS),
    st.builds(d.Schedule, audience=TEXTS, every=st.sampled_from(["once", "day"]), at=TEXTS), st.builds(d.Called),
)  # fmt: skip
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)
VALUES = TEXTS | st.integers() | st.booleans() | FLOATS
PLAIN = st.one_of(
    st.builds(d.Send, id=TEXTS, content=TEXTS, channel=TEXTS, variables=st.dictionaries(TEXTS, TEXTS, max_size=2)),
    st.builds(d.Wait, id=TEXTS, duration=TEXTS, between=st.none() | st.tuples(TEXTS, TEXTS)),
    st.builds(d.Tag, id=TEXTS, add=st.lists(TEXTS, max_size=2).map(tuple)),
    st.builds(d.Attribute, id=TEXTS, set=st.dictionaries(TEXTS, VALUES, max_size=2)),
    st.builds(d.Work, id=TEXTS, title=TEXTS), st.builds(d.Exit, id=TEXTS), st.builds(d.Goal, id=TEXTS),
)  # fmt: skip


def nested(inside: st.SearchStrategy[d.Step]) -> st.SearchStrategy[d.Step]:
    some = st.lists(inside, max_size=2).map(tuple)
    ways = st.lists(st.builds(d.Way, when=TEXTS, steps=some), max_size=2).map(tuple)
    arms = st.lists(st.builds(d.Arm, name=TEXTS, share=FLOATS, steps=some), max_size=2).map(tuple)
    winners = st.none() | st.builds(d.Winner, goal=HAPPENINGS, people=st.integers())
    return st.one_of(
        st.builds(d.Branch, id=TEXTS, ways=ways, otherwise=some),
        st.builds(d.Split, id=TEXTS, arms=arms, holdout=FLOATS, winner=winners),
        st.builds(d.Wait, id=TEXTS, duration=TEXTS, until=HAPPENINGS, happened=some, timeout=some),
    )


DEFINITIONS = st.builds(
    d.Definition, journey=TEXTS, title=TEXTS, about=TEXTS, only=TEXTS, again=TEXTS, holdout=FLOATS,
    triggers=st.lists(TRIGGERS, max_size=3).map(tuple),
    goal=st.none() | st.builds(d.Aim, happening=HAPPENINGS),
    steps=st.lists(st.recursive(PLAIN, nested, max_leaves=6), max_size=3).map(tuple),
)  # fmt: skip


@given(DEFINITIONS)
def test_yaml_round_trip_is_exact(definition: d.Definition) -> None:
    text = reading.to_yaml(definition)
    again, problems = reading.from_yaml(text)
    assert problems == []
    assert again == definition
    assert reading.to_yaml(reading.must_read(text)) == text
    assert reading.from_data(msgspec.json.decode(msgspec.json.encode(definition)))[0] == definition


def test_what_people_write_plainly_is_a_text() -> None:
    made = reading.must_read(
        "journey: tea\nsteps:\n- {do: wait, id: on, between: [10:30, 22:15]}\n"
        "triggers: [{by: schedule, audience: no, every: once, date: 2026-11-11, at: 10:30}]"
    )
    wait, trigger = made.steps[0], made.triggers[0]
    assert isinstance(wait, d.Wait)
    assert isinstance(trigger, d.Schedule)
    assert (wait.id, wait.between, trigger.date, trigger.at, trigger.audience) == (
        "on", ("10:30", "22:15"), "2026-11-11", "10:30", "no",
    )  # fmt: skip


WRONG = """
journey: Tea!
colour: red
again: sometimes
holdout: 1.5
triggers:
  - {by: event, event: order, where: valu >= 3}
  - {by: audience, audience: nobody}
  - {by: date, date: name_day}
steps:
  - {do: send, id: a, content: helo, channel: pigeon}
  - {do: wait, id: a}
  - {do: wait, id: w, for: 3 fortnights, until: {event: order}}
  - do: branch
    id: b
    ways:
      - {when: "orders >", steps: [{do: tag, id: t, add: [怀孕]}]}
  - {do: split, id: s, arms: [{name: x, share: 0}]}
  - {do: attribute, id: who, set: {phone: "1"}}
  - {do: call, id: c, journey: other}
"""


@pytest.mark.usefixtures("db")
def test_every_mistake_is_said_at_once_with_its_place(twin: Twin) -> None:
    definition, problems = checking.check(WRONG)
    assert [one.path for one in problems] == ["colour"], "what can't be read comes first"
    assert definition is None
    _definition, problems = checking.check(WRONG.replace("colour: red\n", ""))
    assert [one.path for one in problems] == [
        "journey", "again", "holdout", "triggers[0]", "triggers[1].audience", "triggers[2].date", "steps[0].content",
        "steps[0].channel", "steps[1].id", "steps[1]", "steps[2].for", "steps[3].ways[0].when",
        "steps[3].ways[0].steps[0].add", "steps[4].arms", "steps[4].arms[0].share", "steps[5].set.phone",
        "steps[6].journey",
    ]  # fmt: skip
    said = {one.path: one.says for one in problems}
    assert "there are: hello, again" in said["steps[0].content"]
    assert "no field of an event `valu`" in said["triggers[0]"]


@pytest.mark.usefixtures("db")
def test_journeys_may_not_call_each_other_in_a_circle(run: Run) -> None:
    run("journey: one\ntriggers: [{by: api}]\nsteps: [{do: exit, id: x}]\n")
    run("journey: two\ntriggers: [{by: api}]\nsteps: [{do: call, id: c, journey: one}]\n")
    _made, problems = checking.check("journey: one\ntriggers: [{by: api}]\nsteps: [{do: call, id: c, journey: two}]\n")
    assert [one.says.split(";")[0] for one in problems] == ["calls of journeys come back to 'one'"]
    assert Journey.objects.count() == 2


def test_the_map_leads_from_every_way_to_what_stands_behind() -> None:
    made = flow(reading.must_read(
        "journey: t\nsteps:\n- do: branch\n  id: b\n  ways: [{when: a, steps: [{do: goal, id: g}]}, {when: c}]\n"
        "- {do: split, id: s, arms: [{name: x, steps: [{do: tag, id: t, add: [q]}]}, {name: y}]}\n"
    ))  # fmt: skip
    ways = {name: dict(stop.ways) for name, stop in made.stops.items()}
    assert ways == {
        "b": {"next": "s", "ways[0]": "g", "ways[1]": "s", "otherwise": "s"}, "g": {"next": "s"},
        "s": {"next": END, "arms[0]": "t", "arms[1]": END}, "t": {"next": END},
    }  # fmt: skip
    assert list(made.stops) == ["b", "g", "s", "t"]
