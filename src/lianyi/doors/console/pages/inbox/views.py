"""The queue of what needs a person, and one thing in it with its answers and notes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.inbox import duty, working
from lianyi.action.inbox.models import Item
from lianyi.action.operation import deciding
from lianyi.action.team.models import User
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.inbox import acted
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.inbox import words
from lianyi.doors.console.pages.rewards.views import moment_in
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.insight.communities.naming import room_name
from lianyi.workspace import Workspace

PAGE = 50
# Hours by which something is put off with one press.
LATER = {1: gettext_lazy("an hour"), 4: gettext_lazy("four hours"), 24: gettext_lazy("a day")}


@needs("people.see")
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits, late ones first; narrowed by state, kind and whose."""
    ws, user, now = workspace(), member(request), queue.clock()
    state, kind, whose = (request.GET.get(name, "") for name in ("state", "kind", "whose"))
    state, kind = state if state in words.STATES else "open", kind if kind in words.KINDS else ""
    mine = {"mine": user.name, "nobody": ""}.get(whose)
    page = max(1, whole(request.GET.get("page", "1")) or 1)
    found = list(working.listed(now, state=state, kind=kind, whose=mine)[(page - 1) * PAGE : page * PAGE + 1])
    kept = duty.rota(ws.settings.timezone)
    context = {
        "items": shown(ws, found[:PAGE]), "more": len(found) > PAGE, "page": page, "state": state, "kind": kind,
        "whose": whose if mine is not None else "", "counts": working.counts(now), "states": words.STATES.items(),
        "kinds": words.KINDS.items(), "on_duty": kept.on_duty(now), "has_rota": bool(kept.shifts), "now": now,
    }  # fmt: skip
    return render(request, "inbox/page.html", context)


def shown(ws: Workspace, items: Sequence[Item]) -> list[dict[str, Any]]:
    """Items with their words and the names of people."""
    now = queue.clock()
    people = _people(ws, items)
    rows = []
    for item in items:
        told = working.described(item, now)
        person = people.get(item.actor) or people.get(item.person_id) or {}
        rows.append({
            **told, "title": words.KINDS[item.kind], "left": words.left(told["minutes_left"]),
            "room": room_name(item.group_key) if item.group_key and not item.direct else "",
            "who": person.get("name") or item.actor.partition(":")[2],
            "person": person.get("person_id") or item.person_id, "how_title": words.HOWS.get(item.how, ""),
            "waits": item.closed_at is None,
        })  # fmt: skip
    return rows


def _people(ws: Workspace, items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """By key, and by id: whom the tables know."""
    if "people" not in ws.states():
        return {}
    actors = list({item.actor for item in items if item.actor})
    owners = {row["key"]: row["person_id"] for row in
              ws.look_up("keys", actors, columns=["key", "person_id"]).to_pylist()}  # fmt: skip
    ids = list({*owners.values(), *(item.person_id for item in items if item.person_id)})
    people = {row["person_id"]: row for row in ws.look_up("people", ids, columns=["person_id", "name"]).to_pylist()}
    return {**people, **{key: people[owner] for key, owner in owners.items() if owner in people}}


@needs("people.see")
@require_safe
def one(request: HttpRequest, item_id: int) -> HttpResponse:
    """One thing with all that was said, answered and noted."""
    return _page(request, get_object_or_404(Item, pk=item_id))


def _page(request: HttpRequest, item: Item, *, error: str = "", status: int = 200) -> HttpResponse:
    now = queue.clock()
    told = working.described(item, now, whole=True)
    context = {
        "one": {**told, **shown(workspace(), [item])[0]}, "row": item, "error": error, "later": LATER.items(),
        "steps": [_step(step) for step in told["steps"]], "data": request.POST, "once": secrets.token_hex(8),
        "team": User.objects.filter(is_active=True).order_by("name"), "case": item.case,
    }  # fmt: skip
    return render(request, "inbox/item.html", context, status=status)


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {**step, "title": words.STEPS[step["what"]], "fate_title": words.FATES.get(step["fate"], ""),
            "words": step["what"] in {"said", "reply", "note"}}  # fmt: skip


@needs("inbox.answer")
@require_POST
def act(request: HttpRequest, item_id: int) -> HttpResponse:
    """Answer, note, take, put off, finish, open again; decide what waits for a decision."""
    item, data, by = get_object_or_404(Item, pk=item_id), request.POST, member(request)
    what = data.get("act", "")
    try:
        if what in {"do", "fine"}:
            _decide(item, what, by)
        elif what == "take":
            acted(item_id, "assign", {"to": by.name}, by.name)
        elif what == "answered":
            acted(item_id, "done", {"answered": True}, by.name)
        elif what in {"reply", "note", "assign", "snooze", "done", "reopen"}:
            acted(item_id, what, _asked(data), by.name)
    except (LianyiError, ApiError) as error:
        return _page(request, item, error=str(error), status=422)
    if what == "reply":
        _say_fate(request, item)
    return redirect("inbox_item", item_id)


def _asked(data: Any) -> dict[str, Any]:
    hours = whole(data.get("hours", ""))
    until = (queue.clock() + timedelta(hours=hours)).isoformat() if hours else moment_in(data, "until")
    return {"text": data.get("text", ""), "once": data.get("once", "")[:100], "to": data.get("to", ""), "until": until}


def _decide(item: Item, what: str, by: User) -> None:
    """The right to moderate is asked for, as on the page of moderation."""
    if item.case is None or not by.may("groups.moderate"):
        raise ApiError(403, _("Your role may not decide cases of moderation."))
    ws, now = workspace(), queue.clock()
    (deciding.do if what == "do" else deciding.fine)(ws, item.case, by=by.name, now=now)


def _say_fate(request: HttpRequest, item: Item) -> None:
    step = item.steps.filter(what="reply").last()
    if step is not None and step.fate != "sent":
        messages.warning(request, f"{words.FATES[step.fate]} {step.reason}".strip())
