"""The next best: for how many each option is taken, what other ways of choosing would have brought, and exploring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.contacts import proposing
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import once_per_state
from lianyi.doors.console.pages.demand import OPTION_TITLES
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError
from lianyi.workspace import Workspace

METRICS = {"orders": _("Orders"), "revenue": _("Revenue")}
WAY_TITLES = {
    "off": _("Off: always the best known option"),
    "epsilon": _("For a share of people any allowed option"),
    "softmax": _("Each option by what it is worth"),
}
POLICIES = {
    "followed": _("As it was drawn"),
    "best for each": _("What did best for each kind of people"),
    "always message": _("A message to everybody"),
    "always nothing": _("No message to anybody"),
    "only bought": _("Only who bought lately"),
    "only active": _("Only who was active lately without buying"),
    "only quiet": _("Only who was quiet lately"),
}
METHODS = {"mean": _("mean"), "ips": "IPS", "snips": "SNIPS", "dr": _("doubly robust")}
ORDER = ("dr", "snips", "ips", "mean")

_orders = once_per_state(lambda ws: _policies(ws, "orders"))
_revenue = once_per_state(lambda ws: _policies(ws, "revenue"))
_chosen = once_per_state(lambda ws: ws.demand.chosen())


def _policies(ws: Workspace, metric: str) -> list[dict[str, Any]]:
    """One row = one choice and policy with its estimates, the one to go by first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in ws.demand.policies(metric=metric):
        one = found.setdefault(
            (row["choice"], row["policy"]),
            {"choice": row["choice"], "policy": row["policy"], "decisions": row["decisions"], "methods": []},
        )
        one["methods"].append(row)
    for one in found.values():
        one["methods"].sort(key=lambda row: ORDER.index(row["method"]))
    return list(found.values())


@needs("people.see")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Everything about choosing."""
    return _page(request)


def _page(request: HttpRequest, *, error: str = "") -> HttpResponse:
    ws = workspace()
    metric = request.GET.get("metric", "")
    metric = metric if metric in METRICS else "orders"
    state = ws.states().get("policy_worth")
    context: dict[str, Any] = {"state": state, "metric": metric, "metrics": METRICS.items(), "error": error,
                               "stale": ws.stale(), "ways": WAY_TITLES.items(), **_exploring(ws)}  # fmt: skip
    if state is not None:
        rows = _revenue(ws) if metric == "revenue" else _orders(ws)
        context |= {
            "rows": [_titled(row) for row in rows],
            "chosen": [{**row, "title": OPTION_TITLES[row["option"]]} for row in _chosen(ws)],
        }
    return render(request, "demand/next_best.html", context, status=422 if error else 200)


def _exploring(ws: Workspace) -> dict[str, Any]:
    """What holds; a file that somebody broke by hand is told of, not fallen over."""
    try:
        found = proposing.exploring(ws.folder)
    except InputError as broken:
        return {"exploring": None, "broken": str(broken)}
    return {"exploring": found, "share_percent": f"{found.share * 100:g}", "scale_plain": f"{found.scale:g}"}


def _titled(row: Mapping[str, Any]) -> dict[str, Any]:
    policy = row["policy"]
    title = POLICIES.get(policy) or gettext("Always %(option)s") % {"option": policy.removeprefix("always ")}
    methods = [{**one, "title": METHODS[one["method"]]} for one in row["methods"]]
    return {**row, "title": title, "first": methods[0], "others": methods[1:]}


@needs("policy.edit")
@require_POST
def explore(request: HttpRequest) -> HttpResponse:
    """Whether and how the next best is drawn by chance."""
    try:
        said = {"explore": request.POST.get("explore", ""), "share": _number(request, "share") / 100,
                "scale": _number(request, "scale")}  # fmt: skip
        proposing.explore(workspace().folder, said, by=member(request))
    except InputError as error:
        return _page(request, error=str(error))
    messages.success(request, _("Holds from the next refresh on."))
    return redirect("next_best")


def _number(request: HttpRequest, name: str) -> float:
    text = request.POST.get(name, "").strip()
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{name} = {text[:20]!r}; write a number") from error
