"""The circle of a person, and ties worth a push: pages, library, command line and API say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.figures.circle import Circle, Known
from lianyi.errors import InputError
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, Standing


def text(answer: Any) -> str:
    assert answer.status_code == 200
    content: bytes = answer.content
    return content.decode()


def test_a_persons_ties_are_drawn_and_listed_with_their_reason(standing: Standing, brand: Workspace) -> None:
    anna, bo = brand.person(ANNA).person_id, brand.person(BO).person_id
    page = text(standing.owner.get(f"/people/{anna}/ties"))
    assert "70 replies on" in page
    assert "both ways" in page
    assert page.count(f'href="/people/{bo}/ties"') >= 3  # drawn broad and narrow, and in the table
    assert "<b>Stone" not in page
    assert "Bo &lt;b&gt;St…" in page
    assert f"/people/{anna}/ties" in text(standing.owner.get(f"/people/{anna}"))


def test_who_has_no_ties_is_told_so(standing: Standing, brand: Workspace) -> None:
    cai = brand.person(CAI).person_id
    assert "No ties yet" in text(standing.owner.get(f"/people/{cai}/ties"))
    assert standing.owner.get("/people/p0000000000000000/ties").status_code == 404


def test_the_list_of_opportunities_refuses_what_is_no_kind(standing: Standing) -> None:
    assert "No opportunities" in text(standing.owner.get("/ties?kind=first_purchase"))
    for query in ("kind=luck", "page=0", "page=x"):
        assert standing.owner.get(f"/ties?{query}").status_code == 404


def test_library_command_line_and_api_give_the_same_ties(standing: Standing, brand: Workspace) -> None:
    one = brand.person(ANNA)
    assert [tie["other_id"] for tie in one.ties] == [brand.person(BO).person_id]
    assert one.ties[0]["counts"] == {"reply": 70}
    by_api = json.loads(text(standing.owner.get(f"/api/v1/people/{one.person_id}/ties")))
    told = CliRunner().invoke(command, ["-w", str(brand.folder), "ties", ANNA])
    assert told.exit_code == 0, told.output
    by_command = json.loads(told.output)
    assert by_api["ties"][0]["strength"] == by_command["ties"][0]["strength"] == one.ties[0]["strength"]
    assert by_api["ties"][0]["evidence_zh"].endswith("双向")
    assert json.loads(text(standing.owner.get("/api/v1/opportunities"))) == {"opportunities": brand.opportunities()}
    with pytest.raises(InputError, match="warming, introduction, first_purchase"):
        brand.opportunities(kind="luck")


def test_before_the_tables_are_built_nobody_is_tied(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "new")
    assert ws.opportunities() == []


def test_the_strongest_stand_closest_and_no_two_names_on_one_spot() -> None:
    bands = ["strong"] * 5 + ["medium"] * 8 + ["weak"] * 11
    people = [
        Known(id=f"p{n}", name=f"人{n}<", band=band, strength=1 - n / 30, address=f"/people/p{n}", says="<&>")
        for n, band in enumerate(bands)
    ]
    circle = Circle(title='a "circle"', middle="林安娜", people=people, between=[("p0", "p1"), ("p0", "p999")])
    for width, height, most in ((720, 460, 24), (350, 400, 12)):
        svg = circle.svg(width=width, height=height, most=most)
        spots = [(float(x), float(y)) for x, y in re.findall(r'</title><circle cx="(\d+)" cy="(\d+)"', svg)]
        assert len(spots) == most
        assert svg.count('class="between"') == 1
        assert "<&>" not in svg
        far = [((x - width / 2) / width) ** 2 + ((y - height / 2) / height) ** 2 for x, y in spots]
        assert max(far[:5]) < min(far[5:])
        gaps = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for i, a in enumerate(spots) for b in spots[:i]]
        assert min(gaps) > 24
        assert all(0 < x < width and 0 < y < height for x, y in spots)
