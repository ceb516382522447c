"""Moving people on: pages of people who are due, one transaction a page; what one person's failure is, is theirs alone.

A page is claimed by a conditional UPDATE with a lease. What its steps decide is worked out outside any transaction; the
contacts, tasks and moves that follow are written in one. Events go into the inbox just before it: they are named by
enrolment and step, so that a page that is done again after a crash says nothing twice.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from lianyi.action.journeys import acts, neighbours, splits
from lianyi.action.journeys import document as d
from lianyi.action.journeys.enrolling import Comer, enrol
from lianyi.action.journeys.flow import END, Flow, flow_of
from lianyi.action.journeys.models import Enrolment, Journey, Passage, Task, Version
from lianyi.action.journeys.stepping import Decision, Move, Standing, decide
from lianyi.action.journeys.world import LiveWorld
from lianyi.action.paging import in_pages
from lianyi.errors import Busy, Interrupted, LianyiError
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

PAGE = 5_000
LEASE = timedelta(seconds=120)
# After so many failures for one reason in a page, the reason is the step's and the rest need not be tried one by one.
SAME_REASON = 5
State = Enrolment.State
# Nobody's fault among the people of a page: the page is put back and done again.
_OURS = (Busy, OperationalError, InterfaceError, Interrupted)
_BRIEF = ("journey_id", "number", "step", "id", "person_id", "key", "parked")
_NOTHING: Mapping[str, Any] = {}
_READ = ("id", "person_id", "key", "since", "acted_at", "due_at", "parked", "met_at", "facts")


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """What a round did: people moved on or parked, and those set aside."""

    people: int = 0
    aside: int = 0


@dataclass(kw_only=True)
class Engine:
    """Moves people of running journeys on. Any number of these may work on one database at once."""

    workspace: Workspace
    page: int = PAGE
    name: str = field(default_factory=lambda: secrets.token_hex(12))
    token: str = ""

    def step(self, now: datetime) -> Stepped:
        """One page. Nothing due: Stepped()."""
        claimed = self._claim(now)
        done = aside = 0
        for (journey_id, number, step), people in claimed.items():
            place = _Page(self, Journey.objects.get(pk=journey_id), number, step, now)
            try:
                aside += place.move(people)
                done += len(people)
            except _OURS:
                self._release(people)
                raise
        return Stepped(people=done - aside, aside=aside)

    def _claim(self, now: datetime) -> dict[tuple[int, int, str], list[Standing]]:
        """People who are due, now leased to us, by journey, version and step."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        due = Enrolment.objects.filter(free, state=State.GOING, due_at__lte=now, journey__state=Journey.State.RUNNING)
        ids = list(due.order_by("due_at", "id").values_list("id", flat=True)[: self.page])
        token = f"{self.name}{secrets.token_hex(4)}"
        taken = 0
        for some in in_pages(ids):
            mine = with_ids(some).filter(free, state=State.GOING, due_at__lte=now)
            taken += mine.update(worker=token, lease_until=now + LEASE)
        found: dict[tuple[int, int, str], list[Standing]] = defaultdict(list)
        if taken:
            self.token = token
            for some in in_pages(ids):
                rows = with_ids(some).filter(worker=token).order_by("id")
                for journey, number, step, pk, person, key, parked in rows.values_list(*_BRIEF):
                    found[journey, number, step].append(
                        Standing(id=pk, person_id=person, key=key, parked=parked, since=now, acted_at=now, due_at=now,
                                 met_at=None, facts=_NOTHING)
                    )  # fmt: skip
        return {place: self._whole(place, people) for place, people in found.items()}

    def _whole(self, place: tuple[int, int, str], people: list[Standing]) -> list[Standing]:
        """The rest of what the step must know of each; times and facts take long to read, and few steps ask for
        them."""
        journey_id, number, step_id = place
        step = flow_of(_document(journey_id, number)).stops[step_id].step
        plain = isinstance(step, d.Wait) and not (step.until or step.between or step.days)
        if plain and all(one.parked for one in people):
            return people
        if not isinstance(step, d.Wait | d.Send | d.Webhook | d.Call | d.Reward):
            return people
        whole: list[Standing] = []
        for some in in_pages([one.id for one in people]):
            rows = with_ids(some).filter(worker=self.token).order_by("id").values_list(*_READ)
            whole += [Standing(**dict(zip(_READ, values, strict=True))) for values in rows]
        return whole

    def _release(self, people: Sequence[Standing]) -> None:
        for some in in_pages([one.id for one in people]):
            with_ids(some).filter(worker=self.token).update(worker="", lease_until=None)


@dataclass(frozen=True)
class _Page:
    """People at one step of one version of one journey."""

    engine: Engine
    journey: Journey
    number: int
    step: str
    now: datetime

    def move(self, people: Sequence[Standing]) -> int:
        """Move them on. Where that fails, halve the page until it is clear whose fault it is; how many are set
        aside."""
        reasons: Counter[str] = Counter()
        waiting, aside = [list(people)], 0
        while waiting:
            some = waiting.pop()
            try:
                self._move(some)
            except _OURS:
                raise
            except Exception as error:  # noqa: BLE001  edge: what fails for one person must not stall the others
                reason = f"{type(error).__name__}: {error}" if not isinstance(error, LianyiError) else str(error)
                if len(some) == 1 or reasons[reason] >= SAME_REASON:
                    reasons[reason] += 1
                    aside += self._set_aside(some, reason)
                else:
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
        return aside

    def _move(self, people: Sequence[Standing]) -> None:
        flow = flow_of(_document(self.journey.pk, self.number))
        world = LiveWorld(workspace=self.engine.workspace, journey_id=self.journey.pk, now=self.now)
        decision = decide(flow, self.step, people, self.now, world)
        step = flow.stops[self.step].step
        place = acts.Place(
            workspace=self.engine.workspace, journey_id=self.journey.pk, definition=flow.definition, now=self.now
        )
        gone = [one for move, some in decision.moves.items() if move.way for one in some]
        made = acts.acts(place, step, gone) if gone else acts.Acts()
        if made.events:
            self.engine.workspace.inbox.put_now(made.events, received_at=self.now)
        try:
            with transaction.atomic():
                self._write(decision, flow, made, place)
        except _Gone:  # some reached the goal or left meanwhile, or another worker took over
            with transaction.atomic():
                ours = self._still_ours(people)
                kept = [one for one in gone if one.id in ours]
                made = acts.acts(place, step, kept) if kept else acts.Acts()
                self._write(_without(decision, ours), flow, made, place)

    def _still_ours(self, people: Sequence[Standing]) -> set[int]:
        """Whose rows are still leased to us; they stay so to the end of the transaction."""
        ours: set[int] = set()
        for some in in_pages([one.id for one in people]):
            rows = with_ids(some).filter(worker=self.engine.token, state=State.GOING, step=self.step)
            ours.update(rows.select_for_update().values_list("id", flat=True))
        return ours

    def _write(self, decision: Decision, flow: Flow, made: acts.Acts, place: acts.Place) -> None:
        acted = bool(made.asks or made.events or made.tasks or made.grants)
        for move, people in decision.moves.items():
            self._move_rows(move, people, acted=acted, reached=decision.reached)
        if made.asks:
            neighbours.asks(made.asks, now=self.now)
        if made.tasks:
            Task.objects.bulk_create(made.tasks, ignore_conflicts=True)
        for rule, person_id, order in made.grants:
            neighbours.grant(rule, person_id=person_id, order=order, by=place.by, now=self.now)
        for name, people in made.calls.items():
            self._call(name, people, place)
        splits.note(flow, self.step, decision, now=self.now)
        count_passages(self.journey.pk, self.number, self.step, decision, now=self.now)

    def _move_rows(self, move: Move, people: Sequence[Standing], *, acted: bool, reached: bool) -> None:
        """Write where these people are now. _Gone where some of them are no longer ours."""
        changes: dict[str, object] = {"worker": "", "lease_until": None, "parked": move.parked, "due_at": move.due_at}
        if move.way:
            changes |= {"step": move.to, "since": self.now, "met_at": None, "trail": self._trail(move)}
            changes |= {"acted_at": self.now} if acted else {}
            changes |= {"goal_at": self.now} if reached else {}
            if move.to == END:
                how = "exit" if move.way == "exit" else "end"
                changes |= {"state": State.OVER, "ended_at": self.now, "how": how, "due_at": None}
        for some in in_pages([one.id for one in people]):
            mine = with_ids(some).filter(worker=self.engine.token, state=State.GOING, step=self.step)
            if mine.update(**changes) < len(some):
                raise _Gone
            if not move.way:  # what they wait for happened while we decided that they wait
                with_ids(some).filter(met_at__isnull=False).update(due_at=self.now)

    def _trail(self, move: Move) -> Concat:
        said = self.step if move.way == "next" else f"{self.step}={move.way}"
        return Concat(F("trail"), Value(f"{said}@{int(self.now.timestamp())}\n"), output_field=TextField())

    def _call(self, name: str, people: Sequence[Standing], place: acts.Place) -> None:
        other = Journey.objects.filter(name=name, state=Journey.State.RUNNING).first()
        if other is None:
            return  # the trail says that they passed; a journey that does not run lets nobody in
        comers = [
            Comer(person_id=one.person_id, cause=f"call:{self.journey.pk}/{one.id}/{self.step}", at=self.now,
                  key=one.key, facts=one.facts)
            for one in people
        ]  # fmt: skip
        flow = flow_of(_document(other.pk, other.number))
        enrol(other, flow, comers, now=self.now,
              matching=lambda text, ids: neighbours.matching(place.workspace, text, ids))  # fmt: skip

    def _set_aside(self, people: Sequence[Standing], reason: str) -> int:
        log.warning("%s, step %s: %s", self.journey.name, self.step, reason, extra={"action": "journey.aside"})
        aside = 0
        for some in in_pages([one.id for one in people]):
            mine = with_ids(some).filter(worker=self.engine.token)
            aside += mine.update(state=State.ASIDE, reason=reason[:2000], worker="", lease_until=None)
        return aside


class _Gone(Exception):
    """Some people of a page are no longer leased to us."""


def with_ids(ids: Sequence[int]) -> QuerySet[Enrolment]:
    """The enrolments with these ids. Written into the statement: thousands of parameters cost more than the rows."""
    listed = ", ".join(str(int(pk)) for pk in ids)
    return Enrolment.objects.extra(where=[f"journeys_enrolment.id IN ({listed})"])  # noqa: S610  whole numbers only


def _without(decision: Decision, ours: set[int]) -> Decision:
    moves = {move: [one for one in people if one.id in ours] for move, people in decision.moves.items()}
    return Decision(moves={move: people for move, people in moves.items() if people}, reached=decision.reached)


def count_passages(journey_id: int, number: int, step: str, decision: Decision, *, now: datetime) -> None:
    """Count who left a step by which way."""
    ways: Counter[str] = Counter()
    for move, people in decision.moves.items():
        if move.way:
            ways[move.way] += len(people)
    for way, people_count in ways.items():
        row = Passage.objects.filter(journey_id=journey_id, number=number, step=step, way=way)
        if not row.update(people=F("people") + people_count, last_at=now):
            made, new = Passage.objects.get_or_create(
                journey_id=journey_id, number=number, step=step, way=way,
                defaults={"people": people_count, "last_at": now},
            )  # fmt: skip
            if not new:
                Passage.objects.filter(pk=made.pk).update(people=F("people") + people_count, last_at=now)


def retry(journey: Journey, *, step: str = "", now: datetime) -> int:
    """Try again with those who were set aside; how many."""
    rows = Enrolment.objects.filter(journey=journey, state=State.ASIDE)
    if step:
        rows = rows.filter(step=step)
    return rows.update(state=State.GOING, reason="", due_at=now)


def _document(journey_id: int, number: int) -> bytes:
    """The JSON of a version."""
    return Version.objects.values_list("document", flat=True).get(journey_id=journey_id, number=number).encode()


def holdouts(journey_id: int, number: int) -> float:
    """The share that a version holds out; versions are never changed."""
    return flow_of(_document(journey_id, number)).definition.holdout


def current_flow(journey: Journey) -> Flow:
    """The map of the version that people enter now."""
    return flow_of(_document(journey.pk, journey.number))


Stop = Callable[[], bool]
