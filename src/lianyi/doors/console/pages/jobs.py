"""Long work: how far it is, and stopping it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.team import audit
from lianyi.action.team.rights import RIGHTS
from lianyi.action.work import queue
from lianyi.action.work.models import Job
from lianyi.doors.console.rights import member, needs
from lianyi.errors import RefusedError


@needs("data.see")
@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job."""
    return render(request, "jobs/page.html", {"job": get_object_or_404(Job, pk=job_id)})


@needs("data.see")
@require_safe
def part(request: HttpRequest, job_id: int) -> HttpResponse:
    """The moving part of a page (HTMX, every second). Once the job is over, the page around it is loaded anew."""
    found = get_object_or_404(Job, pk=job_id)
    response = render(request, "jobs/progress.html", {"job": found, "back": _own(request.GET.get("back", "/"))})
    if found.is_over:
        response.headers["HX-Refresh"] = "true"
    return response


@needs("data.see")
@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Stop a job in a safe state; who may start one of its kind may stop it."""
    found, user = get_object_or_404(Job, pk=job_id), member(request)
    right = queue.RIGHTS.get(found.kind, "data.refresh")
    if not user.may(right):
        raise PermissionDenied(RIGHTS[right].says)
    try:
        queue.cancel(found.pk, now=queue.clock())
    except RefusedError:
        messages.error(request, _("An erasure that runs can't be cancelled."))
    else:
        audit.note(user, "job.cancel", str(found.pk), kind=found.kind)
    return redirect(_own(request.POST.get("next", "/")))


def _own(address: str) -> str:
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"
