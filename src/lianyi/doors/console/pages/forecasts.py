"""How good are our forecasts? Ranges against outcomes, and chances of spreading against what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.rights import needs
from lianyi.doors.figures import Figure, Series
from lianyi.insight.ripples.forecasting.conformal import LEVEL
from lianyi.insight.ripples.forecasting.record import PROMISES

POINTS: Mapping[str, Text] = {
    "30 min": gettext_lazy("30 minutes"),
    "1 h": gettext_lazy("1 hour"),
    "6 h": gettext_lazy("6 hours"),
    "5 people": gettext_lazy("5 people"),
    "10 people": gettext_lazy("10 people"),
}
KINDS: Mapping[str, Text] = {
    "live": gettext_lazy("made before the outcome"),
    "afterwards": gettext_lazy("tried on the past"),
}
Rows = Sequence[Mapping[str, Any]]


@needs("people.see")
@require_safe
def forecasts(request: HttpRequest) -> HttpResponse:
    """Coverage, bias and error per point; reliability of spread probabilities."""
    ws = workspace()
    states = ws.states()
    scores = ws.ripples.forecasts() if "forecasts" in states else []
    promises = ws.rows(PROMISES) if "spread_checks" in states else []
    context = {
        "scores": [_said(row) for row in scores],
        "coverage": coverage(scores) if any(row["due"] for row in scores) else None,
        "reliability": reliability(promises) if promises else None,
        "state": states.get("forecasts"),
        "checks": states.get("spread_checks"),
        "events": ws.lake.rows(),
    }
    return render(request, "forecasts/page.html", context)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in words; what is not due has no figures, and none are invented."""
    due = bool(row["due"])
    return {
        "point": POINTS.get(row["point"], row["point"]),
        "kind": KINDS[row["kind"]],
        "forecasts": row["forecasts"],
        "due": row["due"],
        "coverage": f"{100 * row['coverage']:.0f}%" if due else "—",
        "bias": f"{100 * (2 ** row['bias'] - 1):+.0f}%" if due else "—",
        "error": f"{row['squared_error']:.2f}" if due else "—",
        "still": f"{row['still_squared_error']:.2f}" if due else "—",
    }


def coverage(scores: Rows) -> Figure:
    """Share of outcomes inside the range, in percent, per point; ranges promise 90."""
    x = [point for point in POINTS if any(row["point"] == point for row in scores)]
    found = {(row["point"], row["kind"]): row["coverage"] for row in scores}
    series = [
        Series(name=str(name), values=[_percent(found.get((point, kind))) for point in x], colour=1 + 2 * place)
        for place, (kind, name) in enumerate(KINDS.items())
    ]
    promised = Series(name=_("Promised"), values=[100 * LEVEL for _point in x], colour=2)
    return Figure(kind="lines", title=_("Outcomes inside the range, in %"), x=[str(POINTS[point]) for point in x],
                  series=[*series, promised])  # fmt: skip


def reliability(promises: Rows) -> Figure:
    """Arrivals promised and arrivals that came, per tenth of the exposures."""
    return Figure(
        kind="lines",
        title=_("Arrivals promised and arrivals that came, by tenth of exposures"),
        x=[str(row["part"]) for row in promises],
        series=[
            Series(name=_("Promised"), values=[row["promised"] for row in promises], colour=2),
            Series(name=_("Came in fact"), values=[row["came"] for row in promises], colour=1),
        ],
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
