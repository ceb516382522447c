"""Journeys and the team's tasks by API: check, plan, apply, start, pause, stop, enrol, walk, try."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest

from lianyi.action.campaigns.keeping import moment
from lianyi.action.journeys import engine, figures, tasks, trying, versions
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.models import Enrolment, Journey, Task, Version
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of
from lianyi.doors.console.brand import workspace

api = Api()
LONGEST = 1_000_000
MOST_PEOPLE = 10_000
_YAML = Parameter(name="yaml", says="the journey as YAML", required=True)
_VANISH = Parameter(
    name="vanish", says="by step that vanishes, what becomes of the people in it: finish, leave, or a step",
    type="object",
)  # fmt: skip


def _described(journey: Journey) -> dict[str, Any]:
    names = ("name", "title", "state", "number", "created_at", "started_at")
    return {**{name: getattr(journey, name) for name in names}, "people": asdict(figures.whole(journey))}


def _plan(made: versions.Plan) -> dict[str, Any]:
    data = asdict(made)
    return {**data, "in_vanishing": made.in_vanishing}


def _vanish(data: dict[str, Any]) -> dict[str, str]:
    chosen = data.get("vanish") or {}
    if not isinstance(chosen, dict) or not all(isinstance(one, str) for one in chosen.values()):
        raise ApiError(422, "vanish: must be an object from steps to finish, leave, or a step")
    return chosen


@api.add("GET", "journeys", right="people.see", says="All journeys with how many came, are in it, reached the goal.")
def journeys(_request: HttpRequest) -> dict[str, Any]:
    """Newest first."""
    return {"journeys": [_described(one) for one in Journey.objects.all()]}


@api.add("POST", "journeys/plan", right="journeys.edit", body=(_YAML, _VANISH),
         says="Check a journey and say what applying it would do: all problems, steps, people.")  # fmt: skip
def plan_journey(request: HttpRequest) -> dict[str, Any]:
    """Nothing is changed."""
    data = body_of(request, "yaml")
    return {"plan": _plan(versions.plan(text_of(data, "yaml", limit=LONGEST), vanish=_vanish(data)))}


@api.add(
    "POST", "journeys", right="journeys.edit", status=201, says="Apply a journey: its next version, or the first.",
    body=(
        _YAML, _VANISH, Parameter(name="base", says="the version this was planned for; 422 where it is no longer the "
                                  "last", type="integer"), Parameter(name="note", says="what was changed"),
    ),
)  # fmt: skip
def apply_journey(request: HttpRequest) -> dict[str, Any]:
    """422 lists all problems."""
    data, user = body_of(request, "yaml"), user_of(request)
    base = data.get("base")
    version = versions.apply(
        text_of(data, "yaml", limit=LONGEST), by=user.name, now=queue.clock(), vanish=_vanish(data),
        base=base if isinstance(base, int) else None, note=text_of(data, "note"),
    )  # fmt: skip
    audit.note(user, "journey.apply", version.journey.name, version=version.number)
    return {"journey": _described(Journey.objects.get(pk=version.journey_id))}


@api.add("GET", "journeys/<str:name>", right="people.see",
         says="One journey: YAML, versions, and figures of each step. ?version= reads an older one.",
         query=(Parameter(name="version", says="number of a version", type="integer"),))  # fmt: skip
def one_journey(request: HttpRequest, name: str) -> dict[str, Any]:
    """Steps: waiting, aside, reasons, ways, contacts by state, refusals by rule, arms."""
    journey = versions.journey_of(name)
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 9 else None
    flow = current_flow(journey) if journey.number else None
    steps = {
        step: {**asdict(here), "verdict": _verdict(here)} for step, here in figures.at_steps(journey, flow).items()
    }
    rows = Version.objects.filter(journey=journey).values("number", "by", "at", "note")
    return {
        "journey": _described(journey), "versions": list(rows), "steps": steps,
        "yaml": versions.text_of(journey, number) if journey.number else journey.draft,
    }  # fmt: skip


def _verdict(here: figures.AtStep) -> dict[str, Any] | None:
    if here.verdict is None:
        return None
    return {name: getattr(here.verdict, name) for name in ("winner", "figures", "at")}


@api.add("POST", "journeys/<str:name>/turn", right="contacts.send",
         says="Start, pause, stop a journey, or retry those who were set aside.",
         body=(Parameter(name="act", says="start, pause, stop, retry", required=True),))  # fmt: skip
def turn_journey(request: HttpRequest, name: str) -> dict[str, Any]:
    """422 where its state does not allow it."""
    journey, user, now = versions.journey_of(name), user_of(request), queue.clock()
    act = text_of(body_of(request, "act"), "act")
    if act == "start":
        versions.start(journey, now=now)
    elif act == "pause":
        versions.pause(journey)
    elif act == "stop":
        versions.stop(journey, now=now)
    elif act == "retry":
        engine.retry(journey, now=now)
    else:
        raise ApiError(422, f"act: {act[:40]!r} is none of start, pause, stop, retry")
    audit.note(user, f"journey.{act}", name)
    return {"journey": _described(journey)}


@api.add(
    "POST", "journeys/<str:name>/people", right="journeys.edit", says="Let people in (trigger `api`).", status=202,
    body=(
        Parameter(name="people", says="keys or ids, at most 10,000", type="array", required=True),
        Parameter(name="facts", says="values for texts, the same for all", type="object"),
        Parameter(name="cause", says="the same cause never lets one person in twice"),
    ),
)  # fmt: skip
def enrol(request: HttpRequest, name: str) -> dict[str, Any]:
    """came: how many were let in; the others may not come again, or not at all."""
    data, user, ws = body_of(request, "people"), user_of(request), workspace()
    people, facts = data["people"], data.get("facts") or {}
    if not isinstance(people, list) or not all(isinstance(one, str) for one in people) or len(people) > MOST_PEOPLE:
        raise ApiError(422, f"people: must be a list of at most {MOST_PEOPLE:,} texts")
    if not isinstance(facts, dict):
        raise ApiError(422, "facts: must be an object")
    ids = {ws.person(one).person_id: facts for one in people}
    cause = text_of(data, "cause", limit=180) or secrets.token_hex(12)
    journey = versions.journey_of(name)
    came = versions.enrol_by_hand(ws, journey, ids, cause=cause, now=queue.clock())
    audit.note(user, "journey.enrol", name, people=came)
    return {"came": came}


@api.add("GET", "journeys/<str:name>/people", right="people.see", says="The last 200 who came: where they stand, "
         "and the way behind them.")  # fmt: skip
def people_in(_request: HttpRequest, name: str) -> dict[str, Any]:
    """trail: step=way@seconds, a line each."""
    fields = (
        "person_id",
        "key",
        "state",
        "step",
        "number",
        "entered_at",
        "due_at",
        "goal_at",
        "how",
        "reason",
        "trail",
    )
    rows = Enrolment.objects.filter(journey=versions.journey_of(name)).order_by("-entered_at", "-id")
    return {"people": list(rows.values(*fields, "trail")[:200])}


@api.add("GET", "journeys/<str:name>/dry-run", right="people.see",
         says="What it would have done with the events of the last days; nothing is sent or written.",
         query=(Parameter(name="days", says="how many, 1 to 92", type="integer"),))  # fmt: skip
def dry_run(request: HttpRequest, name: str) -> dict[str, Any]:
    """notes: what this can't know."""
    from lianyi.doors.api.endpoint import whole_number
    from lianyi.doors.console.pages.journeys.trying import dry

    days = whole_number(request, "days", default=30, most=92)
    now = queue.clock()
    return {"dry_run": asdict(dry(current_flow(_applied(name)), now - timedelta(days=days), now))}


@api.add(
    "POST", "journeys/<str:name>/walk", right="people.see", says="Walk one person through with the clock turned.",
    body=(
        Parameter(name="person", says="key or id", required=True),
        Parameter(name="start", says="when it begins (ISO 8601 with zone); now where absent"),
        Parameter(name="until", says="to when the clock is turned", required=True),
        Parameter(name="happens", says="by wait step: when what it waits for happens", type="object"),
    ),
)  # fmt: skip
def walk(request: HttpRequest, name: str) -> dict[str, Any]:
    """Nothing is sent or written."""
    data, ws = body_of(request, "person", "until"), workspace()
    start = moment(text_of(data, "start")) if data.get("start") else queue.clock()
    until = moment(text_of(data, "until"))
    happens = data.get("happens") or {}
    if not isinstance(happens, dict):
        raise ApiError(422, "happens: must be an object from steps to times")
    hand = {str(step): moment(str(at)) for step, at in happens.items()}
    flow, person = current_flow(_applied(name)), ws.person(text_of(data, "person")).person_id
    world = trying.PastWorld(workspace=ws, events="events", until=until, hand=hand)
    gate = trying.LiveGate(ws, flow.definition, [person], now=datetime.now(UTC))
    return {"walk": asdict(trying.walk(flow, person, start=start, until=until, world=world, gate=gate))}


def _applied(name: str) -> Journey:
    journey = versions.journey_of(name)
    if not journey.number:
        raise ApiError(409, f"{name} has no version yet; apply one first")
    return journey


# --- tasks ----------------------------------------------------------------------------------------------------------

TASK = ("id", "kind", "title", "text", "to", "person_id", "due_at", "state", "step", "by", "created_at", "done_by",
        "done_at", "note")  # fmt: skip


@api.add("GET", "tasks", right="people.see", says="Tasks of the team, 200 at most.",
         query=(Parameter(name="state", says="open, done or dropped"),))  # fmt: skip
def team_tasks(request: HttpRequest) -> dict[str, Any]:
    """Open ones where nothing is asked, the most urgent first."""
    state = request.GET.get("state", Task.State.OPEN)
    if state not in Task.State.values:
        raise ApiError(422, f"state: {state[:40]!r} is none of {', '.join(Task.State.values)}")
    return {"tasks": list(tasks.of(state=state).values(*TASK)[:200])}


@api.add("POST", "tasks", right="people.tag", says="Give somebody of the team a task.", status=201,
         body=(Parameter(name="title", says="what it is", required=True), Parameter(name="text", says="what to do"),
               Parameter(name="to", says="login name or role; operator where absent"),
               Parameter(name="person", says="key or id of the person that it is about")))  # fmt: skip
def give_task(request: HttpRequest) -> dict[str, Any]:
    """Answers with the task."""
    data, user = body_of(request, "title"), user_of(request)
    person = text_of(data, "person")
    made = tasks.give(
        person_id=workspace().person(person).person_id if person else "", title=text_of(data, "title"),
        text=text_of(data, "text", limit=5000), to=text_of(data, "to", limit=100), due_at=None, by=user.name,
        key=f"hand:{secrets.token_hex(12)}",
    )  # fmt: skip
    audit.note(user, "task.new", str(made.pk))
    return {"task": {name: getattr(made, name) for name in TASK}}


@api.add("POST", "tasks/<int:task_id>/close", right="people.tag", says="Say that a task is done, or dropped.",
         body=(Parameter(name="done", says="false = dropped", type="boolean"),
               Parameter(name="note", says="what came of it")))  # fmt: skip
def close_task(request: HttpRequest, task_id: int) -> dict[str, Any]:
    """422 where somebody has closed it already."""
    data, user, task = body_of(request), user_of(request), tasks.task_of(task_id)
    done = data.get("done", True) is not False
    note = text_of(data, "note", limit=5000)
    tasks.close(workspace(), task, done=done, by=user.name, note=note, now=queue.clock())
    audit.note(user, "task.done" if done else "task.drop", str(task.pk))
    return {"task": {name: getattr(task, name) for name in TASK}}
