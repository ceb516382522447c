"""Sign-up chains (接龙): who wrote themselves in, honest counts; opened, closed, struck. Nobody can be added."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.operation import rules
from lianyi.action.operation import signups as room
from lianyi.action.operation.models import Signup
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.signups import closed, opened, struck
from lianyi.doors.console.asked import whole
from lianyi.doors.console.pages.rewards.views import moment_in
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.insight.communities.naming import room_name

SHOWN = 30


@needs("people.see")
@require_safe
def signups(request: HttpRequest) -> HttpResponse:
    """The newest ones, and a form for another."""
    return _page(request)


def _page(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    live = [row.group_key for row in rules.all_current() if row.measures["mode"] == "live"]
    context = {
        "signups": [_shown(one) for one in Signup.objects.all()[:SHOWN]], "error": error, "data": request.POST,
        "groups": [(key, room_name(key)) for key in live],
    }  # fmt: skip
    return render(request, "operation/signups.html", context, status=status)


def _shown(signup: Signup) -> dict[str, Any]:
    told = room.described(signup)
    entries = [{**one, "who": one["actor"].partition(":")[2]} for one in told["entries"]]
    return {**told, "entries": entries, "room": room_name(signup.group_key)}


@needs("groups.moderate")
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Open one in a live group."""
    data = request.POST
    most = data.get("most", "").strip()
    asked = {
        "group_key": data.get("group_key", ""), "title": data.get("title", ""),
        "closes_at": moment_in(data, "closes_at"), "most": most or None if (number := whole(most)) is None else number,
    }  # fmt: skip
    try:
        opened(asked, member(request).name)
    except (LianyiError, ApiError) as error:
        return _page(request, error=str(error), status=422)
    return redirect("signups")


@needs("groups.moderate")
@require_POST
def act(request: HttpRequest, signup_id: int) -> HttpResponse:
    """Close it, or strike an entry."""
    data, name = request.POST, member(request).name
    try:
        if data.get("act") == "close":
            closed(signup_id, name)
        elif data.get("act") == "strike":
            struck(signup_id, data.get("actor", ""), data.get("why", ""), name)
    except LianyiError as error:
        messages.error(request, str(error))
    return redirect("signups")
