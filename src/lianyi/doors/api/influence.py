"""Influence by API: whose word carries, by topic, and who is rising."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi import influence as reads
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, built, whole_number

api = Api()
YES, NO = "true", "false"


@api.add(
    "GET", "influence", right="people.see", says="Whose word carries: people by expected reach, each with a sentence.",
    query=(
        Parameter(name="topic", says="only for this topic, one of `topics` in the answer"),
        Parameter(name="rising", says="true: only who brings more than before", type="boolean"),
        Parameter(name="limit", says="at most so many, up to 500", type="integer"),
        Parameter(name="page", says="from 1; a page has `limit` people", type="integer"),
    ),
)  # fmt: skip
def influence(request: HttpRequest) -> dict[str, Any]:
    """Rows of tables `influence` and, for a topic, `influence_topics`."""
    ws, topic, rising = built("influence"), request.GET.get("topic", ""), request.GET.get("rising", NO)
    if rising not in {YES, NO}:
        raise ApiError(422, f"rising: {rising[:40]!r} is neither true nor false")
    limit = whole_number(request, "limit", default=50, most=500)
    page = whole_number(request, "page", default=1, most=100_000)
    found = ws.ripples.influence(topic=topic, rising=rising == YES, limit=limit, skip=(page - 1) * limit)
    as_of = ws.states()["influence_topics" if topic else "influence"].as_of
    return {"as_of": as_of, "topics": ws.ripples.topics(), "influence": found}


@api.add("GET", "people/<str:person_id>/influence", right="people.see", says="The influence of one person.")
def influence_of_person(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """null where nobody is expected or was seen to come through the person."""
    ws = built("influence")
    return {
        "as_of": ws.states()["influence"].as_of,
        "influence": reads.of_person(ws, ws.person(person_id).person_id),
    }
