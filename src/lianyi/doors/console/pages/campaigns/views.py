"""The pages of campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.campaigns import figures, keeping
from lianyi.action.campaigns.models import Campaign
from lianyi.action.plans.models import Plan
from lianyi.action.policy.words import section
from lianyi.action.team import audit
from lianyi.action.team.rights import Text
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.campaigns.form import CampaignForm, initial_of
from lianyi.doors.console.pages.experiments.words import said
from lianyi.doors.console.pages.journeys.words import CONTACTS
from lianyi.doors.console.pages.ledger.words import sums_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, LianyiError
from lianyi.insight.effects.words import CAMPAIGN, experiment_of

STATES: Mapping[str, Text] = {
    "draft": _("Draft"), "checked": _("Checked"), "running": _("Running"), "paused": _("Paused"), "over": _("Over"),
    "stopped": _("Stopped"),
}  # fmt: skip


@needs("people.see")
@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """All campaigns."""
    found = [{"campaign": one, "state": STATES[one.state]} for one in Campaign.objects.all()[:200]]
    return render(request, "campaigns/list.html", {"campaigns": found})


@needs("journeys.edit")
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Write one down."""
    return _form(request, None)


@needs("journeys.edit")
def campaign_edit(request: HttpRequest, campaign: int) -> HttpResponse:
    """Change one that does not run yet."""
    return _form(request, get_object_or_404(Campaign, pk=campaign))


def _form(request: HttpRequest, found: Campaign | None) -> HttpResponse:
    fixed = found is not None
    if request.method != "POST":
        form = CampaignForm(initial=initial_of(found) if found else None, fixed=fixed)
        return render(request, "campaigns/edit.html", {"form": form, "campaign": found})
    form = CampaignForm(request.POST, fixed=fixed)
    if form.is_valid():
        user = member(request)
        data = {**form.draft, "name": found.name if found else form.draft["name"]}
        try:
            made = keeping.draft(data, by=user.name, new=found is None)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            audit.note(user, "campaign.draft", made.name)
            return redirect("campaign", made.pk)
    return render(request, "campaigns/edit.html", {"form": form, "campaign": found}, status=422)


@needs("people.see")
@require_safe
def campaign(request: HttpRequest, campaign: int) -> HttpResponse:
    """One campaign: what it is, how far it is, what came of it beside the holdout."""
    return _page(request, get_object_or_404(Campaign, pk=campaign))


def _page(request: HttpRequest, found: Campaign, checked: keeping.Checked | None = None) -> HttpResponse:
    now = queue.clock()
    made = figures.figures(workspace(), found, now=now)
    states = [(CONTACTS.get(state, state), count) for state, count in made.states.items()] if made else []
    context = {
        "campaign": found, "state": STATES[found.state], "checked": checked, "figures": made, "states": states,
        "refused": [(section(rule, get_language() or "en"), n) for rule, n in (made.refused if made else {}).items()],
        "plan": Plan.objects.filter(campaign=found.name).first(), "now": now,
        "money": sums_of("campaign", found.name),
        "pictured": f"{reverse('picture')}?{urlencode({'member': found.name})}" if found.started_at else "",
        "measured": _measured(found), "measured_state": workspace().states().get("effects"),
        "share_given": found.given / found.people if found.people else None,
    }  # fmt: skip
    return render(request, "campaigns/page.html", context, status=422 if checked and checked.problems else 200)


def _measured(found: Campaign) -> dict[str, Any] | None:
    """The main effect on buyers of table `effects`, None where the tables do not know the experiment yet."""
    ws = workspace()
    if found.started_at is None or "effects" not in ws.states():
        return None
    rows = ws.look_up("effects", [experiment_of(CAMPAIGN, found.name)]).to_pylist()
    mine = [row for row in rows if row["metric"] == "buyers" and row["main"] and row["estimate"] is not None]
    return said(mine[0]) if mine else None


@needs("journeys.edit")
@require_POST
def campaign_check(request: HttpRequest, campaign: int) -> HttpResponse:
    """Check it and write down whom it is for."""
    found, user = get_object_or_404(Campaign, pk=campaign), member(request)
    checked = keeping.check(workspace(), found, now=queue.clock())
    audit.note(user, "campaign.check", found.name, problems=len(checked.problems))
    return _page(request, found, checked) if checked.problems else redirect("campaign", found.pk)


@needs("contacts.send")
@require_POST
def campaign_turn(request: HttpRequest, campaign: int) -> HttpResponse:
    """Start, pause, stop, or throw away what never ran."""
    found, user, act = get_object_or_404(Campaign, pk=campaign), member(request), request.POST.get("act", "")
    now = queue.clock()
    try:
        match act:
            case "start":
                keeping.start(found, now=now)
            case "pause":
                keeping.pause(found)
            case "stop":
                keeping.stop(found, now=now)
            case "remove":
                keeping.remove(workspace(), found)
            case _:
                raise InputError(f"{act[:40]!r} is none of start, pause, stop, remove")
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, f"campaign.{act}", found.name)
        if act == "remove":
            return redirect("campaigns")
    return redirect("campaign", campaign)
