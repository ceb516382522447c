"""What money truly brought: by campaign, journey, ripple, generation, sharer, community; plans in money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi import roi
from lianyi.action.plans import money
from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.ledger.words import DIMENSIONS, address_of, title_of
from lianyi.doors.console.rights import needs

HOW: Mapping[str, Text] = {
    roi.MEASURED: gettext_lazy("measured"),
    roi.SPREAD: gettext_lazy("measured on the whole, divided"),
    roi.UNKNOWN: gettext_lazy("unknown"),
}


@needs("people.see")
@require_safe
def returns(request: HttpRequest) -> HttpResponse:
    """One dimension; generations and sharers within one ripple."""
    ws = workspace()
    state = ws.states().get("ledger_parts")
    if state is None:
        return render(request, "ledger/all_returns.html", {"state": None, "events": ws.lake.rows()})
    by = request.GET.get("by", "campaign")
    if by not in roi.BY:
        raise Http404("by: no such dimension")
    ripples = roi.ripples(ws) if by in {"generation", "sharer"} else []
    within = request.GET.get("within", ripples[0]["member"] if ripples else "")
    found = roi.rows(ws, by, within=within) if within or by not in {"generation", "sharer"} else []
    context = {
        "state": state, "by": by, "within": within, "dimensions": {name: DIMENSIONS[name] for name in roi.BY},
        "ripples": [{**row, "title": title_of("ripple", row)} for row in ripples],
        "rows": [shown(by, row) for row in found], "plans": money.plans(ws, limit=20) if by == "campaign" else [],
    }  # fmt: skip
    return render(request, "ledger/all_returns.html", context)


def shown(by: str, row: roi.Row) -> dict[str, Any]:
    """A row with its title, its page, and how it is known in words."""
    named = {"member": row.member, "name_zh": row.name_zh, "name_en": row.name_en}
    title = _("Generation %(number)s") % {"number": row.member} if by == "generation" else title_of(by, named)
    address = "" if by == "generation" else address_of(by, row.member)
    return {"row": row, "title": title, "address": address, "how": HOW[row.how]}
