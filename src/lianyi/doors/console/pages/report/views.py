"""The list of reports with who gets them, one report, the same as a file; sent by hand, tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import report as reports
from lianyi.action.channels.kinds import is_mail
from lianyi.action.reports import scheduling
from lianyi.action.reports.models import Recipient
from lianyi.action.team.models import User
from lianyi.action.team.rights import Text
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.report.showing import as_file, context_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, LianyiError, NotFound
from lianyi.report import Report

STATES: Mapping[str, Text] = {
    "waiting": gettext_lazy("waits"), "sending": gettext_lazy("is being sent"), "sent": gettext_lazy("sent"),
    "failed": gettext_lazy("failed"), "unknown": gettext_lazy("unknown whether it went"),
}  # fmt: skip
AGAIN = {"failed", "unknown"}


@needs("people.see")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Months of which there is a report, who gets it, what was sent."""
    return _list(request)


def _list(request: HttpRequest, *, error: str = "") -> HttpResponse:
    ws, now = workspace(), queue.clock()
    state = ws.states().get("days")
    if state is None:
        return render(request, "report/list.html", {"state": None, "events": ws.lake.rows()})
    chosen = {one.user_id: one for one in Recipient.objects.all()}
    team = [
        {"user": user, "chosen": user.pk in chosen, "own": not is_mail(user.name),
         "address": chosen[user.pk].address if user.pk in chosen else ""}
        for user in User.objects.filter(is_active=True).order_by("name")
    ]  # fmt: skip
    latest, zone, kept = reports.latest(ws), ws.settings.timezone, scheduling.schedule()
    context: dict[str, Any] = {
        "state": state, "months": reports.months(ws), "schedule": kept, "team": team, "error": error,
        "channels": scheduling.accounts(), "zone": zone,
        "overdue": kept.due_at is not None and kept.due_at <= now,
        "latest": latest if scheduling.over(latest, zone, now) else None,
        "deliveries": [
            {**row, "title": STATES["unknown" if row["stuck"] else row["state"]],
             "again": row["stuck"] or row["state"] in AGAIN}
            for row in scheduling.deliveries(now)
        ],
    }  # fmt: skip
    return render(request, "report/list.html", context, status=422 if error else 200)


@needs("people.see")
@require_safe
def report(request: HttpRequest, month: str) -> HttpResponse:
    """One month; with ?file=1 as one HTML file."""
    found = _found(month)
    if request.GET.get("file"):
        answer = HttpResponse(as_file(found, get_language() or "en"), content_type="text/html; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="lianyi-{found.month}.html"'
        return answer
    return render(request, "report/page.html", context_of(found))


def _found(month: str) -> Report:
    try:
        return reports.report(workspace(), reports.month(month))
    except (InputError, NotFound) as missing:
        raise Http404(str(missing)) from missing


@needs("reports.send")
@require_POST
def schedule(request: HttpRequest) -> HttpResponse:
    """Set who gets it and when."""
    data = request.POST
    to = {
        user.name: data.get(f"address.{user.pk}", "").strip()
        for user in User.objects.filter(
            is_active=True, pk__in=[n for n in map(whole, data.getlist("to")) if n is not None]
        )
    }
    numbers = [data.get(name, "") for name in ("day", "hour")]
    day, hour = (int(text) if text.isdecimal() and len(text) < 3 else -1 for text in numbers)
    try:
        scheduling.change(
            workspace(), on=bool(data.get("on")), day=day, hour=hour, channel=data.get("channel", ""), to=to,
            by=member(request), now=queue.clock(),
        )  # fmt: skip
    except LianyiError as error:
        return _list(request, error=str(error))
    messages.success(request, _("It is set."))
    return redirect("reports")


@needs("reports.send")
@require_POST
def send(request: HttpRequest, month: str) -> HttpResponse:
    """Have a month sent to all who get it and did not get this one yet."""
    found = _found(month)
    try:
        made = scheduling.send_now(workspace(), found.month, by=member(request), now=queue.clock())
    except LianyiError as error:
        return _list(request, error=str(error))
    messages.success(request, _("%(number)s will be sent.") % {"number": made})
    return redirect("reports")


@needs("reports.send")
@require_POST
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Have one tried again that failed, or of which nobody knows."""
    try:
        scheduling.again(number, by=member(request), now=queue.clock())
    except NotFound as error:
        return _list(request, error=str(error))
    return redirect("reports")
