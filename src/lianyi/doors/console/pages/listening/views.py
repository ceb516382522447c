"""What people talk about, complaints that wait for an answer, noise; and one topic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import listening as room
from lianyi.action.campaigns import hot
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.communities.words import chinese
from lianyi.doors.console.pages.listening import figures, words
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError, NotFound
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
        "bursts": [_burst(row) for row in room.bursts(ws, limit=WAITING)],
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
        "words": room.words_of(ws, one.row["kind"], one.row["topic"]),
    }
    return render(request, "listening/topic.html", context)


@needs("people.see")
@require_safe
def burst(request: HttpRequest) -> HttpResponse:
    """One burst: its hours, its words, and what to do with it."""
    ws = workspace()
    try:
        began = datetime.fromisoformat(request.GET.get("began", ""))
        one = room.burst(ws, request.GET.get("kind", ""), request.GET.get("topic", ""), began)
    except (NotFound, ValueError) as error:
        raise Http404(str(error)) from error
    length = max(1.0, (one["ended_at"] - one["began_at"]).total_seconds() / 3600)
    context = {
        "one": _burst(one), "state": ws.states()["bursts"], "stale": ws.stale(), "words": one["words"],
        "hours": figures.hours(one, one["expected"] / length),
    }  # fmt: skip
    return render(request, "listening/burst.html", context)


@needs("journeys.edit")
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Draft a campaign to those who said some words: audience, text, campaign; leads to what was made."""
    user = member(request)
    if not all(user.may(right) for right in hot.RIGHTS):
        raise PermissionDenied
    words_said = request.POST.getlist("word")
    try:
        made = hot.draft(
            workspace(), request.POST.get("name", ""), words_said, by=user.name, now=queue.clock(),
            language="zh-hans" if chinese() else "en",
        )  # fmt: skip
    except LianyiError as error:
        messages.error(request, str(error))
        return redirect("listening")
    audit.note(
        user, "audience.define", made.audience.name, audience=made.audience.pk, condition=made.audience.condition
    )
    audit.note(user, "content.make", made.content.name, content=made.content.pk)
    if made.campaign is None:
        messages.warning(
            request, _("An audience and a text are drafted; set up a channel, then make a campaign of them.")
        )
        return redirect("audience", made.audience.pk)
    audit.note(user, "campaign.draft", made.campaign.name)
    messages.success(request, _("Drafted: look at the text and check it; nothing is sent before you start it."))
    return redirect("campaign", made.campaign.pk)


def titled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of topics with its title in the language of the page."""
    return {**row, "title": row["zh"] if chinese() else row["en"]}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    theme = row.get("theme_zh") if chinese() else row.get("theme_en")
    return {**row, "room": room_name(row["group_key"]) if row["group_key"] else "", "theme_title": theme or ""}


def _burst(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**titled(row), "kind_title": words.BURSTS[row["kind"]]}
