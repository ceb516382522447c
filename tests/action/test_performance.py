"""What came of a content, against a small log counted by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from lianyi.action.content import performance
from lianyi.memory.events import Event
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.standing import NOW


def act(number: int, kind: str, who: str, days: float, **more: Any) -> Event:
    to = {"target_key": f"user:{who}"} if kind == "sent" else {"actor_key": f"user:{who}"}
    return Event(id=f"e{number}", at=NOW - timedelta(days=days), kind=kind, source="t", **{**to, **more})


def sent(number: int, who: str, version: int, campaign: str) -> Event:
    return act(number, "sent", who, 10, object_key=f"content:{version}", campaign=campaign, channel="email",
               props={"contact": f"c{number}"})  # fmt: skip


def test_people_are_counted_once_per_step_and_money_once(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "w", Settings(memory_mb=512, threads=1))
    order = {"value": Decimal(30), "currency": "CNY"}
    ws.record([
        sent(1, "ann", 7, "spring"), sent(2, "bo", 7, "spring"), sent(3, "cai", 7, "spring"), sent(4, "ann", 7, "may"),
        sent(5, "dan", 8, "spring"),
        act(10, "opened", "ann", 9, props={"contact": "c1"}), act(11, "opened", "ann", 9, props={"contact": "c1"}),
        act(12, "click", "ann", 9, props={"contact": "c1"}), act(13, "bounced", "bo", 9, props={"contact": "c2"}),
        act(14, "arrive", "cai", 8, campaign="spring"), act(15, "arrive", "bo", 8, campaign="other"),
        act(16, "order", "ann", 8, **order), act(17, "order", "ann", 7, **order),
        act(18, "order", "cai", 2, **order),  # later than a week after
        act(19, "order", "bo", 11, **order),  # before it was sent
        *(act(30 + n, "reply", "ann", 20 + n, target_key="user:bo") for n in range(5)),
    ])  # fmt: skip
    ws.refresh()
    rows = {(row.version, row.campaign): row for row in performance.of(ws, [7])}
    assert set(rows) == {(7, "spring"), (7, "may")}
    spring = rows[7, "spring"]
    assert (spring.sent, spring.opened, spring.clicked, spring.bounced) == (3, 1, 1, 1)
    assert (spring.arrived, spring.bought, spring.revenue) == (1, 1, Decimal(60))
    assert (rows[7, "may"].sent, rows[7, "may"].opened, rows[7, "may"].bought) == (1, 0, 1)
    assert performance.of(ws, []) == []
