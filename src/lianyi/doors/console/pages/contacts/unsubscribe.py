"""The page behind the link in a message: one click says no; every purpose can be chosen. Nobody signs in here.

Opening it changes nothing, because programs open links too. A mail program's button posts to the same address (RFC
8058); that post carries no cookie, so it needs no form token, and the signature in the address is what counts.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lianyi.action.contacts import consenting, unsubscribing
from lianyi.action.policy import consents
from lianyi.doors.console.brand import workspace
from lianyi.errors import InputError, NotFound
from lianyi.persons import Person


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the choices; a post with List-Unsubscribe takes this one back, a post of the form sets each."""
    try:
        link = unsubscribing.read(token)
        person = workspace().person(link.person_id)
    except (NotFound, InputError) as error:
        raise Http404(_("This link is not whole, or the person is not there any more.")) from error
    if request.method == "POST":
        if request.POST.get("List-Unsubscribe") == "One-Click" or request.POST.get("act") == "stop":
            _say(person, link.purpose, link.channel, granted=False, source="unsubscribe", told=link.contact)
        elif request.POST.get("act") == "all":
            _say(person, "", "", granted=False, source="unsubscribe", told=link.contact)
        else:
            _choose(request, person, link)
        if request.POST.get("List-Unsubscribe") == "One-Click":
            return HttpResponse("", content_type="text/plain")
        return redirect(f"{request.path}?done=1")
    return render(request, "contacts/unsubscribe.html", _shown(request, person, link))


def _choices(person: Person, link: unsubscribing.Link) -> list[tuple[str, str]]:
    """Purposes and channels that the person can say something about: this one, and those they once spoke of."""
    held = consenting.held(workspace(), person.person_id, now=timezone.now())
    known = [(link.purpose, link.channel), *((one["purpose"], one["channel"]) for one in held if one["purpose"])]
    return list(dict.fromkeys([*known, ("personalisation", "")]))


def _shown(request: HttpRequest, person: Person, link: unsubscribing.Link) -> dict[str, Any]:
    held = {
        (one["purpose"], one["channel"]): one["granted"]
        for one in consenting.held(workspace(), person.person_id, now=timezone.now())
    }
    return {
        "link": link, "done": request.GET.get("done"), "stopped": held.get((link.purpose, link.channel)) is False,
        "everything": held.get(("", "")) is False,
        "choices": [
            {"purpose": purpose, "channel": channel, "number": number,
             "granted": held.get((purpose, channel)) is not False}
            for number, (purpose, channel) in enumerate(_choices(person, link))
        ],
    }  # fmt: skip


def _choose(request: HttpRequest, person: Person, link: unsubscribing.Link) -> None:
    """Each choice that differs from what holds becomes a word on consent."""
    held = {
        (one["purpose"], one["channel"]): one["granted"]
        for one in consenting.held(workspace(), person.person_id, now=timezone.now())
    }
    for number, (purpose, channel) in enumerate(_choices(person, link)):
        granted = f"choice-{number}" in request.POST
        if granted is not (held.get((purpose, channel)) is not False):
            _say(person, purpose, channel, granted=granted, source="preferences", told=link.contact)


def _say(person: Person, purpose: str, channel: str, *, granted: bool, source: str, told: str) -> None:
    consents.say(
        workspace(), person_id=person.person_id, key=person.key_names[0], purpose=purpose, channel=channel,
        granted=granted, source=source, now=timezone.now(), proof=f"contact {told}" if told else "",
    )  # fmt: skip
