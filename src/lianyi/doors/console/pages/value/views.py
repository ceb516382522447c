"""What people are worth and when they buy next; who stays; where they stand. The card of a person as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi import worth
from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import once_per_state, stage_titles
from lianyi.doors.console.pages.value import figures
from lianyi.doors.console.rights import needs
from lianyi.errors import InputError
from lianyi.memory.events import KINDS
from lianyi.workspace import Workspace

PAGE = 50
ENDS = ("from_stage", "to_stage")
BANDS: Mapping[str, Text] = {
    "top": gettext_lazy("top 5 %"),
    "high": gettext_lazy("high, to 20 %"),
    "mid": gettext_lazy("middle, to 50 %"),
    "low": gettext_lazy("lower half"),
}
METHODS: Mapping[str, Text] = {
    "as last period": gettext_lazy("without a model: as last period"),
    "by recency": gettext_lazy("without a model: by days since the last order"),
    "same count again": gettext_lazy("without a model: the same count again"),
    "life table": gettext_lazy("life table"),
    "silent 30 days": gettext_lazy("without it: silent for 30 days"),
    "all alike": gettext_lazy("without it: one rate for all"),
}
LAWS: Mapping[str, Text] = {
    "last week": gettext_lazy("as last week"),
    "mean of 4 weeks": gettext_lazy("mean of 4 weeks"),
    "mean of 13 weeks": gettext_lazy("mean of 13 weeks"),
    "damped trend": gettext_lazy("damped trend"),
}
STATES: Mapping[str, Text] = {
    "active": gettext_lazy("active"),
    "cooling": gettext_lazy("cooling"),
    "leaving": gettext_lazy("leaving"),
    "gone": gettext_lazy("gone"),
}
MOVED_BY: Mapping[str, Text] = {
    "act": gettext_lazy("The act itself"),
    "channel": gettext_lazy("Its channel"),
    "campaign": gettext_lazy("Its campaign"),
    "touch": gettext_lazy("Our message before, by channel"),
    "content": gettext_lazy("Our message before, by content"),
    "friend": gettext_lazy("Others did something towards them"),
}
MARGIN_FROM: Mapping[str | None, Text] = {
    "category": gettext_lazy("by category"),
    "mixed": gettext_lazy("partly by category, partly brand-wide"),
    "brand": gettext_lazy("brand-wide"),
}
_totals, _bands, _checks = once_per_state(worth.totals), once_per_state(worth.bands), once_per_state(worth.checks)
_parts, _leaving = once_per_state(worth.parts), once_per_state(worth.leaving)
_stages, _steps = once_per_state(worth.stages), once_per_state(worth.steps)


@needs("people.see")
@require_safe
def value(request: HttpRequest) -> HttpResponse:
    """People by the worth of their next year; ?band= of one band."""
    ws = workspace()
    band, number = request.GET.get("band", ""), request.GET.get("page", "1")
    context: dict[str, Any] = {"state": ws.states().get("values"), "events": ws.lake.rows(), "stale": ws.stale()}
    if context["state"] is not None:
        if not number.isdecimal() or not 1 <= len(number) <= 6 or int(number) < 1:
            raise Http404(_("This address is incomplete."))
        context |= _valued(ws, band, int(number))
    return render(request, "value/page.html", context)


def _valued(ws: Workspace, band: str, page: int) -> dict[str, Any]:
    try:
        rows = worth.listed(ws, band=band, limit=PAGE + 1, offset=(page - 1) * PAGE)
    except InputError as error:
        raise Http404(str(error)) from error
    checks, titles = _checks(ws), stage_titles(ws)
    return {
        "rows": [
            {
                **row,
                "stage_title": titles.get(row["stage"], row["stage"]),
                "from_title": MARGIN_FROM.get(row["margin_from"]),
            }
            for row in rows[:PAGE]
        ],
        "more": len(rows) > PAGE,
        "page": page,
        "band": band,
        "bands": [{**row, "title": BANDS[row["band"]]} for row in _bands(ws)],
        "totals": _totals(ws),
        "methods": [{**row, "title": METHODS.get(row["method"], row["method"])} for row in checks["methods"]],
        "clocks": checks["clocks"],
        "calibration": figures.calibration(checks["bins"]) if checks["bins"] else None,
        "horizon": checks["methods"][0]["days"] if checks["methods"] else None,
    }


@needs("people.see")
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Stock and flow with a forecast, the triangle of cohorts, who is leaving."""
    ws = workspace()
    context: dict[str, Any] = {"state": ws.states().get("stock_flow"), "events": ws.lake.rows(), "stale": ws.stale()}
    if context["state"] is not None:
        context |= _kept(ws, request.GET.get("of", "all:"), request.GET.get("by", "active"))
    return render(request, "value/retention.html", context)


def _kept(ws: Workspace, of: str, by: str) -> dict[str, Any]:
    part, _colon, name = of.partition(":")
    if by not in {"active", "buyers"}:
        raise Http404(_("This address is incomplete."))
    try:
        found = worth.stock(ws, part=part, name=name)
    except InputError as error:
        raise Http404(str(error)) from error
    leaving, language = _leaving(ws), "name_zh" if is_chinese() else "name_en"
    return {
        "parts": [
            {**row, "key": f"{row['part']}:{row['name']}", "title": row[language] or row["name"]} for row in _parts(ws)
        ],
        "of": of,
        "by": by,
        "past": found["past"],
        "ahead": found["ahead"],
        "last": found["past"][-1] if found["past"] else None,
        "month": found["ahead"][3] if found["ahead"] else None,
        "law": LAWS[found["ahead"][3]["law"]] if found["ahead"] else "",
        "stock": figures.stock(found["past"], found["ahead"]) if found["past"] else None,
        "flows": figures.flows(found["past"]) if found["past"] else None,
        "triangle": triangle(worth.cohorts(ws, source=name if part == "source" else ""), by),
        "states": [{**row, "title": STATES.get(row["state"], _("unknown"))} for row in leaving["states"]],
        "checks": [{**row, "title": METHODS[row["method"]]} for row in leaving["checks"]],
        "people": leaving["people"],
        "stages": stage_titles(ws),
    }


def triangle(rows: list[worth.Row], by: str) -> list[dict[str, Any]]:
    """One row = one cohort with a cell per month: share of its people, and a shade 0 to 9 by it; None where the month
    has not come yet. The running month is open."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        cohort = found.setdefault(row["cohort"], {"cohort": row["cohort"], "people": row["people"], "cells": []})
        share = row[by] / row["people"] if row["people"] else None
        shade = min(9, int(10 * share)) if share is not None else 0
        cohort["cells"].append({"share": share, "shade": shade, "count": row[by], "open": not row["complete"]})
    width = max((len(cohort["cells"]) for cohort in found.values()), default=0)
    return [{**cohort, "cells": cohort["cells"] + [None] * (width - len(cohort["cells"]))} for cohort in found.values()]


@needs("people.see")
@require_safe
def stages(request: HttpRequest) -> HttpResponse:
    """The way from attention to advocacy; ?from=&to= what came before these steps."""
    ws = workspace()
    context: dict[str, Any] = {"state": ws.states().get("stage_ways"), "events": ws.lake.rows(), "stale": ws.stale()}
    if context["state"] is not None:
        context |= _staged(ws, request.GET.get("step", ""))
    return render(request, "value/stages.html", context)


def _staged(ws: Workspace, asked: str) -> dict[str, Any]:
    titles, rows, steps = stage_titles(ws), _stages(ws), _steps(ws)
    known = {f"{row['from_stage']}:{row['to_stage']}": row for row in steps}
    if asked and asked not in known:
        raise Http404(_("This address is incomplete."))
    step = known.get(asked or next(iter(known), ""))
    movers = worth.movers(ws, step["from_stage"], step["to_stage"]) if step else []
    most = max((row["reached"] for row in rows), default=0)
    return {
        "rows": [
            {**row, "title": titles[row["stage"]], "share": row["reached"] / most if most else 0.0} for row in rows
        ],
        "standing": figures.standing(rows, [titles[row["stage"]] for row in rows]) if most else None,
        "steps": [
            {**row, "key": key, "title": " → ".join(titles.get(row[end], _("dropped out")) for end in ENDS)}
            for key, row in known.items()
        ],
        "step": step and f"{step['from_stage']}:{step['to_stage']}",
        "movers": [
            {
                **row,
                "title": MOVED_BY[row["moved_by"]],
                "kind": KINDS.get(row["what"]) if row["moved_by"] == "act" else None,
            }
            for row in movers
        ],
        "own": (ws.folder / "stages.yaml").exists(),
    }


def card(ws: Workspace, person_id: str) -> dict[str, Any] | None:
    """What the page of a person shows: value, next order, stage and the way there."""
    found = worth.of_person(ws, person_id)
    if found is None:
        return None
    titles = stage_titles(ws)
    return {
        **found,
        "stage_title": titles.get(found["stage"]),
        "band_title": BANDS.get(found["band"] or ""),
        "margin_from_title": MARGIN_FROM.get(found["margin_from"]),
        "state_title": STATES.get(found["active_state"] or ""),
        "due": [row for row in found["categories"] if row["next_middle"]][:3],
        "way": [{**row, "title": titles.get(row["to_stage"], _("dropped out"))} for row in found["moves"][:6]],
    }


def is_chinese() -> bool:
    """Whether the page is in Chinese."""
    return (translation.get_language() or "").startswith("zh")
