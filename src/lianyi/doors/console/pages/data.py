"""Data: what comes in, what the tables mean, how they are made and how fresh they are."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.action.work.models import Job
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import once_per_state, rows
from lianyi.doors.console.rights import member, needs
from lianyi.insight.tables import EVENTS
from lianyi.memory.events import FIELDS
from lianyi.workspace import Workspace

SAMPLE = 20


@needs("data.see")
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Sources, tables, latest work."""
    ws = workspace()
    states = ws.states()
    context = {
        "tables": [{"table": table, "state": states.get(name)} for name, table in ws.tables().items()],
        "sources": sources(ws),
        "events": ws.lake.rows(),
        "stale": ws.stale(),
        "jobs": Job.objects.all()[:8],
        "active": Job.objects.filter(kind="refresh", state__in=(Job.State.WAITING, Job.State.RUNNING)).last(),
        "states": states,
    }
    return render(request, "data/page.html", context)


@once_per_state
def sources(ws: Workspace) -> list[dict[str, Any]]:
    """Each source with its events, first and last day, as the table `daily` knows them."""
    if "daily" not in ws.states():
        return []
    return rows(
        ws,
        "SELECT source, CAST(sum(events) AS BIGINT) AS events, min(day) AS first, max(day) AS last FROM daily "
        "GROUP BY source ORDER BY last DESC, events DESC",
    )


@needs("data.see")
@require_safe
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table: what a row means, columns, where it comes from and goes to, SQL, first rows."""
    ws = workspace()
    if name == EVENTS:
        return render(request, "data/events.html", {"fields": FIELDS, "count": ws.lake.rows(), **_sample(ws, EVENTS)})
    tables = ws.tables()
    if name not in tables:
        raise Http404(_("There is no such table."))
    found, state = tables[name], ws.states().get(name)
    context: dict[str, Any] = {
        "table": found,
        "state": state,
        "used_by": [one for one, other in tables.items() if name in other.inputs],
    }
    if state is not None:
        context |= _sample(ws, name)
    return render(request, "data/table.html", context)


def _sample(ws: Workspace, name: str) -> dict[str, Any]:
    found = ws.sql(f'SELECT * FROM "{name}" LIMIT {SAMPLE}').to_arrow_table()
    types = {field.name: str(field.type) for field in found.schema}
    return {
        "types": types,
        "sample": [list(row.values()) for row in found.to_pylist()],
        "sample_columns": found.column_names,
    }


@needs("data.refresh")
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Have all tables, or one and what depends on it, made anew."""
    ws, name = workspace(), request.POST.get("table", "")
    names = [name] if name in ws.tables() and ws.states() else []
    job = queue.add("refresh", {"tables": names} if names else {}, by=member(request).name)
    audit.note(member(request), "data.refresh", name)
    if not ws.lake.rows():
        messages.info(request, _("There is nothing to refresh from yet."))
    return redirect("job", job.pk)
