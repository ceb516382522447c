"""Who is on duty when, how soon is soon enough, and how soon it was."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.inbox import duty as room
from lianyi.action.inbox import measuring
from lianyi.action.team.models import User
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.inbox import planned
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.inbox import words
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.insight.communities.naming import room_name

SPARE, MOST = 2, 220


@needs("people.see")
@require_safe
def duty(request: HttpRequest) -> HttpResponse:
    """Rota, targets, response times."""
    return _page(request)


def _page(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    now = queue.clock()
    told = room.described(workspace().settings.timezone, now)
    figures = measuring.figures(now)
    context = {
        "told": told, "error": error, "now": now, "days": words.DAYS.items(),
        "rows": [*(dict(one, place=place) for place, one in enumerate(told["shifts"])),
                 *({"place": len(told["shifts"]) + n, "days": []} for n in range(SPARE))],
        "shifts": [{**one, "titles": [words.DAYS[day] for day in one["days"]],
                    "room": room_name(one["group_key"]) if one["group_key"] else ""} for one in told["shifts"]],
        "targets": [(kind, title, told["targets"][kind]) for kind, title in words.KINDS.items()],
        "figures": figures, "team": User.objects.filter(is_active=True).order_by("name"),
        "parts": (
            ("kind", [(words.KINDS.get(name, name), one) for name, one in figures["by_kind"].items()]),
            ("member", list(figures["by_member"].items())),
            ("group", [(room_name(name), one) for name, one in figures["by_group"].items()]),
        ),
    }  # fmt: skip
    return render(request, "inbox/duty.html", context, status=status)


@needs("duty.edit")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """The whole rota and all targets from the form."""
    data = request.POST
    shifts: list[dict[str, Any]] = []
    for place in range(MOST):
        if name := data.get(f"member.{place}", ""):
            days = [day for day in map(whole, data.getlist(f"days.{place}")) if day is not None]
            more = {field: data.get(f"{field}.{place}", "").strip() for field in ("begins", "ends", "group_key")}
            shifts.append({"member": name, "days": days, **more})
    targets: dict[str, Any] = {}
    for kind in words.KINDS:
        text = data.get(f"target.{kind}", "").strip()
        number = whole(text)
        targets[kind] = (text if number is None else number) if text else None
    try:
        planned({"shifts": shifts, "targets": targets}, member(request))
    except (LianyiError, ApiError) as error:
        return _page(request, error=str(error), status=422)
    return redirect("duty")
