"""Campaigns: what is checked is what is sent, to each once, with a holdout that gets nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from scipy.stats import norm

from lianyi.action.campaigns import figures, keeping, sending
from lianyi.action.campaigns.figures import Share, newcombe
from lianyi.action.campaigns.models import Campaign
from lianyi.action.journeys import neighbours
from lianyi.errors import InputError, NotFound
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, DAN, copy_brand

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)  # noon in Shanghai
DRAFT = {"name": "spring", "audience": "buyers", "content": "hello", "channel": "mail"}


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path, settings: Settings) -> Workspace:
    ws = copy_brand(brand_template, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    return ws


class Rooms:
    """The rooms beside, in memory."""

    def __init__(self) -> None:
        self.people: list[str] = [f"p{number:04}" for number in range(1000)]
        self.asked: dict[str, Mapping[str, Any]] = {}
        self.states: list[dict[str, Any]] = []

    def members(self, _ws: Workspace, name: str) -> tuple[pa.Array, datetime]:
        if name != "buyers":
            raise NotFound(f"there is no audience {name!r}")
        return pa.array(sorted(self.people), pa.string()), NOW

    def asks(self, rows: Iterable[Mapping[str, Any]], *, now: datetime) -> int:
        self.asked.update({row["key"]: row for row in rows})
        return len(self.asked)


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    made = Rooms()
    monkeypatch.setattr(neighbours, "members", made.members)
    monkeypatch.setattr(neighbours, "asks", made.asks)
    monkeypatch.setattr(neighbours, "outcomes", lambda **_more: made.states)
    monkeypatch.setattr(neighbours, "content_version", lambda name: {"hello": 7}[name])
    monkeypatch.setattr(neighbours, "channels", lambda: ["mail"])
    monkeypatch.setattr(neighbours, "take_back", lambda **_more: 3)
    return made


def running(ws: Workspace, **more: Any) -> Campaign:
    campaign = keeping.draft({**DRAFT, **more}, by="olga")
    assert keeping.check(ws, campaign, now=NOW).problems == ()
    keeping.start(campaign, now=NOW)
    return campaign


def work(ws: Workspace, now: datetime = NOW) -> int:
    rounds, done = sending.Campaigns(), 0
    while rounds.due(now) and rounds.work(ws, now, lambda: False):
        done += 1
    return done


def test_everybody_who_is_not_held_out_is_asked_once_in_pages(
    brand: Workspace, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAGE", 300)
    campaign = running(brand, holdout=0.2)
    rooms.people.append("p9999")  # who comes after the check is not written to
    assert work(brand) == 4
    held = {person for person in rooms.people if keeping.is_held(campaign, person)}
    assert 150 < len(held) < 250
    asked = [row["person_id"] for row in rooms.asked.values()]
    assert sorted(asked) == [person for person in rooms.people[:1000] if person not in held]
    campaign.refresh_from_db()
    assert (campaign.state, campaign.given, campaign.asked) == ("over", 1000, len(asked))
    one = next(iter(rooms.asked.values()))
    assert (one["campaign"], one["content"], one["purpose"], one["not_before"]) == ("spring", 7, "marketing", NOW)


def test_a_window_is_that_of_the_persons_day_and_a_time_is_waited_for(brand: Workspace, rooms: Rooms) -> None:
    running(brand, window="09:00-11:00", at=NOW + timedelta(hours=2))
    assert work(brand) == 0
    assert work(brand, NOW + timedelta(hours=2)) == 1
    assert {row["not_before"] for row in rooms.asked.values()} == {NOW + timedelta(hours=21)}


def test_it_is_over_when_no_contact_is_open(brand: Workspace, rooms: Rooms) -> None:
    campaign = running(brand)
    rooms.states = [{"step": "", "state": "waiting", "rule": "", "contacts": 5}]
    work(brand)
    campaign.refresh_from_db()
    assert campaign.state == "running"
    rooms.states = [{"step": "", "state": "sent", "rule": "", "contacts": 5}]
    work(brand, NOW + timedelta(minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "over"


def test_all_that_is_wrong_is_said_at_once(brand: Workspace, rooms: Rooms) -> None:
    wrong = {"audience": "nobody", "channel": "pigeon", "holdout": 1.0, "window": "9-11", "at": NOW - timedelta(1)}
    campaign = keeping.draft({**DRAFT, **wrong}, by="olga")
    found = keeping.check(brand, campaign, now=NOW)
    assert [one.path for one in found.problems] == ["audience", "channel", "window", "holdout", "at"]
    with pytest.raises(InputError, match="check it first"):
        keeping.start(campaign, now=NOW)
    for data, why in (({**DRAFT, "name": " "}, "name: is missing"), ({**DRAFT, "holdout": "x"}, "holdout: 'x' is no"),
                      ({**DRAFT, "colour": "red"}, "colour: there is no such field")):  # fmt: skip
        with pytest.raises(InputError, match=why):
            keeping.draft(data, by="olga")


def test_an_edit_must_be_checked_again_and_what_runs_is_not_edited(brand: Workspace, rooms: Rooms) -> None:
    campaign = keeping.draft(DRAFT, by="olga")
    keeping.check(brand, campaign, now=NOW)
    assert keeping.draft({**DRAFT, "holdout": 0.3}, by="olga").state == "draft"
    campaign.refresh_from_db()
    keeping.check(brand, campaign, now=NOW)
    keeping.start(campaign, now=NOW)
    with pytest.raises(InputError, match="is running; make another"):
        keeping.draft(DRAFT, by="olga")
    keeping.pause(campaign)
    assert work(brand) == 0
    assert keeping.stop(campaign, now=NOW) == 3


def test_figures_count_people_and_compare_with_the_holdout(brand: Workspace, rooms: Rooms) -> None:
    rooms.people = sorted(brand.person(key).person_id for key in (ANNA, BO, CAI, DAN))
    campaign = running(brand, holdout=0.5)
    rooms.states = [
        {"step": "", "state": "sent", "rule": "", "contacts": 2},
        {"step": "", "state": "refused", "rule": "caps", "contacts": 1},
    ]
    at = NOW + timedelta(hours=1)
    bought = [
        Event(id=f"b{number}", at=at, kind="order", source="shop", actor_key=key, value=Decimal(9), currency="CNY")
        for number, key in enumerate((ANNA, BO, CAI))
    ]
    opened = Event(id="o", at=at, kind="opened", source="mail", actor_key=BO, campaign="spring")
    other = Event(id="x", at=at, kind="opened", source="mail", actor_key=CAI, campaign="autumn")
    brand.record([*bought, opened, other])
    made = figures.figures(brand, campaign, now=NOW + timedelta(days=1))
    assert made is not None
    held = {person for person in rooms.people if keeping.is_held(campaign, person)}
    assert (made.planned, made.held, made.opened) == (4 - len(held), len(held), 1)
    assert (made.states, made.refused) == ({"sent": 2, "refused": 1}, {"caps": 1})
    buyers = {brand.person(key).person_id for key in (ANNA, BO, CAI)}
    assert made.bought == Share(people=4 - len(held), did=len(buyers - held))
    assert made.bought_held == Share(people=len(held), did=len(buyers & held))


def test_an_erased_person_is_in_no_campaign_and_nobody_is_passed_over(
    brand: Workspace, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAGE", 300)
    campaign = running(brand, holdout=0.0)
    sending.Campaigns().work(brand, NOW, lambda: False)
    assert keeping.forget(brand, {"p0001", "p0500"}) == 1
    work(brand)
    asked = {row["person_id"] for row in rooms.asked.values()}
    assert "p0500" not in asked
    assert len(asked) == 999, "p0001 was asked before"
    assert "p0500" not in keeping.people_of(brand, campaign).to_pylist()


def _score_interval(one: Share, other: Share) -> tuple[float, float]:
    """The same interval from Wilson's bounds found as roots, not by the closed form."""
    z = norm.ppf(0.975)

    def roots(of: Share) -> tuple[float, float]:
        n, p = of.people, of.did / of.people
        a, b, c = n + z * z, -(2 * n * p + z * z), n * p * p
        low, high = sorted(float(root.real) for root in np.roots([a, b, c]))
        return low, high

    p, q = one.did / one.people, other.did / other.people
    (a, b), (c, d) = roots(one), roots(other)
    return p - q - ((p - a) ** 2 + (d - q) ** 2) ** 0.5, p - q + ((b - p) ** 2 + (q - c) ** 2) ** 0.5


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
def test_the_interval_of_a_difference(people: int, held: int, share: float, other: float) -> None:
    one, two = Share(people=people, did=round(people * share)), Share(people=held, did=round(held * other))
    found = newcombe(one, two)
    assert found is not None
    assert found[1:] == pytest.approx(_score_interval(one, two), abs=1e-5)
    assert newcombe(one, Share(people=0, did=0)) is None
