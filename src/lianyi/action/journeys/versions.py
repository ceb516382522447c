"""Plan and apply: what an edit changes, how many people stand in steps that vanish, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Count

from lianyi.action.journeys import checking, neighbours, timers
from lianyi.action.journeys.document import Definition, walk
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.flow import flow_of
from lianyi.action.journeys.models import Enrolment, Journey, Version
from lianyi.action.journeys.reading import Problem, to_yaml
from lianyi.action.paging import in_pages
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace

State = Enrolment.State
FINISH, LEAVE = "finish", "leave"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """People at a step of an older version: how many, and what becomes of them. becomes: `stays` (the step is there in
    the new version, they go on by that), `finish` (they go on by their own version to its end), `leave` (the journey
    ends for them), or the id of the step that they are moved to."""

    step: str
    people: int
    becomes: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What applying a definition would do. base: the number of the version that it would follow; apply refuses where
    another was applied meanwhile."""

    journey: str
    base: int
    problems: tuple[Problem, ...]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    same: bool = False
    people: tuple[Standing, ...] = ()

    @property
    def in_vanishing(self) -> int:
        """How many people stand in steps that vanish."""
        return sum(one.people for one in self.people if one.becomes != "stays")


def journey_of(name: str) -> Journey:
    """The journey of this name. NotFound lists what there is."""
    found = Journey.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Journey.objects.order_by("name").values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"there is no journey {name!r}; there are: {known}")
    return found


def plan(text: str, *, vanish: Mapping[str, str] | None = None, otherwise: str = FINISH) -> Plan:
    """What applying this YAML would do; nothing is changed. vanish: by step that vanishes, what becomes of people
    in it: `finish`, `leave`, or a step of the new version; otherwise: for steps not named."""
    definition, problems = checking.check(text)
    if definition is None:
        return Plan(journey="", base=0, problems=tuple(problems))
    journey = Journey.objects.filter(name=definition.journey).first()
    base = journey.number if journey else 0
    after = {step.id: step for _path, step in walk(definition.steps)}
    known = {step.id: step for _path, step in walk(current_flow(journey).definition.steps)} if journey and base else {}
    problems += _bad_choices(dict(vanish or {}), otherwise, set(after))
    people = _people(journey, after, dict(vanish or {}), otherwise) if journey else ()
    return Plan(
        journey=definition.journey, base=base, problems=tuple(problems),
        added=tuple(name for name in after if name not in known),
        changed=tuple(name for name in after if name in known and _own(after[name]) != _own(known[name])),
        removed=tuple(name for name in known if name not in after),
        same=journey is not None and base > 0 and current_flow(journey).definition == definition, people=people,
    )  # fmt: skip


def _own(step: msgspec.Struct) -> object:
    """A step without the steps inside it."""
    data = msgspec.to_builtins(step)
    for name in ("happened", "timeout", "otherwise"):
        data.pop(name, None)
    for part in (*data.get("ways", ()), *data.get("arms", ())):
        part.pop("steps", None)
    return data


def _bad_choices(vanish: Mapping[str, str], otherwise: str, steps: set[str]) -> list[Problem]:
    allowed = {FINISH, LEAVE, *steps}
    chosen = {**vanish, "": otherwise}
    return [
        Problem(path=f"vanish.{name}" if name else "vanish",
                says=f"{choice!r} is neither `finish`, `leave` nor a step of the new version")
        for name, choice in chosen.items()
        if choice not in allowed
    ]  # fmt: skip


def _people(
    journey: Journey, after: Mapping[str, msgspec.Struct], vanish: Mapping[str, str], otherwise: str
) -> tuple[Standing, ...]:
    rows = Enrolment.objects.filter(journey=journey, state__in=(State.GOING, State.ASIDE)).order_by()
    counted = rows.values("number", "step").annotate(people=Count("id"))
    found: dict[str, int] = {}
    becomes: dict[str, str] = {}
    for row in counted:
        step = row["step"]
        found[step] = found.get(step, 0) + row["people"]
        stays = step in after and _kind(journey, row["number"], step) is type(after[step])
        becomes[step] = "stays" if stays else vanish.get(step, otherwise)
    return tuple(Standing(step=step, people=found[step], becomes=becomes[step]) for step in sorted(found))


def _kind(journey: Journey, number: int, step: str) -> type | None:
    text = Version.objects.values_list("document", flat=True).get(journey=journey, number=number)
    stop = flow_of(text.encode()).stops.get(step)
    return type(stop.step) if stop else None


def apply(
    text: str, *, by: str, now: datetime, base: int | None = None, note: str = "",
    vanish: Mapping[str, str] | None = None, otherwise: str = FINISH,
) -> Version:  # fmt: skip
    """Make the definition the version that people enter, and do with those who are in it what the plan says.

    InputError lists everything that is wrong; or says that another version than `base` is there by now.
    """
    planned = plan(text, vanish=vanish, otherwise=otherwise)
    if planned.problems:
        raise InputError("\n".join(str(problem) for problem in planned.problems))
    if base is not None and base != planned.base:
        raise InputError(f"version {planned.base} was applied meanwhile, this was planned for {base}; plan again")
    definition, _none = checking.check(text)
    assert definition is not None  # noqa: S101  planned without problems
    with transaction.atomic():
        journey, _new = Journey.objects.get_or_create(name=definition.journey)
        if planned.same and journey.number:
            return Version.objects.get(journey=journey, number=journey.number)
        version = _next(journey, definition, planned.base, by=by, now=now, note=note)
        _carry(journey, planned, now)
        if journey.state in {Journey.State.RUNNING, Journey.State.PAUSED}:
            timers.hang(journey, definition.triggers, now=now)
    return version


def _next(journey: Journey, definition: Definition, base: int, *, by: str, now: datetime, note: str) -> Version:
    number = base + 1
    text = msgspec.json.encode(definition).decode()
    taken = Journey.objects.filter(pk=journey.pk, number=base).update(
        number=number, title=definition.title, draft="", draft_by=""
    )
    if not taken:
        raise InputError(f"version {base} of {journey.name} is no longer the last; plan again")
    journey.refresh_from_db()
    try:
        return Version.objects.create(journey=journey, number=number, document=text, by=by, at=now, note=note[:300])
    except IntegrityError as error:
        raise InputError(f"version {number} of {journey.name} is there already; plan again") from error


def _carry(journey: Journey, planned: Plan, now: datetime) -> None:
    """Bring the people of older versions where the plan says."""
    for one in planned.people:
        rows = Enrolment.objects.filter(
            journey=journey, step=one.step, state__in=(State.GOING, State.ASIDE), number__lt=journey.number
        )
        if one.becomes == FINISH:
            continue
        ids = list(rows.values_list("id", flat=True))
        if one.becomes == LEAVE:
            ended = {"state": State.OVER, "how": "left", "ended_at": now, "due_at": None, "step": ""}
        elif one.becomes == "stays":
            # Looked at anew: the wait may have another length by now.
            ended = {"number": journey.number, "parked": False, "due_at": now}
        else:
            ended = {
                "number": journey.number, "step": one.becomes, "since": now, "parked": False, "met_at": None,
                "due_at": now,
            }  # fmt: skip
        for some in in_pages(ids):
            Enrolment.objects.filter(id__in=some).update(**ended, worker="", lease_until=None)


def start(journey: Journey, *, now: datetime) -> None:
    """People come in and move from now on. InputError: nothing is applied yet, or it is over."""
    if not journey.number:
        raise InputError(f"{journey.name} has no version yet; apply one first")
    problems = list(checking.problems_of(current_flow(journey).definition))
    if problems:
        raise InputError("\n".join(str(problem) for problem in problems))
    _turn(journey, (Journey.State.DRAFT, Journey.State.PAUSED), Journey.State.RUNNING)
    if journey.started_at is None:
        Journey.objects.filter(pk=journey.pk, started_at__isnull=True).update(started_at=now)
    journey.refresh_from_db()
    timers.hang(journey, current_flow(journey).definition.triggers, now=now)


def pause(journey: Journey) -> None:
    """Nobody comes in and nobody moves until it is started again."""
    _turn(journey, (Journey.State.RUNNING,), Journey.State.PAUSED)


def stop(journey: Journey, *, now: datetime) -> int:
    """End it for good: everybody leaves, what waits in the outbox is taken back. How many people left."""
    _turn(journey, (Journey.State.RUNNING, Journey.State.PAUSED, Journey.State.DRAFT), Journey.State.OVER)
    with transaction.atomic():
        rows = Enrolment.objects.filter(journey=journey, state__in=(State.GOING, State.ASIDE))
        left = rows.update(state=State.OVER, how="stopped", ended_at=now, due_at=None, step="", worker="")
        neighbours.take_back(journey=journey.name, now=now)
    return left


def _turn(journey: Journey, before: tuple[str, ...], after: str) -> None:
    if not Journey.objects.filter(pk=journey.pk, state__in=before).update(state=after):
        raise InputError(f"{journey.name} is {journey.state}; that can be done while it is {' or '.join(before)}")
    journey.refresh_from_db()


def text_of(journey: Journey, number: int | None = None) -> str:
    """A version as YAML: the last one, or the one of this number. NotFound where there is none."""
    row = Version.objects.filter(journey=journey, number=number or journey.number).first()
    if row is None:
        raise NotFound(f"{journey.name} has no version {number or journey.number}")
    return to_yaml(flow_of(row.document.encode()).definition)


def enrol_by_hand(
    workspace: Workspace, journey: Journey, people: Mapping[str, Mapping[str, object]], *, cause: str, now: datetime
) -> int:
    """Let people (id → facts) in who were named by API, command line or page; how many came. cause: the same cause
    never lets the same person in twice. InputError where the journey does not run or is not open to it."""
    from lianyi.action.journeys.document import Called
    from lianyi.action.journeys.enrolling import Comer, enrol

    if journey.state != Journey.State.RUNNING:
        raise InputError(f"{journey.name} is {journey.state}; start it first")
    flow = current_flow(journey)
    if not any(isinstance(trigger, Called) for trigger in flow.definition.triggers):
        raise InputError(f"{journey.name} can't be entered by hand; add the trigger - {{by: api}}")
    comers = [
        Comer(person_id=person, cause=f"api:{cause}"[:200], at=now, facts=dict(facts))
        for person, facts in people.items()
    ]
    with transaction.atomic():
        return enrol(journey, flow, comers, now=now,
                     matching=lambda text, ids: neighbours.matching(workspace, text, ids)).came  # fmt: skip
