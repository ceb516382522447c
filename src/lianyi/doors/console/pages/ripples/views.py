"""The list of ripples and the page of one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.ripples import figures, tree
from lianyi.doors.console.rights import needs
from lianyi.doors.console.templatetags.said import moment, number, ripple_name
from lianyi.errors import NotFound
from lianyi.ripples import ORDERS
from lianyi.workspace import Workspace

PAGE = 50
BROAD, NARROW = 10, 4  # columns of a tree: seeds and generations
KINDS = {
    "": gettext_lazy("All"), "campaign": gettext_lazy("Campaigns"), "content": gettext_lazy("Contents"),
    "group": gettext_lazy("Groups"), "share": gettext_lazy("Other shares"),
}  # fmt: skip
ONE_OF = {
    "campaign": gettext_lazy("Campaign"), "content": gettext_lazy("Content"), "group": gettext_lazy("Group"),
    "share": gettext_lazy("Other share"),
}  # fmt: skip
ORDER_TITLES = {
    "reached": gettext_lazy("Largest"), "latest": gettext_lazy("Latest"), "r_now": gettext_lazy("R now"),
    "revenue": gettext_lazy("Revenue"), "depth": gettext_lazy("Deepest"),
}  # fmt: skip
TRENDS = {
    "growing": gettext_lazy("growing"), "fading": gettext_lazy("fading"), "over": gettext_lazy("over"),
    "open": gettext_lazy("too early to say"),
}  # fmt: skip


@needs("people.see")
@require_safe
def ripples(request: HttpRequest) -> HttpResponse:
    """All ripples: how large, how they go now, what they earned."""
    ws = workspace()
    state = ws.states().get("ripples")
    context: dict[str, Any] = {"state": state, "events": ws.lake.rows(), "stale": ws.stale()}
    if state is not None:
        kind = request.GET.get("kind", "")
        by = request.GET.get("by", "reached")
        page = request.GET.get("page", "1")
        context |= _listed(ws, kind if kind in KINDS else "", by if by in ORDERS else "reached", _page(page))
    return render(request, "ripples/list.html", context)


def _page(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _listed(ws: Workspace, kind: str, by: str, page: int) -> dict[str, Any]:
    found = ws.ripples.largest(kind=kind or None, by=by, limit=PAGE + 1, skip=(page - 1) * PAGE)
    (total,) = ws.rows(
        "SELECT count(*) AS ripples, sum(reached) AS reached, sum(revenue) AS revenue, sum(apart) AS apart, "
        "count(*) FILTER (WHERE trend = 'growing') AS growing FROM ripples",
    )
    return {
        "rows": found[:PAGE], "more": len(found) > PAGE, "page": page, "kind": kind, "by": by, "total": total,
        "kinds": KINDS, "one_of": ONE_OF, "orders": ORDER_TITLES, "trends": TRENDS,
    }  # fmt: skip


@needs("people.see")
@require_safe
def ripple(request: HttpRequest, ripple_id: str) -> HttpResponse:
    """One ripple: its tree, over time, R by generation, money, what is set apart, forecasts."""
    ws = workspace()
    try:
        found = ws.ripples.one(ripple_id)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    everybody = sum(row["people"] for row in found["generations"])
    step = _step(request.GET.get("step", ""))
    until = found["began_at"] + (found["last_at"] - found["began_at"]) * step / figures.STEPS
    branches = ws.ripples.branches(ripple_id)
    drawn = {
        size: mark_safe(  # noqa: S308  the drawing escapes what it is given
            tree.draw(branches, total=everybody, depth=found["depth"] or 0, words=_words(found), width=width,
                      height=height, until=until if step < figures.STEPS else None, columns=columns)
        )
        for size, width, height, columns in (("broad", 1040, 420, BROAD), ("narrow", 350, 420, NARROW))
    }  # fmt: skip
    width = _bucket(found["last_at"] - found["began_at"])
    context = {
        "ripple": found, "people": everybody, "tree": drawn, "step": step, "steps": figures.STEPS, "until": until,
        "columns": {"broad": BROAD, "narrow": NARROW},
        "branches": branches[:20], "trends": TRENDS, "one_of": ONE_OF,
        "time": figures.over_time(_came(ws, found, width), found["began_at"], width),
        "rates": figures.by_generation(found["generations"]),
        "state": ws.states()["ripples"], "states": ws.states(),
        "overlaps": _overlaps(ws, ripple_id),
        "share_step": (found["last_at"] - found["began_at"]).total_seconds() / figures.STEPS,
    }  # fmt: skip
    return render(request, "ripples/page.html", context)


def _step(text: str) -> int:
    return min(int(text), figures.STEPS) if text.isdecimal() and len(text) < 4 else figures.STEPS


def _words(found: dict[str, Any]) -> tree.Words:
    return tree.Words(
        person=_said,
        more=lambda count: _("%(count)s more") % {"count": number(count)},
        column=lambda place: _("Seeds") if place == 0 else _("Generation %(number)s") % {"number": place},
        label=_("Tree of %(name)s: people by generation") % {"name": ripple_name(found)},
    )


def _said(row: dict[str, Any]) -> str:
    lines = [row["name"] or row["person_id"][:7], f"{_('came')}\t{moment(row['at'])}",
             f"{_('people behind')}\t{number(row['reach'])}"]  # fmt: skip
    if row["how"] == "estimate":
        lines.append(f"{_('through whom: estimate')}\t{row['probability']:.0%}")
    if row["how"] == "unknown":
        lines.append(_("nobody knows through whom"))
    return "\n".join(str(line) for line in lines)


def _bucket(span: timedelta) -> timedelta:
    """A round step with at most about 40 of them in the span."""
    hours = (1, 2, 3, 6, 12, 24, 48, 72, 7 * 24, 14 * 24)
    return next((timedelta(hours=step) for step in hours if span / 40 <= timedelta(hours=step)), span / 40)


def _came(ws: Workspace, found: dict[str, Any], width: timedelta) -> list[dict[str, Any]]:
    micros = int(width.total_seconds() * 1_000_000)
    began: datetime = found["began_at"]
    return ws.rows(
        """SELECT CAST(floor((epoch_us("at") - epoch_us(CAST(? AS TIMESTAMPTZ))) / ?) AS BIGINT) AS step, generation,
            count(*) AS people
        FROM arrivals WHERE ripple_id = ? AND len(flags) = 0 GROUP BY 1, 2""",
        (began, micros, found["ripple_id"]),
    )


def _overlaps(ws: Workspace, ripple_id: str) -> list[dict[str, Any]]:
    if "ripple_overlaps" not in ws.states():
        return []
    found = ws.rows(
        """SELECT o.*, CASE WHEN o.ripple_a = ? THEN o.ripple_b ELSE o.ripple_a END AS other FROM ripple_overlaps AS o
        WHERE o.ripple_a = ? OR o.ripple_b = ? ORDER BY o.common DESC, other LIMIT 8""",
        (ripple_id, ripple_id, ripple_id),
    )
    others = ws.ripples.titles([row["other"] for row in found])
    return [{**row, **others[row["other"]]} for row in found]
