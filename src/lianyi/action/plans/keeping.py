"""Keeping plans: ask, work out, save as a campaign, score against what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lianyi.action.plans.models import Plan
from lianyi.action.work import queue
from lianyi.errors import InputError
from lianyi.insight.ripples.planning import Request, SeedPlan
from lianyi.workspace import Workspace

Status = Plan.Status


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a campaign so far: people (seeds included) and revenue of its ripple, how many of the planned seeds
    passed it on. share: people ÷ forecast people; within: between the bounds of the forecast for nine of ten ripples.
    """

    people: int
    revenue: float
    seeds_started: int
    share: float
    within: bool


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How true forecasts were over all scored plans: how many, how many ended within the bounds meant for nine of ten,
    and people who came ÷ people forecast, summed over them (None without plans)."""

    plans: int
    within: int
    share: float | None


def ask(request: Request, *, name: str, by: str, instead_of: Plan | None = None) -> Plan:
    """Keep a question and have it worked out in the background."""
    with transaction.atomic():
        plan = Plan.objects.create(name=_named(name), request=request.to_data(), by=by, instead_of=instead_of)
        plan.job = queue.add("plan", {"plan": plan.pk}, by=by)
        plan.save(update_fields=["job"])
    return plan


def keep(made: SeedPlan, *, as_of: datetime, name: str, by: str) -> Plan:
    """Keep a plan that was worked out already."""
    return Plan.objects.create(
        name=_named(name), request=made.request.to_data(), by=by, made=_nameless(made), as_of=as_of
    )


def work_out(workspace: Workspace, pk: int, say: Any) -> dict[str, Any]:
    """Answer a kept question. InputError where the plan is gone."""
    plan = Plan.objects.filter(pk=pk).first()
    if plan is None:
        raise InputError(f"plan {pk} is gone; make it again")
    made = workspace.ripples.plans([plan.request], say=say)[0]
    plan.made, plan.as_of = _nameless(made), workspace.states()["people"].as_of
    plan.save(update_fields=["made", "as_of"])
    return {"plan": plan.pk, "seeds": len(made.seeds)}


def start(plan: Plan, *, campaign: str, now: datetime) -> None:
    """Save a plan as a campaign that runs from now. InputError: not worked out, started already, or the name is
    taken."""
    campaign = campaign.strip()
    if not campaign or len(campaign) > 200:
        raise InputError("a campaign needs a name of at most 200 characters, the one that its links and codes carry")
    if plan.made is None:
        raise InputError("the plan is not worked out yet; wait for its job")
    try:
        with transaction.atomic():
            changed = Plan.objects.filter(pk=plan.pk, status=Status.DRAFT).update(
                campaign=campaign, status=Status.RUNNING, started_at=now
            )
    except IntegrityError as error:
        raise InputError(f"another plan is the campaign {campaign!r} already; choose another name") from error
    if not changed:
        raise InputError("this plan has become a campaign already")
    plan.refresh_from_db()


def close(plan: Plan) -> None:
    """The campaign is over. InputError where it does not run."""
    if not Plan.objects.filter(pk=plan.pk, status=Status.RUNNING).update(status=Status.OVER):
        raise InputError("only a campaign that runs can be closed")
    plan.refresh_from_db()


def score(workspace: Workspace, plans: Iterable[Plan]) -> None:
    """Compare campaigns with their ripples in the tables as they stand; where no ripple is seen, nothing changes."""
    state = workspace.states().get("ripples")
    waiting = [plan for plan in plans if plan.campaign and plan.made and state and plan.scored_at != state.as_of]
    if state is None or not waiting:
        return
    found = _ripples(workspace, [plan.campaign for plan in waiting])
    for plan in waiting:
        ripple = found.get(plan.campaign)
        if ripple is not None:
            plan.outcome, plan.scored_at = asdict(_outcome(workspace, plan, ripple)), state.as_of
            plan.save(update_fields=["outcome", "scored_at"])


def _ripples(workspace: Workspace, campaigns: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    marks = ", ".join("?" for _ in campaigns)
    rows = workspace.sql(
        f"SELECT name, ripple_id, seeds + reached AS people, CAST(coalesce(revenue, 0) AS DOUBLE) AS revenue "
        f"FROM ripples WHERE kind = 'campaign' AND name IN ({marks})",
        campaigns,
    )
    return {row["name"]: row for row in rows.to_arrow_table().to_pylist()}


def _outcome(workspace: Workspace, plan: Plan, ripple: Mapping[str, Any]) -> Outcome:
    assert plan.plan is not None  # noqa: S101  asked by the caller
    forecast = plan.plan.forecast
    seeds = [seed.person_id for seed in plan.plan.seeds]
    marks = ", ".join("?" for _ in seeds) or "''"
    started = workspace.sql(
        f"SELECT count(DISTINCT person_id) AS people FROM arrivals "
        f"WHERE ripple_id = ? AND generation = 0 AND person_id IN ({marks})",
        [ripple["ripple_id"], *seeds],
    ).to_arrow_table()
    people = int(ripple["people"])
    return Outcome(
        people=people, revenue=float(ripple["revenue"]), seeds_started=started["people"][0].as_py(),
        share=people / forecast.people if forecast.people else 0.0,
        within=forecast.people_low <= people <= forecast.people_high,
    )  # fmt: skip


def calibration() -> Calibration:
    """Over all plans whose campaign is over and scored: one that runs has not brought all it will."""
    over = Plan.objects.filter(status=Status.OVER, outcome__isnull=False, made__isnull=False)
    scored: list[tuple[Any, Any]] = list(over.values_list("made", "outcome"))
    forecast = sum(made["forecast"]["people"] for made, _ in scored)
    came = sum(outcome["people"] for _, outcome in scored)
    within = sum(outcome["within"] for _, outcome in scored)
    return Calibration(plans=len(scored), within=within, share=came / forecast if forecast else None)


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise InputError("a plan needs a name of at most 100 characters")
    return name


def _nameless(made: SeedPlan) -> dict[str, Any]:
    data = made.to_data()
    return {**data, "seeds": [{**seed, "name": ""} for seed in data["seeds"]]}
