"""A small brand, and neighbours that keep what they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pytest_django import Settings

from lianyi.action.journeys import neighbours, versions
from lianyi.action.journeys.engine import Engine
from lianyi.action.journeys.models import Enrolment, Journey
from lianyi.errors import NotFound
from lianyi.workspace import Workspace
from tests.doors.standing import copy_brand

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)  # noon in Shanghai


@dataclass(frozen=True)
class Change:
    """One change of an audience."""

    seq: int
    person_id: str
    entered: bool
    at: datetime


@dataclass
class Audience:
    """An audience of the twin."""

    pk: int
    name: str
    people: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass
class Twin:
    """The rooms beside, in memory: what was asked for stays here."""

    audiences: dict[str, Audience] = field(default_factory=dict)
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fits: dict[str, set[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def audience(self, name: str) -> Audience:
        if name not in self.audiences:
            raise NotFound(f"there is no audience {name!r}; there are: {', '.join(self.audiences) or 'none yet'}")
        return self.audiences[name]

    def add(self, name: str, people: Iterable[str]) -> Audience:
        self.audiences[name] = Audience(len(self.audiences) + 1, name, sorted(people))
        return self.audiences[name]

    def changes(self, audience_id: int, after: int, limit: int) -> Sequence[Change]:
        own = next(one for one in self.audiences.values() if one.pk == audience_id)
        return [one for one in own.changes if one.seq > after][:limit]

    def members(self, _ws: Workspace, name: str) -> tuple[pa.Array, datetime]:
        return pa.array(self.audience(name).people, pa.string()), NOW

    def matching(self, _ws: Workspace, condition: str, people: Sequence[str]) -> set[str]:
        return self.fits[condition] & set(people)

    def asks(self, rows: Iterable[Mapping[str, Any]], *, now: datetime) -> int:
        new = 0
        for row in rows:
            if row["person_id"] in self.broken:
                raise NotFound(f"{row['person_id']} can't be asked")
            new += row["key"] not in self.asked
            self.asked.setdefault(row["key"], row)
        return new


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Twin:
    made = Twin()
    for name in ("audience", "changes", "members", "matching", "asks"):
        monkeypatch.setattr(neighbours, name, getattr(made, name))
    monkeypatch.setattr(neighbours, "audiences", lambda: list(made.audiences))
    monkeypatch.setattr(neighbours, "content_version", lambda name: _known(name, {"hello": 1, "again": 2}))
    monkeypatch.setattr(neighbours, "contents", lambda: ["hello", "again"])
    monkeypatch.setattr(neighbours, "channels", lambda: ["mail"])
    monkeypatch.setattr(neighbours, "reward_rules", lambda: ["friend"])
    monkeypatch.setattr(neighbours, "take_back", lambda **_more: 0)
    return made


def _known(name: str, there: Mapping[str, int]) -> int:
    if name not in there:
        raise NotFound(f"there is no content {name!r}; there are: {', '.join(there)}")
    return there[name]


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path, settings: Settings) -> Workspace:
    """The small brand."""
    ws = copy_brand(brand_template, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    return ws


@dataclass
class Running:
    """One running journey, its engine, and a clock that is turned by hand."""

    ws: Workspace
    journey: Journey
    engine: Engine
    now: datetime

    def come(self, *people: str, cause: str = "hand") -> int:
        return versions.enrol_by_hand(self.ws, self.journey, {one: {} for one in people}, cause=cause, now=self.now)

    def turn(self, **more: float) -> None:
        """Turn the clock and let everybody move who may."""
        self.now += timedelta(**more)
        while True:
            done = self.engine.step(self.now)
            if not done.people + done.aside:
                return

    def where(self) -> dict[str, str]:
        """Person → step (or how it ended)."""
        rows = Enrolment.objects.filter(journey=self.journey)
        return {row.person_id: row.step or row.how for row in rows.order_by("id")}


Run = Callable[[str], Running]


@pytest.fixture
def run(brand: Workspace, twin: Twin) -> Run:
    def made(text: str) -> Running:
        version = versions.apply(text, by="olga", now=NOW)
        versions.start(version.journey, now=NOW)
        return Running(brand, version.journey, Engine(workspace=brand), NOW)

    return made
