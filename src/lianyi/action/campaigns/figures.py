"""What came of a campaign: contacts by their end, what people did, and the same of the holdout beside it.

All of the audience's people who were not held out count as reached by the attempt (intention to treat), whether their
message went or not: else those who can be reached would be compared with everybody. The effect is the difference of the
shares who bought, with Newcombe's interval for two proportions (method 10 of Newcombe 1998, Statistics in Medicine 17).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pyarrow as pa

from lianyi.action.campaigns import keeping
from lianyi.action.campaigns.models import Campaign
from lianyi.action.journeys import neighbours
from lianyi.errors import InputError
from lianyi.workspace import Workspace

# How long after its start an order counts for a campaign.
COUNTS = timedelta(days=14)
Z = 1.959964  # both sides of 95 %


@dataclass(frozen=True, kw_only=True)
class Share:
    """people, and how many of them did something."""

    people: int
    did: int

    @property
    def share(self) -> float | None:
        """The part, None of nobody."""
        return self.did / self.people if self.people else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """planned: people of the audience who are not held out; held: those who are. states: contacts by state; refused:
    by the rule that refused. opened, clicked, arrived: people. bought: among the planned, and among the held. effect:
    difference of the shares with its interval, None where there is nothing to compare. as_of: of the log and tables."""

    planned: int
    held: int
    states: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    opened: int = 0
    clicked: int = 0
    arrived: int = 0
    bought: Share | None = None
    bought_held: Share | None = None
    effect: tuple[float, float, float] | None = None
    as_of: datetime | None = None
    until: datetime | None = None


def figures(workspace: Workspace, campaign: Campaign, *, now: datetime) -> Figures | None:
    """None while whom it is for is not written down."""
    try:
        ids = keeping.people_of(workspace, campaign)
    except InputError:
        return None
    clusters = keeping.clusters_of(workspace, campaign).to_pylist()
    pairs = [(person, cluster) for person, cluster in zip(ids.to_pylist(), clusters, strict=True) if person]
    people = [person for person, _cluster in pairs]
    held = {person for person, cluster in pairs if keeping.is_held(campaign, person, cluster)}
    states, refused = _contacts(campaign)
    made = Figures(planned=len(people) - len(held), held=len(held), states=states, refused=refused)
    if campaign.started_at is None or campaign.started_at > now or "keys" not in workspace.states():
        return made
    until = min(now, campaign.started_at + COUNTS)
    did = _did(workspace, campaign, until)
    buyers = did["order"] & set(people)
    bought = Share(people=made.planned, did=len(buyers - held))
    bought_held = Share(people=made.held, did=len(buyers & held))
    return replace(
        made, opened=len(did["opened"]), clicked=len(did["click"]), arrived=len(did["arrive"]), bought=bought,
        bought_held=bought_held, effect=newcombe(bought, bought_held), as_of=now, until=until,
    )  # fmt: skip


def _contacts(campaign: Campaign) -> tuple[dict[str, int], dict[str, int]]:
    states: dict[str, int] = {}
    refused: dict[str, int] = {}
    for row in neighbours.outcomes(campaign=campaign.name):
        states[row["state"]] = states.get(row["state"], 0) + row["contacts"]
        if row["state"] == "refused":
            refused[row["rule"]] = refused.get(row["rule"], 0) + row["contacts"]
    return states, refused


def _did(workspace: Workspace, campaign: Campaign, until: datetime) -> dict[str, set[str]]:
    """Kind → people who did it since the start: opened, click and arrive of this campaign, order of any."""
    rows: pa.Table = workspace.sql(
        "SELECT DISTINCT e.kind, k.person_id FROM events e JOIN keys k ON e.actor_key = k.key "
        'WHERE e."at" >= ? AND e."at" <= ? AND (e.kind = \'order\' '
        "OR (e.campaign = ? AND e.kind IN ('opened', 'click', 'arrive')))",
        [campaign.started_at, until, campaign.name],
    ).to_arrow_table()
    found: dict[str, set[str]] = {kind: set() for kind in ("order", "opened", "click", "arrive")}
    for kind, person in zip(rows["kind"].to_pylist(), rows["person_id"].to_pylist(), strict=True):
        found[kind].add(person)
    return found


def newcombe(one: Share, other: Share) -> tuple[float, float, float] | None:
    """one − other: the difference of the shares, and the bounds of its 95 % interval."""
    if one.share is None or other.share is None:
        return None
    difference = one.share - other.share
    (low, high), (other_low, other_high) = _wilson(one), _wilson(other)
    below = math.hypot(one.share - low, other_high - other.share)
    above = math.hypot(high - one.share, other.share - other_low)
    return difference, difference - below, difference + above


def _wilson(of: Share) -> tuple[float, float]:
    """Wilson's interval of a share."""
    share, n = of.did / of.people, of.people
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return middle - half, middle + half
