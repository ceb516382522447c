"""Demand by API: scenes, needs, what to show and do next."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from lianyi.action.audiences import defining, members
from lianyi.action.contacts import proposing
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, user_of, whole_number
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace

api = Api()
YES, NO = "true", "false"


@api.add(
    "GET", "scenes", right="people.see",
    says="In which hour, weekday, season, festival, city or after which talk in a group a category is bought more.",
    query=(
        Parameter(name="category", says="only of this category"),
        Parameter(name="kind", says="hour, weekday, season, festival, place or topic"),
        Parameter(name="all", says="true: also what may be chance", type="boolean"),
    ),
)  # fmt: skip
def scenes(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `scenes`."""
    ws, everything = built("scenes"), request.GET.get("all", NO)
    if everything not in {YES, NO}:
        raise ApiError(422, f"all: {everything[:40]!r} is neither true nor false")
    category, kind = request.GET.get("category", ""), request.GET.get("kind", "")
    found = ws.demand.scenes(category=category, kind=kind, everything=everything == YES)
    return {"as_of": ws.states()["scenes"].as_of, "scenes": found}


@api.add("GET", "needs", right="people.see", says="Categories and how many people need them, shown or latent.")
def needed(_request: HttpRequest) -> dict[str, Any]:
    """Table `needs` by category."""
    ws = built("needs")
    return {"as_of": ws.states()["needs"].as_of, "needs": ws.demand.needed()}


@api.add(
    "GET", "people/<str:person_id>/next", right="people.see",
    says="What one person needs, what to show them, and what could be done now, doing nothing among it.",
)  # fmt: skip
def next_of_person(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Rows of `needs`, `recommendations` and `next_best`, with what the contact policy says of each now."""
    ws = built("next_best")
    who = ws.person(person_id).person_id
    return {
        "as_of": ws.states()["next_best"].as_of,
        "needs": ws.demand.needs(who),
        "recommendations": ws.demand.recommendations(who),
        "options": proposing.options(ws, who, now=timezone.now()),
    }


@api.add(
    "GET", "next-best/policies", right="people.see",
    says="What other ways of choosing would have brought, from choices that were drawn by chance, with intervals.",
    query=(Parameter(name="metric", says="orders (the default) or revenue"),),
)  # fmt: skip
def policies(request: HttpRequest) -> dict[str, Any]:
    """Rows of `policy_worth`, and how many people each option of the next best is taken for."""
    ws = built("policy_worth")
    found = ws.demand.policies(metric=request.GET.get("metric", "orders"))
    return {"as_of": ws.states()["policy_worth"].as_of, "policies": found, "chosen": ws.demand.chosen()}


@api.add("GET", "next-best/exploring", right="people.see", says="Whether the next best is drawn by chance, and how.")
def exploring(_request: HttpRequest) -> dict[str, Any]:
    """Off unless the brand says otherwise."""
    return asdict(proposing.exploring(workspace().folder))


@api.add(
    "PUT", "next-best/exploring", right="policy.edit",
    says="Explore or stop it; holds from the next refresh on. Never among prices.",
    body=(Parameter(name="explore", says="off, epsilon or softmax", required=True),
          Parameter(name="share", says="epsilon: share of people, up to 0.5", type="number"),
          Parameter(name="scale", says="softmax: gain that makes an option e times as likely", type="number")),
)  # fmt: skip
def explore(request: HttpRequest) -> dict[str, Any]:
    """Written to next_best.yaml of the workspace, and into the audit log."""
    folder = workspace().folder
    said = {**asdict(proposing.exploring(folder)), **body_of(request, "explore")}
    return asdict(proposing.explore(folder, said, by=user_of(request)))


@api.add(
    "GET", "lookalikes", right="people.see",
    says="People most like those with a tag or of an audience, and how well likeness tells them apart.",
    query=(
        Parameter(name="tag", says="everybody with it is a seed; at least 20 people"),
        Parameter(name="audience", says="its id, instead of a tag: its members are the seeds", type="integer"),
        Parameter(name="limit", says="at most so many, up to 10,000", type="integer"),
    ),
)  # fmt: skip
def lookalikes(request: HttpRequest) -> dict[str, Any]:
    """Worked out when asked; some seconds at a million people. channels: reach among them, cost of a person kept."""
    ws, tag = built("person_tags"), request.GET.get("tag", "")
    number, limit = request.GET.get("audience", ""), whole_number(request, "limit", default=100, most=10_000)
    if bool(tag) == bool(number):
        raise ApiError(422, "tag, audience: name one of them, e.g. ?tag=loyal")
    if number and whole(number) is None:
        raise ApiError(422, f"audience: {number[:40]!r} is no id of an audience")
    people = members.of(ws, defining.found(int(number))).ids().to_pylist() if number else ()
    found = ws.demand.lookalikes(tag=tag, people=people, limit=limit)
    return {"as_of": ws.states()["person_tags"].as_of, **found}
