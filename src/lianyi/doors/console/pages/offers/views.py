"""The offer planner: what a rule would cost and bring and whom it would entitle, before and after it is published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.offers import fairness, issuing, planning, publishing, redeeming
from lianyi.action.offers.models import Offer
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.offers import offer_wanted
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import stage_titles
from lianyi.doors.console.pages.rewards.views import local, moment_in, texts_in
from lianyi.doors.console.pages.value.views import BANDS
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError
from lianyi.workspace import Workspace

DIMENSIONS = {
    "all": gettext_lazy("Everybody"), "community": gettext_lazy("Community"), "city": gettext_lazy("City"),
    "stage": gettext_lazy("Stage"), "value_band": gettext_lazy("Worth of the next year"),
}  # fmt: skip
USES = {
    "late": gettext_lazy("used after its end"), "again": gettext_lazy("of a coupon used before"),
    "passed_on": gettext_lazy("by people who never got it"), "unknown": gettext_lazy("by buyers whom nobody knows"),
}  # fmt: skip
APART = {"low": gettext_lazy("reached less"), "high": gettext_lazy("reached more")}


@needs("people.see")
@require_http_methods(["GET", "HEAD", "POST"])
def offers(request: HttpRequest) -> HttpResponse:
    """Published offers, and the planner: a form that is sent is worked out, and nothing is kept."""
    if request.method != "POST":
        return _list(request)
    ws, now = workspace(), queue.clock()
    try:
        made = publishing.draft(ws, offer_wanted(_asked(request.POST)), by=member(request).name, now=now)
        return _list(request, shown=_shown(ws, made, planning.plan(ws, made, now)))
    except (LianyiError, ApiError) as error:
        return _list(request, error=str(error), status=422)


@needs("rewards.edit")
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish it; what is refused comes back with the reason."""
    ws, user, now = workspace(), member(request), queue.clock()
    try:
        made = publishing.publish(ws, offer_wanted(_asked(request.POST)), by=user.name, now=now)
    except (LianyiError, ApiError) as error:
        return _list(request, error=str(error), status=422)
    audit.note(user, "offer.publish", made.name, offer=made.pk, version=made.version, rule=made.condition)
    planning.looked_at(ws, made, now)
    return redirect("offer", made.pk)


def _asked(data: QueryDict) -> dict[str, Any]:
    most = data.get("most", "").strip()
    return {
        **{name: data.get(name, "").strip() for name in ("name", "kind", "condition", "experiment", "code")},
        **{name: data.get(name) or 0 for name in ("percent", "amount", "least")},
        "most": most or 0 if (number := whole(most)) is None else number, "says": texts_in(data),
        "starts_at": moment_in(data, "starts_at"), "ends_at": moment_in(data, "ends_at"),
    }  # fmt: skip


def _list(
    request: HttpRequest, *, error: str = "", shown: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    now, found = queue.clock(), list(Offer.objects.all()[:100])
    used = redeeming.redeemed_of(workspace(), found)
    context = {
        "offers": [{**_gives(one), "used": used.get(one.pk)} for one in found], "error": error, "data": request.POST,
        "starts": local(now), "ends": local(now + timedelta(days=30)), "now": now, "public": sorted(publishing.PUBLIC),
        "least_people": publishing.LEAST_PEOPLE, "shown": shown,
    }  # fmt: skip
    return render(request, "offers/page.html", context, status=status)


def _gives(offer: Offer) -> dict[str, Any]:
    return {
        "offer": offer, "percent": offer.percent / 10_000, "amount": offer.amount / 100, "least": offer.least / 100,
    }  # fmt: skip


def _shown(ws: Workspace, offer: Offer, plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan for the page: figures, and the groups by dimension with their names."""
    by = _titled(ws, plan.get("groups") or [])
    everybody = by.pop("all", [None])[0]
    return {
        **_gives(offer), "plan": plan, "everybody": everybody,
        "groups": [{"title": DIMENSIONS[name], "rows": rows} for name, rows in by.items()],
    }  # fmt: skip


def _used(ws: Workspace, offer: Offer) -> dict[str, Any] | None:
    """What became of it, for the page; None: the tables do not know of its issue."""
    found = redeeming.redeemed(ws, offer)
    if found is None:
        return None
    odd = [{"title": USES[name], "count": count} for name, count in found["uses"].items() if name in USES and count]
    groups = [{"title": DIMENSIONS[name], "rows": rows} for name, rows in _titled(ws, found["groups"]).items()]
    money = {name: None if found[name] is None else Decimal(found[name]) for name in redeeming.MONEY}
    return {**found, **money, "groups": groups, "odd": odd, "state": ws.states()[redeeming.TABLE]}


def _titled(ws: Workspace, groups: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of groups by dimension, each with what it is called."""
    names = names_of_communities(ws, [row["member"] for row in groups if row["dimension"] == "community"])
    by: dict[str, list[dict[str, Any]]] = {}
    for row in groups:
        said = {"community": names, "stage": stage_titles(ws), "value_band": BANDS}.get(row["dimension"], {})
        title = said.get(row["member"], row["member"])
        by.setdefault(row["dimension"], []).append({**row, "title": title, "apart_title": APART.get(row["apart"], "")})
    return by


def names_of_communities(ws: Workspace, ids: list[str]) -> dict[str, str]:
    """Names of communities, in the language of the page."""
    if not ids or "communities" not in ws.states():
        return {}
    column = "name_zh" if (get_language() or "").startswith("zh") else "name_en"
    marks = ", ".join("?" for _one in ids)
    rows = ws.rows(f"SELECT community_id, {column} AS name FROM communities WHERE community_id IN ({marks})", ids)
    return {row["community_id"]: row["name"] or row["community_id"] for row in rows}


@needs("people.see")
@require_safe
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One version: what it gives, what it costs, whom it entitles."""
    found = get_object_or_404(Offer, pk=offer_id)
    versions = Offer.objects.filter(name=found.name).exclude(pk=found.pk)
    context = {
        "offer": found,
        "versions": versions,
        "now": queue.clock(),
        "shown": _shown(workspace(), found, found.plan),
        "used": _used(workspace(), found),
    }
    return render(request, "offers/offer.html", context)


@needs("rewards.edit")
@require_POST
def act(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Work the plan out anew, issue, or close."""
    found, user, what = get_object_or_404(Offer, pk=offer_id), member(request), request.POST.get("act", "")
    ws, now = workspace(), queue.clock()
    try:
        if what == "plan":
            planning.looked_at(ws, found, now)
            prices = fairness.prices(ws, found)
            messages.success(
                request, _("Worked out. The log knows %(issued)s people who got it, at %(prices)s price(s).") % prices
            )
        elif what == "issue":
            count = issuing.issue(ws, found, now=now)
            messages.success(request, _("Issued to %(count)s people.") % {"count": count})
        elif what == "close":
            publishing.close(found, now=now)
        else:
            return redirect("offer", offer_id)
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, f"offer.{what}", found.name, offer=found.pk)
    return redirect("offer", offer_id)
