"""Who got which arm of a split, and the one honest look at which arm is better.

The rule is a test at a fixed horizon. For each arm the first `people` who came to it count, each for the time `within`
after they came; when the last of them has had that time, the arms are compared once and never again. Every pair is
tested (two proportions, Fisher's exact test, two-sided) at (1 - confidence) ÷ number of pairs, so that among arms that
are all equal a winner is named at most in 1 - confidence of the splits. The arm that beats every other one wins. Where
none does, the shares stay as they are, and the page says so. Looking at the figures earlier changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import connection

from lianyi.action.journeys.document import Definition, Send, Split, duration, walk
from lianyi.action.journeys.flow import Flow
from lianyi.action.journeys.happenings import mark
from lianyi.action.journeys.models import Choice, Journey, Verdict
from lianyi.action.journeys.stepping import HOLDOUT, Decision


@dataclass(frozen=True, kw_only=True)
class Reached:
    """One arm: people counted, and how many of them reached the goal in time."""

    arm: str
    people: int
    reached: int


def note(flow: Flow, step_id: str, decision: Decision, *, now: datetime) -> None:
    """Write down who got which arm."""
    step = flow.stops[step_id].step
    if not isinstance(step, Split):
        return
    names = [arm.name for arm in step.arms]
    of_split = mark(step)
    at = connection.ops.adapt_datetimefield_value(now)
    rows = [
        (one.id, step.id, of_split, HOLDOUT if move.way == HOLDOUT else names[_number(move.way)], at)
        for move, people in decision.moves.items()
        for one in people
    ]
    with connection.cursor() as cursor:  # a model for each would take ten times as long
        cursor.executemany(
            "INSERT INTO journeys_choice (enrolment_id, step, mark, arm, at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            rows,
        )


def _number(way: str) -> int:
    return int(way.removeprefix("arms[").removesuffix("]"))


def best(arms: Sequence[Reached], confidence: float) -> tuple[str, Mapping[str, float]]:
    """The arm that beats every other one, "" where none does, and p of each pair."""
    from scipy.stats import fisher_exact  # late: whoever only looks whether a round is due need not pay for it

    pairs = list(combinations(arms, 2))
    border = (1 - confidence) / max(len(pairs), 1)
    found: dict[str, float] = {}
    beaten: dict[str, set[str]] = {arm.arm: set() for arm in arms}
    for one, other in pairs:
        table = [[one.reached, one.people - one.reached], [other.reached, other.people - other.reached]]
        p = float(fisher_exact(table)[1])
        found[f"{one.arm}/{other.arm}"] = p
        if p < border:
            better, worse = (one, other) if one.reached / one.people > other.reached / other.people else (other, one)
            beaten[better.arm].add(worse.arm)
    winners = [arm for arm, below in beaten.items() if len(below) == len(arms) - 1]
    return (winners[0] if winners and len(arms) > 1 else ""), found


def judge(journey: Journey, step: Split, *, now: datetime) -> Verdict | None:
    """Decide a split whose time has come; None while it has not, or is decided."""
    rule = step.winner
    known = Verdict.objects.filter(journey=journey, step=step.id, mark=mark(step))
    if rule is None or known.exists():
        return None
    arms: list[Reached] = []
    for arm in step.arms:
        counted = _first(journey, step, arm.name, rule.people)
        if len(counted) < rule.people or counted[-1][0] + duration(rule.within) > now:
            return None
        within = duration(rule.within)
        reached = sum(1 for at, reached_at in counted if reached_at is not None and reached_at <= at + within)
        arms.append(Reached(arm=arm.name, people=len(counted), reached=reached))
    winner, pairs = best(arms, rule.confidence)
    figures: dict[str, Any] = {"arms": {one.arm: [one.people, one.reached] for one in arms}, "p": dict(pairs)}
    verdict, _new = Verdict.objects.get_or_create(
        journey=journey, step=step.id, mark=mark(step), defaults={"winner": winner, "figures": figures, "at": now}
    )
    return verdict


def _first(journey: Journey, step: Split, arm: str, people: int) -> list[tuple[datetime, datetime | None]]:
    """The first people of an arm, each at their first coming: when they came, and when they reached the goal."""
    found: dict[str, tuple[datetime, datetime | None]] = {}
    rows = Choice.objects.filter(enrolment__journey=journey, step=step.id, mark=mark(step), arm=arm)
    for person, at, reached_at in (
        rows.order_by("at", "id").values_list("enrolment__person_id", "at", "reached_at").iterator()
    ):
        found.setdefault(person, (at, reached_at))
        if len(found) == people:
            break
    return list(found.values())


def reach(journey: Journey, step: Split, met: Mapping[str, datetime]) -> int:
    """Note that people (by id, with the time) reached the goal of a split; how many rows changed."""
    changed = 0
    people = list(met)
    for start in range(0, len(people), 500):
        rows = Choice.objects.filter(
            reached_at__isnull=True, enrolment__journey=journey, step=step.id, mark=mark(step),
            enrolment__person_id__in=people[start : start + 500],
        ).select_related("enrolment")  # fmt: skip
        for row in rows:
            at = met[row.enrolment.person_id]
            if at >= row.at:
                changed += Choice.objects.filter(pk=row.pk, reached_at__isnull=True).update(reached_at=at)
    return changed


def counts(journey: Journey, step: str) -> dict[str, tuple[int, int]]:
    """Arm → people so far, and those of them who reached the goal so far; for the eye, not for the verdict."""
    found: dict[str, tuple[int, int]] = {}
    rows = Choice.objects.filter(enrolment__journey=journey, step=step)
    for arm in rows.order_by().values_list("arm", flat=True).distinct():
        mine = rows.filter(arm=arm)
        found[arm] = mine.count(), mine.filter(reached_at__isnull=False).count()
    return found


def drawn(definition: Definition, step_id: str) -> dict[str, Any]:
    """By which chance people came to a message inside the arms of a split, for the log: choice (journey/name/split),
    options (arm → chance), chosen, propensity; of several splits around it the innermost. Empty where it stands in
    none. Among the arms that send something: of the others, and of who is held out, there is no message to tell it."""
    found: dict[str, Any] = {}
    for _path, split in walk(definition.steps):
        if not isinstance(split, Split):
            continue
        inside = {arm.name: [step for _place, step in walk(arm.steps)] for arm in split.arms}
        sending = {arm.name: arm.share for arm in split.arms if any(isinstance(one, Send) for one in inside[arm.name])}
        whole = sum(sending.values())
        for name, steps in inside.items():
            if any(step.id == step_id for step in steps):
                options = {arm: share / whole for arm, share in sending.items()}
                found = {"choice": f"journey/{definition.journey}/{split.id}", "options": options, "chosen": name,
                         "propensity": options[name]}  # fmt: skip
    return found


def decided(journey: int, split_id: str) -> bool:
    """Whether a split has a winner, so that its arms are drawn no longer."""
    return Verdict.objects.filter(journey_id=journey, step=split_id).exclude(winner="").exists()
