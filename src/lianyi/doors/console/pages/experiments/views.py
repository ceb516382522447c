"""Experiments: the list with the global control group, one experiment, the planner of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import experiments as reading
from lianyi.action.experiments import control
from lianyi.action.work import queue
from lianyi.doors.api.experiments import asked_of
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.pages.experiments.words import KINDS, METRICS, UNITS, effect, flags, said
from lianyi.doors.console.rights import member, needs
from lianyi.doors.figures import Figure, Series
from lianyi.errors import InputError, LianyiError, NotFound
from lianyi.insight.effects.baselines import DAYS
from lianyi.insight.effects.baselines import METRICS as PLANNED

BY_TIES = ("direct", "spill", "total")
LISTED = ("buyers", "orders", "revenue", "kept")


@needs("people.see")
@require_safe
def experiments(request: HttpRequest) -> HttpResponse:
    """What was tried, with the effect on one metric, and who is left alone altogether."""
    ws = workspace()
    metric = request.GET.get("metric", "")
    metric = metric if metric in LISTED else "buyers"
    rows = [
        {**row, "is": KINDS.get(row["kind"], row["kind"]), "name": row["experiment"].partition("/")[2],
         "by": UNITS.get(row["unit"], row["unit"]), "value": effect(row["estimate"], row["of_unit"]),
         "from": effect(row["low"], row["of_unit"]), "to": effect(row["high"], row["of_unit"]),
         "said": flags(row["flags"])}
        for row in reading.experiments(ws, metric=metric)
    ]  # fmt: skip
    context = {
        "rows": rows, "metric": metric, "metrics": [(name, METRICS[name]) for name in LISTED],
        "group": control.current(), "state": ws.states().get("experiments"),
        "events": ws.lake.rows(),
    }  # fmt: skip
    return render(request, "experiments/list.html", context)


@needs("policy.edit")
@require_POST
def control_group(request: HttpRequest) -> HttpResponse:
    """Set the share of the global control group."""
    text = request.POST.get("share", "").strip().rstrip("%")
    try:
        share = float(text) / 100
    except ValueError:
        messages.error(request, _("%(text)s is no number") % {"text": text[:40] or "—"})
        return redirect("experiments")
    try:
        control.set_share(
            workspace(), share, by=member(request), now=queue.clock(), fresh=bool(request.POST.get("fresh"))
        )
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The global control group is set; the gate holds to it from now on."))
    return redirect("experiments")


@needs("people.see")
@require_safe
def experiment(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """One experiment: effects, looks, sizes of arms, ties."""
    ws = workspace()
    try:
        found = reading.experiment(ws, f"{kind}/{name}")
    except NotFound as error:
        raise Http404(str(error)) from error
    rows = [said(row) for row in found["effects"]]
    order = list(METRICS)
    rows.sort(key=lambda row: order.index(row["metric"]))
    metric = request.GET.get("metric", "")
    shown = metric if metric in PLANNED else "buyers"
    looks = [row for row in found["looks"] if row["metric"] == shown]
    context = {
        "experiment": found, "name": name, "kind": KINDS.get(kind, kind), "by": UNITS.get(found["unit"], found["unit"]),
        "mains": [row for row in rows if row["main"]], "flags": flags(found["flags"]), "shown": METRICS[shown],
        "ties": [row for row in rows if row["estimator"] in BY_TIES and row["estimate"] is not None],
        "others": [row for row in rows if not row["main"] and row["estimator"] not in BY_TIES],
        "beware": list(dict.fromkeys(flag for row in rows if row["main"] for flag in flags(row["flags"]))),
        "chart": series(looks) if any(row["low"] is not None for row in looks) else None, "metric": shown,
        "metrics": [(one, METRICS[one]) for one in PLANNED], "first": _first(looks), "state": ws.states()["effects"],
        "doses": found["doses"], "parts": [_part(row) for row in found["uplift"] if row["part"]],
        "tells": any(row["part"] == 0 and (row["low"] or 0) > 0 for row in found["uplift"]),
        "campaign": name if kind == "campaign" else "", "currency": brand().currency,
    }  # fmt: skip
    return render(request, "experiments/page.html", context)


def series(looks: Sequence[dict[str, Any]]) -> Figure:
    """The effect so far with its bounds; shares in points."""
    times = 100.0 if looks and looks[0]["metric"] == "buyers" else 1.0

    def values(name: str) -> list[float | None]:
        return [None if row[name] is None or row["low"] is None else times * row[name] for row in looks]

    return Figure(
        kind="lines",
        x=[str(row["day"]) for row in looks],
        title=_("Effect so far, with bounds that hold on all days"),
        series=[
            Series(name=_("Effect so far"), values=values("estimate"), colour=1),
            Series(name=_("Upper bound"), values=values("high"), colour=2),
            Series(name=_("Lower bound"), values=values("low"), colour=2),
        ],
    )


def _part(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: effect(row[name], "share") for name in ("score", "estimate", "low", "high")}}


def _first(looks: Sequence[dict[str, Any]]) -> int | None:
    """The first day on which 0 was outside."""
    return next((row["day"] for row in looks if row["low"] is not None and (row["low"] > 0 or row["high"] < 0)), None)


@needs("people.see")
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """How many people an effect needs, or what people can show."""
    ws, data = workspace(), request.GET
    made, error = None, ""
    if data.get("people") or data.get("effect"):
        try:
            share = data.dict() | ({"effect": str(_percent(data["effect"]))} if data.get("effect") else {})
            asked = asked_of(share | ({"control": str(_percent(data["control"]))} if data.get("control") else {}))
            made = reading.plan(ws, asked)
        except (InputError, NotFound) as wrong:
            error = str(wrong)
    metric = data.get("metric", "buyers")
    unit = {"buyers": "share", "orders": "orders"}.get(metric, brand().currency)
    context = {
        "made": made, "error": error, "data": data, "days": DAYS, "units": UNITS.items(),
        "metrics": [(name, METRICS[name]) for name in PLANNED], "state": ws.states().get("baselines"),
        "events": ws.lake.rows(), "mean": effect(made["baseline"]["mean"], unit).lstrip("+") if made else "",
        "least": effect(made["detectable"], unit).lstrip("+") if made else "",
    }  # fmt: skip
    return render(request, "experiments/plan.html", context, status=422 if error else 200)


def _percent(text: str) -> float:
    try:
        return float(text.strip().rstrip("%")) / 100
    except ValueError as error:
        raise InputError(f"{text[:40]!r} is no number of percent") from error
