"""Merging two people and splitting one, each with a preview before and a reason kept after."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.people import search as searching
from lianyi.doors.console.pages.person.views import found
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError
from lianyi.persons import Person

SHOWN = 8
PAIRS = 200


@needs("people.merge")
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, person_id: str) -> HttpResponse:
    """Choose the other person, see what would come of it, say why, merge."""
    one = found(person_id)
    other = (request.POST if request.method == "POST" else request.GET).get("with", "").strip()
    if not other:
        return render(request, "person/merge_choose.html", _choice(request, one))
    second = found(other)
    preview = workspace().merge_preview(one.person_id, second.person_id)
    if request.method == "POST" and not preview["same"]:
        return _merged(request, one, second)
    context = {"person": one, "name": one.profile.get("name"), "people": (one, second), "preview": preview}
    return render(request, "person/merge.html", context)


def _choice(request: HttpRequest, one: Person) -> dict[str, Any]:
    ws, text = workspace(), request.GET.get("q", "").strip()
    hits = searching.find(ws, searching.Search(text=text), ("net_spend", "last_seen")).rows if text else []
    return {
        "person": one,
        "name": one.profile.get("name"),
        "q": text,
        "hits": [row for row in hits if row["person_id"] != one.person_id][:SHOWN],
        "suggestions": _suggested(one),
    }


@needs("people.merge")
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """All pairs of whom the tables think that they may be one person, surest first."""
    ws = workspace()
    context = {"pairs": ws.suggestions(limit=PAIRS), "state": ws.states().get("merge_suggestions")}
    return render(request, "person/suggestions.html", context)


def _suggested(one: Person) -> list[dict[str, Any]]:
    """People of whom the tables think that they may be the same, surest first."""
    ws = workspace()
    if "merge_suggestions" not in ws.states():
        return []
    return ws.rows(
        "SELECT s.other AS person_id, p.name, s.* EXCLUDE (other) FROM ("
        "SELECT *, CASE WHEN person_a = ? THEN person_b ELSE person_a END AS other FROM merge_suggestions "
        "WHERE person_a = ? OR person_b = ?) s JOIN people p ON p.person_id = s.other "
        "ORDER BY s.score DESC LIMIT 8",
        (one.person_id,) * 3,
    )


def _merged(request: HttpRequest, one: Person, second: Person) -> HttpResponse:
    user, why = member(request), request.POST.get("why", "").strip()[:300]
    workspace().merge(one.person_id, second.person_id, by=user.name, why=why)
    audit.note(user, "person.merge", one.person_id, other=second.person_id, why=why)
    queue.add("refresh", {}, by=user.name)
    messages.success(request, _("Merged. The tables are being refreshed; a split takes it back at any time."))
    return redirect("person", one.person_id)


@needs("people.merge")
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, person_id: str) -> HttpResponse:
    """Choose the keys that belong to somebody else."""
    one, error = found(person_id), ""
    if request.method == "POST":
        taken = [key for key in one.key_names if key in request.POST.getlist("key")]
        kept = [key for key in one.key_names if key not in taken]
        if taken and kept:
            return _split(request, one, [kept, taken])
        error = _("Choose at least one key to take out, and leave at least one.")
    context = {"person": one, "name": one.profile.get("name"), "error": error}
    return render(request, "person/split.html", context, status=422 if error else 200)


def _split(request: HttpRequest, one: Person, parts: list[list[str]]) -> HttpResponse:
    user, why = member(request), request.POST.get("why", "").strip()[:300]
    try:
        workspace().unmerge(one.person_id, parts=parts, by=user.name, why=why)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("split", one.person_id)
    audit.note(user, "person.split", one.person_id, keys=len(parts[1]), why=why)
    queue.add("refresh", {}, by=user.name)
    messages.success(request, _("Split. The tables are being refreshed; the new person appears in a moment."))
    return redirect("person", one.person_id)
