"""What is said in groups by itself: SOPs from templates, copied to many groups, with the ends of their runs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.channels.models import Account
from lianyi.action.operation import sops as room
from lianyi.action.operation.models import Run, Sop
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.sops import kept, turned
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.insight.communities.naming import room_name

SHOWN, NAMED = 100, 5
TRIGGERS = {
    "word": gettext_lazy("at a word"), "new_member": gettext_lazy("at a new member"),
    "new_group": gettext_lazy("in a new group"), "periodic": gettext_lazy("by the clock"),
    "festival": gettext_lazy("at a festival"),
}  # fmt: skip
TEMPLATES = {
    "new_group": gettext_lazy("New group"), "new_member": gettext_lazy("New member"),
    "festival": gettext_lazy("Festival"), "conversion": gettext_lazy("Question before buying"),
    "periodic": gettext_lazy("Topic of the week"),
}  # fmt: skip
GOALS = {
    "message": gettext_lazy("messages"), "reply": gettext_lazy("replies"), "reaction": gettext_lazy("reactions"),
    "agreed": gettext_lazy("agreements to the rules"), "order": gettext_lazy("people who order"),
}  # fmt: skip


@needs("people.see")
@require_safe
def sops(request: HttpRequest) -> HttpResponse:
    """All of them, and a form that begins one from a template; `sop` puts one into the form."""
    wanted = request.GET.get("sop", "")
    found = Sop.objects.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 10 else None
    data = {"name": found.name, "account": found.account} if found else {}
    return _page(request, data=data, steps=_steps(found.steps) if found else "")


def _steps(steps: list[dict[str, Any]]) -> str:
    return "\n---\n".join(f"{one['after']} {one['text']}" for one in steps)


def _page(request: HttpRequest, *, data: Any, steps: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {
        "sops": [_shown(sop) for sop in Sop.objects.all()[:SHOWN]], "templates": TEMPLATES.items(), "error": error,
        "accounts": Account.objects.filter(kind="matrix", is_on=True), "data": data, "steps": steps,
    }  # fmt: skip
    return render(request, "operation/sops.html", context, status=status)


def _shown(sop: Sop) -> dict[str, Any]:
    told = room.described(sop)
    going = told["runs"].pop("going")
    return {
        "row": sop, "trigger": TRIGGERS[sop.trigger], "runs": told["runs"], "going": going,
        "all": sum(told["runs"].values()) + going, "goal": GOALS.get(sop.goal.get("kind", ""), ""),
        "goal_count": sop.goal.get("count", 1), "groups": [room_name(key) for key in sop.groups[:NAMED]],
        "more": max(0, len(sop.groups) - NAMED), "steps": sop.steps,
        "failed": Run.objects.filter(sop=sop, why=Run.Why.FAILED).exclude(error="").values_list("error", flat=True)[:1],
    }  # fmt: skip


@needs("groups.moderate")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """From a template, with other words where they were written, in the named groups."""
    data = request.POST
    name = data.get("name", "").strip()
    steps = data.get("steps", "").replace("\r\n", "\n").strip()
    try:
        known = Sop.objects.filter(name=name).first()
        asked: dict[str, Any] = {
            "name": name,
            "account": data.get("account", ""),
            "groups": data.get("groups", "").split(),
        }
        if known is None or data.get("template"):
            asked |= {"template": data.get("template", ""), "language": get_language() or "en"}
        else:
            kept_as = ("trigger", "words", "days", "clock", "goal", "rest_minutes", "steps")
            asked |= {field: getattr(known, field) for field in kept_as}
        if steps:
            asked["steps"] = [_step(part) for part in steps.split("\n---\n")]
        kept(asked, member(request).name)
    except (LianyiError, ApiError) as error:
        return _page(request, data=data, steps=steps, error=str(error), status=422)
    return redirect("sops")


def _step(part: str) -> dict[str, Any]:
    """ "60 Hello" is said an hour after the step before; without a number, at once."""
    after, _, text = part.strip().partition(" ")
    if after.isdecimal() and len(after) < 8 and text:
        return {"after": int(after), "text": text}
    return {"after": 0, "text": part}


@needs("groups.moderate")
@require_POST
def turn(request: HttpRequest, sop_id: int) -> HttpResponse:
    """On or off."""
    turned(sop_id, request.POST.get("on") == "true", member(request).name)
    return redirect("sops")
