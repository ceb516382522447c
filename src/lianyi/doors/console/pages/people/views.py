"""Pages of the list of people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from lianyi.action.team import audit
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import channels, tag_counts
from lianyi.doors.console.pages.people import columns as showing
from lianyi.doors.console.pages.people import search as searching
from lianyi.doors.console.pages.people.export import lines, streamed
from lianyi.doors.console.rights import member, needs
from lianyi.errors import BadRule

CHOSEN = "people.columns"


@needs("people.see")
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The list; with HTMX only the table and its pager."""
    ws = workspace()
    state = ws.states().get("people")
    if state is None:
        return render(request, "people/empty.html", {"events": ws.lake.rows()})
    search, columns = searching.read(request.GET), _columns(request)
    context = _context(search, columns)
    try:
        context["page"] = searching.find(ws, search, columns)
    except BadRule as error:
        context |= {"page": searching.Page(rows=(), total=0, number=1), "condition_error": str(error)}
    context |= {"state": state, "stale": ws.stale(), "tags_known": tag_counts(ws), "channels": channels(ws)}
    return render(request, "people/table.html" if request.htmx else "people/page.html", context)  # type: ignore[attr-defined]  # by HtmxMiddleware


def _columns(request: HttpRequest) -> tuple[str, ...]:
    """The columns asked for in the address are kept for the next time."""
    if "col" in request.GET:
        request.session[CHOSEN] = showing.chosen(request.GET.getlist("col"))
    return showing.chosen(request.session.get(CHOSEN, []))


def _context(search: searching.Search, columns: tuple[str, ...]) -> dict[str, Any]:
    return {
        "search": search,
        "columns": [showing.COLUMNS[name] for name in columns],
        "all_columns": showing.COLUMNS.values(),
        "column_names": columns,
        "consumption": showing.CONSUMPTION,
        "seen_days": searching.SEEN_DAYS,
    }


@needs("people.export")
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The people found, with the columns shown, as CSV."""
    ws = workspace()
    search, columns = searching.read(request.GET), _columns(request)
    audit.note(member(request), "people.export", **search.noted, columns=list(columns))
    response = StreamingHttpResponse(streamed(lines(ws, search, columns)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="people-{timezone.localtime():%Y%m%d-%H%M}.csv"'
    return response
