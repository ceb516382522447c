"""Giving campaigns to the outbox: pages of people, a saved place, one transaction a page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.db import transaction
from django.db.models import F, Q

from lianyi.action.campaigns import keeping
from lianyi.action.campaigns.models import Campaign
from lianyi.action.experiments import control
from lianyi.action.experiments.assigning import Place, Trial, tell
from lianyi.action.journeys import document as d
from lianyi.action.journeys import neighbours
from lianyi.action.journeys.stepping import opening
from lianyi.action.journeys.world import zones
from lianyi.errors import LianyiError
from lianyi.insight.effects.words import CAMPAIGN
from lianyi.workspace import Workspace

PAGE = 2_000
LEASE = timedelta(seconds=120)
# A message of a campaign that could not go for so long is worth nothing any more.
EXPIRES = timedelta(days=3)
# How often it is asked whether all contacts of a campaign have come to their end.
OVER_EVERY = timedelta(seconds=30)
AFTER_ERROR = timedelta(minutes=1)
State = Campaign.State
# States of contacts that are not their last.
OPEN = frozenset({"waiting", "held", "claimed", "delivering"})


@dataclass(kw_only=True)
class Campaigns:
    """The round of campaigns, see action.rounds.Round."""

    name: str = "campaigns"
    _worker: str = field(default_factory=lambda: secrets.token_hex(12))

    def due(self, now: datetime) -> bool:
        """A campaign that runs has people left, or may be over."""
        return bool(_due(now).exists())

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """A page of each campaign that is due."""
        more = False
        for pk in list(_due(now).order_by("id").values_list("pk", flat=True)):
            if stop():
                break
            if _due(now).filter(pk=pk).update(worker=self._worker, lease_until=now + LEASE):
                more = give(workspace, Campaign.objects.get(pk=pk), now=now) or more
        return more


def _due(now: datetime) -> Any:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return Campaign.objects.filter(free, state=State.RUNNING, started_at__lte=now)


def give(workspace: Workspace, campaign: Campaign, *, now: datetime) -> bool:
    """Give the next page to the outbox, or see whether it is over; True where there is more at once."""
    mine = Campaign.objects.filter(pk=campaign.pk, worker=campaign.worker, state=State.RUNNING)
    try:
        ids = keeping.people_of(workspace, campaign)
        if campaign.given >= len(ids):
            _end(campaign, mine, now)
            return False
        page = ids.slice(campaign.given, PAGE)
        clusters = keeping.clusters_of(workspace, campaign).slice(campaign.given, PAGE)
        _give_page(workspace, campaign, page, clusters, mine, now)
    except LianyiError as error:
        mine.update(problem=str(error)[:2000], worker="", lease_until=now + AFTER_ERROR)
        return False
    return True


def _give_page(
    workspace: Workspace, campaign: Campaign, page: pa.Array, clusters: pa.Array, mine: Any, now: datetime
) -> None:
    begins = campaign.started_at or now
    places = [
        Place(person_id=person, held=keeping.is_held(campaign, person, cluster), at=begins, cluster=cluster)
        for person, cluster in zip(page.to_pylist(), clusters.to_pylist(), strict=True)
        if person
    ]
    if campaign.holdout > 0:
        # Told before anything is asked for: named by campaign and person, so that a page done again tells nothing new.
        trial = Trial(kind=CAMPAIGN, name=campaign.name, share=1 - campaign.holdout)
        tell(workspace, trial, places, control.current(), now=now)
    rows = _asks(workspace, campaign, [one.person_id for one in places if not one.held], now)
    with transaction.atomic():
        # The place is part of the condition: whoever lost the lease meanwhile writes nothing.
        ours = mine.filter(given=campaign.given).update(
            given=F("given") + len(page), asked=F("asked") + len(rows), problem="", worker="", lease_until=None
        )
        if ours:
            neighbours.asks(rows, now=now)


def _asks(workspace: Workspace, campaign: Campaign, people: list[str], now: datetime) -> list[dict[str, Any]]:
    begins = _begins(workspace, campaign, people, now)
    return [
        {"key": f"campaign:{campaign.pk}/{person}", "person_id": person, "channel": campaign.channel,
         "purpose": campaign.purpose, "content": campaign.version, "campaign": campaign.name,
         "by": f"campaign:{campaign.by}"[:100], "priority": campaign.priority, "confirm": campaign.confirm,
         "not_before": begins[person], "expires_at": begins[person] + EXPIRES}
        for person in people
    ]  # fmt: skip


def _begins(workspace: Workspace, campaign: Campaign, people: list[str], now: datetime) -> dict[str, datetime]:
    """When each may get it at the earliest: at once, or when the window opens in their zone."""
    if not campaign.window:
        return dict.fromkeys(people, now)
    window = d.Wait(id="window", between=keeping.window_of(campaign.window))
    by_zone: dict[ZoneInfo, datetime] = {}
    return {
        person: by_zone.setdefault(zone, opening(window, now, zone))
        for person, zone in zones(workspace, people).items()
    }


def _end(campaign: Campaign, mine: Any, now: datetime) -> None:
    """Over once no contact is open any more; until then it is asked again after a while."""
    is_open = any(row["contacts"] for row in neighbours.outcomes(campaign=campaign.name) if row["state"] in OPEN)
    if is_open:
        mine.update(worker="", lease_until=now + OVER_EVERY)
    else:
        mine.update(worker="", lease_until=None, state=State.OVER, ended_at=now)
