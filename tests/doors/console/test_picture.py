"""The picture at its doors: page, API and command line say the same; a cell leads to its people, and to a list."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from lianyi import picture as pictures
from lianyi.action.audiences.models import Audience
from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.figures.rings import Column, Disc, Rings
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace
from tests.doors.standing import Standing

SPRING = "<b>spring</b>"
OF = {"of": "campaign", "member": SPRING}


def test_page_api_and_command_say_the_same(people: Standing, shared: Workspace) -> None:
    found = pictures.picture(shared, "campaign", SPRING)
    assert [found.cell(generation, 0).people[-1] for generation in found.generations] == [1, 6, 6]
    bought = found.cell(1, next(one.place for one in found.stages if one.stage == "action"))
    assert (bought.people[-1], bought.moved[-1]) == (1, 1)
    assert found.money[1].revenue[-1] == 50

    page = people.owner.get("/picture", OF).content.decode()
    assert SPRING not in page
    assert page.count('class="cell"') == 2 * 3 * len(found.stages)
    assert "¥50.00" in page
    told = people.owner.get("/api/v1/picture", OF).json()
    assert told["cells"] == found.data()["cells"]
    run = CliRunner().invoke(command, ["-w", str(shared.folder), "picture", "show", "campaign", SPRING, "--json"])
    assert json.loads(run.output)["cells"] == told["cells"]
    assert [one["revenue"] for one in json.loads(run.output)["money"]] == [one["revenue"] for one in told["money"]]
    months = people.owner.get("/api/v1/picture/list", {"of": "month"}).json()["rows"]
    assert {row["people"] for row in months} == {13}
    assert people.owner.get("/picture", {"of": "month"}).status_code == 200


def test_play_begins_with_whoever_began(people: Standing, shared: Workspace) -> None:
    found = pictures.picture(shared, "campaign", SPRING)
    assert list(found.cell(2, 0).people) == sorted(found.cell(2, 0).people)
    assert (found.cell(0, 0).people[0], found.cell(2, 0).people[0]) == (1, 0)
    assert found.step_of(found.days[0] - timedelta(days=9)) == 0
    first = people.owner.get("/picture", {**OF, "step": "0"}).content.decode()
    assert "<details open>" in first
    before = people.owner.get("/api/v1/picture", {**OF, "until": found.days[0].isoformat()}).json()
    assert sum(row["people"] for row in before["cells"] if row["stage"] == "reached") == 7


def test_a_cell_leads_to_its_people_and_to_a_list(people: Standing, shared: Workspace) -> None:
    query = {**OF, "stage": "action", "generation": "1", "moved": "1"}
    page = people.owner.get("/picture/people", query).content.decode()
    told = people.owner.get("/api/v1/picture/people", {**query, "moved": "true"}).json()["people"]
    assert len(told) == 1
    assert f"/people/{told[0]['person_id']}" in page
    kept = people.owner.post("/picture/keep", {**query, "name": "Buyers"})
    made = Audience.objects.get(name="Buyers")
    assert kept.headers["Location"] == f"/audiences/{made.pk}"
    assert made.count == 1
    again = people.owner.post("/picture/keep", {**query, "name": "Buyers"})
    assert again.status_code == 422
    assert len(pictures.people(shared, "campaign", SPRING, generation=1, later=True)) == 12
    assert len(pictures.ids(shared, "campaign", SPRING, until=date(2000, 1, 1))) == 0
    run = CliRunner().invoke(
        command, ["-w", str(shared.folder), "picture", "people", "campaign", SPRING, "--generation", "2", "--json"]
    )
    assert len(run.output.splitlines()) == 6


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/picture", {"of": "x"}, 404), ("/picture", {**OF, "member": "nope"}, 404),
        ("/picture/people", {**OF, "stage": "nope"}, 404), ("/picture/people", {**OF, "generation": "x"}, 404),
        ("/picture/people", {**OF, "until": "x"}, 404), ("/api/v1/picture", {**OF, "member": "nope"}, 404),
        ("/api/v1/picture", {**OF, "until": "x"}, 422), ("/api/v1/picture/people", {**OF, "moved": "x"}, 422),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(people: Standing, path: str, query: dict[str, str], status: int) -> None:
    assert people.owner.get(path, query).status_code == status


def test_the_library_says_what_is_allowed(shared: Workspace) -> None:
    with pytest.raises(InputError, match="campaign, month"):
        pictures.picture(shared, "year", "2026")
    with pytest.raises(NotFound, match="nope"):
        pictures.picture(shared, "campaign", "nope")
    with pytest.raises(InputError, match="reached, attention"):
        pictures.people(shared, "campaign", SPRING, stage="nope")


def disc(people: int, **more: Any) -> Disc:
    return Disc(people=people, moved=0, said=str(people), address="/x?a=1&b=2", says="<says>", **more)


def test_discs_are_as_large_as_their_people_and_unknown_money_has_no_bar() -> None:
    column = Column(title="0", discs=[disc(400), disc(100)], revenue=None, spent=0.0, revenue_said="—", spent_said="0",
                    says="x")  # fmt: skip
    drawn = Rings(title="t", rows=["a", "b"], columns=[column]).svg(width=300, row=60, label=60)
    radii = [float(part.split('"')[0]) for part in drawn.split(' r="')[1:]]
    assert radii[0] == pytest.approx(2 * radii[2], abs=0.2)
    assert 'class="earned" x=' in drawn
    assert 'height="0.0"/>' in drawn
    assert "&lt;says&gt;" in drawn
    assert "<says>" not in drawn
    assert Rings(title="t", rows=["a"], columns=[]).svg(width=300, row=60, label=60).startswith("<svg")
