"""The round of journeys: doors are opened, the log is followed, people move on, splits are decided."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from lianyi.action.journeys import following, splits, timers
from lianyi.action.journeys.document import Split, walk
from lianyi.action.journeys.engine import Engine, Stepped, current_flow
from lianyi.action.journeys.models import Enrolment, Following, Journey
from lianyi.memory.lake import Lake
from lianyi.workspace import Workspace

JUDGE_EVERY = timedelta(minutes=1)
# A portion of work: so many pages, then the log and the doors are looked at again.
PAGES = 4


@dataclass(kw_only=True)
class Journeys:
    """See action.rounds.Round."""

    name: str = "journeys"
    _worker: str = field(default_factory=lambda: secrets.token_hex(12))
    _engine: Engine | None = None
    _judged_at: datetime | None = None
    _lake: Lake | None = None

    def due(self, now: datetime) -> bool:
        """Somebody must move, a door must be looked at, or the log has news."""
        if not Journey.objects.filter(state=Journey.State.RUNNING).exists():
            return False
        moving = Enrolment.objects.filter(
            state=Enrolment.State.GOING, due_at__lte=now, journey__state=Journey.State.RUNNING
        )
        return moving.exists() or timers.due(now) or self._has_news()

    def _has_news(self) -> bool:
        if self._lake is None:
            self._lake = Lake(settings.WORKSPACE)
        version = Following.objects.values_list("version", flat=True).first()
        return version is None or version != self._lake.version()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """A portion of all of it; True where there is more at once."""
        timers.open_doors(workspace, now, worker=self._worker)
        following.follow(workspace, now, worker=self._worker)
        if self._judged_at is None or now - self._judged_at > JUDGE_EVERY:
            self._judged_at = now
            judge(now)
        if self._engine is None or self._engine.workspace is not workspace:
            self._engine = Engine(workspace=workspace)
        moved = Stepped()
        for _ in range(PAGES):
            moved = self._engine.step(now)
            if stop() or not moved.people + moved.aside:
                break
        return bool(moved.people + moved.aside)


def judge(now: datetime) -> None:
    """Decide the splits whose time has come."""
    for journey in Journey.objects.filter(state=Journey.State.RUNNING):
        for _path, step in walk(current_flow(journey).definition.steps):
            if isinstance(step, Split) and step.winner:
                splits.judge(journey, step, now=now)
