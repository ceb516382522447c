"""Plans of ripples by API: ask, read, start as a campaign, close."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from lianyi.action.plans import keeping
from lianyi.action.plans.models import Plan
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, Parameter, body_of, text_of, user_of
from lianyi.doors.api.jobs import described
from lianyi.doors.console.brand import workspace
from lianyi.insight.ripples.planning import Request

api = Api()
LATEST = 200
_TYPES = {
    "people": "integer", "budget": "number", "costs": "object", "incentives": "array", "sources": "array",
    "forbidden": "array", "most": "object", "least": "object", "most_each": "integer", "horizon": "number",
    "robust": "boolean", "active_days": "integer", "kol_tags": "array", "staff_tags": "array", "epsilon": "number",
    "seed": "integer",
}  # fmt: skip
_SAYS = {
    "goal": "people, revenue or community",
    "people": "at most so many are asked",
    "costs": "money to ask one person: customers, kols, employees, others",
    "incentives": "objects with name, cost, acceptance, boost",
    "most": "by community id: at most so many of it are asked",
    "least": "by community id: at least so many of it are asked",
    "most_each": "at most so many of every community are asked",
}
FIELDS = tuple(
    Parameter(
        name=field.name, says=_SAYS.get(field.name, "see the how-to on planning"), type=_TYPES.get(field.name, "string")
    )
    for field in fields(Request)
)


def _plan(plan: Plan, *, whole: bool) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "status",
        "request",
        "as_of",
        "by",
        "created_at",
        "campaign",
        "started_at",
        "outcome",
        "scored_at",
    )
    answer = {name: getattr(plan, name) for name in names}
    answer |= {"instead_of": plan.instead_of_id, "job": described(plan.job) if plan.job else None}
    if whole:
        answer["made"] = plan.made
    else:
        answer["forecast"] = plan.made["forecast"] if plan.made else None
    return answer


@api.add(
    "GET", "plans", right="people.see", says="The latest 200 plans with forecast and outcome, and the calibration."
)
def plans(_request: HttpRequest) -> dict[str, Any]:
    """outcome is null until a ripple of the plan's campaign was seen."""
    found = list(Plan.objects.select_related("job")[:LATEST])
    keeping.score(workspace(), found)
    return {"calibration": asdict(keeping.calibration()), "plans": [_plan(plan, whole=False) for plan in found]}


@api.add(
    "POST", "plans", right="plans.make", says="Have a plan worked out.", status=202,
    body=(
        Parameter(name="name", says="name of the plan", required=True),
        Parameter(name="instead_of", says="id of the plan of which this is a variant", type="integer"), *FIELDS,
    ),
)  # fmt: skip
def make_plan(request: HttpRequest) -> dict[str, Any]:
    """Answers with the plan and its job."""
    data, user = body_of(request, "name"), user_of(request)
    name, of = text_of(data, "name", limit=100), data.get("instead_of")
    asked = Request.from_data({key: value for key, value in data.items() if key not in {"name", "instead_of"}})
    first = get_object_or_404(Plan, pk=of) if isinstance(of, int) else None
    plan = keeping.ask(asked, name=name, by=user.name, instead_of=first)
    audit.note(user, "plan.make", plan.name, plan=plan.pk)
    return {"plan": _plan(plan, whole=False)}


@api.add(
    "GET", "plans/<int:plan_id>", right="people.see", says="One plan: people with reasons, forecast, curve, rivals."
)
def one_plan(_request: HttpRequest, plan_id: int) -> dict[str, Any]:
    """made is null until the job is done."""
    plan = get_object_or_404(Plan.objects.select_related("job"), pk=plan_id)
    keeping.score(workspace(), [plan])
    return {"plan": _plan(plan, whole=True)}


@api.add(
    "POST", "plans/<int:plan_id>/start", right="plans.make", says="Save a plan as a campaign that runs from now.",
    body=(Parameter(name="campaign", says="as links and codes carry it", required=True),),
)  # fmt: skip
def start_plan(request: HttpRequest, plan_id: int) -> dict[str, Any]:
    """422 where it is started already or the name is taken."""
    plan, user = get_object_or_404(Plan, pk=plan_id), user_of(request)
    keeping.start(plan, campaign=text_of(body_of(request, "campaign"), "campaign"), now=queue.clock())
    audit.note(user, "plan.start", plan.campaign, plan=plan.pk)
    return {"plan": _plan(plan, whole=False)}


@api.add("POST", "plans/<int:plan_id>/close", right="plans.make", says="Say that a campaign is over.")
def close_plan(request: HttpRequest, plan_id: int) -> dict[str, Any]:
    """Its forecast then counts for the calibration."""
    plan, user = get_object_or_404(Plan, pk=plan_id), user_of(request)
    keeping.close(plan)
    audit.note(user, "plan.close", plan.campaign, plan=plan.pk)
    return {"plan": _plan(plan, whole=False)}
