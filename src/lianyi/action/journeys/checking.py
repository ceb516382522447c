"""All that is wrong with a definition, at once: what can't be read, and what does not fit the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from lianyi.action.journeys import document as d
from lianyi.action.journeys import happenings, neighbours, timers
from lianyi.action.journeys.document import Definition, clock, duration, walk
from lianyi.action.journeys.models import Journey
from lianyi.action.journeys.reading import Problem, from_data, from_yaml
from lianyi.errors import LianyiError
from lianyi.insight.conditions import parse
from lianyi.insight.people.tags import refuse_sensitive
from lianyi.memory.identify import KEY_TRAITS

MAX_STEPS = 200
MAX_TRIGGERS = 20
_WORD = re.compile(r"[\w.-]{1,60}\Z")


def check(text: str) -> tuple[Definition | None, list[Problem]]:
    """A YAML text: the definition (None where it can't be read), and everything that is wrong with it."""
    return _check(*from_yaml(text))


def check_data(data: Any) -> tuple[Definition | None, list[Problem]]:
    """The same of plain data."""
    return _check(*from_data(data))


def _check(definition: Definition | None, problems: list[Problem]) -> tuple[Definition | None, list[Problem]]:
    return (definition, list(problems_of(definition))) if definition else (None, problems)


def problems_of(definition: Definition) -> Iterator[Problem]:
    """Everything that is wrong with a definition that can be read."""
    yield from _head(definition)
    yield from _triggers(definition)
    yield from _steps(definition)
    yield from _circles(definition)


def _tried(path: str, attempt: Callable[[], object]) -> Iterator[Problem]:
    """The problem that an attempt raises."""
    try:
        attempt()
    except LianyiError as error:
        yield Problem(path=path, says=str(error))


def _condition(path: str, text: str) -> Iterator[Problem]:
    yield from _tried(path, lambda: parse(text))


def _positive(path: str, text: str) -> Iterator[Problem]:
    yield from _tried(path, lambda: duration(text))
    if text.startswith(("-", "0 ")):
        yield Problem(path=path, says=f"{text!r} must be longer than nothing")


def _share(path: str, value: float) -> Iterator[Problem]:
    if not 0 <= value < 1:
        yield Problem(path=path, says=f"{value} is no share; write a number from 0 to less than 1")


def _happening(path: str, happening: d.Happening) -> Iterator[Problem]:
    yield from _tried(path, lambda: happenings.selection(happening))


def _head(definition: Definition) -> Iterator[Problem]:
    if not d.ID.match(definition.journey):
        yield Problem(path="journey", says=f"{definition.journey!r} is no name; write small letters, digits, _ and -, "
                      "at most 40, a letter first")  # fmt: skip
    if len(definition.title) > 100:
        yield Problem(path="title", says="is longer than 100 characters")
    if not _WORD.match(definition.purpose):
        yield Problem(path="purpose", says=f"{definition.purpose!r} is no purpose; write one word as consents name it")
    if definition.only:
        yield from _condition("only", definition.only)
    if definition.again not in {"never", "always", "out"}:
        yield from _positive("again", definition.again)
    yield from _share("holdout", definition.holdout)
    if definition.goal:
        yield from _happening("goal.happening", definition.goal.happening)
        yield from _positive("goal.within", definition.goal.within)


def _triggers(definition: Definition) -> Iterator[Problem]:
    if not definition.triggers:
        yield Problem(path="triggers", says="nobody can come in; write at least one, e.g. - {by: api}")
    if len(definition.triggers) > MAX_TRIGGERS:
        yield Problem(path="triggers", says=f"are more than {MAX_TRIGGERS}")
    for number, trigger in enumerate(definition.triggers):
        yield from _trigger(f"triggers[{number}]", trigger)


def _trigger(path: str, trigger: d.Trigger) -> Iterator[Problem]:
    match trigger:
        case d.Event():
            happening = d.Happening(event=trigger.event, where=trigger.where, received=trigger.received)
            yield from _happening(path, happening)
            yield from _tried(f"{path}.key", lambda: happenings.key_sql(trigger.key))
        case d.Audience():
            yield from _tried(f"{path}.audience", lambda: neighbours.audience(trigger.audience))
        case d.Date():
            if trigger.date not in ("birthday", *timers.DATES):
                known = ", ".join(("birthday", *timers.DATES))
                yield Problem(path=f"{path}.date", says=f"{trigger.date!r} is none of {known}")
            yield from _tried(f"{path}.offset", lambda: duration(trigger.offset))
            yield from _tried(f"{path}.at", lambda: clock(trigger.at))
        case d.Ripple():
            if not 0 <= trigger.generation <= 50:
                yield Problem(path=f"{path}.generation", says=f"{trigger.generation} is not from 0 to 50")
        case d.Schedule():
            yield from _schedule(path, trigger)


def _schedule(path: str, trigger: d.Schedule) -> Iterator[Problem]:
    yield from _tried(f"{path}.audience", lambda: neighbours.audience(trigger.audience))
    yield from _tried(f"{path}.at", lambda: clock(trigger.at))
    most = {"week": 7, "month": 31}.get(trigger.every, 1)
    if not 1 <= trigger.on_day <= most:
        yield Problem(path=f"{path}.on_day", says=f"{trigger.on_day} is not from 1 to {most}")
    if trigger.every == "once":
        try:
            date.fromisoformat(trigger.date)
        except ValueError:
            yield Problem(path=f"{path}.date", says=f"{trigger.date!r} is no date; write e.g. 2026-11-11")


def _steps(definition: Definition) -> Iterator[Problem]:
    places = list(walk(definition.steps))
    if not places:
        yield Problem(path="steps", says="there are none; write at least one")
    if len(places) > MAX_STEPS:
        yield Problem(path="steps", says=f"{len(places)} steps are too many; at most {MAX_STEPS}. Call another journey")
    seen: dict[str, str] = {}
    for path, step in places:
        if not d.ID.match(step.id):
            yield Problem(path=f"{path}.id", says=f"{step.id!r} is no id; write small letters, digits, _ and -")
        if step.id in seen:
            yield Problem(path=f"{path}.id", says=f"{step.id!r} is the id of {seen[step.id]} already")
        seen.setdefault(step.id, path)
        yield from _step(path, step)


def _step(path: str, step: d.Step) -> Iterator[Problem]:  # noqa: C901  one case for each kind of step
    match step:
        case d.Send():
            yield from _tried(f"{path}.content", lambda: neighbours.content_version(step.content))
            yield from _channel(path, step.channel)
            yield from _positive(f"{path}.expires", step.expires)
        case d.Wait():
            yield from _wait(path, step)
        case d.Branch():
            if not step.ways:
                yield Problem(path=f"{path}.ways", says="there are none; write at least one")
            for number, way in enumerate(step.ways):
                yield from _condition(f"{path}.ways[{number}].when", way.when)
        case d.Split():
            yield from _split(path, step)
        case d.Tag():
            yield from _tags(path, step)
        case d.Attribute():
            yield from _attributes(path, step)
        case d.Reward():
            known = neighbours.reward_rules
            yield from _tried(f"{path}.rule", lambda: neighbours.must_be(step.rule, known=known(), what="reward rule"))
        case d.Work() if not step.title.strip() or len(step.title) > 200:
            yield Problem(path=f"{path}.title", says="write 1 to 200 characters")
        case d.Work():
            yield from _positive(f"{path}.within", step.within)
        case d.Group():
            yield from _group(path, step)
        case d.Webhook():
            yield from _channel(path, step.channel)
        case d.Call():
            yield from _called(path, step)


def _channel(path: str, name: str) -> Iterator[Problem]:
    yield from _tried(
        f"{path}.channel", lambda: neighbours.must_be(name, known=neighbours.channels(), what="channel account")
    )


def _wait(path: str, step: d.Wait) -> Iterator[Problem]:
    if not (step.duration or step.between or step.days or step.until):
        yield Problem(path=path, says="waits for nothing; write `for`, `between`, `days` or `until`")
    if step.duration:
        yield from _positive(f"{path}.for", step.duration)
    for number, text in enumerate(step.between or ()):
        yield from _tried(f"{path}.between[{number}]", lambda text=text: clock(text))  # type: ignore[misc]
    if step.between and step.between[0] == step.between[1]:
        yield Problem(path=f"{path}.between", says="begins when it ends")
    if any(not 1 <= day <= 7 for day in step.days):
        yield Problem(path=f"{path}.days", says="weekdays are 1 (Monday) to 7 (Sunday)")
    if step.until:
        yield from _happening(f"{path}.until", step.until)
        if step.between or step.days:
            yield Problem(path=path, says="`until` and a window of the day do not go together; write two waits")
        if not step.duration:
            yield Problem(path=f"{path}.for", says="is missing: say how long to wait at most, or people wait for ever")
    elif step.happened or step.timeout:
        yield Problem(path=path, says="`happened` and `timeout` belong to a wait with `until`")


def _split(path: str, step: d.Split) -> Iterator[Problem]:
    names = [arm.name for arm in step.arms]
    if len(names) < 2:
        yield Problem(path=f"{path}.arms", says="are fewer than two")
    if len(set(names)) < len(names) or not all(d.ID.match(name) for name in names):
        yield Problem(path=f"{path}.arms", says="each needs a name of its own, of small letters, digits, _ and -")
    for number, arm in enumerate(step.arms):
        if not 0 < arm.share < 1e6:
            yield Problem(path=f"{path}.arms[{number}].share", says=f"{arm.share} is no weight above 0")
    yield from _share(f"{path}.holdout", step.holdout)
    if step.winner:
        yield from _happening(f"{path}.winner.goal", step.winner.goal)
        yield from _positive(f"{path}.winner.within", step.winner.within)
        if not 20 <= step.winner.people <= 10_000_000:
            yield Problem(
                path=f"{path}.winner.people", says=f"{step.winner.people} an arm is not from 20 to 10,000,000"
            )
        if not 0.5 <= step.winner.confidence < 1:
            yield Problem(path=f"{path}.winner.confidence", says="must be from 0.5 to less than 1, e.g. 0.95")


def _tags(path: str, step: d.Tag) -> Iterator[Problem]:
    if not step.add and not step.remove:
        yield Problem(path=path, says="changes no tag; write `add` or `remove`")
    for name in (*step.add, *step.remove):
        if not 1 <= len(" ".join(name.split())) <= 60:
            yield Problem(path=path, says=f"{name[:70]!r}: a tag has 1 to 60 characters")
    for name in step.add:
        yield from _tried(f"{path}.add", lambda name=name: refuse_sensitive(name))  # type: ignore[misc]


def _attributes(path: str, step: d.Attribute) -> Iterator[Problem]:
    if not step.set:
        yield Problem(path=f"{path}.set", says="is empty")
    for name in step.set:
        if name in KEY_TRAITS:
            yield Problem(path=f"{path}.set.{name}", says="is a key of a person; a journey can't say who somebody is")
        elif not _WORD.match(name):
            yield Problem(path=f"{path}.set.{name}", says="is no name of an attribute")


def _group(path: str, step: d.Group) -> Iterator[Problem]:
    if not step.group.startswith("group:"):
        yield Problem(path=f"{path}.group", says=f"{step.group!r} is no group; write its key, e.g. group:wecom/tea")
    if step.channel:
        yield from _channel(path, step.channel)
        if step.act != "say":
            yield Problem(path=f"{path}.channel", says="channels can only say something; leave it out for a task")
    if step.act == "say" and not step.text.strip():
        yield Problem(path=f"{path}.text", says="is empty; write what is to be said")


def _called(path: str, step: d.Call) -> Iterator[Problem]:
    if not Journey.objects.filter(name=step.journey).exists():
        known = ", ".join(Journey.objects.order_by("name").values_list("name", flat=True)[:20]) or "none yet"
        yield Problem(path=f"{path}.journey", says=f"there is no journey {step.journey!r}; there are: {known}")


def _circles(definition: Definition) -> Iterator[Problem]:
    """Journeys that call each other around in a circle would go on for ever."""
    from lianyi.action.journeys.engine import current_flow

    def calls(steps: tuple[d.Step, ...]) -> set[str]:
        return {step.journey for _path, step in walk(steps) if isinstance(step, d.Call)}

    seen: set[str] = set()
    waiting = calls(definition.steps)
    while waiting:
        name = waiting.pop()
        if name == definition.journey:
            yield Problem(path="steps", says=f"calls of journeys come back to {name!r}; people would go around in it")
            return
        seen.add(name)
        other = Journey.objects.filter(name=name, number__gt=0).first()
        if other is not None:
            waiting |= calls(current_flow(other).definition.steps) - seen
