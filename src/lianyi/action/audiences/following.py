"""Live audiences follow the log: whoever an event touches is looked at within seconds, whoever time alone may move is
looked at when it does, and after a refresh of the tables everybody is.

One process at a time follows, by a lease. What it has seen is one row of the database, written in the same transaction
as the changes that came of it, so a process that dies midway leaves nothing half done.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from lianyi.action.audiences import members
from lianyi.action.audiences.conditions import Asked, asked
from lianyi.action.audiences.counting import forget_old, log_changes, note_size, recount
from lianyi.action.audiences.models import Audience, Change, Following
from lianyi.errors import LianyiError
from lianyi.insight.present import Present
from lianyi.insight.store import Store
from lianyi.memory.following import News, news
from lianyi.memory.lake import Lake
from lianyi.presence import in_use
from lianyi.workspace import Workspace

LEASE = timedelta(seconds=30)
# So far ahead it is worked out who may enter or leave by time alone.
AHEAD = timedelta(hours=1)
# What can't be told ahead is counted anew so often.
COARSE = timedelta(hours=1)
# A file of members is written anew after so many changes.
REWRITE = 20_000
# Conditions that are asked in one question: what they read in common is read once.
AT_ONCE = 8
Numbers = npt.NDArray[np.int64]


@dataclass
class Schedule:
    """When the people of one audience may enter or leave by time alone, up to a moment: numbers of people by due time.

    of: the version of the audience and the tables that it was worked out for.
    """

    of: tuple[int, str]
    until: datetime
    people: Numbers = field(default_factory=lambda: np.array([], dtype=np.int64))
    due: Numbers = field(default_factory=lambda: np.array([], dtype=np.int64))
    everybody: bool = False

    def add(self, people: Numbers, due: Numbers) -> None:
        """Take in further moments."""
        self.people = np.concatenate([self.people, people])
        self.due = np.concatenate([self.due, due])
        order = np.argsort(self.due, kind="stable")
        self.people, self.due = self.people[order], self.due[order]

    def take(self, now: datetime) -> Numbers:
        """The people whose moment has come; they are taken out."""
        end = int(np.searchsorted(self.due, _micros(now), side="right"))
        taken, self.people, self.due = self.people[:end], self.people[end:], self.due[end:]
        return np.unique(taken)

    @property
    def next(self) -> datetime:
        """When to look again."""
        if not len(self.due):
            return self.until
        return min(self.until, datetime.fromtimestamp(self.due[0] / 1_000_000, tz=self.until.tzinfo))


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """An audience in one step: its condition, and the people whose time has come."""

    audience: Audience
    asked: Asked
    timed: Numbers


@dataclass(kw_only=True)
class AudienceRound:
    """The round of action.rounds that follows the log. folder: of the workspace."""

    name: str = "audiences"
    folder: Path | None = None
    _me: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")
    _schedules: dict[int, Schedule] = field(default_factory=dict)
    _members: dict[int, tuple[tuple[int, int], pa.Array]] = field(default_factory=dict)
    _swept: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether the log or the tables went on, or somebody's time has come."""
        live = Audience.objects.filter(kind=Audience.Kind.LIVE, archived=False)
        if not live.exists():
            return False
        place = self._place()
        store = Store(place / "tables")
        if "people" not in store.states():
            return False
        row = Following.objects.filter(pk=1).first()
        if row is None or row.tables != in_use(place, store).path.name:
            return True
        if live.filter(Q(next_due__lte=now) | Q(build=0, problem="")).exists():
            return True
        return row.lake_version != Lake(place).version()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Follow one step; True where more has landed meanwhile."""
        row = self._lease(now)
        if row is None:
            return False
        live = list(Audience.objects.filter(kind=Audience.Kind.LIVE, archived=False).order_by("pk"))
        tables = workspace.present_of()
        seen = news(workspace.lake, row.lake_version if row.tables == tables else None)
        present = workspace.present(now)
        if not seen.complete:
            self._recount(workspace, live, now, tables, stop)
        else:
            self._follow(workspace, present, live, seen, now, tables)
        if stop():
            return False
        Following.objects.filter(pk=1, holder=self._me).update(lake_version=seen.version, tables=tables)
        if self._swept is None or now - self._swept > timedelta(days=1):
            forget_old(now)
            self._swept = now
        return workspace.lake.version() != seen.version

    # --- everybody ----------------------------------------------------------------------------------------------

    def _recount(
        self, ws: Workspace, live: Sequence[Audience], now: datetime, tables: str, stop: Callable[[], bool]
    ) -> None:
        for audience in live:
            if stop():
                return
            self._lease(now)
            self._count_anew(ws, audience, now, tables)

    def _count_anew(self, ws: Workspace, audience: Audience, now: datetime, tables: str) -> None:
        self._members.pop(audience.pk, None)
        self._schedules.pop(audience.pk, None)
        if recount(ws, audience, now, next_due=now + AHEAD):
            self._plan(ws, audience, asked(ws, audience.condition, name=audience.name), now, tables)

    # --- the touched --------------------------------------------------------------------------------------------

    def _follow(
        self, ws: Workspace, present: Present, live: Sequence[Audience], seen: News, now: datetime, tables: str
    ) -> None:
        touched = present.people_of(seen.files) if seen.files else pa.array([], pa.int32())
        turns = [turn for audience in live if (turn := self._turn(ws, audience, now, tables)) is not None]
        around = touched
        if len(touched) and any(turn.asked.of_others for turn in turns):
            around = _joined(touched, present.neighbours(touched))
        for of_others, here in ((False, touched), (True, around)):
            group = [turn for turn in turns if turn.asked.of_others == of_others]
            for start in range(0, len(group), AT_ONCE):
                self._look(ws, present, group[start : start + AT_ONCE], here, now)

    def _turn(self, ws: Workspace, audience: Audience, now: datetime, tables: str) -> _Turn | None:
        """What is to be looked at of an audience; None where that has been done, or can't be."""
        if audience.built_version != audience.version and not audience.problem:
            self._count_anew(ws, audience, now, tables)
            return None
        if not audience.build:
            return None
        try:
            one = asked(ws, audience.condition, name=audience.name)
        except LianyiError as error:
            Audience.objects.filter(pk=audience.pk).update(problem=str(error), next_due=None)
            return None
        timed = self._timed(ws, audience, one, now, tables)
        if timed is None:
            self._count_anew(ws, audience, now, tables)
            return None
        return _Turn(audience=audience, asked=one, timed=timed)

    def _look(self, ws: Workspace, present: Present, turns: Sequence[_Turn], here: pa.Array, now: datetime) -> None:
        """Look for some audiences, in one question, at the people around whom something happened and at those whose
        time has come; log who entered and left."""
        # Who is looked at for the sake of another audience stays where he is in this one.
        people = reduce(_joined, (pa.array(turn.timed, pa.int32()) for turn in turns), here)
        if len(people):
            lists = {name: ids for turn in turns for name, ids in turn.asked.lists.items()}
            rows = present.tested([turn.asked.whole for turn in turns], now, people, lists=lists)
            ids = rows["id"].combine_chunks()
            by_event = pc.is_in(rows["person_id"].combine_chunks(), value_set=here)
            for number, turn in enumerate(turns):
                self._enter(ws, turn.audience, ids, rows[f"t{number}"].combine_chunks(), by_event, now)
        for turn in turns:
            schedule = self._schedules[turn.audience.pk]
            mine = _joined(here, pa.array(turn.timed, pa.int32()))
            if len(mine):
                self._ahead(present, turn.asked, schedule, now, mine)
            self._note(turn.audience, schedule.next, now)

    def _enter(
        self, ws: Workspace, audience: Audience, ids: pa.Array, holds: pa.Array, by_event: pa.Array, now: datetime
    ) -> None:
        """Log who of these people entered and left. holds: who of them is in now. by_event: around whom something
        happened; the others are moved by time."""
        there = self._there(ws, audience)
        was_in = pc.is_in(ids, value_set=there.filter(pc.is_in(there, value_set=ids)))
        moved = pc.xor(holds, was_in)
        if not pc.any(moved).as_py():
            return
        ways = [
            (why, sorted(ids.filter(pc.and_(pc.and_(moved, side), holds)).to_pylist()),
             sorted(ids.filter(pc.and_(pc.and_(moved, side), was_in)).to_pylist()))
            for why, side in ((Change.Why.EVENT, by_event), (Change.Why.TIME, pc.invert(by_event)))
        ]  # fmt: skip
        entered, left = ([one for way in ways for one in way[number]] for number in (1, 2))
        size = (audience.count or 0) + len(entered) - len(left)
        with transaction.atomic():
            for why, came, went in ways:
                log_changes(audience, came, went, why, now)
            changed = Audience.objects.filter(pk=audience.pk, version=audience.version, build=audience.build).update(
                count=size, as_of=now
            )
            if not changed:  # it was counted anew meanwhile, by somebody who knows better
                transaction.set_rollback(True)
                return
            note_size(audience, size, len(entered), len(left), now)
        audience.refresh_from_db()
        self._moved(ws, audience, there, entered, left)

    def _there(self, ws: Workspace, audience: Audience) -> pa.Array:
        """The members, kept in memory from step to step."""
        key = (audience.build, audience.version)
        known = self._members.get(audience.pk)
        if known is None or known[0] != key:
            known = key, members.of(ws, audience).ids()
            self._members[audience.pk] = known
        return known[1]

    def _moved(
        self, ws: Workspace, audience: Audience, there: pa.Array, entered: Sequence[str], left: Sequence[str]
    ) -> None:
        rows = [Change(person_id=one, entered=True) for one in entered]
        rows += [Change(person_id=one, entered=False) for one in left]
        ids = members.after_changes(there, rows)
        self._members[audience.pk] = (audience.build, audience.version), ids
        last = audience.changes.order_by("-id").values_list("id", flat=True).first() or 0
        if audience.changes.filter(id__gt=audience.base).count() < REWRITE:
            return
        build = audience.build + 1
        members.write(ws.folder, audience.pk, build, ids)
        if Audience.objects.filter(pk=audience.pk, build=audience.build).update(build=build, base=last):
            members.sweep(ws.folder, audience.pk, keep=build)
        audience.refresh_from_db()

    def _note(self, audience: Audience, next_due: datetime, now: datetime) -> None:
        """Say up to when this audience is right, and when to look again; a write only where it matters."""
        stale = audience.as_of is None or now - audience.as_of > timedelta(seconds=30)
        if audience.next_due != next_due or stale:
            Audience.objects.filter(pk=audience.pk, version=audience.version).update(next_due=next_due, as_of=now)

    # --- time ---------------------------------------------------------------------------------------------------

    def _timed(self, ws: Workspace, audience: Audience, one: Asked, now: datetime, tables: str) -> Numbers | None:
        """The people whose time has come; None where anybody's may have."""
        schedule = self._schedules.get(audience.pk)
        if schedule is None or schedule.of != (audience.version, tables) or schedule.until <= now:
            schedule = self._plan(ws, audience, one, audience.as_of or now, tables, until=now + AHEAD)
        if schedule.everybody and audience.as_of is not None and now - audience.as_of >= COARSE:
            return None
        return schedule.take(now)

    def _plan(
        self, ws: Workspace, audience: Audience, one: Asked, after: datetime, tables: str, *,
        until: datetime | None = None,
    ) -> Schedule:  # fmt: skip
        schedule = Schedule(of=(audience.version, tables), until=until or after + AHEAD)
        self._ahead(ws.present(after), one, schedule, after, None)
        self._schedules[audience.pk] = schedule
        Audience.objects.filter(pk=audience.pk, version=audience.version).update(next_due=schedule.next)
        return schedule

    def _ahead(self, present: Present, one: Asked, schedule: Schedule, after: datetime, among: pa.Array | None) -> None:
        found = present.turns(one.whole, after, schedule.until, lists=one.lists, among=among)
        schedule.everybody = schedule.everybody or found.everybody
        schedule.add(found.people, found.due)

    # --- the lease ----------------------------------------------------------------------------------------------

    def _lease(self, now: datetime) -> Following | None:
        """Take or keep the right to follow; None while somebody else has it."""
        Following.objects.get_or_create(pk=1)
        free = Q(holder=self._me) | Q(holder="") | Q(until__isnull=True) | Q(until__lt=now)
        taken = Following.objects.filter(free, pk=1).update(holder=self._me, until=now + LEASE)
        return Following.objects.get(pk=1) if taken else None

    def _place(self) -> Path:
        return self.folder or Path(settings.WORKSPACE)


def _joined(one: pa.Array, other: pa.Array) -> pa.Array:
    """Numbers of both, each once."""
    if not len(other):
        return one
    return pa.array(np.union1d(one.to_numpy(), other.to_numpy()), pa.int32())


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
