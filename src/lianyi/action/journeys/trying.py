"""What would happen: a definition run over past events with its own clock, and one person walked through by hand.

Nothing is written. Steps decide by the same rules as in the engine (`stepping`). What events tell (waits, ways in) is
told by the log of that time; conditions of branches speak for the tables as they are now, which is said. Whether the
policy would let a message go is asked of its gate, with the moment at which it would have been asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lianyi.action.journeys import document as d
from lianyi.action.journeys import happenings, neighbours
from lianyi.action.journeys.document import duration
from lianyi.action.journeys.enrolling import Earlier, is_held, may_come
from lianyi.action.journeys.flow import END, Flow
from lianyi.action.journeys.stepping import Standing, arrival, decide
from lianyi.action.journeys.world import zones
from lianyi.errors import InputError
from lianyi.memory.engine import literal
from lianyi.workspace import Workspace

MOST = 2_000  # people who are followed in a dry run
MOST_STEPS = 500  # of one person


@dataclass(frozen=True, kw_only=True)
class Passed:
    """One step that a person left: when, by which way, and what the step did ("" = nothing to be seen)."""

    person_id: str
    step: str
    way: str
    at: datetime
    does: str = ""
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where somebody is at the end of a walk: the step (END = through), since when, and when it goes on by itself."""

    step: str
    since: datetime
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The way of one person."""

    passed: tuple[Passed, ...]
    where: Where


@dataclass(kw_only=True)
class PastWorld:
    """Answers steps by the log; `events`: a relation with the events of the time, `until`: after which nothing counts.
    hand: by step, when what it waits for happens, said by whoever walks; then the log is not asked."""

    workspace: Workspace
    events: str
    until: datetime
    hand: Mapping[str, datetime] | None = None
    step: str = ""
    _times: dict[str, dict[str, list[datetime]]] = field(default_factory=dict)

    def matching(self, condition: str, people: Sequence[str]) -> set[str]:
        """As the tables are now."""
        return neighbours.matching(self.workspace, condition, people)

    def zones(self, people: Sequence[str]) -> Mapping[str, ZoneInfo]:
        """See stepping.World."""
        return zones(self.workspace, people)

    def happened(self, happening: d.Happening, since: Mapping[str, datetime]) -> Mapping[str, datetime]:
        """The first time after the moment given, for those for whom there is one up to `until`."""
        if self.hand is not None:
            at = self.hand.get(self.step)
            return {person: at for person, moment in since.items() if at is not None and at > moment}
        times = self._all(happening)
        first = {
            person: next((at for at in times.get(person, ()) if moment < at <= self.until), None)
            for person, moment in since.items()
        }
        return {person: at for person, at in first.items() if at is not None}

    def winner(self, step: d.Split) -> str:  # noqa: ARG002
        """No arm has won yet in a trial."""
        return ""

    def _all(self, happening: d.Happening) -> dict[str, list[datetime]]:
        """All times of a happening by person, oldest first; asked once."""
        name = happenings.mark(happening)
        if name not in self._times:
            found: dict[str, list[datetime]] = {}
            for one in happenings.seen(self.workspace, happening, now=self.until, events=self.events):
                if one.person_id:
                    found.setdefault(one.person_id, []).append(one.at)
            self._times[name] = found
        return self._times[name]


Gate = Callable[[d.Send, str, datetime], str]
Gates = Callable[[Sequence[str]], Gate]  # of the people who are followed


def walk(
    flow: Flow, person_id: str, *, start: datetime, until: datetime, world: PastWorld, gate: Gate | None = None,
    facts: Mapping[str, object] | None = None,
) -> Walk:  # fmt: skip
    """One person from the first step to where they are at `until`."""
    passed: list[Passed] = []
    due_at, parked = arrival(flow, flow.first, start)
    one = Standing(id=0, person_id=person_id, key="", since=start, acted_at=start, due_at=due_at, parked=parked,
                   met_at=None, facts=facts or {})  # fmt: skip
    step, now = flow.first, start
    for _ in range(MOST_STEPS):
        if step == END or (one.due_at is None and one.met_at is None):
            break
        moment = max(one.due_at, now) if one.due_at else now
        if moment > until:
            break
        now, world.step = moment, step
        decision = decide(flow, step, [one], now, world)
        move = next(iter(decision.moves))
        if not move.way:
            one = replace(one, parked=True, due_at=move.due_at, met_at=_met(flow, step, one, world, move.due_at))
            if one.met_at is not None:
                one = replace(one, due_at=one.met_at)
            elif one.due_at is None:
                break
            continue
        kind = flow.stops[step].step
        happened = _moment_of(kind, one, world, now, move.way)
        now = happened
        does = _does(kind)
        refused = gate(kind, person_id, now) if gate and isinstance(kind, d.Send) else ""
        passed.append(Passed(person_id=person_id, step=step, way=move.way, at=now, does=does, refused=refused))
        due_at, parked = arrival(flow, move.to, now)
        one = replace(one, since=now, acted_at=now if does else one.acted_at, due_at=due_at, parked=parked, met_at=None)
        step = move.to
    return Walk(passed=tuple(passed), where=Where(step=step, since=one.since, due_at=one.due_at))


def _met(flow: Flow, step: str, one: Standing, world: PastWorld, ends: datetime | None) -> datetime | None:
    """When what a wait is for happens, before the wait ends."""
    wait = flow.stops[step].step
    if not isinstance(wait, d.Wait) or wait.until is None:
        return None
    at = world.happened(wait.until, {one.person_id: one.acted_at}).get(one.person_id)
    return at if at is not None and (ends is None or at <= ends) else None


def _moment_of(step: d.Step, one: Standing, world: PastWorld, now: datetime, way: str) -> datetime:
    """When the person leaves: a wait for an event that the log knows ends when it happened, and not when it began."""
    if isinstance(step, d.Wait) and step.until is not None and way == "happened" and one.met_at is None:
        return max(now, world.happened(step.until, {one.person_id: one.acted_at}).get(one.person_id, now))
    return now


def _does(step: d.Step) -> str:
    match step:
        case d.Send():
            return f"{step.content} · {step.channel}"
        case d.Tag():
            return ", ".join([*(f"+{name}" for name in step.add), *(f"-{name}" for name in step.remove)])
        case d.Attribute() | d.Reward() | d.Work() | d.Group() | d.Webhook() | d.Call():
            return str(step.__struct_config__.tag)
    return ""


# --- over past events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a journey would have done from `start` to `until`. came: comings by events; left_out: by reason; people: of
    how many comings the ways are followed. sends: messages by step; refused: by step and rule; passed: by step and way;
    standing: by step at the end. examples: some ways in full. notes: what this can't know, as short names."""

    start: datetime
    until: datetime
    came: int
    left_out: Mapping[str, int]
    followed: int
    held: int
    sends: Mapping[str, int]
    refused: Mapping[str, Mapping[str, int]]
    passed: Mapping[str, Mapping[str, int]]
    standing: Mapping[str, int]
    examples: tuple[Walk, ...]
    notes: tuple[str, ...]


def dry_run(
    workspace: Workspace, flow: Flow, *, start: datetime, until: datetime, gates: Gates | None = None, most: int = MOST
) -> DryRun:
    """Run a journey over the events from `start` to `until`. InputError where nothing but the clock lets people in."""
    triggers = [one for one in flow.definition.triggers if isinstance(one, d.Event)]
    audiences = [one for one in flow.definition.triggers if isinstance(one, d.Schedule | d.Audience)]
    if not triggers and not audiences:
        raise InputError("nobody would have come by events of that time: this journey has neither a trigger by event "
                         "nor an audience")  # fmt: skip
    events = between(start, until)
    comings, left_out, notes = _comings(workspace, flow, triggers, events, start, until)
    if audiences and not triggers:
        ids, _as_of = neighbours.members(workspace, audiences[0].audience)
        comings = [(person, start, {}) for person in ids.to_pylist()]
        notes.append("audience_now")
    came = len(comings)
    if flow.definition.only:
        who = neighbours.matching(workspace, flow.definition.only, sorted({person for person, _at, _facts in comings}))
        left_out["only"] = sum(person not in who for person, _at, _facts in comings)
        comings = [one for one in comings if one[0] in who]
    held = [one for one in comings if is_held(flow.definition, one[0])]
    treated = [one for one in comings if not is_held(flow.definition, one[0])][:most]
    world = PastWorld(workspace=workspace, events=events, until=until)
    gate = gates(sorted({person for person, _at, _facts in treated})) if gates else None
    if gate is not None:
        notes.append("policy_now")
    ways = [
        walk(flow, person, start=at, until=until, world=world, gate=gate, facts=facts) for person, at, facts in treated
    ]
    if any(isinstance(step, d.Branch) for _path, step in d.walk(flow.definition.steps)) or flow.definition.only:
        notes.append("conditions_now")
    return _summed(start, until, came, left_out, len(held), ways, notes)


def between(start: datetime, until: datetime) -> str:
    """SQL of a relation with the events of a time."""
    return (
        f'(SELECT * FROM events WHERE "at" >= TIMESTAMPTZ {literal(start.isoformat())} '
        f'AND "at" <= TIMESTAMPTZ {literal(until.isoformat())})'
    )


Coming = tuple[str, datetime, Mapping[str, object]]


def _comings(
    workspace: Workspace, flow: Flow, triggers: Sequence[d.Event], events: str, start: datetime, until: datetime
) -> tuple[list[Coming], dict[str, int], list[str]]:
    """Who would have come when, by the rule of re-entry (as if the journey took a day at least for `out`)."""
    seen = []
    for trigger in triggers:
        happening = d.Happening(event=trigger.event, where=trigger.where, received=trigger.received)
        seen += list(happenings.seen(workspace, happening, now=until, events=events, key=trigger.key))
    earlier: dict[tuple[str, str], list[Earlier]] = {}
    comings: list[Coming] = []
    left_out: dict[str, int] = {}
    for one in sorted(seen, key=lambda one: (one.at, one.id)):
        if one.person_id is None or one.at < start:
            left_out["unknown"] = left_out.get("unknown", 0) + 1
            continue
        before = earlier.setdefault((one.person_id, one.key), [])
        if not may_come(flow.definition.again, before, one.id, one.at):
            left_out["again"] = left_out.get("again", 0) + 1
            continue
        before.append(Earlier(state="over", entered_at=one.at, cause=one.id))
        comings.append((one.person_id, one.at, one.facts))
    return comings, left_out, ["again_over"] if flow.definition.again == "out" else []


def _summed(
    start: datetime, until: datetime, came: int, left_out: Mapping[str, int], held: int, ways: Sequence[Walk],
    notes: Sequence[str],
) -> DryRun:  # fmt: skip
    sends: Counter[str] = Counter()
    refused: dict[str, Counter[str]] = {}
    passed: dict[str, Counter[str]] = {}
    for way in ways:
        for one in way.passed:
            passed.setdefault(one.step, Counter())[one.way] += 1
            sends[one.step] += " · " in one.does and not one.refused
            if one.refused:
                refused.setdefault(one.step, Counter())[one.refused] += 1
    standing = Counter(way.where.step for way in ways)
    return DryRun(
        start=start, until=until, came=came, left_out=dict(left_out), followed=len(ways), held=held,
        sends={step: count for step, count in sends.items() if count},
        refused={step: dict(rules) for step, rules in refused.items()},
        passed={step: dict(ways_) for step, ways_ in passed.items()},
        standing=dict(standing), examples=tuple(ways[:20]), notes=tuple(notes),
    )  # fmt: skip


class LiveGate:
    """Asks the gate of the contact policy about messages that nobody sends: with the consents and touches of today, at
    the moment at which each would have been asked for. The facts of people are gathered once for all of them."""

    def __init__(self, workspace: Workspace, definition: d.Definition, people: Sequence[str], *, now: datetime) -> None:
        from lianyi.action.contacts import facts, gate
        from lianyi.action.contacts.models import Contact
        from lianyi.action.policy import keeping

        self._look, self._contact, self._definition = gate.look, Contact, definition
        self._policy, self._channels = keeping.current(), facts.Channels.read()
        self._known = facts.known(workspace, people, self._policy.policy, self._channels, now) if people else {}

    def __call__(self, step: d.Send, person_id: str, at: datetime) -> str:
        """The rule that would not let the message go, "" where it may go (or only has to wait)."""
        contact = self._contact(
            key="dry", person_id=person_id, channel=step.channel, purpose=step.purpose or self._definition.purpose,
            priority=step.priority, transactional=step.transactional, confirm=step.confirm, by="dry",
            not_before=at, expires_at=at + duration(step.expires),
        )  # fmt: skip
        decision, _to = self._look(contact, self._known.get(person_id), self._policy, self._channels, now=at)
        return decision.rule if decision.verdict == "refuse" or decision.late else ""


def last_month(now: datetime) -> tuple[datetime, datetime]:
    """The last 30 days."""
    return now - timedelta(days=30), now
