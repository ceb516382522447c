"""Letting people in: re-entry, holdout, the condition on who may enter; the same cause lets nobody in twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lianyi.action.journeys.document import Definition, duration
from lianyi.action.journeys.flow import END, Flow
from lianyi.action.journeys.models import Enrolment, Journey
from lianyi.action.journeys.stepping import arrival
from lianyi.insight.chance import chance

State = Enrolment.State
PAGE = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Comer:
    """Somebody at the door: what let them in (unique for this person), which of their keys it is about, and what the
    trigger knew."""

    person_id: str
    cause: str
    at: datetime
    key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Let:
    """How many were let in (holdout included), and how many not, by the reason: again, only."""

    came: int = 0
    again: int = 0
    only: int = 0


Matching = Callable[[str, Sequence[str]], set[str]]


def enrol(journey: Journey, flow: Flow, comers: Sequence[Comer], *, now: datetime, matching: Matching) -> Let:
    """Let a page of comers in. Call it in a transaction together with the cursor of who calls."""
    fits = comers
    if flow.definition.only and comers:
        who = matching(flow.definition.only, sorted({one.person_id for one in comers}))
        fits = [one for one in comers if one.person_id in who]
    rows = _rows(journey, flow, fits, now)
    Enrolment.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return Let(came=len(rows), again=len(fits) - len(rows), only=len(comers) - len(fits))


def _rows(journey: Journey, flow: Flow, comers: Sequence[Comer], now: datetime) -> list[Enrolment]:
    """One row for each comer who may come, in the order of the comers."""
    before = _before(journey, comers)
    due_at, parked = arrival(flow, flow.first, now)
    rows: list[Enrolment] = []
    for one in comers:
        earlier = before[one.person_id, one.key]
        if not may_come(flow.definition.again, earlier, one.cause, now):
            continue
        held = is_held(flow.definition, one.person_id)
        state = State.HELD if held else State.OVER if flow.first == END else State.GOING
        row = Enrolment(
            journey=journey, number=journey.number, person_id=one.person_id, key=one.key, nth=len(earlier),
            cause=one.cause, state=state, step="" if held else flow.first, since=now, acted_at=min(one.at, now),
            due_at=due_at if state == State.GOING else None, parked=parked, entered_at=now, facts=dict(one.facts),
            ended_at=now if state == State.OVER else None, how="end" if state == State.OVER else "",
        )  # fmt: skip
        rows.append(row)
        earlier.append(Earlier(state=row.state, entered_at=now, cause=one.cause))
    return rows


def is_held(definition: Definition, person_id: str) -> bool:
    """Whether nothing is done with this person, so that there is somebody to compare with. Always the same."""
    return definition.holdout > 0 and chance(f"{definition.journey}/holdout", person_id) < definition.holdout


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """An earlier coming of the same person with the same key."""

    state: str
    entered_at: datetime
    cause: str


def may_come(again: str, earlier: Sequence[Earlier], cause: str, now: datetime) -> bool:
    """Whether somebody may come once more."""
    if not earlier:
        return True
    if again == "never" or any(one.cause == cause for one in earlier):
        return False
    if again == "always":
        return True
    if again == "out":
        return all(one.state not in {State.GOING, State.ASIDE} for one in earlier)
    return now - max(one.entered_at for one in earlier) >= duration(again)


def _before(journey: Journey, comers: Sequence[Comer]) -> dict[tuple[str, str], list[Earlier]]:
    found: dict[tuple[str, str], list[Earlier]] = defaultdict(list)
    people = sorted({one.person_id for one in comers})
    for start in range(0, len(people), 500):
        rows = Enrolment.objects.filter(journey=journey, person_id__in=people[start : start + 500])
        for person, key, state, entered_at, cause in rows.values_list(
            "person_id", "key", "state", "entered_at", "cause"
        ):
            found[person, key].append(Earlier(state=state, entered_at=entered_at, cause=cause))
    return found
