"""Overview: what came in, who is active, growth. Filled from the insight tables `daily` and `stock`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lianyi.doors.console.brand import workspace
from lianyi.doors.console.rights import needs


@needs("people.see")
def overview(request: HttpRequest) -> HttpResponse:
    """The first page."""
    ws = workspace()
    states = ws.states()
    events = ws.sql("SELECT count(*) FROM events").fetchall()[0][0]
    return render(request, "overview/page.html", {"states": states, "events": events, "stale": ws.stale()})
