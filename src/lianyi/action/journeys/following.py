"""Following the log: events let people in, end waits, and reach goals, a second or so after they have landed.

One row (models.Following) says up to which version of the log this was done, and who does it now. What is done for one
portion of news is safe to be done again: an event lets nobody in twice, and what is met stays met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q

from lianyi.action.journeys import document as d
from lianyi.action.journeys import happenings, neighbours, splits
from lianyi.action.journeys.document import duration, walk
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.enrolling import PAGE, Comer, enrol
from lianyi.action.journeys.flow import Flow, flow_of
from lianyi.action.journeys.happenings import Seen, mark
from lianyi.action.journeys.models import Enrolment, Following, Journey, Stranger, Version
from lianyi.action.journeys.world import LANDING, current_ids
from lianyi.action.paging import in_pages
from lianyi.memory.engine import literal
from lianyi.memory.following import news
from lianyi.workspace import Workspace

LEASE = timedelta(seconds=300)
# How long somebody whom the tables do not know yet may still become known.
STRANGERS = timedelta(days=7)
State = Enrolment.State


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a happening is for: kind is enter, wait, goal or split; step: of the wait or split."""

    kind: str
    journey: Journey
    flow: Flow
    happening: d.Happening
    key: str = "person"
    step: str = ""

    @property
    def name(self) -> str:
        """The same for the same use, in every process."""
        return f"{self.kind}/{self.journey.pk}/{self.step}/{mark(self.happening)[:12]}"


def uses() -> list[Use]:
    """All that running journeys wait for."""
    found: list[Use] = []
    for journey in Journey.objects.filter(state=Journey.State.RUNNING):
        flow = current_flow(journey)
        for trigger in flow.definition.triggers:
            if isinstance(trigger, d.Event):
                happening = d.Happening(event=trigger.event, where=trigger.where, received=trigger.received)
                found.append(Use(kind="enter", journey=journey, flow=flow, happening=happening, key=trigger.key))
        if flow.definition.goal:
            found.append(Use(kind="goal", journey=journey, flow=flow, happening=flow.definition.goal.happening))
        found += _of_steps(journey, flow)
    return found


def _of_steps(journey: Journey, current: Flow) -> Iterator[Use]:
    """Waits at which somebody is, of all versions; splits that are not decided."""
    rows = Enrolment.objects.filter(journey=journey, state=State.GOING).order_by()
    for number in rows.values_list("number", flat=True).distinct():
        text = Version.objects.values_list("document", flat=True).get(journey=journey, number=number)
        flow = flow_of(text.encode())
        for _path, step in walk(flow.definition.steps):
            if isinstance(step, d.Wait) and step.until:
                yield Use(kind="wait", journey=journey, flow=flow, happening=step.until, step=step.id)
    for _path, step in walk(current.definition.steps):
        if isinstance(step, d.Split) and step.winner:
            yield Use(kind="split", journey=journey, flow=current, happening=step.winner.goal, step=step.id)


def is_behind(workspace: Workspace) -> bool:
    """Whether the log has news for a running journey."""
    if not Journey.objects.filter(state=Journey.State.RUNNING).exists():
        return False
    row = Following.objects.first()
    return row is None or row.version != workspace.lake.version() or row.keys != _keys_version(workspace)


def follow(workspace: Workspace, now: datetime, *, worker: str) -> bool:
    """Do what is new; False where somebody else does so, or nothing is."""
    if not is_behind(workspace) or not _claim(now, worker):
        return False
    row = Following.objects.get(pk=1)
    try:
        told = news(workspace.lake, row.version)
        events = _relation(told.files, complete=told.complete, row=row)
        if events:
            wanted = {use.name: use for use in uses()}
            for use in wanted.values():
                _apply(workspace, use, events, now)
        keys = _keys_version(workspace)
        if keys != row.keys:
            _meet_strangers(workspace, now)
            _follow_merges(workspace)
        Following.objects.filter(pk=1, worker=worker).update(version=told.version, received_at=now, keys=keys)
    finally:
        Following.objects.filter(pk=1, worker=worker).update(worker="", lease_until=None)
    return True


def _claim(now: datetime, worker: str) -> bool:
    Following.objects.get_or_create(pk=1)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return Following.objects.filter(free, pk=1).update(worker=worker, lease_until=now + LEASE) == 1


def _relation(files: Sequence[str], *, complete: bool, row: Following) -> str:
    """The news as a relation; "" where there is none. Where the log's journal no longer reaches back so far, all that
    was received since."""
    if complete:
        return happenings.files(files) if files else ""
    if row.received_at is None:  # the first time: what was before is not news
        return ""
    since = (row.received_at - LANDING).isoformat()
    return f"(SELECT * FROM events WHERE received_at > TIMESTAMPTZ {literal(since)})"


def _keys_version(workspace: Workspace) -> str:
    state = workspace.states().get("keys")
    return state.version if state else ""


def _apply(workspace: Workspace, use: Use, events: str, now: datetime) -> None:
    if "keys" not in workspace.states():
        return
    rest = happenings.seen(workspace, use.happening, now=now, events=events, key=use.key)
    while page := list(islice(rest, PAGE)):
        strangers = [one for one in page if one.person_id is None]
        with transaction.atomic():
            Stranger.objects.bulk_create(
                [_stranger(use, one) for one in strangers if use.kind == "enter"], ignore_conflicts=True
            )
            give(workspace, use, [one for one in page if one.person_id is not None], now)


def _stranger(use: Use, one: Seen) -> Stranger:
    return Stranger(
        happening=use.name, event=happenings.event_data(one), at=one.at, event_id=one.id[:512], who=one.who[:512]
    )


def give(workspace: Workspace, use: Use, seen: Sequence[Seen], now: datetime) -> None:
    """What these events do."""
    if use.kind == "enter":
        begin = use.journey.started_at or now
        comers = [
            Comer(person_id=one.person_id or "", cause=f"event:{one.id}"[:200], at=one.at, key=one.key, facts=one.facts)
            for one in seen
            if one.at >= begin
        ]
        if comers:
            enrol(use.journey, use.flow, comers, now=now,
                  matching=lambda text, ids: neighbours.matching(workspace, text, ids))  # fmt: skip
        return
    times: dict[str, list[datetime]] = {}
    for one in seen:
        times.setdefault(one.person_id or "", []).append(one.at)
    if use.kind == "wait":
        _meet(use, times, now)
    elif use.kind == "goal":
        _reach(use, times, now)
    else:
        step = use.flow.stops[use.step].step
        assert isinstance(step, d.Split)  # noqa: S101  so uses() made it
        splits.reach(use.journey, step, {person: max(moments) for person, moments in times.items()})


def _rows(use: Use, people: Sequence[str], **more: Any) -> Iterator[Enrolment]:
    for start in range(0, len(people), 500):
        rows = Enrolment.objects.filter(journey=use.journey, person_id__in=people[start : start + 500], **more)
        yield from rows.only("id", "person_id", "acted_at", "entered_at", "state", "goal_at")


def _meet(use: Use, times: Mapping[str, Sequence[datetime]], now: datetime) -> None:
    """End waits of people for whom it has happened since the journey last did something to them."""
    for row in _rows(use, list(times), state=State.GOING, step=use.step, met_at__isnull=True):
        after = [at for at in times[row.person_id] if at > row.acted_at]
        if after:
            mine = Enrolment.objects.filter(pk=row.pk, step=use.step, state=State.GOING, met_at__isnull=True)
            mine.update(met_at=min(after), due_at=now)


def _reach(use: Use, times: Mapping[str, Sequence[datetime]], now: datetime) -> None:
    """Note goals, of those who are held back as well; where the goal ends the journey, they leave."""
    aim = use.flow.definition.goal
    assert aim is not None  # noqa: S101  so uses() made it
    for row in _rows(use, list(times), goal_at__isnull=True):
        within = [at for at in times[row.person_id] if row.entered_at < at <= row.entered_at + duration(aim.within)]
        if not within:
            continue
        mine = Enrolment.objects.filter(pk=row.pk, goal_at__isnull=True)
        mine.update(goal_at=min(within))
        if aim.ends:
            ended = {"state": State.OVER, "how": "goal", "ended_at": now, "due_at": None, "step": ""}
            Enrolment.objects.filter(pk=row.pk, state__in=(State.GOING, State.ASIDE)).update(**ended)


def _meet_strangers(workspace: Workspace, now: datetime) -> None:
    """People who have become known by the tables since: what they did counts now."""
    Stranger.objects.filter(at__lt=now - STRANGERS).delete()
    wanted = {use.name: use for use in uses()}
    rows = list(Stranger.objects.all()[:PAGE])
    who = {row.who for row in rows}
    known = {
        row["key"]: row["person_id"]
        for row in workspace.look_up("keys", sorted(who), columns=["key", "person_id"]).to_pylist()
    }
    for row in rows:
        if row.who not in known:
            continue
        use = wanted.get(row.happening)
        with transaction.atomic():
            if use is not None:
                event = row.event
                one = Seen(id=event["id"], at=row.at, who=row.who, person_id=known[row.who], key=event["key"],
                           facts=event["facts"])  # fmt: skip
                give(workspace, use, [one], now)
            row.delete()


def _follow_merges(workspace: Workspace) -> None:
    """People whose id changed because two were found to be one go on under the new id."""
    rows = Enrolment.objects.filter(state__in=(State.GOING, State.ASIDE, State.HELD)).order_by()
    people = list(rows.values_list("person_id", flat=True).distinct())
    for some in in_pages(people):
        for old, new in current_ids(workspace, some).items():
            for row in rows.filter(person_id=old):
                twice = Enrolment.objects.filter(journey=row.journey_id, person_id=new, key=row.key).exists()
                ended = (
                    {"state": State.OVER, "how": "merged", "due_at": None, "step": ""} if twice else {"person_id": new}
                )
                Enrolment.objects.filter(pk=row.pk).update(**ended)
