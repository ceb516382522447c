"""Pages, API and commands of value: the same rows at every door, unknown as unknown, and who may not see them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec import structs
from pytest_django import Settings as DjangoSettings

from lianyi import worth
from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.console.pages.value.views import triangle
from lianyi.errors import InputError
from lianyi.memory.events import Event, money
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.standing import Standing, stand_up
from tests.insight.log import AS_OF


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """90 people with orders of a year, refreshed once."""
    folder = tmp_path_factory.mktemp("value") / "shop"
    ws = Workspace.create(folder, Settings(memory_mb=1024, threads=1), clock=lambda: AS_OF)
    dice = np.random.default_rng(3)
    events: list[Event] = []
    for person in range(90):
        day = float(dice.uniform(0, 250))
        while day < 360:
            at = AS_OF - timedelta(days=360 - day)
            kind = "order" if person % 5 else "view"
            paid = kind == "order"
            events.append(
                Event(id=f"e{len(events)}", at=at, kind=kind, source="shop", actor_key=f"user:{person}", category="茶",
                      value=money(f"{dice.gamma(3, 20):.2f}") if paid else None, currency="CNY" if paid else None)
            )  # fmt: skip
            day += max(1.0, float(dice.exponential(25)))
            if dice.random() < 0.12:
                break
    loose = next(event for event in events if event.actor_key == "user:1")
    events.append(structs.replace(loose, id="loose", category="杯"))  # a category that the price book does not know
    (folder / "ledger.yaml").write_text("margins: [{category: 茶, share: '0.4'}]", encoding="utf-8")
    ws.record(events)
    ws.refresh()
    return ws


@pytest.fixture
def people(shop: Workspace, compiled_catalogues: object, settings: DjangoSettings, db: None) -> Standing:
    settings.WORKSPACE = shop.folder
    settings.LOCALE_PATHS = [compiled_catalogues]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return stand_up()


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content[:500]
    return str(answer.content.decode())


def run(ws: Workspace, *arguments: str) -> str:
    done = CliRunner().invoke(command, ["-w", str(ws.folder), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_most_valuable_come_first_at_every_door(shop: Workspace, people: Standing) -> None:
    rows = worth.listed(shop, limit=5)
    assert [row["value_365"] for row in rows] == sorted((row["value_365"] for row in rows), reverse=True)
    page = text(people.analyst.get("/value"))
    assert all(row["person_id"] in page for row in rows)
    answer = people.owner.get("/api/v1/value", {"limit": 5}).json()
    assert [row["person_id"] for row in answer["people"]] == [row["person_id"] for row in rows]
    lines = [json.loads(line) for line in run(shop, "value", "--limit", "5", "--json").splitlines()]
    assert [line["value_365"] for line in lines] == [str(row["value_365"]) for row in rows]
    assert "as last period" in run(shop, "value", "--checks")
    second = people.owner.get("/api/v1/value", {"limit": 2, "page": 2}).json()["people"]
    assert [row["person_id"] for row in second] == [row["person_id"] for row in rows[2:4]]


def test_a_band_holds_its_people_only(shop: Workspace, people: Standing) -> None:
    top = worth.listed(shop, band="top")
    assert {row["band"] for row in top} == {"top"}
    assert sum(row["people"] for row in worth.bands(shop)) == len(worth.listed(shop, limit=500))
    assert people.owner.get("/value", {"band": "top"}).status_code == 200
    assert people.owner.get("/value", {"band": "gold"}).status_code == 404
    assert people.owner.get("/api/v1/value", {"band": "gold"}).status_code == 422
    with pytest.raises(InputError, match="gold"):
        worth.listed(shop, band="gold")


def test_margin_stands_beside_revenue_and_is_unknown_where_the_price_book_is_silent(
    shop: Workspace, people: Standing
) -> None:
    rows = {row["person_id"]: row for row in worth.listed(shop, limit=100)}
    unknown = shop.person("user:1").person_id
    assert {row["margin_from"] for row in rows.values()} == {"category", None}
    assert [person for person, row in rows.items() if row["margin_365"] is None] == [unknown]
    known = next(row for person, row in rows.items() if person != unknown)
    assert float(known["margin_365"]) == pytest.approx(0.4 * float(known["value_365"]), abs=0.001)
    sums = worth.totals(shop)
    assert sums["unknown_margin"] == 1
    assert sums["margin"] == sum(row["margin_365"] for row in rows.values() if row["margin_365"] is not None)
    assert f"{known['margin_365']:,.2f}" in text(people.analyst.get("/value"))
    page = text(people.owner.get(f"/people/{known['person_id']}"))
    assert "未来一年毛利" in page
    assert "按类目" in page
    answer = people.owner.get(f"/api/v1/people/{unknown}/value").json()["value"]
    assert (answer["margin_365"], answer["margin_from"]) == (None, None)
    told = CliRunner().invoke(command, ["-w", str(shop.folder), "value"])
    assert "margin by the price book; unknown for 1" in told.output


def test_a_person_shows_stage_value_and_way(shop: Workspace, people: Standing) -> None:
    first = worth.listed(shop, limit=1)[0]
    known = worth.of_person(shop, first["person_id"])
    assert known is not None
    assert known["stage"] in {"action", "repurchase"}
    assert known["moves"][0]["to_stage"] in {"action", "repurchase", "lapsed"}
    page = text(people.owner.get(f"/people/{first['person_id']}"))
    assert "阶段与价值" in page
    answer = people.owner.get(f"/api/v1/people/{first['person_id']}/value").json()["value"]
    assert answer["p_alive"] == known["p_alive"]
    looker = shop.person("user:0").person_id  # never ordered: a stage, and no value
    nothing = worth.of_person(shop, looker)
    assert nothing is not None
    assert (nothing["value_365"], nothing["p_alive"]) == (None, None)
    assert nothing["stage"] in {"attention", "interest", "desire"}


def test_retention_says_who_stays(shop: Workspace, people: Standing) -> None:
    page = text(people.analyst.get("/retention"))
    assert "四周后的留量" in page
    assert people.owner.get("/retention", {"of": "source:shop", "by": "buyers"}).status_code == 200
    assert people.owner.get("/retention", {"of": "source:moon"}).status_code == 404
    assert people.owner.get("/retention", {"by": "moon"}).status_code == 404
    answer = people.owner.get("/api/v1/retention", {"part": "source", "name": "shop"}).json()
    assert answer["stock"]["past"][-1]["stock"] == worth.stock(shop)["past"][-1]["stock"]
    assert len(answer["stock"]["ahead"]) == 8
    assert "stock_low" in run(shop, "retention")
    assert len(run(shop, "retention", "--cohorts", "--json").splitlines()) == len(worth.cohorts(shop))
    for row in worth.leaving(shop)["people"]:
        assert row["active_state"] in {"cooling", "leaving"}


def test_a_triangle_has_a_corner_that_has_not_come(shop: Workspace) -> None:
    rows = triangle(worth.cohorts(shop), "active")
    assert len({len(row["cells"]) for row in rows}) == 1
    assert rows[-1]["cells"][-1] is None
    assert rows[0]["cells"][0]["share"] == 1.0
    assert any(cell and cell["open"] for row in rows for cell in row["cells"])
    assert not rows[0]["cells"][0]["open"]


def test_stages_show_the_way_and_what_came_before(shop: Workspace, people: Standing) -> None:
    page = text(people.analyst.get("/stages"))
    assert "复购" in page
    answer = people.owner.get("/api/v1/stages", {"from": "action", "to": "repurchase"}).json()
    assert [row["stage"] for row in answer["stages"]] == [row["stage"] for row in worth.stages(shop)]
    assert {row["moved_by"] for row in answer["movers"]} == {"act"}
    assert people.owner.get("/stages", {"step": "action:repurchase"}).status_code == 200
    assert people.owner.get("/stages", {"step": "a:b"}).status_code == 404
    assert "repurchase" in run(shop, "stages")
    assert "order" in run(shop, "stages", "--movers", "action", "repurchase")
    assert run(shop, "stages", "--rules").startswith("# AIDMA")


def test_the_list_of_people_shows_stage_and_worth(shop: Workspace, people: Standing) -> None:
    first = worth.listed(shop, limit=1)[0]
    columns = {"col": ["stage", "value_365", "p_alive", "next_middle"]}
    page = text(people.owner.get("/people", columns))
    assert "复购" in page
    assert "¥" in page
    found = people.owner.get("/api/v1/people", columns).json()["people"]
    mine = next((row for row in found if row["person_id"] == first["person_id"]), None)
    assert all({"stage", "value_365"} <= set(row) for row in found)
    assert mine is None or mine["value_365"] == str(first["value_365"])
    lines = run(shop, "people", "--col", "stage", "--col", "value_365", "--json").splitlines()
    told = {row["person_id"]: row for row in map(json.loads, lines)}
    assert told[first["person_id"]]["value_365"] == str(first["value_365"])
    assert told[shop.person("user:0").person_id]["value_365"] is None


def test_nobody_from_outside_sees_them(people: Standing) -> None:
    for path in ("/value", "/retention", "/stages"):
        assert people.stranger.get(path).status_code == 302
        assert people.stranger.get(f"/api/v1{path}").status_code == 401


def test_before_a_refresh_nothing_is_made_up(brand: Workspace, standing: Standing) -> None:
    brand.store.clear()
    for path in ("/value", "/retention", "/stages"):
        assert "not built yet" in text(standing.owner.get(path))
        assert standing.owner.get(f"/api/v1{path}").status_code == 409
