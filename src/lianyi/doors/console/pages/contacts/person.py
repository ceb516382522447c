"""On the page of a person: what we sent or did not send, and what the person allows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lianyi.action.contacts import consenting, facts, looking
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.contacts.views import row_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError
from lianyi.persons import Person

NEWEST = 6


def card(person: Person) -> dict[str, Any]:
    """The newest contacts and how many there are in all; words on consent of this minute."""
    rows = looking.search(person_ids=sorted({person.person_id, *facts.ids_of(person.key_names)}))
    return {"rows": [row_of(row) for row in rows[:NEWEST]], "count": rows.count()}


@needs("people.tag")
@require_POST
def consent(request: HttpRequest, person_id: str) -> HttpResponse:
    """Take down that the person agreed, or takes an agreement back."""
    from lianyi.doors.console.pages.person.views import found

    one = found(person_id)
    try:
        consenting.say(
            workspace(), one.person_id, purpose=request.POST.get("purpose", "")[:60],
            channel=request.POST.get("channel", "")[:50], granted=request.POST.get("granted") == "yes",
            proof=request.POST.get("proof", ""), by=member(request), now=timezone.now(),
        )  # fmt: skip
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted. It holds from now on; the list below shows it after the next refresh."))
    return redirect(reverse("person", args=[one.person_id]) + "#consents")
