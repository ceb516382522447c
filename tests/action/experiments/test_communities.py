"""Communities held out as a whole: everybody of one has one place, and the log is told which community it was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lianyi.action.campaigns import keeping, sending
from lianyi.action.experiments.assigning import Place
from lianyi.action.experiments.clusters import communities
from lianyi.action.journeys import neighbours
from lianyi.errors import InputError
from lianyi.workspace import Workspace
from tests.doors.standing import copy_brand
from tests.doors.tables import put_table

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
PEOPLE = [f"p{number:03}" for number in range(300)]


def seats(size: int, height: int = 1) -> list[dict[str, Any]]:
    """Communities of this many people each; the last thirty people belong to none."""
    return [
        {"person_id": one, "community_id": f"c{height}/{place // size}", "height": height, "weight": 1.0, "how": "ties"}
        for place, one in enumerate(PEOPLE[:270])
    ]


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(neighbours, "members", lambda _ws, _name: (pa.array(PEOPLE, pa.string()), NOW))
    monkeypatch.setattr(neighbours, "content_version", lambda _name: 1)
    monkeypatch.setattr(neighbours, "channels", lambda: ["mail"])
    monkeypatch.setattr(neighbours, "asks", lambda _rows, **_more: 0)
    return copy_brand(brand_template, tmp_path / "tea")


def test_a_community_has_one_place_and_it_is_that_of_the_check(
    brand: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_table(brand, "community_people", pa.Table.from_pylist(seats(10)))
    draft = {"name": "spring", "audience": "a", "content": "c", "channel": "mail", "holdout": 0.3, "unit": "community"}
    campaign = keeping.draft(draft, by="olga")
    checked = keeping.check(brand, campaign, now=NOW)
    assert checked.problems == ()
    keeping.start(campaign, now=NOW)
    put_table(brand, "community_people", pa.Table.from_pylist(seats(27)))  # found anew meanwhile: plays no part
    told: list[Place] = []
    monkeypatch.setattr(sending, "tell", lambda _ws, _trial, places, _control, **_more: told.extend(places))
    rounds = sending.Campaigns()
    while rounds.work(brand, NOW, lambda: False):
        pass
    assert sorted(one.person_id for one in told) == PEOPLE
    arms: dict[str, set[bool]] = {}
    for one in told:
        arms.setdefault(one.cluster or one.person_id, set()).add(one.held)
    assert all(len(held) == 1 for held in arms.values())
    assert len(arms) == 27 + 30
    assert 0 < sum(held == {True} for name, held in arms.items() if name.startswith("c")) < 27
    assert sum(one.held for one in told) == checked.held


def test_communities_too_large_are_taken_by_their_parts(brand: Workspace) -> None:
    put_table(brand, "community_people", pa.Table.from_pylist([*seats(90), *seats(9, height=0)]))
    found = communities(brand, pa.array(PEOPLE))
    assert len(set(found.values())) == 30
    assert set(found) == set(PEOPLE[:270])


def test_without_communities_the_check_says_so(brand: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(brand), "states", lambda _ws: {})
    with pytest.raises(InputError, match="communities are not found yet"):
        communities(brand, PEOPLE)


def test_another_unit_is_no_unit(brand: Workspace) -> None:
    campaign = keeping.draft(
        {"name": "x", "audience": "a", "content": "c", "channel": "mail", "unit": "city"}, by="olga"
    )
    assert [one.path for one in keeping.check(brand, campaign, now=NOW).problems] == ["unit"]
