"""Communities by API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi import communities as room
from lianyi.action.team import audit
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace

api = Api()
ONE = "communities/<str:community_id>"


@api.add(
    "GET", "communities", right="people.see", says="Communities of one view, largest first.",
    query=(
        Parameter(name="inside", says="id of a field or community: what is inside; without it the top"),
        Parameter(name="limit", says="1 to 1000, by default 60", type="integer"),
    ),
)  # fmt: skip
def communities(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `communities`, with what operators said since."""
    ws, limit = built("communities"), whole_number(request, "limit", default=60, most=1000)
    found = room.listed(ws, inside=request.GET.get("inside") or None, limit=limit)
    return {"as_of": ws.states()["communities"].as_of, "communities": found}


@api.add("GET", ONE, right="people.see", says="Everything known of one community.")
def community(_request: HttpRequest, community_id: str) -> dict[str, Any]:
    """Place, health over time, verdict with its parts, the firmest members, what they share, neighbours, changes."""
    one = built("communities").community(community_id)
    return {**asdict(one), "parts": one.parts}


@api.add(
    "GET", f"{ONE}/members", right="people.see", says="Members of a community, firmest first.",
    query=(
        Parameter(name="role", says="core, bridge, creator, answerer, buyer, lurker or member"),
        Parameter(name="offset", says="how many to leave out", type="integer"),
        Parameter(name="limit", says="1 to 50, by default 50", type="integer"),
    ),
)  # fmt: skip
def members(request: HttpRequest, community_id: str) -> dict[str, Any]:
    """Rows of table `community_members`."""
    ws = built("communities")
    text = request.GET.get("offset", "0")
    if not text.isdecimal() or len(text) > 9:
        raise ApiError(422, f"offset: {text!r} is no whole number")
    limit = whole_number(request, "limit", default=room.MEMBERS, most=room.MEMBERS)
    role = request.GET.get("role", "")
    return {"members": room.members(ws, community_id, role=role, offset=int(text), limit=limit)}


@api.add(
    "PATCH", ONE, right="communities.edit", says="Name a community, or say whose it is and what it serves.",
    body=(
        Parameter(name="zh", says="name in Chinese"), Parameter(name="en", says="name in English"),
        Parameter(name="side", says=f"one of {', '.join(room.SIDES)}"),
        Parameter(name="aim", says=f"one of {', '.join(room.AIMS)}"),
    ),
)  # fmt: skip
def say(request: HttpRequest, community_id: str) -> dict[str, Any]:
    """True at once; answers with the community as it is now."""
    data, ws, user = body_of(request), built("communities"), user_of(request)
    said = {name: text_of(data, name) for name in ("zh", "en", "side", "aim") if data.get(name)}
    if not said:
        raise ApiError(422, "give zh, en, side or aim")
    if "zh" in said or "en" in said:
        ws.rename_community(community_id, zh=said.get("zh", ""), en=said.get("en", ""), by=user.name)
    if "side" in said or "aim" in said:
        ws.place_community(community_id, side=said.get("side", ""), aim=said.get("aim", ""), by=user.name)
    audit.note(user, "community.rename", community_id, **said)
    return {"community": ws.community(community_id).row}


@api.add(
    "POST", "communities", right="communities.edit", says="Declare the people of a room to be a community.",
    body=(
        Parameter(name="group_key", says="the room, e.g. group:wecom/name", required=True),
        Parameter(name="zh", says="name in Chinese"), Parameter(name="en", says="name in English"),
    ),
    status=201,
)  # fmt: skip
def declare(request: HttpRequest) -> dict[str, Any]:
    """Answers with its id; it is there with the next refresh."""
    data, user = body_of(request, "group_key"), user_of(request)
    group = text_of(data, "group_key", limit=512)
    made = workspace().declare_community(group, zh=text_of(data, "zh"), en=text_of(data, "en"), by=user.name)
    audit.note(user, "community.declare", made, group_key=group)
    return {"community_id": made}


@api.add("GET", "people/<str:person_id>/communities", right="people.see", says="The communities of one person.")
def communities_of_person(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Rows of table `memberships` with the communities' names: by ties, declared, or probable by behaviour."""
    ws = built("communities")
    return {"communities": room.of_person(ws, ws.person(person_id).person_id)}
