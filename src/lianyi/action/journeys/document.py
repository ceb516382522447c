"""The definition of a journey: a document of typed parts. As YAML it reads and writes back exactly (see `reading`).

Steps stand in the order in which a person goes through them. `branch` and `split` hold steps of their own; who comes to
the end of those goes on behind them. There are no ways back, so nobody can go around in a circle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, Literal

import msgspec

from lianyi.errors import InputError

ID = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
LONGEST = timedelta(days=3_660)
_DURATION = re.compile(r"(-?\d{1,6}) (minute|hour|day|week)s?\Z")


class Part(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Any part of a definition."""


class Happening(Part, frozen=True):
    """Something in the log: kinds of events parted by `|`, and a condition on the fields of the event, in the words of
    conditions (`value >= 100 and category ~ "tea"`). received: done to the person instead of by them."""

    event: str
    where: str = ""
    received: bool = False


# --- triggers -------------------------------------------------------------------------------------------------------


class Event(Part, frozen=True, tag_field="by", tag="event"):
    """Somebody did something. key: what tells enrolments of one person apart: `person` (none), `order` (one enrolment
    for each order), or `prop:NAME`."""

    event: str
    where: str = ""
    received: bool = False
    key: str = "person"


class Audience(Part, frozen=True, tag_field="by", tag="audience"):
    """A person enters or leaves an audience. present: those who are in it when the journey starts come, too."""

    audience: str
    when: Literal["entered", "left"] = "entered"
    present: bool = False


class Date(Part, frozen=True, tag_field="by", tag="date"):
    """A date of the person: `birthday`, or a column of people with a time. offset: so long after it (negative:
    before)."""

    date: str
    offset: str = "0 days"
    at: str = "09:00"


class Ripple(Part, frozen=True, tag_field="by", tag="ripple"):
    """A ripple reached a generation. who: `arrived` (each person who came at that generation or later) or `seed` (who
    started it). campaign: "" = of all campaigns."""

    generation: int
    campaign: str = ""
    who: Literal["arrived", "seed"] = "arrived"


class Schedule(Part, frozen=True, tag_field="by", tag="schedule"):
    """Everybody of an audience at a time of the brand's clock. on_day: of the month for `month`, weekday from 1 =
    Monday for `week`; date: for `once`."""

    audience: str
    every: Literal["once", "day", "week", "month"]
    at: str = "09:00"
    on_day: int = 1
    date: str = ""


class Called(Part, frozen=True, tag_field="by", tag="api"):
    """By API, command line, or another journey."""


Trigger = Event | Audience | Date | Ripple | Schedule | Called


# --- steps ----------------------------------------------------------------------------------------------------------


class Send(Part, frozen=True, tag_field="do", tag="send"):
    """One message through the contact policy. content: name of the content. purpose: "" = the journey's."""

    id: str
    content: str
    channel: str
    purpose: str = ""
    variables: dict[str, str] = {}
    transactional: bool = False
    confirm: bool = False
    priority: int = 0
    expires: str = "3 days"


class Wait(Part, frozen=True, tag_field="do", tag="wait"):
    """Wait for a time (`for`), for a window of the day in the person's zone (`between`, on the weekdays `days`), or
    for something to happen (`until`), at most as long as `for`. happened, timeout: steps for the one and the other."""

    id: str
    duration: str = msgspec.field(name="for", default="")
    between: tuple[str, str] | None = None
    days: tuple[int, ...] = ()
    until: Happening | None = None
    happened: tuple[Step, ...] = ()
    timeout: tuple[Step, ...] = ()


class Way(Part, frozen=True):
    """One way of a branch: who fulfils the condition takes it, the first that fits."""

    when: str
    steps: tuple[Step, ...] = ()


class Branch(Part, frozen=True, tag_field="do", tag="branch"):
    """Ways by conditions on the person; `otherwise` for who fits none."""

    id: str
    ways: tuple[Way, ...]
    otherwise: tuple[Step, ...] = ()


class Arm(Part, frozen=True):
    """One arm of a split. share: weight among the arms."""

    name: str
    share: float = 1.0
    steps: tuple[Step, ...] = ()


class Winner(Part, frozen=True):
    """When a split is decided: once, when `people` of every arm have had `within` to reach `goal`; the best arm wins if
    it is better than each other one by a two-sided test at `confidence`, divided among the pairs. See `splits`."""

    goal: Happening
    people: int
    within: str = "7 days"
    confidence: float = 0.95


class Split(Part, frozen=True, tag_field="do", tag="split"):
    """Arms by a stable hash of the person: A/B/n. holdout: share who get none of the arms and go on behind them."""

    id: str
    arms: tuple[Arm, ...]
    holdout: float = 0.0
    winner: Winner | None = None


class Tag(Part, frozen=True, tag_field="do", tag="tag"):
    """Set or remove tags."""

    id: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Attribute(Part, frozen=True, tag_field="do", tag="attribute"):
    """State attributes of the person, as an `identify` would."""

    id: str
    set: dict[str, str | int | float | bool]


class Reward(Part, frozen=True, tag_field="do", tag="reward"):
    """Grant a reward by one of the reward rules."""

    id: str
    rule: str


class Work(Part, frozen=True, tag_field="do", tag="task"):
    """Something to do for a person of the team: to whom (login name or role), and within which time."""

    id: str
    title: str
    text: str = ""
    to: str = "operator"
    within: str = "2 days"


class Group(Part, frozen=True, tag_field="do", tag="group"):
    """Do something in a group about this person: say something, invite or remove them. Done by hand (a task), or
    by the channel named, which must be able to write to rooms (for `say`)."""

    id: str
    group: str
    act: Literal["say", "invite", "remove"]
    text: str = ""
    channel: str = ""
    to: str = "operator"


class Webhook(Part, frozen=True, tag_field="do", tag="webhook"):
    """Tell another system, by an account of kind webhook: person id, journey, step and these values."""

    id: str
    channel: str
    values: dict[str, str] = {}


class Call(Part, frozen=True, tag_field="do", tag="call"):
    """Enrol the person in another journey, too, and go on."""

    id: str
    journey: str


class Goal(Part, frozen=True, tag_field="do", tag="goal"):
    """Whoever comes here has reached the goal."""

    id: str


class Exit(Part, frozen=True, tag_field="do", tag="exit"):
    """The journey ends here."""

    id: str


Step = Send | Wait | Branch | Split | Tag | Attribute | Reward | Work | Group | Webhook | Call | Goal | Exit


# --- the whole ------------------------------------------------------------------------------------------------------


class Aim(Part, frozen=True):
    """What the journey is for: whoever does this within the time after entering has reached the goal. ends: the journey
    is then over for them."""

    happening: Happening
    within: str = "30 days"
    ends: bool = True


class Definition(Part, frozen=True):
    """A journey. again: whether a person may come again: `never`, `out` (once they are out), `always`, or after a time
    since they last came (`30 days`). only: a condition that whoever enters must fulfil. holdout: share of those who
    come that nothing is done with, by a stable hash."""

    journey: str
    title: str = ""
    about: str = ""
    purpose: str = "marketing"
    triggers: tuple[Trigger, ...] = ()
    only: str = ""
    again: str = "never"
    holdout: float = 0.0
    goal: Aim | None = None
    steps: tuple[Step, ...] = ()


def duration(text: str) -> timedelta:
    """`3 days`, `90 minutes`. InputError says what may be written."""
    found = _DURATION.match(text)
    if not found:
        raise InputError(
            f"{text!r} is no duration; write a number and a unit, e.g. 90 minutes, 2 hours, 3 days, 1 week"
        )
    length = timedelta(seconds=int(found[1]) * UNITS[found[2]])
    if abs(length) > LONGEST:
        raise InputError(f"{text!r} is longer than {LONGEST.days} days")
    return length


def clock(text: str) -> time:
    """`09:30`, a time of day."""
    found = re.match(r"(\d\d):(\d\d)\Z", text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise InputError(f"{text!r} is no time of day; write hours and minutes, e.g. 09:30")
    return time(int(found[1]), int(found[2]))


def inner(step: Step) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The lists of steps inside a step, each with the name of the way that leads into it."""
    match step:
        case Branch():
            yield from ((f"ways[{number}]", way.steps) for number, way in enumerate(step.ways))
            yield "otherwise", step.otherwise
        case Split():
            yield from ((f"arms[{number}]", arm.steps) for number, arm in enumerate(step.arms))
        case Wait():
            yield "happened", step.happened
            yield "timeout", step.timeout


def walk(steps: tuple[Step, ...], path: str = "steps") -> Iterator[tuple[str, Step]]:
    """Every step with its place in the document, in the order in which they are written."""
    for number, step in enumerate(steps):
        place = f"{path}[{number}]"
        yield place, step
        for name, below in inner(step):
            deeper = name if name in {"otherwise", "happened", "timeout"} else f"{name}.steps"
            yield from walk(below, f"{place}.{deeper}")


def builtins(definition: Definition) -> dict[str, Any]:
    """The document as plain data."""
    data: dict[str, Any] = msgspec.to_builtins(definition)
    return data


KINDS = {kind.__struct_config__.tag: kind for kind in Step.__args__}
