"""Trying a journey: over the last month's events, and one person walked through with the clock turned by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from lianyi.action.journeys import document as d
from lianyi.action.journeys import trying
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.flow import END, Flow
from lianyi.action.journeys.models import Journey
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.journeys import words
from lianyi.doors.console.pages.journeys.views import names
from lianyi.doors.console.rights import needs
from lianyi.errors import LianyiError

MOST_HOURS = 24 * 400


@needs("people.see")
@require_safe
def journey_try(request: HttpRequest, journey: str) -> HttpResponse:
    """What would have happened last month, and one person's way."""
    found = get_object_or_404(Journey, name=journey, number__gt=0)
    flow = current_flow(found)
    context: dict[str, Any] = {"journey": found, "person": request.GET.get("person", "").strip()}
    try:
        if request.GET.get("dry") == "1":
            start, until = trying.last_month(queue.clock())
            context |= _dry(flow, dry(flow, start, until))
        if context["person"]:
            context |= _walk(request, flow, context["person"])
    except LianyiError as error:
        messages.error(request, str(error))
    return render(request, "journeys/try.html", context)


def dry(flow: Flow, start: datetime, until: datetime) -> trying.DryRun:
    """A dry run with the contact policy of today."""
    ws = workspace()

    def gates(people: Sequence[str]) -> trying.Gate:
        return trying.LiveGate(ws, flow.definition, people, now=queue.clock())

    return trying.dry_run(ws, flow, start=start, until=until, gates=gates)


def _dry(flow: Flow, run: trying.DryRun) -> dict[str, Any]:
    known = names([one.person_id for way in run.examples for one in way.passed[:1]])
    steps = [
        {
            "step": name, "title": words.KINDS[str(stop.step.__struct_config__.tag)],
            "sends": run.sends.get(name, 0), "refused": run.refused.get(name, {}),
            "ways": [(words.way_title(stop.step, way), count) for way, count in run.passed.get(name, {}).items()],
            "standing": run.standing.get(name, 0),
        }
        for name, stop in flow.stops.items()
    ]  # fmt: skip
    examples = [
        {"person_id": way.passed[0].person_id, "name": known.get(way.passed[0].person_id) or "", "passed": way.passed}
        for way in run.examples
        if way.passed
    ]
    return {"run": run, "dry_steps": steps, "examples": examples, "through": run.standing.get(END, 0)}


def _walk(request: HttpRequest, flow: Flow, person: str) -> dict[str, Any]:
    ws = workspace()
    person_id = ws.person(person).person_id
    start = _moment(request.GET.get("start", "")) or queue.clock().replace(second=0, microsecond=0)
    hours = min(_number(request.GET.get("hours", "")), MOST_HOURS)
    until = start + timedelta(hours=hours)
    hand = {
        name[8:]: start + timedelta(hours=_number(str(value)))
        for name, value in request.GET.items()
        if name.startswith("happens.")
    }
    gate = trying.LiveGate(ws, flow.definition, [person_id], now=queue.clock())
    world = trying.PastWorld(workspace=ws, events="events", until=until, hand=hand)
    made = trying.walk(flow, person_id, start=start, until=until, world=world, gate=gate)
    step = flow.stops[made.where.step].step if made.where.step != END else None
    due = made.where.due_at
    return {
        "walk": made, "start": start, "hours": hours, "until": until,
        "walker": names([person_id]).get(person_id) or person,
        "waits_for": step.until if isinstance(step, d.Wait) else None, "hand": request.GET.items(),
        "next_hours": (due - start).total_seconds() / 3600 if due and due > until else None,
    }  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= MOST_HOURS else 0.0
