"""A brand among whose people a campaign spread, built once, and copied for each test of a page that shows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings as DjangoSettings

from lianyi.memory.events import Event
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing, copy_brand, stand_up


def sharing() -> list[Event]:
    """One campaign: a seed brings six people, two of whom bring three each; one buys; a scanner looks in."""
    start = (NOW - timedelta(days=9)).replace(hour=4, minute=0)  # noon of the brand: its first hours are one day
    events = [_act("share", "seed", start, 0)]
    number = 1
    for parent, children, hours in ((0, 6, 1), (None, 3, 30), (None, 3, 40)):
        if parent is None:
            who = f"n{1 if hours == 30 else 2}"
            events.append(_act("share", who, start + timedelta(hours=hours), number))
            parent, number = number, number + 1
        for _ in range(children):
            at = start + timedelta(hours=hours + 1, minutes=number)
            events.append(_act("arrive", f"n{number}", at, number, parent=f"r:{parent}"))
            number += 1
    events.append(_act("arrive", "scan", start + timedelta(seconds=2), number, parent="r:0", props={"agent": "xbot"}))
    events.append(Event(id="r:o", at=start + timedelta(hours=5), kind="order", source="shop", actor_key="user:n1",
                        value=Decimal(50), currency="CNY"))  # fmt: skip
    return events


def _act(kind: str, who: str, at: datetime, number: int, parent: str | None = None, props: Any = None) -> Event:
    return Event(id=f"r:{number}", at=at, kind=kind, source="t", actor_key=f"user:{who}", parent_id=parent,
                 campaign="<b>spring</b>", object_key="item:1", props=props)  # fmt: skip


@pytest.fixture(scope="session")
def rippled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rippled") / "tea"
    ws = Workspace.create(folder, Settings(name="Ripple Tea", language="en", memory_mb=1024, threads=1))
    ws.record(sharing())
    ws.refresh()
    return folder


@pytest.fixture
def shared(rippled: Path, compiled_catalogues: Path, tmp_path: Path, settings: DjangoSettings) -> Workspace:
    ws = copy_brand(rippled, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    settings.LOCALE_PATHS = [compiled_catalogues]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return ws


@pytest.fixture
def people(shared: Workspace, db: None) -> Standing:
    return stand_up()
