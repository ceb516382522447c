"""Live audiences follow the log: the touched only, time alone, refreshes; and two processes never do it twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.audiences import defining, members
from lianyi.action.audiences.following import AudienceRound
from lianyi.action.audiences.models import Audience, Change, Following
from lianyi.insight.present import Present
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, DAN, NOW, copy_brand

BEGIN = NOW + timedelta(hours=1)  # the brand's tables stand by then


class Clock:
    """A time that tests set."""

    now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ws(brand_template: Path, tmp_path: Path, clock: Clock) -> Workspace:
    ws = copy_brand(brand_template, tmp_path / "tea")
    ws.clock = clock
    return ws


Follow = Callable[[], None]


@pytest.fixture
def follow(ws: Workspace, clock: Clock) -> Follow:
    """Rounds until nothing is due, by one process."""
    one = AudienceRound(folder=ws.folder)

    def go() -> None:
        for _ in range(5):
            if not one.due(clock.now):
                return
            one.work(ws, clock.now, lambda: False)
        raise AssertionError("it never comes to rest")

    return go


def define(ws: Workspace, name: str, condition: str) -> Audience:
    return defining.define(ws, name, condition, by="olga", now=ws.clock())


def order(key: str, number: int, at: datetime, **fields: Any) -> Event:
    return Event(id=f"n:o{number}", at=at, kind="order", source="shop", actor_key=key, value=Decimal(50),
                 currency="CNY", **fields)  # fmt: skip


def who(ws: Workspace, audience: Audience) -> set[str]:
    return set(members.of(ws, audience).ids().to_pylist())


def told(audience: Audience, after: int = 0) -> list[tuple[str, bool, str]]:
    rows = Change.objects.filter(audience=audience, id__gt=after)
    return [(row.person_id, row.entered, row.why) for row in rows]


def test_an_order_lets_its_buyer_in_within_one_round(ws: Workspace, follow: Follow) -> None:
    buyers = define(ws, "Buyers", "orders >= 1")
    follow()
    anna, dan = ws.person(ANNA).person_id, ws.person(DAN).person_id
    assert who(ws, buyers) == {anna}
    assert told(buyers) == []  # who is in from the start did not enter
    ws.record([order(DAN, 1, ws.clock())])
    follow()
    assert who(ws, buyers) == {anna, dan}
    assert told(buyers) == [(dan, True, "event")]
    buyers.refresh_from_db()
    assert buyers.count == 2
    assert [(one.person_id, one.entered) for one in members.changes(buyers.pk)] == [(dan, True)]


def test_somebody_nobody_knew_comes_in_and_stays_the_same_after_the_refresh(ws: Workspace, follow: Follow) -> None:
    buyers = define(ws, "Buyers", "orders >= 1")
    follow()
    ws.record([order("user:9", 1, ws.clock())])
    follow()
    new = {one.person_id for one in members.changes(buyers.pk)}
    ws.refresh()
    follow()
    assert new == {ws.person("user:9").person_id}
    assert [why for *_, why in told(buyers)] == ["event"]


def test_only_the_touched_are_looked_at(ws: Workspace, follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    define(ws, "Buyers", "orders >= 1")
    follow()
    looked: list[int] = []
    tested = Present.tested

    def watched(self: Present, trees: object, now: datetime, among: object, **more: object) -> object:
        looked.append(len(among))  # type: ignore[arg-type]
        return tested(self, trees, now, among, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Present, "tested", watched)
    monkeypatch.setattr(Present, "chosen", lambda *_args, **_more: pytest.fail("everybody was counted"))
    ws.record([order(DAN, 1, ws.clock())])
    follow()
    assert looked == [1]


def test_the_end_of_a_window_is_no_event_and_moves_people_all_the_same(
    ws: Workspace, follow: Follow, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = define(ws, "Fresh", "any(order, within 2 days)")
    lapsed = define(ws, "Lapsed", "any(order, then_no(order, within 2 days)) and days_since(last_order) > 2")
    follow()
    dan = ws.person(DAN).person_id
    ws.record([order(DAN, 1, clock.now)])
    follow()
    assert (dan in who(ws, fresh), dan in who(ws, lapsed)) == (True, False)
    monkeypatch.setattr(Present, "chosen", lambda *_args, **_more: pytest.fail("everybody was counted"))
    for hours in range(0, 60, 5):
        clock.now = BEGIN + timedelta(hours=hours)
        follow()
    assert (dan in who(ws, fresh), dan in who(ws, lapsed)) == (False, True)
    assert (dan, False, "time") in told(fresh)
    assert (dan, True, "time") in told(lapsed)


def test_a_friend_of_a_new_buyer_is_looked_at(ws: Workspace, follow: Follow) -> None:
    bo = "user:1002"
    near = define(ws, "Near a buyer", 'tied(to(any(order, category ~ "咖啡")))')
    follow()
    assert who(ws, near) == set()
    ws.record([order(bo, 1, ws.clock(), category="咖啡")])
    follow()
    assert who(ws, near) == {ws.person(ANNA).person_id}


def test_another_condition_is_another_version_and_is_counted_anew(ws: Workspace, follow: Follow) -> None:
    one = define(ws, "One", "orders >= 1")
    union = define(ws, "Union", 'in_audience("One") or days_since(last_seen) > 9000')
    follow()
    anna = ws.person(ANNA).person_id
    assert who(ws, union) == {anna}
    defining.change(ws, one, condition="orders >= 100", by="olga", now=ws.clock())
    follow()
    assert who(ws, one) == who(ws, union) == set()
    assert told(one) == [(anna, False, "version")]
    assert [version.condition for version in one.versions.all()] == ["orders >= 100", "orders >= 1"]


def test_what_was_counted_by_the_round_is_what_a_count_says(ws: Workspace, follow: Follow) -> None:
    """Many steps of following lead to the same people as one count at the end."""
    lines = ("orders >= 2", "net_spend > 60 and days_since(last_order) < 30", "count(order, within 1 day) = 1")
    kept = [define(ws, f"A{number}", line) for number, line in enumerate(lines)]
    follow()
    for step in range(6):
        ws.record([order(f"user:{1001 + (step * 3 + more) % 7}", 10 * step + more, ws.clock()) for more in range(3)])
        follow()
    for audience in kept:
        from lianyi.action.audiences.conditions import asked

        one = asked(ws, audience.condition)
        assert who(ws, audience) == set(ws.present().chosen(one.whole, ws.clock()).to_pylist())


def test_two_processes_never_follow_at_once(ws: Workspace, clock: Clock) -> None:
    buyers = define(ws, "Buyers", "orders >= 1")
    one, other = AudienceRound(folder=ws.folder), AudienceRound(folder=ws.folder)
    one.work(ws, clock.now, lambda: False)
    ws.record([order(DAN, 1, clock.now)])
    assert other.work(ws, clock.now, lambda: False) is False
    assert told(buyers) == []  # the lease is the first one's
    one.work(ws, clock.now, lambda: False)
    clock.now += timedelta(seconds=60)  # the first one died
    ws.record([order("user:1003", 2, clock.now)])
    other.work(ws, clock.now, lambda: False)
    one.work(ws, clock.now, lambda: False)
    assert len(told(buyers)) == 2
    assert Following.objects.count() == 1


def test_a_condition_that_can_no_longer_be_asked_says_so(ws: Workspace, follow: Follow) -> None:
    broken = define(ws, "Broken", "orders >= 1")
    Audience.objects.filter(pk=broken.pk).update(condition='in_audience("Gone")')
    follow()
    broken.refresh_from_db()
    assert "no audience “Gone”" in broken.problem
