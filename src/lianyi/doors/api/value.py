"""Value by API: what people are worth and when they buy next, who stays, stages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi import worth
from lianyi.action.stages import keeping, trying
from lianyi.action.stages.models import Version
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace

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


_TEXT = Parameter(name="text", says="the rules as YAML", required=True)


def rules_data(kept: keeping.Kept) -> dict[str, Any]:
    """Rules as JSON. number: 0 = as shipped, null = written into the file by hand."""
    return {"number": kept.number, "by": kept.by, "at": kept.at, "mark": kept.mark, "text": kept.text}


def versions_data() -> list[dict[str, Any]]:
    """Versions, newest first, without their texts."""
    return [dict(row) for row in Version.objects.values("number", "by", "at", "why")[:200]]


@api.add(
    "GET", "stages/rules", right="people.see", says="The rules of stages that the next refresh reads, and versions.",
    query=(Parameter(name="version", says="another version; 0 = as shipped", type="integer"),),
)  # fmt: skip
def stage_rules(request: HttpRequest) -> dict[str, Any]:
    """mark: give it back as `instead_of` when you change them."""
    if request.GET.get("version"):
        kept = keeping.numbered(whole_number(request, "version", default=0, least=0, most=1_000_000))
    else:
        kept = keeping.current(workspace().folder)
    return {**rules_data(kept), "versions": versions_data()}


@api.add(
    "POST", "stages/rules/preview", right="people.see", body=(_TEXT,),
    says="Whom these rules would move: furthest stages of people now and with them. Nothing is kept.",
)  # fmt: skip
def stage_rules_preview(request: HttpRequest) -> dict[str, Any]:
    """Of a long log a sample is asked; low and high are the 95 % range of the share then, null else."""
    ws, new = workspace(), keeping.read(text_of(body_of(request, "text"), "text", limit=keeping.MOST_CHARACTERS))
    return trying.tried(ws, keeping.current(ws.folder).stages, new, queue.clock())


@api.add(
    "PUT", "stages/rules", right="brand.edit", says="Make these the rules, and have the stages worked out anew.",
    body=(
        _TEXT,
        Parameter(name="why", says="for the log of versions"),
        Parameter(name="instead_of", says="mark of the rules that these were made from; 422 where others hold"),
    ),
)  # fmt: skip
def stage_rules_put(request: HttpRequest) -> dict[str, Any]:
    """The version that was made, and the job that refreshes."""
    data, user, ws = body_of(request, "text"), user_of(request), workspace()
    kept = keeping.apply(
        ws.folder, text_of(data, "text", limit=keeping.MOST_CHARACTERS), by=user, now=queue.clock(),
        why=text_of(data, "why"), instead_of=text_of(data, "instead_of"),
    )  # fmt: skip
    job = queue.add("refresh", {"tables": ["stage_moves"]} if "stage_moves" in ws.states() else {}, by=user.name)
    return {**rules_data(kept), "job": job.pk}
