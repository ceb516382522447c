"""Connectors: every way in and out, what came and went by it last, and its self-check."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.connectors import checking
from lianyi.action.connectors.ways import Way, ways
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.settings.channels import LOOKS
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.titles import CHANNEL_STATES, CHANNEL_STEPS
from lianyi.errors import NotFound


@needs("data.see")
@require_safe
def connectors(request: HttpRequest) -> HttpResponse:
    """All of them, what is broken first."""
    rows = [_row(one) for one in ways(workspace(), now=timezone.now())]
    rows.sort(key=lambda row: row["way"].state != "failing")
    return render(request, "connectors/page.html", {"rows": rows, "wrong": sum(bool(r["broken"]) for r in rows)})


def _row(way: Way) -> dict[str, Any]:
    steps = [
        {"ok": one.ok, "says": str(one), "mend": one.mending, "title": CHANNEL_STEPS.get(one.step, one.step),
         "setting": way.setting_title(one)}
        for one in way.found or ()
    ]  # fmt: skip
    return {
        "way": way, "state": CHANNEL_STATES[way.state], "look": LOOKS[way.state], "steps": steps,
        "is_account": way.kind is not None, "broken": [step for step in steps if step["ok"] is False],
    }  # fmt: skip


@needs("channels.edit")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Check one way (`name`), or all of them; nothing is sent."""
    name = request.POST.get("name", "")
    try:
        found = checking.check(workspace(), [name] if name else [], by=member(request), now=timezone.now())
    except NotFound as error:
        raise Http404(str(error)) from error
    if any(one.broken for one in found):
        messages.error(request, _("Something is wrong; the check says which setting, and where to mend it."))
    else:
        messages.success(request, _("Everything that can be checked without sending is right."))
    return redirect("connectors")
