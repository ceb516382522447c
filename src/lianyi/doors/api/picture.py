"""Funnel and ripple by API: the picture of a campaign or a month, and the people in a cell."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest

from lianyi import picture as pictures
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, built, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.insight.picture.people import REACHED

api = Api()
_OF = Parameter(name="of", says="campaign or month", required=True)
_MEMBER = Parameter(name="member", says="the campaign, or the month as 2026-10", required=True)
_UNTIL = Parameter(name="until", says="by the end of this day, e.g. 2026-05-31; else now")
YES, NO = "true", "false"


@api.add("GET", "picture/list", right="people.see", says="Campaigns or months that have a picture, the latest first.",
         query=(_OF,))  # fmt: skip
def pictured(request: HttpRequest) -> dict[str, Any]:
    """How many people came into each, over how many generations."""
    ws = built("picture_cells")
    return {"as_of": ws.states()["picture_cells"].as_of, "rows": pictures.members(ws, request.GET.get("of", ""))}


@api.add("GET", "picture", right="people.see", query=(_OF, _MEMBER, _UNTIL),
         says="One picture: people by stage and generation, and the money of each generation.")  # fmt: skip
def funnel_and_ripple(request: HttpRequest) -> dict[str, Any]:
    """`moved`: of the people in a cell, those who reached the stage after they came in."""
    found = pictures.picture(built("picture_cells"), request.GET.get("of", ""), request.GET.get("member", ""))
    return {"currency": workspace().settings.currency, **found.data(found.step_of(_day(request)))}


@api.add("GET", "picture/people", right="people.see", says="Who stands in a cell of a picture.", query=(
    _OF, _MEMBER, Parameter(name="stage", says="reached, or a stage of the brand, e.g. action"),
    Parameter(name="generation", says="0, 1 …; else all of them", type="integer"),
    Parameter(name="later", says="true: that generation and those after it", type="boolean"),
    Parameter(name="moved", says="true: only who reached the stage after coming in", type="boolean"), _UNTIL,
    Parameter(name="limit", says="at most so many, up to 1000", type="integer"),
    Parameter(name="page", says="from 1", type="integer"),
))  # fmt: skip
def people_in_cell(request: HttpRequest) -> dict[str, Any]:
    """Rows of `picture_people` with names."""
    ws = built("picture_people")
    limit = whole_number(request, "limit", default=100, most=pictures.MOST)
    generation = whole_number(request, "generation", default=0, most=10_000, least=0)
    found = pictures.people(
        ws, request.GET.get("of", ""), request.GET.get("member", ""), stage=request.GET.get("stage", REACHED),
        generation=generation if request.GET.get("generation") else None, later=_flag(request, "later"),
        moved=_flag(request, "moved"), until=_day(request), limit=limit,
        offset=(whole_number(request, "page", default=1, most=100_000) - 1) * limit,
    )  # fmt: skip
    return {"as_of": ws.states()["picture_people"].as_of, "people": found}


def _flag(request: HttpRequest, name: str) -> bool:
    said = request.GET.get(name, NO)
    if said not in {YES, NO}:
        raise ApiError(422, f"{name}: {said[:40]!r} is neither true nor false")
    return said == YES


def _day(request: HttpRequest) -> date | None:
    said = request.GET.get("until", "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise ApiError(422, f"until: {said[:40]!r} is no day; write it like 2026-05-31") from error
