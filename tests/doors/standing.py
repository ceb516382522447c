"""A small brand and the three people who stand in every test of a view: owner, analyst, stranger."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.test import Client

import lianyi
from lianyi.action.team.models import User
from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.settings import Settings
from lianyi.workspace import Workspace

NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "wade-in-calm-water"
ANNA, BO, CAI, DAN = "user:1001", "user:1002", "wecom:wm3", "user:1004"
NAMES = {ANNA: "林安娜", BO: "Bo <b>Stone</b>", CAI: "=cmd|calc", DAN: "Dan Lee"}


def brand_events() -> list[Event]:
    """Four people: one who buys often, one whose name is an attack on pages, one on spreadsheets, one quiet."""
    events: list[Event] = []
    for number, (key, name) in enumerate(NAMES.items()):
        traits = {"name": name, "city": "杭州", "phone": f"1391234560{number}"}
        at = NOW - timedelta(days=80 - number)
        events += identify_events(id=f"t:i{number}", at=at, source="members", actor_key=key, traits=traits)
    for number in range(6):
        at = NOW - timedelta(days=60 - 10 * number, hours=number)
        events.append(
            Event(id=f"t:o{number}", at=at, kind="order", source="shop", actor_key=ANNA, object_key=f"item:{number}",
                  props={"title": f"绿茶 {number}"}, value=Decimal("99.90"), currency="CNY", category="茶",
                  channel="web")
        )  # fmt: skip
    for number in range(70):
        at = NOW - timedelta(days=3, minutes=number // 5)
        who, whom = (ANNA, BO) if number % 2 else (BO, ANNA)
        events.append(
            Event(id=f"t:m{number}", at=at, kind="reply", source="wecom", actor_key=who, target_key=whom,
                  group_key="group:wecom/茶友群", text=f"<script>alert({number})</script>", channel="wecom")
        )  # fmt: skip
    events.append(
        Event(id="t:v1", at=NOW - timedelta(days=2), kind="view", source="site", actor_key=CAI, channel="web")
    )
    events.append(Event(id="t:v2", at=NOW - timedelta(hours=20), kind="view", source="site", actor_key=DAN))
    return events


def make_brand(folder: Path) -> Workspace:
    """The brand with its tables built."""
    ws = Workspace.create(folder, Settings(name="Test Tea", language="en", memory_mb=1024, threads=1))
    ws.record(brand_events())
    ws.refresh()
    return ws


def copy_brand(template: Path, folder: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(template, folder)
    return lianyi.open(folder)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Three browsers: of the owner, of a team-mate who only analyses, of somebody who is not signed in."""

    owner: Client
    analyst: Client
    stranger: Client


def stand_up() -> Standing:
    """Enrol the two members and sign them in. The team's language is the brand's."""
    clients = Standing(owner=Client(), analyst=Client(), stranger=Client())
    clients.owner.force_login(User.objects.enrol("olga", role="owner", password=PASSWORD, full_name="Olga Owner"))
    clients.analyst.force_login(User.objects.enrol("ann", role="analyst", password=PASSWORD))
    return clients
