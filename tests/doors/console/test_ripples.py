"""Pages of ripples: the list, one ripple, the drawing of its tree; for owner, analyst and stranger."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest

from lianyi.doors.console.pages.ripples import tree
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing
from tests.doors.tables import put_table


def test_the_list_and_the_page_show_what_the_tables_say(people: Standing, shared: Workspace) -> None:
    (row,) = shared.ripples.largest()
    assert (row["seeds"], row["reached"], row["bots"], row["depth"], row["buyers"]) == (1, 12, 1, 2, 1)
    text = people.owner.get("/ripples").content.decode()
    assert "&lt;b&gt;spring&lt;/b&gt;" in text
    assert "<b>spring</b>" not in text
    page = people.analyst.get(f"/ripples/{row['ripple_id']}")
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("<svg viewBox") >= 4
    assert "¥50.00" in text
    assert "style=" not in text
    assert "<script>" not in text


def test_things_go_by_their_title_and_rooms_by_their_name(people: Standing, shared: Workspace) -> None:
    (row,) = shared.ripples.largest()
    thing = {"ripple_id": "r1", "kind": "content", "name": "item:1"}
    room = {"ripple_id": "r2", "kind": "group", "name": "group:wecom/茶友群"}
    both = [{**row, **thing}, {**row, **room}]
    put_table(shared, "ripples", pa.Table.from_pylist(both))
    put_table(shared, "things", pa.Table.from_pylist([{"object_key": "item:1", "title": "Green <i>tea</i>"}]))
    text = people.owner.get("/ripples").content.decode()
    assert "Green &lt;i&gt;tea&lt;/i&gt;</a>" in text
    assert ">茶友群</a>" in text
    assert {found["title"] for found in people.owner.get("/api/v1/ripples").json()["ripples"]} == {
        "Green <i>tea</i>", None,
    }  # fmt: skip
    assert shared.ripples.titles(["r1"]) == {"r1": {**thing, "title": "Green <i>tea</i>"}}


def test_who_is_not_signed_in_sees_nothing(people: Standing, shared: Workspace) -> None:
    (row,) = shared.ripples.largest()
    for address in ("/ripples", f"/ripples/{row['ripple_id']}"):
        assert people.stranger.get(address).status_code == 302
    assert people.stranger.get("/api/v1/ripples").status_code == 401
    assert people.owner.get("/ripples/r0").status_code == 404
    assert people.owner.get("/ripples?kind=evil&by=drop&page=x").status_code == 200


def test_without_the_script_the_slider_pales_who_came_later(people: Standing, shared: Workspace) -> None:
    (row,) = shared.ripples.largest()
    address = f"/ripples/{row['ripple_id']}"
    assert " later" not in people.owner.get(address).content.decode()
    half = people.owner.get(address, {"step": "10"}).content.decode()
    assert 0 < half.count(" later") < people.owner.get(address, {"step": "0"}).content.decode().count(" later")


def test_the_same_by_api_and_in_chinese(people: Standing, shared: Workspace) -> None:
    answer = people.owner.get("/api/v1/ripples", {"kind": "campaign"}).json()
    assert answer["ripples"][0]["reached"] == 12
    one = people.owner.get(f"/api/v1/ripples/{answer['ripples'][0]['ripple_id']}").json()
    assert [row["people"] for row in one["generations"]] == [1, 6, 6]
    assert one["branches"][0]["how"] == "seed"
    assert people.owner.get("/api/v1/ripples", {"kind": "x"}).status_code == 422
    assert people.owner.get("/api/v1/ripples", {"by": "x"}).status_code == 422
    known = people.owner.get("/api/v1/people/user:seed/receivers", {"best": 3}).json()["receivers"]
    assert len(known) == 3
    assert known[0]["why_en"]
    people.owner.post("/language", {"language": "zh-hans"})
    assert "各代的行为与收入" in people.owner.get(f"/ripples/{one['ripple_id']}").content.decode()


def test_before_a_refresh_and_without_shares_the_list_says_what_to_do(standing: Standing, brand: Workspace) -> None:
    text = standing.owner.get("/ripples").content.decode()
    assert "No ripples yet" in text
    brand.store.clear()
    assert standing.owner.get("/ripples").status_code == 200
    assert standing.owner.get("/api/v1/ripples").status_code == 409


def _crowd(width: int, depth: int) -> list[dict[str, Any]]:
    """A regular tree, rows as Ripples.branches gives them."""
    rows: list[dict[str, Any]] = []

    def grow(parent: str | None, generation: int) -> int:
        behind = 0
        for _ in range(1 if parent is None else width):
            who = f"p{len(rows)}"
            row: dict[str, Any] = {"person_id": who, "parent_person_id": parent, "name": f"<{who}>", "at": NOW}
            row |= {"generation": generation, "how": "code", "probability": 1.0, "reach": 0}
            rows.append(row)
            row["reach"] = grow(who, generation + 1) if generation < depth else 0
            behind += row["reach"] + 1
        return behind

    grow(None, 0)
    return sorted(rows, key=lambda row: (-row["reach"], row["generation"]))


def test_the_rectangles_of_a_tree_add_up_to_its_people() -> None:
    rows = _crowd(4, 4)
    made = tree.boxes(rows, len(rows), 400, 12)
    unit = 400 / len(rows)
    drawn = {box.row["person_id"]: box for box in made if box.row}
    for box in made:
        assert box.y >= -1e-9
        assert box.y + box.height <= 400 + 1e-6
        if box.row and box.row["parent_person_id"]:
            above = drawn[box.row["parent_person_id"]]
            assert above.column == box.column - 1
            assert above.y - 1e-9 <= box.y
            assert box.y + box.height <= above.y + above.height + 1e-6
    for who, box in drawn.items():
        below = [b for b in made if b.column == box.column + 1 and box.y - 1e-9 <= b.y < box.y + box.height - 1e-9]
        counted = sum(b.row["reach"] + 1 if b.row else b.more for b in below)
        assert counted in {box.row["reach"], 0} or not below, who  # type: ignore[index]
        assert box.height == pytest.approx(unit * (box.row["reach"] + 1))  # type: ignore[index]


def test_a_tree_of_a_million_is_drawn_in_few_rectangles() -> None:
    rows = _crowd(6, 3)
    for row in rows:
        row["reach"] = row["reach"] * 4000 + 3999  # as if each had thousands behind that are not read
    rows[0]["reach"] = 1_030_000
    words = tree.Words(person=lambda row: row["name"], more=lambda n: f"{n} more", column=str, label="a <tree>")
    drawn = tree.draw(rows[:400], total=1_030_001, depth=9, words=words, width=1000, height=420, until=None)
    assert drawn.count("<rect") < 600
    assert re.search(r"\d+ more", drawn)
    assert "<p0>" not in drawn
    assert "&lt;p0&gt;" in drawn
