"""Pages of ties: one person's circle, and the opportunities of all people."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lianyi.acquaintances import OPPORTUNITIES, among
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.person.views import found
from lianyi.doors.console.rights import needs
from lianyi.doors.console.templatetags.said import band_title, percent, why
from lianyi.doors.figures.circle import Circle, Known
from lianyi.persons import Person

PAGE = 50
DRAWN, DRAWN_NARROW = 24, 12


@needs("people.see")
@require_safe
def person(request: HttpRequest, person_id: str) -> HttpResponse:
    """The circle of a person, all ties with their evidence, and what to do about them."""
    one = found(person_id)
    if one.person_id != person_id:
        return redirect("person_ties", one.person_id)
    ws = workspace()
    circle = drawn(one)
    context = {
        "person": one,
        "name": one.profile.get("name"),
        "broad": mark_safe(circle.svg(width=720, height=460, most=DRAWN)),  # noqa: S308  # the drawing escapes
        "narrow": mark_safe(circle.svg(width=350, height=400, most=DRAWN_NARROW)),  # noqa: S308
        "drawn": min(DRAWN, len(one.ties)),
        "opportunities": ws.opportunities(one.person_id),
        "horizon": one.ties[0]["horizon_days"] if one.ties else None,
        "state": ws.states().get("person_ties"),
        "stale": ws.stale(),
    }
    return render(request, "ties/person.html", context)


def drawn(one: Person) -> Circle:
    """The figure: the strongest ties, and who of them know each other."""
    ties = one.ties[:DRAWN]
    between = among(workspace(), [tie["other_id"] for tie in ties])
    unnamed = _("Unnamed")
    people = [
        Known(
            id=tie["other_id"],
            name=tie["other_name"] or unnamed,
            band=tie["band"],
            strength=tie["strength"],
            address=reverse("person_ties", args=[tie["other_id"]]),
            says=f"{tie['other_name'] or unnamed}: {band_title(tie['band'])}, {percent(tie['strength'])}. {why(tie)}",
        )
        for tie in ties
    ]
    return Circle(
        title=_("Whom this person is tied to, the strongest closest to the middle"),
        middle=one.profile.get("name") or unnamed,
        people=people,
        between=[(row["person_id"], row["other_id"]) for row in between],
    )


@needs("people.see")
@require_safe
def opportunities(request: HttpRequest) -> HttpResponse:
    """Ties worth a push now, the largest gain first."""
    ws, kind = workspace(), request.GET.get("kind", "")
    number = request.GET.get("page", "1")
    if (kind and kind not in OPPORTUNITIES) or not number.isdecimal() or not 1 <= len(number) <= 6 or int(number) < 1:
        raise Http404(_("This address is incomplete."))
    page = int(number)
    rows = ws.opportunities(kind=kind, limit=PAGE + 1, offset=(page - 1) * PAGE)
    context: dict[str, Any] = {
        "rows": rows[:PAGE],
        "more": len(rows) > PAGE,
        "page": page,
        "kind": kind,
        "kinds": OPPORTUNITIES,
        "horizon": rows[0]["horizon_days"] if rows else None,
        "state": ws.states().get("tie_opportunities"),
        "stale": ws.stale(),
        "events": ws.lake.rows(),
    }
    return render(request, "ties/opportunities.html", context)
