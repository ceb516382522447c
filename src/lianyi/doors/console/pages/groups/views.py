"""The list of groups with what to fix first, groups side by side, one group, and one conversation of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lianyi import groups as room
from lianyi import listening
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.communities.words import chinese
from lianyi.doors.console.pages.groups import figures, words
from lianyi.doors.console.rights import needs
from lianyi.errors import NotFound
from lianyi.insight.groups.fixing import ACTS
from lianyi.workspace import Workspace

PAGE = 50


@needs("people.see")
@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """The list, and the chosen ones side by side."""
    ws = workspace()
    state = ws.states().get("groups")
    if state is None:
        return render(request, "groups/empty.html", {"events": ws.lake.rows()})
    sort, verdict = request.GET.get("sort", "fix"), request.GET.get("verdict", "")
    sort = sort if sort in room.SORTS else "fix"
    verdict = verdict if verdict in room.VERDICTS else ""
    page = _number(request.GET.get("page", "1"))
    found = room.listed(ws, sort=sort, verdict=verdict, limit=PAGE + 1, offset=(page - 1) * PAGE)
    context = {
        "state": state,
        "stale": ws.stale(),
        "counts": _counts(ws),
        "rows": [shown(row) for row in found[:PAGE]],
        "compared": [shown(row) for row in room.compared(ws, request.GET.getlist("with"))],
        "sort": sort,
        "sorts": words.SORTS.items(),
        "verdict": verdict,
        "verdicts": words.VERDICTS.items(),
        "page": page,
        "more": len(found) > PAGE,
    }
    return render(request, "groups/page.html", context)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of groups with its words."""
    fix = row["fix"]
    act = ACTS.get(fix or "")
    return {
        **row,
        "verdict_title": words.VERDICTS[row["verdict"]],
        "fix_title": words.FIXES[fix] if fix else "",
        "act": (act.zh if chinese() else act.en) if act else "",
    }


def _counts(ws: Workspace) -> dict[str, Any]:
    return ws.rows(
        "SELECT count(*) AS groups, count(*) FILTER (WHERE verdict = 'community') AS real, "
        "count(*) FILTER (WHERE verdict = 'crowd') AS crowds, count(*) FILTER (WHERE active = 0) AS silent "
        "FROM groups",
    )[0]  # fmt: skip


@needs("people.see")
@require_safe
def group(request: HttpRequest, group_key: str) -> HttpResponse:
    """Everything on one group."""
    ws = workspace()
    try:
        one = room.group(ws, group_key)
    except NotFound as error:
        raise Http404(str(error)) from error
    page, role = _number(request.GET.get("page", "1")), request.GET.get("role", "")
    role = role if role in one.roles else ""
    people = one.people
    if role or page > 1:
        people = room.people(ws, group_key, role=role, offset=(page - 1) * room.PEOPLE)
    total = one.roles[role] if role else sum(one.roles.values())
    context = {
        "one": shown(one.row),
        "state": ws.states()["groups"],
        "stale": ws.stale(),
        "parts": [{**part, "title": words.FIXES[part["part"]], "says": words.PARTS_SAY[part["part"]]}
                  for part in one.parts],
        "fixes": [_fix(fix) for fix in one.fixes],
        "shares": figures.shares(one.health),
        "activity": figures.activity(one.health),
        "open": one.open,
        "theme": listening.of_group(ws, group_key),
        "threads": room.threads(ws, group_key, limit=12),
        "roles": [(name, words.ROLES[name], count) for name, count in one.roles.items()],
        "role": role,
        "people": [{**row, "role_title": words.ROLES[row["role"]]} for row in people],
        "pages": {"number": page, "all": max(1, -(-total // room.PEOPLE)), "total": total},
    }  # fmt: skip
    return render(request, "groups/group.html", context)


def _fix(fix: Mapping[str, Any]) -> dict[str, Any]:
    act = ACTS[fix["part"]]
    return {**fix, "title": words.FIXES[fix["part"]], "act": act.zh if chinese() else act.en}


@needs("people.see")
@require_safe
def conversation(request: HttpRequest, group_key: str) -> HttpResponse:
    """One conversation: who answers whom, declared or guessed."""
    ws = workspace()
    try:
        said = room.conversation(ws, group_key, request.GET.get("thread", ""))
        one = room.group(ws, group_key)
    except NotFound as error:
        raise Http404(str(error)) from error
    by_id = {row["message_id"]: row for row in said}
    context = {
        "one": one.row,
        "state": ws.states()["threads"],
        "messages_said": [
            {**row, "how_title": words.HOWS[row["how"]], "answers": by_id.get(row["answers_id"])} for row in said
        ],
    }
    return render(request, "groups/conversation.html", context)


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
