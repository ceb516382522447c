"""Data: what comes in, what the tables mean, how they are made and how fresh they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.action.work.models import Job
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import sources
from lianyi.doors.console.rights import member, needs
from lianyi.errors import NotFound
from lianyi.insight.tables import EVENTS
from lianyi.memory import rejected
from lianyi.memory.events import FIELDS
from lianyi.workspace import Workspace

SAMPLE = 20
REJECT_FILES = 50


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
        "rejects": rejected.files(ws.folder)[:REJECT_FILES] if member(request).may("data.import") else [],
    }
    return render(request, "data/page.html", context)


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


@needs("data.import")
@require_GET
def rejects(request: HttpRequest, name: str) -> HttpResponseBase:
    """One file of rows or events that could not be used, to mend and add again."""
    path = _rejects(name)
    audit.note(member(request), "import.rejects", name)
    kind = "text/csv" if path.suffix == ".csv" else "application/x-ndjson"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=f"{kind}; charset=utf-8")


@needs("data.import")
@require_POST
def discard_rejects(request: HttpRequest, name: str) -> HttpResponse:
    """Throw one such file away."""
    _rejects(name).unlink()
    audit.note(member(request), "import.discard", name)
    messages.success(request, _("The file is discarded."))
    return redirect("data")


def _rejects(name: str) -> Path:
    try:
        return rejected.named(workspace().folder, name)
    except NotFound as error:
        raise Http404(_("There is no such file.")) from error
