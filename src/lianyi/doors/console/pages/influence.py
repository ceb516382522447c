"""Whose word carries: people by expected reach, by topic, and who is rising."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lianyi import influence as reads
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import once_per_state
from lianyi.doors.console.rights import needs
from lianyi.errors import InputError
from lianyi.workspace import Workspace

PAGE = 50
_topics, _totals = once_per_state(reads.topics), once_per_state(reads.totals)


@needs("people.see")
@require_safe
def influence(request: HttpRequest) -> HttpResponse:
    """The list; ?topic= of one topic, ?rising=1 only who brings more than before."""
    ws = workspace()
    topic, number = request.GET.get("topic", ""), request.GET.get("page", "1")
    state = ws.states().get("influence_topics" if topic else "influence")
    context: dict[str, Any] = {"state": state, "events": ws.lake.rows(), "stale": ws.stale()}
    if state is not None:
        if not number.isdecimal() or not 1 <= len(number) <= 6 or int(number) < 1:
            raise Http404(_("This address is incomplete."))
        context |= _listed(ws, topic, int(number), rising=request.GET.get("rising") == "1")
    return render(request, "influence/page.html", context)


def _listed(ws: Workspace, topic: str, page: int, *, rising: bool) -> dict[str, Any]:
    try:
        rows = reads.listed(ws, topic=topic, rising=rising, limit=PAGE + 1, offset=(page - 1) * PAGE)
    except InputError as error:
        raise Http404(str(error)) from error
    topics, totals = _topics(ws), _totals(ws)
    most = next((row["most"] for row in topics if row["topic"] == topic), totals["most"])
    return {
        "rows": [{**row, "share": row["reach"] / most if most else 0.0} for row in rows[:PAGE]],
        "more": len(rows) > PAGE,
        "page": page,
        "topic": topic,
        "topics": topics,
        "rising": rising,
        "totals": totals,
    }
