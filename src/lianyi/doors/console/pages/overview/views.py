"""The first page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lianyi.action.work.models import Job
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import tag_counts
from lianyi.doors.console.pages.overview import figures
from lianyi.doors.console.pages.overview.growth import SPANS, came_in, growth
from lianyi.doors.console.rights import needs
from lianyi.memory.events import KINDS
from lianyi.workspace import Workspace


@needs("people.see")
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What came in, who is active, how the number of people grows and shrinks."""
    ws = workspace()
    span = wish if (wish := whole(request.GET.get("days", ""))) in SPANS else 30
    context: dict[str, Any] = {
        "span": span,
        "spans": SPANS,
        "states": ws.states(),
        "stale": ws.stale(),
        "events": ws.lake.rows(),
    }
    if "days" in ws.states() and ws.states()["days"].rows:
        context |= _filled(ws, span)
    return render(request, "overview/page.html", context)


def _filled(ws: Workspace, span: int) -> dict[str, Any]:
    found = growth(ws, span)
    kinds, sources = came_in(ws, span)
    most = max((row["events"] for row in kinds), default=0)
    return {
        "growth": found,
        "flows": figures.flows(found.days),
        "stock": figures.stock(found.days),
        "sales": figures.sales(found.days) if any(row["orders"] for row in found.days) else None,
        "kinds": [
            {**row, "title": KINDS.get(row["kind"]), "share": row["events"] / most} for row in kinds if row["events"]
        ],
        "sources": sources,
        "tags": list(tag_counts(ws).items())[:12],
        "people": ws.states()["people"],
        "state": ws.states()["days"],
        "jobs": Job.objects.filter(kind__in=("import", "refresh"))[:4],
    }
