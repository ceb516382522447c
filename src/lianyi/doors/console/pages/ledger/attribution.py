"""Attribution: the same orders divided by seven models, side by side. Description, not cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.ledger.words import DIMENSIONS, address_of, title_of
from lianyi.doors.console.rights import needs
from lianyi.doors.console.templatetags.said import percent
from lianyi.doors.figures import Figure, Series, Words
from lianyi.insight.ledger.attribution.models import MODELS
from lianyi.insight.ledger.attribution.paths import SHARE, WINDOW_DAYS
from lianyi.ledger import ATTRIBUTED

SHOWN = 50
DRAWN = 8
NAMES: Mapping[str, Text] = {
    "first": gettext_lazy("First touch"),
    "last": gettext_lazy("Last touch"),
    "linear": gettext_lazy("Linear"),
    "decay": gettext_lazy("Time decay"),
    "position": gettext_lazy("By position"),
    "shapley": gettext_lazy("Shapley"),
    "markov": gettext_lazy("Markov removal"),
}
WORDS = Words(
    value=lambda value: str(percent(value, 1)), tick=lambda value: str(percent(value)), position=str, tick_position=str
)


@needs("people.see")
@require_safe
def attribution(request: HttpRequest) -> HttpResponse:
    """Members down, models across; each column sums to the same."""
    ws, by = workspace(), request.GET.get("by", "channel")
    if by not in ATTRIBUTED:
        raise Http404("by: no such dimension")
    state = ws.states().get("attributions")
    if state is None:
        return render(request, "ledger/attribution.html", {"state": None, "events": ws.lake.rows()})
    found = ws.ledger.attribution(by, limit=SHOWN + 1)
    sums = ws.ledger.attributed(by)
    models = [model for model in MODELS if model in sums]
    rows = [
        {**row, "title": _("Shares") if (by, row["member"]) == ("channel", SHARE) else title_of(by, row),
         "address": "" if row["member"] == SHARE else address_of(by, row["member"]),
         "parts": [(row["amounts"][model], row["shares"][model]) for model in models]}
        for row in found[:SHOWN]
    ]  # fmt: skip
    context = {
        "state": state, "by": by, "models": [NAMES[model] for model in models], "rows": rows,
        "more": len(found) > SHOWN, "sums": [sums[model] for model in models], "window": WINDOW_DAYS,
        "dimensions": {name: DIMENSIONS[name] for name in ATTRIBUTED},
        "chart": _drawn(models, rows) if rows and by == "channel" else None,
    }  # fmt: skip
    return render(request, "ledger/attribution.html", context)


def _drawn(models: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Figure:
    return Figure(
        kind="stacked",
        title=_("Part of the orders, by model"),
        x=[str(NAMES[model]) for model in models],
        series=[Series(name=row["title"], values=[share for _sum, share in row["parts"]]) for row in rows[:DRAWN]],
        words=WORDS,
    )
