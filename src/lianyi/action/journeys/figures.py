"""Figures of a journey: who came, where they stand, who went through by which way, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, Sum

from lianyi.action.journeys import neighbours, splits
from lianyi.action.journeys.document import Split
from lianyi.action.journeys.flow import Flow
from lianyi.action.journeys.models import Enrolment, Journey, Passage, Verdict

State = Enrolment.State


@dataclass(frozen=True, kw_only=True)
class AtStep:
    """One step over all versions: people who stand there, those set aside there with the reasons, those who left by
    each way, contacts that it asked for by state, and refusals by rule. arms: people and goals of a split's arms."""

    waiting: int = 0
    aside: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    ways: Mapping[str, int] = field(default_factory=dict)
    contacts: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    arms: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    verdict: Verdict | None = None

    @property
    def through(self) -> int:
        """People who went through."""
        return sum(self.ways.values())


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All comings into a journey: how many, in it now, set aside, over, held out; goals of the treated and the held."""

    came: int
    going: int
    aside: int
    over: int
    held: int
    goals: int
    goals_held: int


def whole(journey: Journey) -> Whole:
    """The journey in one line."""
    rows = Enrolment.objects.filter(journey=journey)
    counts = rows.aggregate(
        came=Count("id"),
        **{
            str(state): Count("id", filter=Q(state=state))
            for state in (State.GOING, State.ASIDE, State.OVER, State.HELD)
        },
        goals=Count("id", filter=Q(goal_at__isnull=False) & ~Q(state=State.HELD)),
        goals_held=Count("id", filter=Q(goal_at__isnull=False, state=State.HELD)),
    )
    return Whole(**counts)


def at_steps(journey: Journey, flow: Flow | None) -> dict[str, AtStep]:
    """Figures by step, of the steps on the map and of those that only older versions have."""
    standing: dict[str, Counter[str]] = {}
    rows = Enrolment.objects.filter(journey=journey, state__in=(State.GOING, State.ASIDE)).order_by()
    for step, state, people in rows.values_list("step", "state").annotate(people=Count("id")):
        standing.setdefault(step, Counter())[state] += people
    ways: dict[str, Counter[str]] = {}
    passed = Passage.objects.filter(journey=journey).order_by().values_list("step", "way")
    for step, way, people in passed.annotate(total=Sum("people")):
        ways.setdefault(step, Counter())[way] += people
    contacts, refused = _contacts(journey)
    known = dict.fromkeys([*(flow.stops if flow else ()), *standing, *ways])
    return {
        step: AtStep(
            waiting=standing.get(step, Counter())[State.GOING], aside=standing.get(step, Counter())[State.ASIDE],
            reasons=_reasons(journey, step) if standing.get(step, Counter())[State.ASIDE] else {},
            # Plain dictionaries: a template that asks a Counter for `items` gets a count of 0.
            ways=dict(ways.get(step, {})), contacts=dict(contacts.get(step, {})), refused=dict(refused.get(step, {})),
            **_split(journey, flow, step),
        )
        for step in known
    }  # fmt: skip


def _contacts(journey: Journey) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    contacts: dict[str, Counter[str]] = {}
    refused: dict[str, Counter[str]] = {}
    for row in neighbours.outcomes(journey=journey.name):
        contacts.setdefault(row["step"], Counter())[row["state"]] += row["contacts"]
        if row["state"] == "refused":
            refused.setdefault(row["step"], Counter())[row["rule"]] += row["contacts"]
    return contacts, refused


def _reasons(journey: Journey, step: str) -> dict[str, int]:
    rows = Enrolment.objects.filter(journey=journey, state=State.ASIDE, step=step).order_by()
    counted = rows.values_list("reason").annotate(people=Count("id")).order_by("-people")
    return dict(counted[:5])


def _split(journey: Journey, flow: Flow | None, step: str) -> dict[str, Any]:
    stop = flow.stops.get(step) if flow else None
    if stop is None or not isinstance(stop.step, Split):
        return {}
    verdict = Verdict.objects.filter(journey=journey, step=step).order_by("-at").first()
    return {"arms": splits.counts(journey, step), "verdict": verdict}
