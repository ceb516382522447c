"""The suppression list: looked up, added to, imported, taken off. It holds hashes; nobody can be read off it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.policy import suppressing
from lianyi.action.policy.models import Suppressed
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError

LATEST = 100
REASONS = {
    "asked": gettext_lazy("asked not to be written to"), "complained": gettext_lazy("complained"),
    "bounced": gettext_lazy("the address does not work"), "imported": gettext_lazy("from an imported list"),
    "law": gettext_lazy("for a legal reason"), "other": gettext_lazy("another reason"),
}  # fmt: skip


@needs("people.see")
@require_safe
def suppression(request: HttpRequest) -> HttpResponse:
    """How many there are, the newest, and what the list says of one address."""
    key, found, error = request.GET.get("key", "").strip(), None, ""
    if key:
        try:
            found = suppressing.entries(workspace(), key)
        except InputError as wrong:
            error = str(wrong)
    context = {
        "key": key, "found": found, "error": error, "count": Suppressed.objects.count(), "reasons": REASONS.items(),
        "rows": [{"row": row, "reason": REASONS[row.reason]} for row in Suppressed.objects.all()[:LATEST]],
    }  # fmt: skip
    return render(request, "contacts/suppression.html", context)


@needs("contacts.send")
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put addresses on the list: typed in, or a file."""
    text, file = request.POST.get("list", ""), request.FILES.get("file")
    try:
        if file is not None:
            text += "\n" + file.read().decode("utf-8", errors="replace")
        done = suppressing.import_list(
            workspace(), text.strip(), reason=request.POST.get("reason", ""), channel=request.POST.get("channel", ""),
            everything=bool(request.POST.get("everything")), by=member(request), now=timezone.now(),
        )  # fmt: skip
    except InputError as error:
        messages.error(request, str(error))
    else:
        said = _("%(new)d new entries, %(known)d were there.") % {"new": done.new, "known": done.known}
        if done.bad:
            said += " " + _("No address: %(count)d lines.") % {"count": len(done.bad)}
        (messages.warning if done.bad else messages.success)(request, said)
    return redirect("suppression")


@needs("contacts.send")
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take an address off the list."""
    try:
        gone = suppressing.remove(workspace(), request.POST.get("key", ""), by=member(request))
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(count)d entries removed.") % {"count": gone})
    return redirect("suppression")
