"""The outbox: what waits, what was sent, what was not and why; paused, confirmed and taken back here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.contacts import looking, steering
from lianyi.action.contacts.models import Contact, Pause, State
from lianyi.action.policy import words
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.pages.contacts.titles import LOOKS, STATES
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.templatetags.said import number, short
from lianyi.doors.figures import Figure, Series, Words
from lianyi.errors import InputError, NotFound
from lianyi.persons import PERSON_ID

FILTERS = ("campaign", "journey", "channel", "state", "rule")
PAGE = 50
CAMPAIGNS = 6


@needs("people.see")
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The queue, newest first, with the sentence that says why; narrowed by person, campaign, state, rule."""
    asked = {name: request.GET.get(name, "").strip() for name in FILTERS}
    who, error, people = request.GET.get("who", "").strip(), "", []
    try:
        people = _people(who)
        rows = looking.search(person_ids=people, **asked)
    except (InputError, NotFound) as wrong:
        rows, error = Contact.objects.none(), str(wrong)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": [row_of(row) for row in page], "who": who, "asked": asked, "error": error,
        "states": [
            {"name": name, "title": STATES[name], "look": LOOKS[name], "count": count, "here": asked["state"] == name}
            for name, count in looking.counts(looking.search(**{**asked, "state": ""}, person_ids=people)).items()
        ]
        if not error
        else [],
        "reasons": [
            {"name": name, "title": words.section(name, get_language() or "en"), "count": count}
            for name, count in (looking.reasons(rows).items() if not error else ())
        ],
        "pauses": Pause.objects.all(), "all_paused": Pause.objects.filter(what=Pause.What.ALL).exists(),
        "names": _names(page), "narrowed": any(asked.values()) or bool(who),
        "stoppable": bool(asked["campaign"] or asked["journey"] or asked["channel"]),
    }  # fmt: skip
    return render(request, "contacts/page.html", context)


def _people(who: str) -> list[str]:
    """The ids that a search for a person means: of a key or an id, or of everybody of a name."""
    if not who:
        return []
    ws = workspace()
    if ":" in who or PERSON_ID.match(who):
        return looking.ids_of_person(ws, who)
    found = ws.sql("SELECT person_id FROM people WHERE name = ? LIMIT 50", [who]).to_arrow_table()["person_id"]
    if not len(found):
        raise NotFound(_("Nobody is called %(name)s. Write a whole name, a key like email:… or an id.") % {"name": who})
    return [one for person in found.to_pylist() for one in looking.ids_of_person(ws, person)]


def _names(rows: Any) -> dict[str, str]:
    ids = sorted({row.person_id for row in rows})
    ws = workspace()
    if not ids or "people" not in ws.states():
        return {}
    return {
        row["person_id"]: row["name"] or ""
        for row in ws.look_up("people", ids, columns=["person_id", "name"]).to_pylist()
    }


def row_of(contact: Contact) -> dict[str, Any]:
    """A contact as a row of a table."""
    said = looking.reason(contact, zone=brand().timezone, language=get_language() or "en")
    return {
        "contact": contact, "title": STATES[contact.state], "look": LOOKS[contact.state], "said": said,
        "when": contact.sent_at or contact.ended_at or (contact.not_before if contact.state == State.WAITING else None),
        "unknown": contact.state == State.UNKNOWN and not contact.provider_id,
        "held": contact.state == State.HELD,
        "stoppable": contact.state in {State.WAITING, State.HELD},
    }  # fmt: skip


@needs("contacts.send")
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Confirm, cancel or resolve contacts: one by its key, or all of a campaign, journey or channel."""
    named = {name: request.POST.get(name, "") for name in ("campaign", "journey", "channel")}
    key, what, user, now = request.POST.get("key", ""), request.POST.get("what", ""), member(request), timezone.now()
    acts: Mapping[str, Callable[..., int]] = {
        "confirm": steering.confirm, "cancel": steering.take_back,
        "sent": partial(steering.resolve, went_out=True), "again": partial(steering.resolve, went_out=False),
    }  # fmt: skip
    if what not in acts:
        raise Http404(_("There is no such act."))
    try:
        count = acts[what](steering.chosen(keys=[key] if key else None, **named), by=user, now=now)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, ngettext("Done with %(n)d contact.", "Done with %(n)d contacts.", count) % {"n": count}
        )
    return _back(request)


@needs("contacts.send")
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Pause or go on: all, a campaign, a journey, a channel."""
    what, name, user = request.POST.get("what", ""), request.POST.get("name", ""), member(request)
    try:
        if request.POST.get("on"):
            steering.pause(what, name, by=user, now=timezone.now(), why=request.POST.get("why", ""))
            messages.success(request, _("Paused. What was given to a channel already goes out."))
        else:
            steering.go_on(what, name, by=user)
            messages.success(request, _("It goes on."))
    except InputError as error:
        messages.error(request, str(error))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    query = request.POST.get("back", "")
    return redirect(f"/contacts?{query}" if query.isprintable() and len(query) < 1000 else "/contacts")


@needs("people.see")
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """What waits for each of the coming days, as a figure and as a table."""
    days = looking.calendar(now=timezone.now(), zone=brand().timezone)
    context = {
        "days": days, "figure": _figure(days), "total": sum(day.contacts for day in days),
        "held": sum(day.held for day in days),
    }  # fmt: skip
    return render(request, "contacts/calendar.html", context)


def _figure(days: list[looking.Day]) -> Figure:
    sums: dict[str, dict[date, int]] = {}
    for one in days:
        by_day = sums.setdefault(one.campaign or one.journey or _("neither"), {})
        by_day[one.day] = by_day.get(one.day, 0) + one.contacts
    largest = sorted(sums, key=lambda name: -sum(sums[name].values()))
    first = timezone.localdate()
    x = [first + timedelta(days=number) for number in range(28)]
    series = [Series(name=name, values=[sums[name].get(day, 0) for day in x]) for name in largest[: CAMPAIGNS - 1]]
    if rest := largest[CAMPAIGNS - 1 :]:
        series.append(Series(name=_("Others"), values=[sum(sums[name].get(day, 0) for name in rest) for day in x]))
    said = Words(value=lambda value: str(number(value)), tick=lambda value: str(short(value)))
    return Figure(kind="stacked", title=_("Contacts that wait, by day"), x=x, series=series, words=said)
