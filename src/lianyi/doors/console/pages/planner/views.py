"""The pages of the planner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.plans import keeping
from lianyi.action.plans.models import Plan
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.planner import figures
from lianyi.doors.console.pages.planner.form import GOAL_TITLES, SOURCE_TITLES, PlanForm, initial_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError
from lianyi.insight.ripples.planning import Request, SeedPlan

SHOWN = 100


@needs("people.see")
@require_safe
def planner(request: HttpRequest) -> HttpResponse:
    """What to plan, and all plans with forecast and outcome."""
    return _list(request, PlanForm(initial={"goal": "people", "people": 20}))


@needs("plans.make")
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Have a plan worked out; ?instead_of= names the plan of which it is a variant."""
    form, user = PlanForm(request.POST), member(request)
    if not form.is_valid():
        return _list(request, form, status=422)
    of = request.POST.get("instead_of", "")
    first = get_object_or_404(Plan, pk=whole(of)) if of.isdecimal() else None
    plan = keeping.ask(form.request, name=form.cleaned_data["name"], by=user.name, instead_of=first)
    audit.note(user, "plan.make", plan.name, plan=plan.pk)
    return redirect("plan", plan.pk)


def _list(request: HttpRequest, form: PlanForm, *, status: int = 200) -> HttpResponse:
    ws = workspace()
    plans = list(Plan.objects.select_related("job")[:SHOWN])
    keeping.score(ws, plans)
    context = {
        "form": form, "plans": [_row(plan) for plan in plans], "calibration": keeping.calibration(),
        "state": ws.states().get("people"), "instead_of": request.POST.get("instead_of", ""),
    }  # fmt: skip
    return render(request, "planner/page.html", context, status=status)


def _row(plan: Plan) -> dict[str, Any]:
    return {"plan": plan, "made": plan.plan, "goal": GOAL_TITLES[plan.request["goal"]]}


@needs("people.see")
@require_safe
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """One plan: people with reasons, reach, how many are enough, rivals, what if."""
    found = get_object_or_404(Plan.objects.select_related("job"), pk=plan_id)
    ws = workspace()
    keeping.score(ws, [found])
    asked = Request.from_data(found.request)
    context: dict[str, Any] = {
        "plan": found, "made": found.plan, "asked": asked, "goal": GOAL_TITLES[asked.goal],
        "form": PlanForm(initial={**initial_of(asked), "name": found.name}), "variants": _variants(found),
    }  # fmt: skip
    if found.plan is not None:
        context |= _answer(found.plan, ws)
    return render(request, "planner/plan.html", context)


def _answer(made: SeedPlan, ws: Any) -> dict[str, Any]:
    names = _names(ws, [seed.person_id for seed in made.seeds])
    chinese = (get_language() or "").startswith("zh")
    seeds = [
        {
            "seed": seed, "known": seed.person_id in names, "name": names.get(seed.person_id) or "",
            "why": seed.why_zh if chinese else seed.why_en, "source": SOURCE_TITLES[seed.source],
        }
        for seed in made.seeds
    ]  # fmt: skip
    rivals = {name: line.reach[-1] for name, line in made.rivals.items()}
    return {
        "seeds": seeds, "marginal": figures.marginal(made), "generations": figures.generations(made),
        "notes": [zh if chinese else en for en, zh in made.notes],
        "left_out": made.left_out, "best_rival": max(rivals.values()),
    }  # fmt: skip


def _names(ws: Any, people: Sequence[str]) -> dict[str, str | None]:
    """Names as the tables have them now; who was erased or merged is not in them."""
    marks = ", ".join("?" for _ in people) or "''"
    found = ws.rows(f"SELECT person_id, name FROM people WHERE person_id IN ({marks})", tuple(people))
    return {row["person_id"]: row["name"] for row in found}


def _variants(plan: Plan) -> list[dict[str, Any]]:
    """The plan's family side by side: the first one and all that ask what if."""
    root = plan.instead_of or plan
    family = [root, *root.variants.all().order_by("pk")]
    return [_row(one) for one in family] if len(family) > 1 else []


@needs("plans.make")
@require_POST
def start(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Save the plan as a campaign that runs."""
    found, user = get_object_or_404(Plan, pk=plan_id), member(request)
    try:
        keeping.start(found, campaign=request.POST.get("campaign", ""), now=queue.clock())
    except InputError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, "plan.start", found.campaign, plan=found.pk)
    return redirect("plan", plan_id)


@needs("plans.make")
@require_POST
def close(request: HttpRequest, plan_id: int) -> HttpResponse:
    """The campaign is over; its forecast counts for the calibration."""
    found, user = get_object_or_404(Plan, pk=plan_id), member(request)
    try:
        keeping.close(found)
    except InputError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, "plan.close", found.campaign, plan=found.pk)
    return redirect("plan", plan_id)
