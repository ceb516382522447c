"""Campaigns by API: draft, check, start, pause, stop, figures."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django.http import HttpRequest

from lianyi.action.campaigns import figures, keeping
from lianyi.action.campaigns.keeping import Draft
from lianyi.action.campaigns.models import Campaign
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of
from lianyi.doors.console.brand import workspace

api = Api()
NAMES = (
    "id", "name", "audience", "content", "channel", "purpose", "holdout", "unit", "at", "window", "confirm", "priority",
    "state", "people", "as_of", "given", "asked", "by", "created_at", "started_at", "ended_at", "problem",
)  # fmt: skip
_SAYS = {
    "name": "as links, codes and events carry it", "audience": "name of an audience", "content": "name of a content",
    "channel": "name of a channel account", "holdout": "share that gets nothing",
    "unit": "what is held out: person or community", "at": "not before (ISO 8601)",
    "window": "hours of the person's day, e.g. 09:00-21:00", "confirm": "a human must let each message go",
}  # fmt: skip
_KINDS = {"holdout": "number", "confirm": "boolean", "priority": "integer"}
FIELDS = tuple(
    Parameter(name=field.name, says=_SAYS.get(field.name, field.name), type=_KINDS.get(field.name, "string"),
              required=field.name in {"name", "audience", "content", "channel"})
    for field in fields(Draft)
)  # fmt: skip


def _described(campaign: Campaign) -> dict[str, Any]:
    return {name: getattr(campaign, name) for name in NAMES}


@api.add("GET", "campaigns", right="people.see", says="The latest 200 campaigns.")
def campaigns(_request: HttpRequest) -> dict[str, Any]:
    """Newest first."""
    return {"campaigns": [_described(one) for one in Campaign.objects.all()[:200]]}


@api.add("PUT", "campaigns", right="journeys.edit", says="Write a campaign down, or change one that does not run yet.",
         body=FIELDS)  # fmt: skip
def put_campaign(request: HttpRequest) -> dict[str, Any]:
    """It is a draft then, to be checked."""
    user = user_of(request)
    made = keeping.draft(body_of(request, "name", "audience", "content", "channel"), by=user.name)
    audit.note(user, "campaign.draft", made.name)
    return {"campaign": _described(made)}


@api.add("GET", "campaigns/<str:name>", right="people.see",
         says="One campaign with its figures: contacts by state, refusals by rule, what people did, the holdout beside "
         "it.")  # fmt: skip
def one_campaign(_request: HttpRequest, name: str) -> dict[str, Any]:
    """figures is null until it is checked."""
    campaign = keeping.campaign_of(name)
    made = figures.figures(workspace(), campaign, now=queue.clock())
    return {"campaign": _described(campaign), "figures": asdict(made) if made else None}


@api.add("POST", "campaigns/<str:name>/check", right="journeys.edit",
         says="Say all that is wrong; where nothing is, write down whom it is for.")  # fmt: skip
def check_campaign(request: HttpRequest, name: str) -> dict[str, Any]:
    """problems: each with its field."""
    user, campaign = user_of(request), keeping.campaign_of(name)
    checked = keeping.check(workspace(), campaign, now=queue.clock())
    audit.note(user, "campaign.check", name, problems=len(checked.problems))
    return {"campaign": _described(campaign), "checked": asdict(checked)}


@api.add("POST", "campaigns/<str:name>/turn", right="contacts.send",
         says="Start, pause, stop a campaign, or remove one that never ran.",
         body=(Parameter(name="act", says="start, pause, stop, remove", required=True),))  # fmt: skip
def turn_campaign(request: HttpRequest, name: str) -> dict[str, Any]:
    """422 where its state does not allow it."""
    campaign, user, now = keeping.campaign_of(name), user_of(request), queue.clock()
    act = text_of(body_of(request, "act"), "act")
    if act == "start":
        keeping.start(campaign, now=now)
    elif act == "pause":
        keeping.pause(campaign)
    elif act == "stop":
        keeping.stop(campaign, now=now)
    elif act == "remove":
        keeping.remove(workspace(), campaign)
    else:
        raise ApiError(422, f"act: {act[:40]!r} is none of start, pause, stop, remove")
    audit.note(user, f"campaign.{act}", name)
    return {"campaign": _described(campaign)}
