"""The pages of journeys and of the team's tasks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.journeys import document as d
from lianyi.action.journeys import engine, figures, reading, tasks, versions
from lianyi.action.journeys.flow import Flow, flow_of
from lianyi.action.journeys.models import Door, Enrolment, Journey, Task, Version
from lianyi.action.journeys.reading import Problem
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.journeys import words
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, LianyiError

# A tenth is held out from the start, so that what the journey brings can be told; whoever draws may take it out.
NEW = """journey: new
holdout: 0.1
triggers:
  - by: api
steps:
  - do: wait
    id: first
    for: 1 day
"""
SHOWN = 100


@needs("people.see")
@require_safe
def journeys(request: HttpRequest) -> HttpResponse:
    """All journeys with their figures."""
    found = [
        {"journey": one, "whole": figures.whole(one), "state": words.STATES[one.state]} for one in Journey.objects.all()
    ]
    return render(request, "journeys/list.html", {"journeys": found})


@needs("people.see")
@require_safe
def journey(request: HttpRequest, journey: str) -> HttpResponse:
    """One journey: its steps with figures, who was set aside, its versions."""
    found = get_object_or_404(Journey, name=journey)
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 9 else found.number
    row = Version.objects.filter(journey=found, number=number).first()
    flow = flow_of(row.document.encode()) if row else None
    at = figures.at_steps(found, flow)
    context = {
        "journey": found, "flow": flow, "number": number, "whole": figures.whole(found),
        "state": words.STATES[found.state], "doors": _doors(found, flow),
        "nodes": nodes(flow.definition.steps, at) if flow else [],
        "older": {step: here for step, here in at.items() if flow and step not in flow.stops and here.waiting},
        "versions": Version.objects.filter(journey=found)[:SHOWN], "aside": sum(one.aside for one in at.values()),
        "yaml": reading.to_yaml(flow.definition) if flow else found.draft, "now": queue.clock(),
    }  # fmt: skip
    return render(request, "journeys/page.html", context)


def _doors(found: Journey, flow: Flow | None) -> list[dict[str, Any]]:
    problems = {door.mark: door.problem for door in Door.objects.filter(journey=found)}
    from lianyi.action.journeys.happenings import mark

    triggers = flow.definition.triggers if flow else ()
    return [{"says": words.door(trigger), "problem": problems.get(mark(trigger), "")} for trigger in triggers]


def nodes(steps: tuple[d.Step, ...], at: Mapping[str, figures.AtStep]) -> list[dict[str, Any]]:
    """The steps as the template draws them, the ones inside below the way that leads to them."""
    drawn: list[dict[str, Any]] = []
    for step in steps:
        here = at.get(step.id, figures.AtStep())
        ways = [
            {"title": words.way_title(step, name), "people": here.ways.get(name, 0), "nodes": nodes(inside, at)}
            for name, inside in d.inner(step)
            if not (isinstance(step, d.Wait) and step.until is None)
        ]
        kind = step.__struct_config__.tag
        drawn.append(
            {"step": step, "kind": kind, "title": words.KINDS[str(kind)], "says": words.summary(step), "at": here,
             "contacts": [(words.CONTACTS.get(state, state), count) for state, count in here.contacts.items()],
             "ways": ways}
        )  # fmt: skip
    return drawn


# --- editing --------------------------------------------------------------------------------------------------------


@needs("journeys.edit")
def journey_new(request: HttpRequest) -> HttpResponse:
    """The editor on an empty journey."""
    return _edit(request, None)


@needs("journeys.edit")
def journey_edit(request: HttpRequest, journey: str) -> HttpResponse:
    """The editor on a journey's draft, or on its last version."""
    return _edit(request, get_object_or_404(Journey, name=journey))


def _edit(request: HttpRequest, found: Journey | None) -> HttpResponse:
    if request.method == "POST":
        text, problems = _posted(request)
        act = request.POST.get("act", "")
        if act == "apply" and not problems:
            return _apply(request, found, text)
        if act == "draft" and not problems:
            return _keep_draft(request, found, text)
        return _editor(request, found, text, problems, as_yaml=request.POST.get("show") == "yaml")
    asked = request.GET.get("version", "")
    if found is None:
        text = NEW
    elif asked.isdecimal() and len(asked) < 9:
        text = versions.text_of(found, int(asked))
    else:
        text = found.draft or versions.text_of(found)
    return _editor(request, found, text, [], as_yaml=request.GET.get("show") == "yaml")


def _posted(request: HttpRequest) -> tuple[str, list[Problem]]:
    """What was sent, as YAML; from the island it comes as JSON."""
    data = request.POST.get("data", "")
    if not data:
        return request.POST.get("yaml", ""), []
    try:
        definition, problems = reading.from_data(json.loads(data))
    except (ValueError, RecursionError):
        return "", [Problem(path="", says="is no JSON")]
    return (
        (reading.to_yaml(definition), [])
        if definition
        else (json.dumps(json.loads(data), ensure_ascii=False), problems)
    )


def _editor(
    request: HttpRequest, found: Journey | None, text: str, problems: list[Problem], *, as_yaml: bool
) -> HttpResponse:
    definition, unread = reading.from_yaml(text)
    as_yaml = as_yaml or definition is None
    context = {
        "journey": found, "yaml": text, "as_yaml": as_yaml, "schema": words.schema(), "problems": problems or unread,
        "data": d.builtins(definition) if definition else None, "base": found.number if found else 0,
    }  # fmt: skip
    return render(request, "journeys/edit.html", context, status=422 if problems else 200)


def _apply(request: HttpRequest, found: Journey | None, text: str) -> HttpResponse:
    base = request.POST.get("base", "")
    user = member(request)
    try:
        version = versions.apply(
            text, by=user.name, now=queue.clock(), base=whole(base),
            note=request.POST.get("note", ""), vanish=_vanish(request),
        )  # fmt: skip
    except InputError as error:
        messages.error(request, str(error))
        return _editor(request, found, text, [], as_yaml=request.POST.get("show") == "yaml")
    audit.note(user, "journey.apply", version.journey.name, version=version.number)
    messages.success(request, _("Version %(number)s is applied.") % {"number": version.number})
    return redirect("journey", version.journey.name)


def _keep_draft(request: HttpRequest, found: Journey | None, text: str) -> HttpResponse:
    user = member(request)
    definition, _problems = reading.from_yaml(text)
    name = found.name if found else definition.journey if definition else ""
    if not d.ID.match(name):
        messages.error(request, _("Give the journey a short name first."))
        return _editor(request, found, text, [], as_yaml=False)
    made, _new = Journey.objects.get_or_create(name=name)
    Journey.objects.filter(pk=made.pk).update(draft=text, draft_by=user.name)
    audit.note(user, "journey.draft", name)
    return redirect("journey_edit", name)


def _vanish(request: HttpRequest) -> dict[str, str]:
    return {name[7:]: str(value) for name, value in request.POST.items() if name.startswith("vanish.") and value}


@needs("journeys.edit")
@require_POST
def journey_check(request: HttpRequest) -> HttpResponse:
    """A part of the editor: all problems of what stands there, or the plan of what applying it would do."""
    text, problems = _posted(request)
    plan = None if problems else versions.plan(text, vanish=_vanish(request))
    definition = reading.from_yaml(text)[0]
    steps = [step.id for _path, step in d.walk(definition.steps)] if definition else []
    context = {"plan": plan, "problems": problems or (plan.problems if plan else ()), "steps": steps}
    return render(request, "journeys/plan.html", context)


@needs("contacts.send")
@require_POST
def journey_turn(request: HttpRequest, journey: str) -> HttpResponse:
    """Start, pause, stop, or try again with those who were set aside."""
    found, user, act = get_object_or_404(Journey, name=journey), member(request), request.POST.get("act", "")
    now = queue.clock()
    try:
        match act:
            case "start":
                versions.start(found, now=now)
            case "pause":
                versions.pause(found)
            case "stop":
                versions.stop(found, now=now)
            case "retry":
                engine.retry(found, step=request.POST.get("step", ""), now=now)
            case _:
                raise InputError(f"{act[:40]!r} is none of start, pause, stop, retry")
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, f"journey.{act}", found.name)
    return redirect("journey", found.name)


@needs("people.see")
@require_safe
def journey_people(request: HttpRequest, journey: str) -> HttpResponse:
    """The last people who came, where they stand, and the way they have gone."""
    found = get_object_or_404(Journey, name=journey)
    rows_ = Enrolment.objects.filter(journey=found)
    step, state = request.GET.get("step", ""), request.GET.get("state", "")
    rows_ = rows_.filter(step=step) if step else rows_
    rows_ = rows_.filter(state=state) if state in Enrolment.State.values else rows_
    shown = list(rows_.order_by("-entered_at", "-id")[:SHOWN])
    known = names([row.person_id for row in shown])
    context = {
        "journey": found, "step": step, "people": [
            {"row": row, "known": row.person_id in known, "name": known.get(row.person_id) or "", "trail": trail(row)}
            for row in shown
        ],
    }  # fmt: skip
    return render(request, "journeys/people.html", context)


def names(people: list[str]) -> dict[str, str | None]:
    """Names as the tables have them now."""
    ws = workspace()
    if "people" not in ws.states():
        return {}
    marks = ", ".join("?" for _ in people) or "''"
    found = ws.rows(f"SELECT person_id, name FROM people WHERE person_id IN ({marks})", tuple(people))
    return {row["person_id"]: row["name"] for row in found}


def trail(row: Enrolment) -> str:
    """The steps that are behind somebody."""
    return " → ".join(line.partition("@")[0] for line in row.trail.splitlines())


# --- tasks ----------------------------------------------------------------------------------------------------------


@needs("people.see")
@require_safe
def team_tasks(request: HttpRequest) -> HttpResponse:
    """What there is to do: for me and my role, or all; or what is done."""
    user, whose = member(request), request.GET.get("whose", "mine")
    state = request.GET.get("state", Task.State.OPEN)
    state = state if state in Task.State.values else Task.State.OPEN
    found = list(tasks.of(user if whose == "mine" else None, state=state)[:SHOWN])
    known = names([task.person_id for task in found if task.person_id])
    members = list(User.objects.filter(is_active=True).values_list("name", flat=True))
    context = {
        "tasks": [{"task": task, "name": known.get(task.person_id) or ""} for task in found], "whose": whose,
        "state": state, "now": queue.clock(), "members": members,
    }  # fmt: skip
    return render(request, "journeys/tasks.html", context)


@needs("people.tag")
@require_POST
def task_close(request: HttpRequest, task_id: int) -> HttpResponse:
    """Done, or dropped."""
    task, user = get_object_or_404(Task, pk=task_id), member(request)
    if task.to not in {user.name, user.role} and not user.may("journeys.edit"):
        raise PermissionDenied(_("This task is somebody else's."))
    done = request.POST.get("act") != "drop"
    try:
        tasks.close(workspace(), task, done=done, by=user.name, note=request.POST.get("note", ""), now=queue.clock())
    except InputError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, "task.done" if done else "task.drop", str(task.pk))
    return redirect("team_tasks")


@needs("people.tag")
@require_POST
def task_new(request: HttpRequest) -> HttpResponse:
    """Give somebody a task by hand."""
    user = member(request)
    try:
        made = tasks.give(
            person_id=request.POST.get("person", "")[:64], title=request.POST.get("title", ""),
            text=request.POST.get("text", ""), to=request.POST.get("to", ""), due_at=None, by=user.name,
            key=f"hand:{secrets.token_hex(12)}",
        )  # fmt: skip
    except InputError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, "task.new", str(made.pk))
    return redirect("team_tasks")
