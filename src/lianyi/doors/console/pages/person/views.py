"""The page of one person, and the parts of it that change by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import influence
from lianyi.action.team import audit
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import tag_counts
from lianyi.doors.console.pages.communities.views import of_person as communities_of
from lianyi.doors.console.pages.contacts.person import card as contacts_card
from lianyi.doors.console.pages.demand import next_card
from lianyi.doors.console.pages.person import profile
from lianyi.doors.console.pages.person.timeline import GROUPS, stretch
from lianyi.doors.console.pages.value.views import card as value_card
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, NotFound, SensitiveTag
from lianyi.persons import Person


def found(key_or_id: str) -> Person:
    """The person, or 404."""
    try:
        return workspace().person(key_or_id)
    except (NotFound, InputError) as error:
        raise Http404(str(error)) from error


@needs("people.see")
@require_safe
def person(request: HttpRequest, person_id: str) -> HttpResponse:
    """Everything on one person. An old id (from before a merge) leads to the person as it is now."""
    one = found(person_id)
    if one.person_id != person_id:
        return redirect("person", one.person_id)
    ws = workspace()
    group, past = request.GET.get("kind", ""), ws.past(one)
    context = {
        **about(one),
        "attributes": profile.attributes(one),
        "categories": profile.categories(one),
        "consents": profile.consents(one),
        "contacts_card": contacts_card(one),
        "weekday": profile.weekday(one.profile.get("preferred_weekday")),
        "history": profile.history(past),
        "next": next_card(ws, one.person_id),
        "communities": communities_of(ws, one.person_id),
        "influence": influence.of_person(ws, one.person_id),
        "value_card": value_card(ws, one.person_id),
        "influence_state": ws.states().get("influence"),
        "groups": GROUPS.values(),
        "group": group,
        "stretch": stretch(ws, past, group=group),
        "state": ws.states()["people"],
        "stale": ws.stale(),
    }
    return render(request, "person/page.html", context)


def about(one: Person) -> dict[str, Any]:
    """What the parts of the page need to know of the person."""
    return {
        "person": one,
        "profile": one.profile,
        "name": one.profile.get("name"),
        "tags_known": list(tag_counts(workspace())),
    }


@needs("people.see")
@require_safe
def timeline(request: HttpRequest, person_id: str) -> HttpResponse:
    """A further part of the timeline (HTMX)."""
    one = found(person_id)
    try:
        before = datetime.fromisoformat(request.GET["before"]) if request.GET.get("before") else None
    except ValueError as error:
        raise Http404(str(error)) from error
    if before is not None and before.tzinfo is None:
        raise Http404(_("This address is incomplete."))
    group = request.GET.get("kind", "")
    ws, before_id = workspace(), request.GET.get("id") or None
    part = stretch(ws, ws.past(one), group=group, before=before, before_id=before_id)
    return render(request, "person/stretch.html", {**about(one), "group": group, "stretch": part})


@needs("people.tag")
@require_POST
def tag(request: HttpRequest, person_id: str) -> HttpResponse:
    """Set or take back a manual tag; answers with the tags as they are now."""
    one = found(person_id)
    ws, user, error = workspace(), member(request), ""
    name, remove = request.POST.get("tag", ""), "remove" in request.POST
    try:
        (ws.untag if remove else ws.tag)(one.person_id, name, by=user.name, why=request.POST.get("why", "")[:300])
        audit.note(user, "person.untag" if remove else "person.tag", one.person_id, tag=name)
    except SensitiveTag as refused:
        error = _("Tags on health, belief, politics, sexuality and the like are refused by law and by default.")
        error = f"{error} ({refused})"
    except InputError:
        error = _("A tag has 1 to 60 characters.")
    context = {**about(found(person_id)), "tag_error": error}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "person/tags.html", context, status=422 if error else 200)
    if error:
        messages.error(request, error)
    return redirect("person", one.person_id)


@needs("people.tag")
@require_POST
def note(request: HttpRequest, person_id: str) -> HttpResponse:
    """Write a note on the person; it stands in the timeline at once."""
    one, user = found(person_id), member(request)
    text = request.POST.get("text", "").strip()[:5000]
    if text:
        workspace().note(one.person_id, text, by=user.name)
        audit.note(user, "person.note", one.person_id)
    else:
        messages.error(request, _("The note is empty."))
    return redirect(reverse("person", args=[one.person_id]) + "#timeline")
