"""Value by API: what people are worth and when they buy next, who stays, stages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi import worth
from lianyi.doors.api.endpoint import Api, Parameter, built, whole_number

api = Api()


@api.add(
    "GET", "value", right="people.see", says="People by the expected worth of their next year, with totals and checks.",
    query=(
        Parameter(name="band", says="only this band: top, high, mid, low"),
        Parameter(name="limit", says="at most so many, up to 500", type="integer"),
        Parameter(name="page", says="from 1; a page has `limit` people", type="integer"),
    ),
)  # fmt: skip
def value(request: HttpRequest) -> dict[str, Any]:
    """Value, purchase clock and stage of each; how good clocks were on the last part of the log."""
    ws = built("values")
    limit = whole_number(request, "limit", default=50, most=500)
    page = whole_number(request, "page", default=1, most=100_000)
    people = worth.listed(ws, band=request.GET.get("band", ""), limit=limit, offset=(page - 1) * limit)
    return {
        "as_of": ws.states()["values"].as_of,
        "totals": worth.totals(ws),
        "bands": worth.bands(ws),
        "people": people,
        "checks": worth.checks(ws),
    }


@api.add("GET", "people/<str:person_id>/value", right="people.see", says="Value, clocks, stage and moves of a person.")
def value_of_person(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """null where nothing is known: of who never ordered there is a stage, and no value."""
    ws = built("values")
    return {"as_of": ws.states()["values"].as_of, "value": worth.of_person(ws, ws.person(person_id).person_id)}


@api.add(
    "GET", "retention", right="people.see", says="Stock and flow with a forecast, cohorts, who is leaving.",
    query=(
        Parameter(name="part", says="all (default), source or community"),
        Parameter(name="name", says="the source, or the community's id"),
        Parameter(name="source", says="cohorts of this source only"),
    ),
)  # fmt: skip
def retention(request: HttpRequest) -> dict[str, Any]:
    """Rows of tables stock_flow, stock_forecast, cohorts, leaving."""
    ws = built("stock_flow")
    return {
        "as_of": ws.states()["stock_flow"].as_of,
        "parts": worth.parts(ws),
        "stock": worth.stock(ws, part=request.GET.get("part", "all"), name=request.GET.get("name", "")),
        "cohorts": worth.cohorts(ws, source=request.GET.get("source", "")),
        "leaving": worth.leaving(ws),
    }


@api.add(
    "GET", "stages", right="people.see", says="The stages: who reached each, who went on, what came before.",
    query=(
        Parameter(name="from", says="with `to`: what came before these steps"),
        Parameter(name="to", says="see from"),
    ),
)  # fmt: skip
def stages(request: HttpRequest) -> dict[str, Any]:
    """Rows of tables stage_ways and stage_movers, and the steps there were."""
    ws = built("stage_ways")
    begin, end = request.GET.get("from", ""), request.GET.get("to", "")
    return {
        "as_of": ws.states()["stage_ways"].as_of,
        "stages": worth.stages(ws),
        "steps": worth.steps(ws),
        "movers": worth.movers(ws, begin, end) if begin and end else [],
    }
