"""What the law gives to a person: a copy of everything held, and erasure."""

from __future__ import annotations

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lianyi.action import forgetting
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.person.views import found
from lianyi.doors.console.rights import member, needs


@needs("people.export")
@require_GET
def export(request: HttpRequest, person_id: str) -> HttpResponse:
    """Everything held on the person, as JSON."""
    one = found(person_id)
    audit.note(member(request), "person.export", one.person_id)
    body = msgspec.json.format(
        msgspec.json.encode(forgetting.export(workspace(), one.person_id), enc_hook=str), indent=2
    )
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{one.person_id}.json"'
    return response


@needs("people.erase")
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, person_id: str) -> HttpResponse:
    """Erase the person for good; the id must be typed, for it can't be taken back."""
    one, wrong = found(person_id), False
    if request.method == "POST":
        if request.POST.get("confirm", "").strip() == one.person_id:
            job = queue.add("erase", {"key": one.person_id}, by=member(request).name)
            # The id is a hash of a key: enough to prove what was asked for, and nothing about the person.
            audit.note(member(request), "person.erase", one.person_id, why=request.POST.get("why", "")[:300])
            messages.success(request, _("The erasure has been started."))
            return redirect("job", job.pk)
        wrong = True
    context = {"person": one, "name": one.profile.get("name"), "wrong": wrong}
    return render(request, "person/erase.html", context, status=422 if wrong else 200)
