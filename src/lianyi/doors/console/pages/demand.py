"""The demand map: which category is needed by how many, and in which scene it is bought more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lianyi.action.contacts import proposing
from lianyi.demand import KINDS
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import once_per_state
from lianyi.doors.console.rights import needs
from lianyi.workspace import Workspace

KIND_TITLES = {
    "hour": _("Hour"),
    "weekday": _("Weekday"),
    "season": _("Season"),
    "festival": _("Festival"),
    "place": _("City"),
    "topic": _("Group talk"),
}
OPTION_TITLES = {"nothing": _("Do nothing"), "show": _("Show them something"), "connect": _("Bring two together")}
SOON = 5  # festivals ahead
MOST = 4  # needs and objects on a person's card


@once_per_state
def _map(ws: Workspace) -> Mapping[str, Any]:
    """Rows of the map, one per category; the next festivals for which something is known; how much was looked at."""
    scenes = ws.demand.scenes()
    looked = ws.demand.looked_at()
    coming = sorted((row for row in scenes if row["next_on"]), key=lambda row: (row["next_on"], row["category"]))
    return {"rows": _by_category(ws.demand.categories(), scenes), "coming": coming[:SOON], "scenes": scenes, **looked}


def _by_category(categories: Sequence[str], scenes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row = one category: scenes that were found, by kind in the order of KINDS, the strongest first."""
    most = max((row["lift"] for row in scenes), default=1.0)
    return [
        {
            "category": category,
            "cells": [
                {
                    "kind": KIND_TITLES[kind],
                    "scenes": [
                        {**row, "share": row["lift"] / most, "title": _title(row)}
                        for row in scenes
                        if row["category"] == category and row["kind"] == kind
                    ],
                }
                for kind in KINDS
            ],
        }
        for category in categories
    ]


def _title(row: Mapping[str, Any]) -> dict[str, str]:
    """As the filter `why` says it."""
    return {"why_en": row["title_en"], "why_zh": row["title_zh"]}


_needed = once_per_state(lambda ws: ws.demand.needed())


@needs("people.see")
@require_safe
def demand_map(request: HttpRequest) -> HttpResponse:
    """Categories × kinds of scenes, and each scene in a sentence."""
    ws = workspace()
    state = ws.states().get("scenes")
    context: dict[str, Any] = {"state": state, "events": ws.lake.rows(), "stale": ws.stale()}
    if state is not None:
        context |= {**_map(ws), "kinds": KIND_TITLES.values(), "needed": _needed(ws)}
    return render(request, "demand/page.html", context)


def next_card(ws: Workspace, person_id: str) -> dict[str, Any] | None:
    """What the card on a person's page says: the strongest needs, what to show, what could be done; None before a
    refresh has made the tables."""
    state = ws.states().get("next_best")
    if state is None:
        return None
    options = proposing.options(ws, person_id, now=timezone.now())
    return {
        "state": state,
        "needs": ws.demand.needs(person_id)[:MOST],
        "shown": ws.demand.recommendations(person_id)[:MOST],
        "options": [{**row, "title_": OPTION_TITLES[row["option"]], "gate": _gate(row["policy"])} for row in options],
    }


def _gate(policy: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the contact policy says of it now, as the filter `why` says it."""
    if policy is None:
        return None
    return {"verdict": policy["verdict"], "why_en": policy["said_en"], "why_zh": policy["said_zh"]}
