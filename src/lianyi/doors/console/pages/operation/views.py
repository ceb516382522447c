"""The moderation queue, what was done, and the rules of groups."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.channels.models import Account
from lianyi.action.operation import deciding, rules
from lianyi.action.operation.models import Case, Ruleset, Seat
from lianyi.action.operation.saying import WHYS
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.operation import published
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.insight.communities.naming import room_name

SHOWN = 50
EXAMPLE = "group:matrix/!room:example.cn"
MEASURES = {
    "warn": gettext_lazy("Warn"), "remove": gettext_lazy("Remove the message"), "mute": gettext_lazy("Remove and mute"),
    "expel": gettext_lazy("Remove from the group"),
}  # fmt: skip
STATES = {
    "waiting": gettext_lazy("waits for you"), "dry": gettext_lazy("dry: nothing was done"),
    "acting": gettext_lazy("being done"), "done": gettext_lazy("acted on"), "failed": gettext_lazy("could not be done"),
    "noted": gettext_lazy("noise; nothing was done"), "fine": gettext_lazy("was fine"),
}  # fmt: skip
MODES = {
    "dry": gettext_lazy("Dry: only this queue sees it"), "live": gettext_lazy("Live: acted on"),
    "off": gettext_lazy("Off"),
}  # fmt: skip


@needs("people.see")
@require_safe
def moderation(request: HttpRequest) -> HttpResponse:
    """What waits for a person, what was done, rules; `group` puts the rules of one into the form."""
    group = request.GET.get("group")
    rows = rules.versions(group) if group is not None else []
    return _page(request, data=_filled(rows[0]) if rows else {"group_key": group or ""})


def _filled(row: Ruleset) -> dict[str, Any]:
    return {
        "group_key": row.group_key, "account": row.account, "mode": row.measures["mode"],
        "zh": row.says.get("zh", ""), "en": row.says.get("en", ""),
        "welcome_zh": row.welcome.get("zh", ""), "welcome_en": row.welcome.get("en", ""),
    }  # fmt: skip


def _page(request: HttpRequest, *, data: Any, error: str = "", status: int = 200) -> HttpResponse:
    done = Case.objects.exclude(state__in=deciding.OPEN)
    language = get_language() or "en"
    held = rules.all_current()
    live = {row.group_key for row in held if row.measures["mode"] == "live"}
    context = {
        "counts": deciding.counts(), "error": error, "data": data, "modes": MODES.items(),
        "waiting": [_case(case, live) for case in deciding.listed(state="open")[:SHOWN]],
        "done": [_case(case, live) for case in done[:SHOWN]],
        "rules": [_rules(row, language) for row in held],
        "example": EXAMPLE, "accounts": Account.objects.filter(kind="matrix", is_on=True),
    }  # fmt: skip
    return render(request, "operation/page.html", context, status=status)


def _rules(row: Ruleset, language: str) -> dict[str, Any]:
    agreed = Seat.objects.filter(group_key=row.group_key, agreed=row.text_version)
    return {
        "row": row, "name": room_name(row.group_key) if row.group_key else "", "mode": MODES[row.measures["mode"]],
        "text": rules.text_of(row.says, language), "welcome": rules.text_of(row.welcome, language),
        "agreed": agreed.count(), "live": row.measures["mode"] == "live",
    }  # fmt: skip


def _case(case: Case, live: set[str]) -> dict[str, Any]:
    return {
        "row": case, "room": room_name(case.group_key), "who": case.actor.partition(":")[2],
        "measure": MEASURES[case.measure], "state": STATES[case.state], "live": case.group_key in live,
        "reasons": [{**one, "title": WHYS[one["why"]]} for one in case.reasons],
    }  # fmt: skip


@needs("groups.moderate")
@require_POST
def act(request: HttpRequest, case_id: int) -> HttpResponse:
    """It is noise, or it was fine."""
    ws, user, now = workspace(), member(request), queue.clock()
    case = get_object_or_404(Case, pk=case_id)
    try:
        if request.POST.get("act") == "do":
            deciding.do(ws, case, by=user.name, now=now)
        elif request.POST.get("act") == "fine":
            deciding.fine(ws, case, by=user.name, now=now)
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        if case.error:
            messages.warning(request, _("Not done yet: %(error)s") % {"error": case.error})
    return redirect("moderation")


@needs("groups.moderate")
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """A new version of rules from the form; limits, which are not in it, stay as they were."""
    data, user = request.POST, member(request)
    group_key = data.get("group_key", "").strip()
    last = rules.versions(group_key)[:1]
    measures = {**(last[0].measures if last else {}), "mode": data.get("mode", "dry")}
    asked = {
        "group_key": group_key, "measures": measures, "account": data.get("account", ""),
        "says": {name: data.get(name, "") for name in rules.LANGUAGES},
        "welcome": {name: data.get(f"welcome_{name}", "") for name in rules.LANGUAGES},
    }  # fmt: skip
    try:
        published(asked, user.name)
    except (LianyiError, ApiError) as error:
        return _page(request, data=data, error=str(error), status=422)
    return redirect("moderation")
