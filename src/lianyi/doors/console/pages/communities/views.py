"""The map and list of communities, one community, and what operators say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import communities as room
from lianyi.action.team import audit
from lianyi.communities import Community
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.communities import figures, words
from lianyi.doors.console.pages.communities.map import drawn
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace

PAGE = 50


@needs("people.see")
@require_safe
def communities(request: HttpRequest) -> HttpResponse:
    """The map of the top view and the list of it; a field opens its own map on its page."""
    ws = workspace()
    state = ws.states().get("communities")
    if state is None:
        return render(request, "communities/empty.html", {"events": ws.lake.rows()})
    found = room.listed(ws)
    context = {
        "state": state,
        "stale": ws.stale(),
        "map": drawn(found, links(ws, found), address),
        "rows": [shown(row) for row in found],
        "counts": _counts(ws),
        "changes": [_change(row) for row in _latest(ws)],
    }
    return render(request, "communities/page.html", context)


def address(community_id: str) -> str:
    """Where a community's page is."""
    return reverse("community", args=[community_id])


def links(ws: Workspace, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours among these."""
    if not found:
        return []
    ids = tuple(row["community_id"] for row in found)
    marks = ", ".join("?" for _id in ids)
    return ws.rows(
        f"SELECT community_id, other_id, nearness FROM community_neighbours WHERE community_id IN ({marks})", ids
    )


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of communities with its words."""
    return {
        **row,
        "name": words.name_of(row),
        "verdict_title": words.VERDICTS[row["verdict"]],
        "side_title": words.SIDES[row["side"]],
        "aim_title": words.AIMS[row["aim"]],
        "height_title": words.HEIGHTS.get(row["height"], words.HEIGHTS[3]),
        "grown": None if row["size_before"] is None or not row["size_before"] else row["size"] - row["size_before"],
    }


def _counts(ws: Workspace) -> dict[str, Any]:
    return ws.rows(
        "SELECT count(*) AS communities, count(*) FILTER (WHERE verdict = 'community') AS real, "
        "count(*) FILTER (WHERE verdict = 'crowd') AS crowds, count(*) FILTER (WHERE verdict = 'unknown') AS unknown "
        "FROM communities WHERE height = 1",
    )[0]  # fmt: skip


def _latest(ws: Workspace) -> list[dict[str, Any]]:
    return ws.rows("SELECT * FROM community_changes WHERE what <> 'found' ORDER BY \"at\" DESC, community_id LIMIT 12")


def _change(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "name": words.name_of(row), "title": words.CHANGES[row["what"]]}


def found(community_id: str) -> Community:
    """The community, or 404."""
    try:
        return workspace().community(community_id)
    except NotFound as error:
        raise Http404(str(error)) from error


@needs("people.see")
@require_safe
def community(request: HttpRequest, community_id: str) -> HttpResponse:
    """Everything on one community."""
    ws, one = workspace(), found(community_id)
    page, role = _number(request.GET.get("page", "1")), request.GET.get("role", "")
    role = role if role in one.roles else ""
    people = one.members
    if role or page > 1:
        people = room.members(ws, community_id, role=role, offset=(page - 1) * PAGE)
    total = one.roles[role] if role else sum(one.roles.values())
    row = shown(one.row)
    context = {
        "one": row,
        "state": ws.states()["communities"],
        "stale": ws.stale(),
        "path": [shown(above) for above in one.path],
        "inside": [shown(below) for below in one.inside],
        "map": drawn(one.inside, links(ws, one.inside), address) if len(one.inside) > 1 else "",
        "parts": [_part(part) for part in one.parts] if row["height"] == 1 else [],
        "why_place": words.evidence_of(one.row, "position"),
        "traits": _by_kind(one.traits),
        "shares": figures.shares(one.health),
        "activity": figures.activity(one.health),
        "roles": [(name, words.ROLES[name], count) for name, count in one.roles.items()],
        "role": role,
        "members": [_member(person) for person in people],
        "likely": [_member(person) for person in one.likely],
        "pages": {"number": page, "all": max(1, -(-total // PAGE)), "total": total},
        "neighbours": [{**near, "name": words.name_of(near)} for near in one.neighbours],
        "changes": [_change(change) for change in one.changes],
        "sides": [(name, words.SIDES[name]) for name in room.SIDES],
        "aims": [(name, words.AIMS[name]) for name in room.AIMS],
    }
    return render(request, "communities/community.html", context)


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {**part, "title": words.PARTS[part["part"]], "says": words.PARTS_SAY[part["part"]]}


def _member(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "role_title": words.ROLES[row["role"]],
        "how_title": words.HOWS[row["how"]],
        "why": words.evidence_of(row, "evidence"),
    }


def _by_kind(traits: Sequence[Mapping[str, Any]]) -> list[tuple[Any, list[Mapping[str, Any]]]]:
    kinds = {row["kind"] for row in traits}
    return [
        (title, [row for row in traits if row["kind"] == kind]) for kind, title in words.KINDS.items() if kind in kinds
    ]


def of_person(ws: Workspace, person_id: str) -> list[dict[str, Any]]:
    """The communities of one person with their words, for the person page."""
    return [{**_member(row), "community_name": words.name_of(row)} for row in room.of_person(ws, person_id)]


@needs("communities.edit")
@require_POST
def say(request: HttpRequest, community_id: str) -> HttpResponse:
    """Name a community or say what it is; true at once, and through every refresh."""
    one, ws, user = found(community_id), workspace(), member(request)
    asked = {name: request.POST.get(name, "").strip() for name in ("zh", "en", "side", "aim")}
    try:
        if asked["zh"] or asked["en"]:
            ws.rename_community(community_id, zh=asked["zh"], en=asked["en"], by=user.name)
            audit.note(user, "community.rename", community_id, zh=asked["zh"], en=asked["en"])
        if asked["side"] or asked["aim"]:
            ws.place_community(community_id, side=asked["side"], aim=asked["aim"], by=user.name)
            audit.note(user, "community.place", community_id, side=asked["side"], aim=asked["aim"])
    except InputError:
        messages.error(request, _("A name has 1 to 60 characters."))
    return redirect("community", one.row["community_id"])
