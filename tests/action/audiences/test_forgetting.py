"""An erasure reaches the members, the changes and the compact copies; what names nobody stays."""

from __future__ import annotations

from pathlib import Path

from lianyi.action.audiences import counting, defining, forgetting, members
from lianyi.action.audiences.models import Change
from tests.doors.standing import ANNA, BO, copy_brand


def test_nothing_of_the_person_is_left(brand_template: Path, tmp_path: Path) -> None:
    ws = copy_brand(brand_template, tmp_path / "tea")
    now = ws.clock()
    live = defining.define(ws, "All", "events >= 0", by="olga", now=now)
    counting.recount(ws, live, now)
    listed, _ = defining.make_list(ws, "List", f"{ANNA}\n{BO}", by="olga", now=now)
    anna, bo = (ws.person(key).person_id for key in (ANNA, BO))
    defining.put(ws, listed, BO, now=now, out=True)
    defining.put(ws, listed, BO, now=now)
    assert {row["audience"] for row in forgetting.held([bo])["audiences"]} == {"List"}
    assert list((ws.folder / "cache/present").glob("*.duckdb"))

    assert forgetting.forget(ws, [bo]) == 4  # two changes, and in the files of two audiences
    assert forgetting.held([bo]) == {"audiences": []}
    assert anna in members.of(ws, live).ids().to_pylist()
    assert bo not in members.of(ws, live).ids().to_pylist()
    assert members.of(ws, listed).ids().to_pylist() == [anna]
    assert not Change.objects.filter(person_id=bo).exists()
    for path in ws.folder.rglob("members-*"):
        assert bo.encode() not in path.read_bytes()
    assert not list((ws.folder / "cache").rglob("*.duckdb"))
    live.refresh_from_db()
    assert (live.count, len(list(members.folder_of(ws.folder, live.pk).iterdir()))) == (3, 1)
