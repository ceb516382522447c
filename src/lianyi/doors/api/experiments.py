"""Experiments by API: what was tried and what it brought, planning one, the global control group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from lianyi import experiments as reading
from lianyi.action.experiments import control
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, user_of
from lianyi.doors.console.brand import workspace
from lianyi.errors import InputError
from lianyi.experiments import Asked

api = Api()
PLAN = (
    Parameter(name="metric", says="buyers (usual), orders or revenue"),
    Parameter(name="days", says="length of the window: 7, 14 (usual), 28 or 56", type="integer"),
    Parameter(name="people", says="who would take part; then the smallest effect they can show", type="integer"),
    Parameter(name="effect", says="as a share of the mean, e.g. 0.1; then how many people it needs", type="number"),
    Parameter(name="control", says="share held out, 0.1 as usual", type="number"),
    Parameter(name="power", says="how often it is to be seen, 0.8 as usual", type="number"),
    Parameter(name="confidence", says="0.95 as usual", type="number"),
    Parameter(name="unit", says="person (usual) or community"),
    Parameter(name="looks", says="true: it will be looked at before the end", type="boolean"),
)


def asked_of(data: Mapping[str, Any]) -> Asked:
    """What is planned, from texts as a query or form has them. InputError names what is no number."""
    values: dict[str, Any] = {}
    for name, read in (("days", int), ("people", int), ("effect", float), ("control", float), ("power", float),
                       ("confidence", float)):  # fmt: skip
        text = str(data.get(name) or "").strip()
        if text:
            try:
                values[name] = read(text)
            except ValueError as error:
                raise InputError(f"{name}: {text[:40]!r} is no number") from error
    values |= {name: str(data[name]) for name in ("metric", "unit") if data.get(name)}
    if values.get("people") is not None and not 0 < values["people"] <= 10**10:
        raise InputError(f"people: {values['people']} is not from 1 to 10,000,000,000")
    return Asked(**values, looks=str(data.get("looks", "")).lower() in {"true", "on", "1"})


def control_data(group: control.Control) -> dict[str, Any]:
    """The global control group as JSON."""
    return {"number": group.number, "share": group.share, "by": group.by, "at": group.at}


@api.add(
    "GET", "experiments", right="people.see", says="Experiments, the youngest first, with the effect on one metric.",
    query=(Parameter(name="metric", says="buyers (usual), orders, revenue, kept, clicks or basket"),),
)  # fmt: skip
def experiments(request: HttpRequest) -> dict[str, Any]:
    """Rows of `lianyi.experiments.experiments`."""
    ws = built("experiments")
    found = reading.experiments(ws, metric=request.GET.get("metric") or "buyers")
    return {"as_of": ws.states()["experiments"].as_of, "experiments": found}


@api.add(
    "GET", "experiments/plan", right="people.see", query=PLAN,
    says="How many people an effect needs, or the smallest effect that people can show.",
)  # fmt: skip
def plan(request: HttpRequest) -> dict[str, Any]:
    """From how people differed lately, see table baselines."""
    return reading.plan(built("baselines"), asked_of(request.GET.dict()))


@api.add(
    "GET", "experiments/<str:kind>/<path:name>", right="people.see",
    says="One experiment: all metrics and estimators with intervals, and the effect so far day by day.",
)  # fmt: skip
def experiment(_request: HttpRequest, kind: str, name: str) -> dict[str, Any]:
    """Kind and name as in its list, e.g. campaign/spring."""
    ws = built("experiments")
    return {"as_of": ws.states()["experiments"].as_of, **reading.experiment(ws, f"{kind}/{name}")}


@api.add("GET", "control-group", right="people.see", says="The global control group: the share of people left alone.")
def control_group(_request: HttpRequest) -> dict[str, Any]:
    """As it holds now."""
    return control_data(control.current())


@api.add(
    "PUT", "control-group", right="policy.edit",
    says="Set its share; 0 ends it. What people are owed still reaches them.",
    body=(
        Parameter(name="share", says="of all people, 0 to 0.5", type="number", required=True),
        Parameter(name="fresh", says="true: draw other people than before", type="boolean"),
    ),
)  # fmt: skip
def set_control_group(request: HttpRequest) -> dict[str, Any]:
    """From now on."""
    data = body_of(request, "share")
    share, fresh = data["share"], data.get("fresh", False)
    if isinstance(share, bool) or not isinstance(share, int | float) or not isinstance(fresh, bool):
        raise ApiError(422, "share must be a number from 0 to 0.5, fresh true or false")
    made = control.set_share(workspace(), float(share), by=user_of(request), now=queue.clock(), fresh=fresh)
    return control_data(made)
