"""Ripples by API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi.doors.api.endpoint import Api, ApiError, Parameter, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.errors import InputError, NotFound
from lianyi.ripples import ORDERS

api = Api()
KINDS = ("campaign", "content", "group", "share")


@api.add(
    "GET",
    "ripples",
    right="people.see",
    says="Ripples: size, R, trend, revenue.",
    query=(
        Parameter(name="kind", says=f"only of this kind: {', '.join(KINDS)}"),
        Parameter(name="by", says=f"order: {', '.join(ORDERS)}"),
        Parameter(name="limit", says="at most so many, up to 500", type="integer"),
        Parameter(name="page", says="from 1; a page has `limit` ripples", type="integer"),
    ),
)
def ripples(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `ripples`."""
    kind = request.GET.get("kind")
    if kind and kind not in KINDS:
        raise ApiError(422, f"kind: {kind!r} is not one of {', '.join(KINDS)}")
    ws = workspace()
    limit = whole_number(request, "limit", default=50, most=500)
    page = whole_number(request, "page", default=1, most=100_000)
    try:
        found = ws.ripples.largest(kind=kind, by=request.GET.get("by", "reached"), limit=limit, skip=(page - 1) * limit)
    except NotFound as error:
        raise ApiError(409, str(error)) from error
    except InputError as error:
        raise ApiError(422, str(error)) from error
    return {"as_of": ws.states()["ripples"].as_of, "ripples": found}


@api.add(
    "GET",
    "ripples/<str:ripple_id>",
    right="people.see",
    says="One ripple: its figures, generations, largest branches, forecasts, who is likely next.",
)
def ripple(_request: HttpRequest, ripple_id: str) -> dict[str, Any]:
    """Branches: people with the most others behind them."""
    ws = workspace()
    try:
        found = ws.ripples.one(ripple_id)
    except NotFound as error:
        raise ApiError(404, str(error)) from error
    return {"as_of": ws.states()["ripples"].as_of, **found, "branches": ws.ripples.branches(ripple_id, most=100)}


@api.add(
    "GET",
    "people/<str:person_id>/receivers",
    right="people.see",
    says="Whom this person should pass something on to, best first, with reasons.",
    query=(
        Parameter(name="thing", says="an object key or a campaign"),
        Parameter(name="best", says="how many, up to 50", type="integer"),
    ),
)
def receivers(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Empty where the person never shared with anybody."""
    ws = workspace()
    best = whole_number(request, "best", default=5, most=50)
    try:
        found = ws.ripples.receivers(person_id, thing=request.GET.get("thing"), best=best)
    except NotFound as error:
        raise ApiError(404, str(error)) from error
    return {"receivers": [asdict(one) for one in found]}
