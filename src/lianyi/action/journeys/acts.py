"""What steps do to people: contacts for the outbox, events for the log, tasks for the team. Made here, given by engine.

Each act has a name made of the enrolment and the step, so that doing it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lianyi.action.journeys import document as d
from lianyi.action.journeys import neighbours, splits
from lianyi.action.journeys.document import duration
from lianyi.action.journeys.models import Task
from lianyi.action.journeys.stepping import Standing
from lianyi.action.journeys.world import current_ids, keys_of
from lianyi.errors import NotFound
from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.workspace import Workspace

SOURCE = "journey"


@dataclass(kw_only=True)
class Acts:
    """What a page of people gets at one step. asks: arguments of contacts.asking.Ask. calls: people by the journey that
    they are enrolled in, too. grants: rule, person, order."""

    asks: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    calls: dict[str, list[Standing]] = field(default_factory=dict)
    grants: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where acts come from: journey (name and row), the definition, the time."""

    workspace: Workspace
    journey_id: int
    definition: d.Definition
    now: datetime

    @property
    def by(self) -> str:
        """Who acts."""
        return f"{SOURCE}:{self.definition.journey}"

    def key(self, person: Standing, step: d.Step) -> str:
        """The name of what a step does to a person, the same for ever."""
        return f"journey:{self.journey_id}/{person.id}/{step.id}"


def acts(place: Place, step: d.Step, people: Sequence[Standing]) -> Acts:
    """What the step does to these people who leave it."""
    made = Acts()
    match step:
        case d.Send():
            made.asks = _messages(place, step, people)
        case d.Webhook():
            made.asks = [_webhook(place, step, one) for one in people]
        case d.Tag() | d.Attribute():
            made.events = _events(place, step, people)
        case d.Work():
            made.tasks = [_task(place, step, one) for one in people]
        case d.Group():
            made.asks, made.tasks = _group(place, step, people)
        case d.Call():
            made.calls = {step.journey: list(people)}
        case d.Reward():
            made.grants = [(step.rule, one.person_id, str(one.facts.get("order", ""))) for one in people]
    return made


def _messages(place: Place, step: d.Send, people: Sequence[Standing]) -> list[dict[str, Any]]:
    version = neighbours.content_version(step.content)
    more = {
        "channel": step.channel, "purpose": step.purpose or place.definition.purpose, "content": version,
        "journey": place.definition.journey, "campaign": place.definition.journey, "step": step.id, "by": place.by,
        "priority": step.priority, "transactional": step.transactional, "confirm": step.confirm,
        "expires_at": place.now + duration(step.expires),
    }  # fmt: skip
    given = {**step.variables, **_choice(place, step)}
    return [
        {"key": place.key(one, step), "person_id": one.person_id, "variables": {**one.facts, **given}, **more}
        for one in people
    ]


def _choice(place: Place, step: d.Send) -> dict[str, Any]:
    """The chance by which people came here, where an arm was drawn: the `sent` event carries it."""
    found = splits.drawn(place.definition, step.id)
    if not found or splits.decided(place.journey_id, found["choice"].rsplit("/", 1)[1]):
        return {}
    return {neighbours.room("contacts.models").CHOICE: found}


def _webhook(place: Place, step: d.Webhook, one: Standing) -> dict[str, Any]:
    said = {
        "person_id": one.person_id,
        "journey": place.definition.journey,
        "step": step.id,
        "at": place.now.isoformat(),
    }
    data = {**said, "facts": dict(one.facts), "values": dict(step.values)}
    return {
        "key": place.key(one, step), "person_id": one.person_id, "channel": step.channel, "purpose": "service",
        "body": {"text": "", "props": {"type": "journey.step", "data": data}}, "journey": place.definition.journey,
        "step": step.id, "by": place.by, "transactional": True, "personal": False,
    }  # fmt: skip


def _events(place: Place, step: d.Tag | d.Attribute, people: Sequence[Standing]) -> list[Event]:
    ids = [one.person_id for one in people]
    now_called = current_ids(place.workspace, ids)
    keys = keys_of(place.workspace, [now_called.get(person, person) for person in ids])
    events: list[Event] = []
    for one in people:
        found = keys.get(now_called.get(one.person_id, one.person_id))
        if not found:
            raise NotFound(f"nobody is known as {one.person_id} any more; the person may have been erased")
        events += _said(place, step, one, found[0])
    return events


def _said(place: Place, step: d.Tag | d.Attribute, one: Standing, key: str) -> list[Event]:
    name = place.key(one, step)
    if isinstance(step, d.Attribute):
        made: list[Event] = list(
            identify_events(id=name, at=place.now, source=SOURCE, actor_key=key, traits=dict(step.set))
        )
        return made
    changes: list[Mapping[str, Any]] = [{"tag": tag} for tag in step.add]
    changes += [{"tag": tag, "remove": True} for tag in step.remove]
    # The source and props are those of tags set by hand: they hold until somebody takes them back.
    return [
        Event(id=f"{name}/{number}", at=place.now, kind="tag", source="operator", target_key=key,
              props={**change, "by": place.by, "why": ""})
        for number, change in enumerate(changes)
    ]  # fmt: skip


def _task(place: Place, step: d.Work, one: Standing) -> Task:
    return Task(
        key=place.key(one, step), person_id=one.person_id, title=step.title, text=step.text, to=step.to,
        due_at=place.now + duration(step.within), journey_id=place.journey_id, step=step.id, by=place.by,
        created_at=place.now,
    )  # fmt: skip


def _group(place: Place, step: d.Group, people: Sequence[Standing]) -> tuple[list[dict[str, Any]], list[Task]]:
    """By the channel where one is named, else a task for the team: most platforms want a human hand in groups."""
    if step.channel:
        asks = [
            {"key": place.key(one, step), "person_id": one.person_id, "channel": step.channel, "purpose": "service",
             "body": {"text": step.text, "props": {"room": step.group}}, "journey": place.definition.journey,
             "step": step.id, "by": place.by, "transactional": True, "personal": False}
            for one in people
        ]  # fmt: skip
        return asks, []
    titles = {"say": "Say in the group", "invite": "Invite to the group", "remove": "Remove from the group"}
    tasks = [
        Task(key=place.key(one, step), person_id=one.person_id, kind=f"group.{step.act}", text=step.text,
             title=f"{titles[step.act]} {step.group}"[:200], to=step.to, journey_id=place.journey_id, step=step.id,
             by=place.by, created_at=place.now)
        for one in people
    ]  # fmt: skip
    return [], tasks
