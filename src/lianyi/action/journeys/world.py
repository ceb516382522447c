"""The living world, as steps ask it: tables, log, verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lianyi.action.journeys import happenings, neighbours
from lianyi.action.journeys.document import Happening, Split
from lianyi.action.journeys.models import Verdict
from lianyi.memory.engine import literal
from lianyi.workspace import Workspace

# Events land within about a second; what was received so long before the act is surely no answer to it.
LANDING = timedelta(minutes=1)


@dataclass(kw_only=True)
class LiveWorld:
    """Asks the workspace as it is at `now`."""

    workspace: Workspace
    journey_id: int
    now: datetime
    _zones: dict[str, ZoneInfo] = field(default_factory=dict)

    def matching(self, condition: str, people: Sequence[str]) -> set[str]:
        """See stepping.World."""
        return neighbours.matching(self.workspace, condition, people)

    def zones(self, people: Sequence[str]) -> Mapping[str, ZoneInfo]:
        """The zone that a person stated (trait `timezone`), else the brand's."""
        return zones(self.workspace, people)

    def happened(self, happening: Happening, since: Mapping[str, datetime]) -> Mapping[str, datetime]:
        """See stepping.World. Looks at what was received since the earliest of the moments."""
        return happened(self.workspace, happening, since, now=self.now)

    def winner(self, step: Split) -> str:
        """See stepping.World."""
        if step.winner is None:
            return ""
        rows = Verdict.objects.filter(journey_id=self.journey_id, step=step.id, mark=happenings.mark(step))
        return rows.values_list("winner", flat=True).first() or ""


def zones(workspace: Workspace, people: Sequence[str]) -> dict[str, ZoneInfo]:
    """The zone of each person: the stated one where there is such a zone, else the brand's."""
    own = ZoneInfo(workspace.settings.timezone)
    found = dict.fromkeys(people, own)
    for row in workspace.look_up("people", list(people), columns=["person_id", "attributes"]).to_pylist():
        stated = json.loads(row["attributes"] or "{}").get("timezone")
        if stated:
            found[row["person_id"]] = _zone(str(stated), own)
    return found


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise


def happened(
    workspace: Workspace, happening: Happening, since: Mapping[str, datetime], *, now: datetime
) -> dict[str, datetime]:
    """For whom of these people it has happened after their moment, and when first."""
    begin = min(since.values()) - LANDING
    people = ", ".join(literal(person) for person in since)
    relation = f"(SELECT * FROM events WHERE received_at > TIMESTAMPTZ {literal(begin.isoformat())})"
    found: dict[str, datetime] = {}
    for one in happenings.seen(
        workspace, happening, now=now, events=relation, more=f"person_id IN ({people})"
    ):  # fmt: skip
        person = one.person_id or ""
        if one.at > since[person]:
            found.setdefault(person, one.at)
    return found


def keys_of(workspace: Workspace, people: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The keys of each person, the first seen first; people whom the tables do not know are left out."""
    rows = workspace.look_up("people", list(dict.fromkeys(people)), columns=["person_id", "keys"]).to_pylist()
    return {row["person_id"]: tuple(row["keys"]) for row in rows}


def current_ids(workspace: Workspace, people: Sequence[str]) -> dict[str, str]:
    """Ids that no longer hold → those that do (people were merged since); ids of whom nobody knows are left out."""
    listed = list(dict.fromkeys(people))
    known = set(workspace.look_up("people", listed, columns=["person_id"])["person_id"].to_pylist())
    lost = [person for person in listed if person not in known]
    if not lost:
        return {}
    marks = ", ".join("?" for _ in lost)
    rows = workspace.sql(f"SELECT key_id, person_id FROM keys WHERE key_id IN ({marks})", lost).to_arrow_table()
    return dict(zip(rows["key_id"].to_pylist(), rows["person_id"].to_pylist(), strict=True))
