"""What people talk about, complaints that wait for an answer, noise; and one topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lianyi import listening as room
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.communities.words import chinese
from lianyi.doors.console.pages.listening import figures, words
from lianyi.doors.console.rights import needs
from lianyi.errors import NotFound
from lianyi.insight.communities.naming import room_name

SHOWN, WAITING = 30, 12


@needs("people.see")
@require_safe
def listening(request: HttpRequest) -> HttpResponse:
    """Topics of one kind, complaints that wait, what is flagged."""
    ws = workspace()
    state = ws.states().get("complaints")
    if state is None:
        return render(request, "listening/empty.html", {"events": ws.lake.rows()})
    kind, sort = request.GET.get("kind", "theme"), request.GET.get("sort", "messages")
    kind = kind if kind in room.KINDS else "theme"
    sort = sort if sort in words.SORTS else "messages"
    context = {
        "state": state,
        "stale": ws.stale(),
        "whole": room.whole(ws),
        "counts": room.counts(ws),
        "rows": [titled(row) for row in room.topics(ws, kind=kind, sort=sort, limit=SHOWN)],
        "kind": kind,
        "kinds": words.KINDS.items(),
        "sort": sort,
        "sorts": words.SORTS.items(),
        "complaints": [_told(row) for row in room.complaints(ws, limit=WAITING)],
        "flagged": [{**_told(row), "why_title": words.WHYS[row["why"]]} for row in room.flagged(ws, limit=WAITING)],
    }
    return render(request, "listening/page.html", context)


@needs("people.see")
@require_safe
def topic(request: HttpRequest) -> HttpResponse:
    """Everything on one topic."""
    ws = workspace()
    try:
        one = room.topic(ws, request.GET.get("kind", ""), request.GET.get("topic", ""))
    except NotFound as error:
        raise Http404(str(error)) from error
    context = {
        "one": titled(one.row),
        "kind_title": words.KINDS[one.row["kind"]],
        "state": ws.states()["topics"],
        "stale": ws.stale(),
        "tones": figures.tones(one.days),
        "people": one.people,
        "complaints": [_told(row) for row in one.complaints],
    }
    return render(request, "listening/topic.html", context)


def titled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of topics with its title in the language of the page."""
    return {**row, "title": row["zh"] if chinese() else row["en"]}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    theme = row.get("theme_zh") if chinese() else row.get("theme_en")
    return {**row, "room": room_name(row["group_key"]) if row["group_key"] else "", "theme_title": theme or ""}
