"""Funnel and ripple of a campaign or a month, over time; the people in a cell, kept as a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from lianyi import picture as pictures
from lianyi import roi
from lianyi.action.audiences import defining
from lianyi.action.team import audit
from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.pages.ledger.words import page_of
from lianyi.doors.console.pages.picture import drawing
from lianyi.doors.console.rights import member as signed_in
from lianyi.doors.console.rights import needs
from lianyi.errors import InputError, LianyiError, NotFound
from lianyi.picture import Picture
from lianyi.workspace import Workspace

PAGE = 100
BROAD, NARROW = 8, 5  # columns: generations
FIELDS = ("of", "member", "stage", "generation", "later", "moved", "until")
PARTS: Mapping[str, Text] = {"campaign": _("Campaigns"), "month": _("Months")}


@needs("people.see")
@require_safe
def picture(request: HttpRequest) -> HttpResponse:
    """One picture; without `member` the latest."""
    ws = workspace()
    state = ws.states().get("picture_cells")
    if state is None:
        return render(request, "picture/page.html", {"state": None, "events": ws.lake.rows()})
    of = request.GET.get("of", "campaign")
    if of not in pictures.PARTS:
        raise Http404("of: neither campaign nor month")
    members = pictures.members(ws, of)
    chosen = request.GET.get("member") or (members[0]["member"] if members else "")
    context = {"state": state, "of": of, "parts": PARTS, "members": members, "chosen": chosen}
    if chosen:
        context |= _drawn(ws, of, chosen, request.GET.get("step", ""))
    return render(request, "picture/page.html", context)


def _drawn(ws: Workspace, of: str, chosen: str, asked: str) -> dict[str, Any]:
    try:
        found = pictures.picture(ws, of, chosen)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    last = len(found.days) - 1
    step = min(int(asked), last) if asked.isdecimal() and len(asked) < 4 else last
    sizes = {
        size: mark_safe(  # noqa: S308  the drawing escapes what it is given
            drawing.rings(found, step=step, columns=columns, currency=brand().currency)
            .svg(width=width, row=row, label=label)
        )
        for size, columns, width, row, label in (("broad", BROAD, 960, 58, 110), ("narrow", NARROW, 350, 48, 62))
    }  # fmt: skip
    return {
        "picture": found, "drawn": sizes, "step": step, "last": last, "day": found.days[step],
        "moments": " ".join(day.isoformat() for day in found.days), "rows": _rows(found, step),
        "outside": found.money.get(None), "outside_revenue": _outside(found, step, "revenue"),
        "outside_spent": _outside(found, step, "spent"), "page": page_of(of, chosen) if of == "campaign" else "",
        "returns": roi.of_campaign(ws, chosen) if of == "campaign" and "ledger_splits" in ws.states() else None,
        "money_state": ws.states()["picture_money"], "columns": {"broad": BROAD, "narrow": NARROW},
    }  # fmt: skip


def _outside(found: Picture, step: int, name: str) -> Any:
    booked = found.money.get(None)
    return getattr(booked, name)[step] if booked else None


def _rows(found: Picture, step: int) -> list[dict[str, Any]]:
    """The same as a table: a row for each generation, with its money."""
    made = []
    for generation in found.generations:
        booked = found.money.get(generation)
        cells = [found.cell(generation, stage.place) for stage in found.stages]
        made.append({
            "title": drawing.title_of(generation),
            "cells": [(cell.people[step], cell.moved[step],
                       drawing.address(found.part, found.member, stage.stage, generation))
                      for cell, stage in zip(cells, found.stages, strict=True)],
            "revenue": booked.revenue[step] if booked else 0, "spent": booked.spent[step] if booked else 0,
        })  # fmt: skip
    return made


def _cell(data: QueryDict) -> dict[str, Any]:
    """Which cell is asked for; InputError names what can't be used."""
    generation, until = data.get("generation", ""), data.get("until", "")
    if generation and not (generation.isdecimal() and len(generation) < 5):
        raise InputError(f"generation: {generation[:20]!r} is no number")
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError as error:
        raise InputError(f"until: {until[:40]!r} is no day; write it like 2026-05-31") from error
    return {
        "stage": data.get("stage", "reached"), "generation": int(generation) if generation else None,
        "later": bool(data.get("later")), "moved": bool(data.get("moved")), "until": day,
    }  # fmt: skip


@needs("people.see")
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who stands in a cell."""
    return _page(request, request.GET)


def _page(request: HttpRequest, data: QueryDict, *, error: str = "") -> HttpResponse:
    ws, number = workspace(), data.get("page", "1")
    page = int(number) if number.isdecimal() and 0 < len(number) < 6 and int(number) else 1
    of, chosen = data.get("of", ""), data.get("member", "")
    try:
        cell = _cell(data)
        found = pictures.people(ws, of, chosen, **cell, limit=PAGE + 1, offset=(page - 1) * PAGE)
        stages = pictures.stages(ws)
    except (InputError, NotFound) as wrong:
        raise Http404(str(wrong)) from wrong
    context = {
        "of": of, "chosen": chosen, "cell": cell, "rows": found[:PAGE], "more": len(found) > PAGE, "page": page,
        "stage": next(one for one in stages if one.stage == cell["stage"]), "error": error, "given": data,
        "fields": FIELDS,
        "state": ws.states()["picture_people"],
        "generation": "" if cell["generation"] is None else
        drawing.title_of(cell["generation"], later=cell["later"]),
    }  # fmt: skip
    return render(request, "picture/people.html", context, status=422 if error else 200)


@needs("audiences.edit")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the people of a cell as a list."""
    ws, user, data = workspace(), signed_in(request), request.POST
    try:
        cell = _cell(data)
        found = pictures.ids(ws, data.get("of", ""), data.get("member", ""), **cell)
        about = f"{data.get('of')} {data.get('member')}: {cell['stage']}, generation {data.get('generation') or 'any'}"
        name = data.get("name", "")
        made, _put = defining.make_list(ws, name, "\n".join(found), by=user.name, now=ws.clock(), about=about)
    except LianyiError as problem:
        return _page(request, data, error=str(problem))
    audit.note(user, "audience.gather", made.name, audience=made.pk, people=len(found), cell=about)
    return redirect("audience", made.pk)
