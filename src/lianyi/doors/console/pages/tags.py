"""Tags: the rules with their counts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import tag_counts
from lianyi.doors.console.rights import needs


@needs("people.see")
@require_safe
def tags(request: HttpRequest) -> HttpResponse:
    """All tags."""
    ws = workspace()
    return render(request, "tags/page.html", {"counts": tag_counts(ws), "state": ws.states().get("person_tags")})


@needs("people.see")
@require_safe
def words(request: HttpRequest) -> HttpResponse:
    """Which words a condition may use."""
    return render(request, "tags/words.html", {})
