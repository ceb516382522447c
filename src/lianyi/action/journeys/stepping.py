"""What a step does with the people who stand at it: pure decisions over a page of people, nothing is written here.

The engine, the dry run and the walk all decide by this; they differ in the clock and in the world they ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lianyi.action.journeys import document as d
from lianyi.action.journeys.document import clock, duration
from lianyi.action.journeys.flow import END, Flow
from lianyi.insight.chance import chance

STRAIGHT_ON = "next"
HOLDOUT = "holdout"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One person at a step; fields as of models.Enrolment."""

    id: int
    person_id: str
    key: str
    since: datetime
    acted_at: datetime
    due_at: datetime | None
    parked: bool
    met_at: datetime | None
    facts: Mapping[str, Any]


class World(Protocol):
    """What steps ask about people."""

    def matching(self, condition: str, people: Sequence[str]) -> set[str]:
        """Which of these people fulfil the condition now."""

    def zones(self, people: Sequence[str]) -> Mapping[str, ZoneInfo]:
        """The zone of each person."""

    def happened(self, happening: d.Happening, since: Mapping[str, datetime]) -> Mapping[str, datetime]:
        """For whom it has happened after the moment given for them, and when first."""

    def winner(self, step: d.Split) -> str:
        """The arm that has won, "" while none has."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """Where some people go. way: by which they leave the step, "" = they stay and wait until due_at (None: until
    something happens). to: the step they come to, END = they are through."""

    way: str
    to: str
    due_at: datetime | None = None
    parked: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a page of people at one step. The step's act (a message, a tag …) is done for those who leave it.
    reached: they have reached the goal."""

    moves: Mapping[Move, Sequence[Standing]]
    reached: bool = False


@dataclass(kw_only=True)
class _Moves:
    flow: Flow
    step: d.Step
    now: datetime
    found: dict[Move, list[Standing]] = field(default_factory=lambda: defaultdict(list))

    def leave(self, people: Iterable[Standing], way: str = STRAIGHT_ON, *, by: str = "") -> None:
        """They leave by this way of the map; `by`: what the way is called, where that differs."""
        gone = list(people)
        if gone:
            to = self.flow.stops[self.step.id].ways[way]
            due_at, parked = arrival(self.flow, to, self.now)
            self.found[Move(way=by or way, to=to, due_at=due_at, parked=parked)] += gone

    def stay(self, person: Standing, until: datetime | None) -> None:
        """They wait."""
        self.found[Move(way="", to=self.step.id, due_at=until, parked=True)].append(person)


def arrival(flow: Flow, to: str, now: datetime) -> tuple[datetime | None, bool]:
    """When somebody must look at who comes to a step now, and whether its wait is reckoned by that."""
    if to == END:
        return None, False
    step = flow.stops[to].step
    if isinstance(step, d.Wait) and step.until is None and step.between is None and not step.days:
        return now + duration(step.duration), True
    return now, False


def decide(flow: Flow, step_id: str, people: Sequence[Standing], now: datetime, world: World) -> Decision:
    """What becomes of people who stand at one step and are due."""
    step = flow.stops[step_id].step
    moves = _Moves(flow=flow, step=step, now=now)
    match step:
        case d.Wait():
            _wait(step, people, moves, world)
        case d.Branch():
            _branch(step, people, moves, world)
        case d.Split():
            _split(step, people, moves, world)
        case d.Exit():
            moves.found[Move(way="exit", to=END)] += people
        case _:
            moves.leave(people)
    return Decision(moves=moves.found, reached=isinstance(step, d.Goal))


def _wait(step: d.Wait, people: Sequence[Standing], moves: _Moves, world: World) -> None:
    if step.until is not None:
        _wait_for_event(step, step.until, people, moves, world)
        return
    plain = not (step.between or step.days)
    if plain and all(one.parked for one in people):  # their time was reckoned when they came
        moves.leave(people)
        return
    zones = {} if plain else world.zones([one.person_id for one in people])
    length = duration(step.duration) if step.duration else timedelta()
    for one in people:
        begin = max(one.since + length, moves.now)
        open_at = opening(step, begin, zones[one.person_id]) if zones else begin
        if open_at <= moves.now:
            moves.leave([one])
        else:
            moves.stay(one, open_at)


def _wait_for_event(step: d.Wait, until: d.Happening, people: Sequence[Standing], moves: _Moves, world: World) -> None:
    fresh = {one.person_id: one.acted_at for one in people if not one.parked and one.met_at is None}
    met = world.happened(until, fresh) if fresh else {}
    for one in people:
        ends = one.since + duration(step.duration) if step.duration else None
        if one.met_at is not None or (not one.parked and one.person_id in met):
            moves.leave([one], "happened")
        elif ends is not None and ends <= moves.now:
            moves.leave([one], "timeout")
        else:
            moves.stay(one, ends)


def opening(step: d.Wait, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `moment` on that lies in the window of the day, on one of the weekdays."""
    first, last = (clock(text) for text in step.between or ("00:00", "00:00"))
    local = moment.astimezone(zone)
    for days in range(-1, 9):
        day = (local + timedelta(days=days)).date()
        if step.days and day.isoweekday() not in step.days:
            continue
        begin = datetime.combine(day, first, zone).astimezone(UTC)
        over_midnight = last <= first
        end = datetime.combine(day + timedelta(days=over_midnight), last, zone).astimezone(UTC)
        if moment < end:
            return max(begin, moment)
    raise AssertionError("a week without a day")  # checking lets no such window through


def _branch(step: d.Branch, people: Sequence[Standing], moves: _Moves, world: World) -> None:
    rest = list(people)
    for number, way in enumerate(step.ways):
        if not rest:
            return
        fits = world.matching(way.when, [one.person_id for one in rest])
        moves.leave((one for one in rest if one.person_id in fits), f"ways[{number}]")
        rest = [one for one in rest if one.person_id not in fits]
    moves.leave(rest, "otherwise")


def _split(step: d.Split, people: Sequence[Standing], moves: _Moves, world: World) -> None:
    names = [arm.name for arm in step.arms]
    winner = world.winner(step)
    by_arm: dict[str, list[Standing]] = defaultdict(list)
    for one in people:
        by_arm[arm_of(step, moves.flow.definition.journey, one.person_id, winner)].append(one)
    moves.leave(by_arm.pop(HOLDOUT, []), by=HOLDOUT)
    for name, gone in by_arm.items():
        moves.leave(gone, f"arms[{names.index(name)}]")


def arm_of(step: d.Split, journey: str, person_id: str, winner: str = "") -> str:
    """The arm of a person: always the same one, or HOLDOUT, or the winner."""
    if step.holdout and chance(f"{journey}/{step.id}/holdout", person_id) < step.holdout:
        return HOLDOUT
    if winner:
        return winner
    point = chance(f"{journey}/{step.id}", person_id) * sum(arm.share for arm in step.arms)
    for arm in step.arms:
        point -= arm.share
        if point < 0:
            return arm.name
    return step.arms[-1].name
