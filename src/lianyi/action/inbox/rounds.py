"""The round of the inbox: follows the log and the tables, and takes in what needs a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lianyi.action.inbox import derived, duty, live, taking
from lianyi.action.inbox.models import Followed
from lianyi.insight.store import Store
from lianyi.memory.following import news
from lianyi.memory.lake import Lake
from lianyi.workspace import Workspace


class Inbox:
    """A round, see action.rounds. What two processes take in at once is there once. folder: of the workspace."""

    name = "inbox"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._looked: tuple[Lake, Store] | None = None

    def due(self, now: datetime) -> bool:  # noqa: ARG002  asked with the time, as all rounds are
        """Whether the log or the tables went on, or the queue of moderation did."""
        row = Followed.objects.filter(pk=1).first()
        lake, store = self._places()
        if row is None or row.lake_version != lake.version():
            return True
        states = store.states()
        tables = " ".join(states[name].version for name in derived.TABLES if name in states)
        return tables != row.tables or taking.new_cases().exists() or taking.old_cases().exists()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """All that is new. The version is moved on in the end: a crash before takes the same in again, which changes
        nothing."""
        row, _new = Followed.objects.get_or_create(pk=1)
        rota = duty.rota(workspace.settings.timezone)
        taking.cases(rota, now=now)
        tables = derived.version(workspace)
        seen = news(workspace.lake, row.lake_version)
        known = live.around(workspace)
        since = now - live.FRESH
        rows = live.rows_of(seen.files, since=since) if seen.complete else live.rows_since(workspace, since)
        live.take_in(workspace, rows, known, rota, now=now)
        if stop():
            return False
        if tables != row.tables and tables:
            derived.take_in(workspace, known, rota, now=now)
        taking.by_sops(now=now)
        Followed.objects.filter(pk=1).update(lake_version=seen.version, tables=tables)
        return workspace.lake.version() != seen.version

    def _places(self) -> tuple[Lake, Store]:
        """Opened once: every second somebody asks whether they went on."""
        if self._looked is None:
            from django.conf import settings

            place = self._folder or Path(settings.WORKSPACE)
            self._looked = Lake(place), Store(place / "tables")
        return self._looked
