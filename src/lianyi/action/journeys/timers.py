"""Doors that open by the clock or by a table: audiences, dates of people, ripples, schedules.

Each door (models.Door) knows how far it was followed. It is claimed with a lease; the people it lets in and the cursor
are written in one transaction a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import Q

from lianyi.action.journeys import document as d
from lianyi.action.journeys import neighbours
from lianyi.action.journeys.document import Trigger, clock, duration
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.enrolling import PAGE, Comer, enrol
from lianyi.action.journeys.happenings import mark
from lianyi.action.journeys.models import Door, Journey
from lianyi.errors import InputError, LianyiError
from lianyi.memory.engine import literal
from lianyi.workspace import Workspace

LEASE = timedelta(seconds=120)
OFTEN = timedelta(seconds=2)
SELDOM = timedelta(seconds=30)
AFTER_ERROR = timedelta(seconds=10)
# A door that was shut this long (a stopped server) does not make up for older days.
MAKE_UP = timedelta(days=2)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# Times of people that a journey may hang on, beside the birthday.
DATES = ("first_seen", "last_seen", "first_active", "last_active", "first_order", "last_order")


def hang(journey: Journey, triggers: Sequence[Trigger], *, now: datetime) -> None:
    """Make the doors of a journey those of its triggers; one that stays keeps its cursor."""
    wanted = {mark(trigger): trigger for trigger in triggers if not isinstance(trigger, d.Event | d.Called)}
    Door.objects.filter(journey=journey).exclude(mark__in=list(wanted)).delete()
    for name, trigger in wanted.items():
        text = msgspec.json.encode(trigger).decode()
        Door.objects.get_or_create(journey=journey, mark=name, defaults={"trigger": text, "due_at": now})


def due(now: datetime) -> bool:
    """Whether a door must be looked at."""
    return bool(_due(now).exists())


def _due(now: datetime) -> Any:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return Door.objects.filter(free, due_at__lte=now, journey__state=Journey.State.RUNNING)


def open_doors(workspace: Workspace, now: datetime, *, worker: str) -> int:
    """Look at the doors that are due, a page each; how many people came. What goes wrong at a door stands on it."""
    came = 0
    for pk in list(_due(now).order_by("due_at").values_list("pk", flat=True)[:50]):
        taken = _due(now).filter(pk=pk).update(worker=worker, lease_until=now + LEASE)
        if not taken:
            continue
        door = Door.objects.select_related("journey").get(pk=pk)
        try:
            came += _look(workspace, door, now)
        except LianyiError as error:
            Door.objects.filter(pk=pk, worker=worker).update(problem=str(error)[:2000], due_at=now + AFTER_ERROR)
        finally:
            Door.objects.filter(pk=pk, worker=worker).update(worker="", lease_until=None)
    return came


def _look(workspace: Workspace, door: Door, now: datetime) -> int:
    trigger = msgspec.json.decode(door.trigger, type=Trigger)
    match trigger:
        case d.Audience():
            return _audience(workspace, door, trigger, now)
        case d.Date():
            return _date(workspace, door, trigger, now)
        case d.Ripple():
            return _ripple(workspace, door, trigger, now)
        case d.Schedule():
            return _schedule(workspace, door, trigger, now)
    raise InputError(f"a door for {door.trigger} is no timer's")


def _let_in(
    workspace: Workspace,
    door: Door,
    comers: Sequence[Comer],
    cursor: dict[str, Any],
    *,
    now: datetime,
    due_at: datetime,
) -> int:
    """Let a page in and remember how far we are, in one transaction."""
    flow = current_flow(door.journey)
    with transaction.atomic():
        let = enrol(door.journey, flow, comers, now=now,
                    matching=lambda text, ids: neighbours.matching(workspace, text, ids))  # fmt: skip
        Door.objects.filter(pk=door.pk, worker=door.worker).update(cursor=cursor, due_at=due_at, problem="")
    return let.came


def _audience(workspace: Workspace, door: Door, trigger: d.Audience, now: datetime) -> int:
    audience, cursor = neighbours.audience(trigger.audience), dict(door.cursor)
    if "seq" not in cursor:  # the first look: from here on, and who is in it already where that is wanted
        newest = _newest_change(audience.pk)
        cursor = {"seq": newest, "after": "" if trigger.present else None}
    if cursor["after"] is not None:
        return _present(workspace, door, trigger, cursor, now)
    found = neighbours.changes(audience.pk, cursor["seq"], PAGE)
    entered = trigger.when == "entered"
    comers = [
        Comer(person_id=one.person_id, cause=f"audience:{audience.pk}/{one.seq}", at=one.at)
        for one in found
        if one.entered == entered
    ]
    if found:
        cursor["seq"] = found[-1].seq
    return _let_in(workspace, door, comers, cursor, now=now, due_at=now if len(found) == PAGE else now + OFTEN)


def _newest_change(audience_id: int) -> int:
    seq = 0
    while found := neighbours.changes(audience_id, seq, 10_000):
        seq = found[-1].seq
    return seq


def _present(workspace: Workspace, door: Door, trigger: d.Audience, cursor: dict[str, Any], now: datetime) -> int:
    """A page of those who are in the audience already."""
    page = _members_after(workspace, trigger.audience, cursor["after"])
    comers = [Comer(person_id=person, cause=f"present:{door.mark[:12]}", at=now) for person in page]
    cursor["after"] = page[-1] if len(page) == PAGE else None
    return _let_in(workspace, door, comers, cursor, now=now, due_at=now)


def _members_after(workspace: Workspace, audience: str, after: str) -> list[str]:
    ids, _as_of = neighbours.members(workspace, audience)
    later: list[str] = ids.filter(pc.greater(ids, after)).slice(0, PAGE).to_pylist()
    return later


def _date(workspace: Workspace, door: Door, trigger: d.Date, now: datetime) -> int:
    """Once a day, at the time of the brand's clock: the people whose date with the offset is today."""
    zone = ZoneInfo(workspace.settings.timezone)
    cursor = dict(door.cursor)
    today = now.astimezone(zone).date()
    moment = clock(trigger.at)
    if "day" not in cursor:
        started = (door.journey.started_at or now).astimezone(zone)
        begun = started.date() if started.time() <= moment else started.date() + timedelta(days=1)
        cursor = {"day": begun.isoformat(), "after": ""}
    day = max(date.fromisoformat(cursor["day"]), today - MAKE_UP)
    opens = datetime.combine(day, moment, zone)
    if now < opens:
        return _let_in(workspace, door, [], cursor, now=now, due_at=opens)
    page = _people_with(workspace, trigger, day, cursor["after"])
    comers = [Comer(person_id=person, cause=f"date:{day}/{door.mark[:12]}", at=now) for person in page]
    over = len(page) < PAGE
    following = day + timedelta(days=1)
    cursor = {"day": following.isoformat(), "after": ""} if over else {"day": day.isoformat(), "after": page[-1]}
    due_at = datetime.combine(following, moment, zone) if over else now
    return _let_in(workspace, door, comers, cursor, now=now, due_at=due_at)


def _people_with(workspace: Workspace, trigger: d.Date, day: date, after: str) -> list[str]:
    """Ids of people whose date plus the offset is that day, of one page."""
    target = day - duration(trigger.offset)
    if trigger.date == "birthday":
        leap = target.month == 2 and target.day == 28 and not _is_leap(target.year)
        days = "IN (28, 29)" if leap else f"= {target.day}"
        condition = f"birth_month = {target.month} AND birth_day {days}"
    else:
        zone = literal(workspace.settings.timezone)
        local = f"CAST({trigger.date} AS DATE)"
        if trigger.date not in {"first_active", "last_active"}:
            local = f"CAST(timezone({zone}, {trigger.date}) AS DATE)"
        condition = f"{local} = DATE {literal(target.isoformat())}"
    rows = workspace.sql(
        f"SELECT person_id FROM people WHERE {condition} AND person_id > ? ORDER BY person_id LIMIT {PAGE}", [after]
    )
    found: list[str] = rows.to_arrow_table()["person_id"].to_pylist()
    return found


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _ripple(workspace: Workspace, door: Door, trigger: d.Ripple, now: datetime) -> int:
    """After each refresh: who came at the generation since the journey began, or whose ripple reached it."""
    state = workspace.states().get("arrivals")
    cursor = dict(door.cursor)
    if state is None or (cursor.get("version") == state.version and not cursor.get("after")):
        return _let_in(workspace, door, [], cursor, now=now, due_at=now + SELDOM)
    after = cursor.get("after", "") if cursor.get("version") == state.version else ""
    rows = _arrived(workspace, trigger, door.journey.started_at or now, after)
    comers = [
        Comer(person_id=row["person_id"], cause=f"ripple:{row['ripple_id']}"[:200], at=now, key=row["ripple_id"][:200],
              facts={"campaign": row["campaign"]} if row["campaign"] else {})
        for row in rows
    ]  # fmt: skip
    more = rows[-1]["place"] if len(rows) == PAGE else ""
    return _let_in(workspace, door, comers, {"version": state.version, "after": more}, now=now,
                   due_at=now if more else now + SELDOM)  # fmt: skip


def _arrived(workspace: Workspace, trigger: d.Ripple, begin: datetime, after: str) -> list[dict[str, Any]]:
    reached = (
        f'SELECT ripple_id, min("at") AS reached_at FROM arrivals WHERE generation >= {trigger.generation} '
        "GROUP BY ripple_id"
    )
    own = f"a.generation >= {trigger.generation} AND a.\"at\" >= ?" if trigger.who == "arrived" else (
        "a.generation = 0 AND g.reached_at >= ?"
    )  # fmt: skip
    named = f"AND r.kind = 'campaign' AND r.name = {literal(trigger.campaign)}" if trigger.campaign else ""
    rows = workspace.sql(
        "SELECT a.person_id, a.ripple_id, CASE WHEN r.kind = 'campaign' THEN r.name END AS campaign, "
        "concat(a.ripple_id, '/', a.person_id) AS place FROM arrivals a JOIN ripples r ON r.ripple_id = a.ripple_id "
        f"JOIN ({reached}) g ON g.ripple_id = a.ripple_id "
        f"WHERE {own} {named} AND concat(a.ripple_id, '/', a.person_id) > ? ORDER BY place LIMIT {PAGE}",
        [begin, after],
    )
    found: list[dict[str, Any]] = rows.to_arrow_table().to_pylist()
    return found


def _schedule(workspace: Workspace, door: Door, trigger: d.Schedule, now: datetime) -> int:
    """Everybody of the audience at each time of the schedule."""
    zone = ZoneInfo(workspace.settings.timezone)
    cursor = dict(door.cursor)
    if "at" not in cursor:
        first = next_time(trigger, door.journey.started_at or now, zone)
        cursor = {"at": first.isoformat() if first else "", "after": ""}
    if not cursor["at"]:
        return _let_in(workspace, door, [], cursor, now=now, due_at=NEVER)
    at = datetime.fromisoformat(cursor["at"])
    if now < at:
        return _let_in(workspace, door, [], cursor, now=now, due_at=at)
    page = _members_after(workspace, trigger.audience, cursor["after"])
    cause = f"schedule:{at:%Y-%m-%dT%H:%M}/{door.mark[:12]}"
    comers = [Comer(person_id=person, cause=cause, at=now) for person in page]
    if len(page) == PAGE:
        return _let_in(workspace, door, comers, {**cursor, "after": page[-1]}, now=now, due_at=now)
    after = next_time(trigger, max(at, now - MAKE_UP) + timedelta(minutes=1), zone)
    cursor = {"at": after.isoformat() if after else "", "after": ""}
    return _let_in(workspace, door, comers, cursor, now=now, due_at=after or NEVER)


def next_time(trigger: d.Schedule, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The first time of a schedule from `moment` on; None where there is none any more."""
    hour: time = clock(trigger.at)
    if trigger.every == "once":
        at = datetime.combine(date.fromisoformat(trigger.date), hour, zone)
        return at if at >= moment else None
    day = moment.astimezone(zone).date()
    for _ in range(64):
        fits = (
            trigger.every == "day"
            or (trigger.every == "week" and day.isoweekday() == trigger.on_day)
            or (trigger.every == "month" and day.day == min(trigger.on_day, _days_of(day)))
        )
        at = datetime.combine(day, hour, zone)
        if fits and at >= moment:
            return at
        day += timedelta(days=1)
    return None


def _days_of(day: date) -> int:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - timedelta(days=1)).day
