"""Similar people: page, kept list, API and command on one brand; for three people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from lianyi.action.audiences import defining
from lianyi.action.audiences.models import Audience
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.insight.demand.lookalikes import likeness, traits
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, Standing


@pytest.fixture
def seeds(brand: Workspace, db: None, monkeypatch: pytest.MonkeyPatch) -> Audience:
    """Two of the four, and a brand small enough that two are enough to learn from."""
    monkeypatch.setattr(likeness, "LEAST_SEEDS", 2)
    monkeypatch.setattr(traits, "LEAST_PEOPLE", 1)
    one, _put = defining.make_list(brand, "two", f"{ANNA}\n{BO}", by="ann", now=brand.clock())
    return one


def test_the_members_of_an_audience_are_seeds_and_are_left_out(brand: Workspace, seeds: Audience) -> None:
    mine = [brand.person(key).person_id for key in (ANNA, BO)]
    found = brand.demand.lookalikes(people=mine)
    assert found["seeds"] == 2
    assert {row["person_id"] for row in found["people"]}.isdisjoint(mine)
    assert len(found["people"]) == 2
    assert found["people"] == brand.demand.lookalikes([ANNA, BO])["people"]


def test_the_page_ranks_and_keeps(standing: Standing, brand: Workspace, seeds: Audience) -> None:
    assert standing.stranger.get("/lookalikes").status_code == 302
    page = standing.analyst.get("/lookalikes", {"audience": seeds.pk})
    assert "Most alike" in page.content.decode()
    assert "Dan Lee" in page.content.decode()
    assert standing.analyst.get("/lookalikes", {"audience": "x"}).status_code == 422
    asked = {"audience": seeds.pk, "name": "like two", "count": "2"}
    assert standing.analyst.post("/lookalikes/keep", asked).status_code == 403
    assert standing.owner.post("/lookalikes/keep", {**asked, "count": "0"}).status_code == 422
    assert standing.owner.post("/lookalikes/keep", asked).status_code == 302
    made = Audience.objects.get(name="like two")
    assert (made.live, made.count) == (False, 2)
    assert Act.objects.filter(what="audience.gather", on="like two").exists()
    assert standing.owner.get(f"/audiences/{made.pk}").status_code == 200


def test_api_and_command_say_the_same(standing: Standing, brand: Workspace, seeds: Audience) -> None:
    answer: Any = standing.owner.get("/api/v1/lookalikes", {"audience": seeds.pk}).json()
    run = CliRunner().invoke(command, ["-w", str(brand.folder), "demand", "lookalikes", "--audience", "two", "--json"])
    assert run.exit_code == 0, run.output
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["person_id"] for row in rows] == [row["person_id"] for row in answer["people"]]
    for wrong in ({}, {"audience": "x"}, {"audience": "1", "tag": "a"}):
        assert standing.owner.get("/api/v1/lookalikes", wrong).status_code == 422
