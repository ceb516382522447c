"""Demand: page, library, command line and API say the same scenes; for three people."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import InputError
from lianyi.insight.demand.next_best.policies import SCHEMA as POLICIES
from lianyi.insight.demand.scenes.table import SHAPE
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, Standing
from tests.doors.tables import put_table


def scene(category: str, kind: str, name: str, lift: float, **more: Any) -> dict[str, Any]:
    plain = {"slices": [name], "purchases": 120, "expected": 60.0, "times": 1, "raw_lift": lift, "lift": lift,
             "low": lift - 0.2, "high": lift + 0.2, "p": 0.001, "q": 0.002, "found": True, "weak_purchases": 9,
             "weak_lift": lift, "weak_low": lift - 0.5, "weak_high": lift + 0.5, "next_on": None}  # fmt: skip
    return {"category": category, "kind": kind, "scene": name, **plain, **more}


@pytest.fixture
def known(brand: Workspace) -> Workspace:
    rows = [
        scene("茶 <b>", "hour", "14-16", 2.4),
        scene("茶 <b>", "festival", "mid_autumn", 2.8, weak_lift=4.1, weak_low=3.0, next_on=date(2027, 9, 10)),
        scene("零食", "weekday", "sunday", 1.2, found=False, weak_lift=None, weak_low=None, weak_high=None),
    ]
    put_table(brand, "scenes", pa.Table.from_pylist(rows, SHAPE))
    return brand


def test_the_map_shows_what_was_found_with_a_sentence_in_both_languages(standing: Standing, known: Workspace) -> None:
    page = standing.analyst.get("/demand").content.decode()
    assert "14:00–16:59" in page
    assert "Between 14:00–16:59, 茶 &lt;b&gt; is bought 2.4 times as much as otherwise (2.2–2.6): 120 purchases" in page
    assert "it is 4.1 times: a weak need turns strong here. Seen once only" in page
    assert "零食" in page
    assert "On Sunday" not in page
    standing.analyst.post("/language", {"language": "zh-hans"})
    assert "弱需求在此变强" in standing.analyst.get("/demand").content.decode()


def test_a_brand_without_scenes_is_told_what_is_missing(standing: Standing, brand: Workspace) -> None:
    assert "Nothing to look at yet" in standing.owner.get("/demand").content.decode()
    assert standing.stranger.get("/demand").status_code == 302
    assert brand.demand.scenes() == []


def test_library_command_and_api_say_the_same(standing: Standing, known: Workspace) -> None:
    found = known.demand.scenes()
    assert [(row["kind"], row["title_zh"]) for row in found] == [("festival", "中秋节前后"), ("hour", "14:00–16:59")]
    assert len(known.demand.scenes(everything=True)) == 3
    answer = standing.owner.get("/api/v1/scenes", {"category": "茶 <b>", "kind": "hour"}).json()
    assert [row["why_en"] for row in answer["scenes"]] == [found[1]["why_en"]]
    run = CliRunner().invoke(command, ["-w", str(known.folder), "demand", "scenes", "--all", "--json"])
    assert {json.loads(line)["scene"] for line in run.output.splitlines()} == {"sunday", "mid_autumn", "14-16"}
    with pytest.raises(InputError, match="there are hour, weekday"):
        known.demand.scenes(kind="mood")
    assert standing.owner.get("/api/v1/scenes", {"all": "perhaps"}).status_code == 422
    assert standing.owner.get("/api/v1/scenes", {"category": "luck"}).status_code == 422


def test_a_persons_page_command_and_api_say_what_is_next(standing: Standing, brand: Workspace) -> None:
    who = brand.person(ANNA).person_id
    page = standing.owner.get(f"/people/{who}").content.decode()
    assert "What could be done now" in page
    assert "Do nothing" in page
    assert "no experiment with people held out has told yet" in page
    answer = standing.owner.get(f"/api/v1/people/{who}/next").json()
    assert [row["option"] for row in answer["options"]] == ["nothing", "show", "connect"]
    assert sum(row["chosen"] for row in answer["options"]) == 1
    assert {row["object_key"] for row in answer["recommendations"]} <= {f"item:{number}" for number in range(6)}
    run = CliRunner().invoke(command, ["-w", str(brand.folder), "demand", "next", ANNA])
    assert json.loads(run.output)["options"][0]["option"] == "nothing"
    assert standing.owner.get("/api/v1/needs").json()["needs"] == [
        json.loads(line)
        for line in CliRunner()
        .invoke(command, ["-w", str(brand.folder), "demand", "needs", "--json"])
        .output.splitlines()
    ]
    assert all(row["why_en"] and row["why_zh"] for row in brand.demand.needs(who))


def test_lookalikes_need_seeds_that_are_enough(standing: Standing, brand: Workspace) -> None:
    with pytest.raises(InputError, match="1 seeds; at least 20"):
        brand.demand.lookalikes([ANNA])
    assert standing.owner.get("/api/v1/lookalikes").status_code == 422
    assert standing.owner.get("/api/v1/lookalikes", {"tag": "vip"}).status_code == 422
    run = CliRunner().invoke(command, ["-w", str(brand.folder), "demand", "lookalikes", ANNA])
    assert run.exit_code != 0


def test_the_next_best_page_command_and_api_judge_policies_and_turn_exploring_on(
    standing: Standing, brand: Workspace
) -> None:
    plain = {"choice": "campaign/<b>", "drawn_by": "experiment", "metric": "orders", "se": 0.01, "decisions": 900,
             "effective": 450.0, "largest": 2.0}  # fmt: skip
    rows = [
        {**plain, "policy": policy, "method": method, "value": value, "low": value - 0.02, "high": value + 0.02}
        for policy, method, value in (
            ("followed", "mean", 0.2),
            ("always nothing", "dr", 0.1),
            ("always message", "dr", 0.3),
        )
    ]
    put_table(brand, "policy_worth", pa.Table.from_pylist(rows, POLICIES))
    page = standing.analyst.get("/next-best").content.decode()
    assert "campaign/&lt;b&gt;" in page
    assert page.index("As it was drawn") < page.index("A message to everybody") < page.index("No message to anybody")
    answer = standing.owner.get("/api/v1/next-best/policies").json()
    assert [row["value"] for row in answer["policies"]] == [0.2, 0.3, 0.1]
    run = CliRunner().invoke(command, ["-w", str(brand.folder), "demand", "policies", "--json"])
    assert [json.loads(line)["value"] for line in run.output.splitlines()] == [0.2, 0.3, 0.1]
    assert standing.owner.get("/api/v1/next-best/policies", {"metric": "luck"}).status_code == 422
    said = {"explore": "epsilon", "share": "20", "scale": "1"}
    assert standing.analyst.post("/next-best/exploring", said).status_code == 403
    assert standing.owner.post("/next-best/exploring", {**said, "share": "90"}).status_code == 422
    assert standing.owner.post("/next-best/exploring", said).status_code == 302
    assert standing.owner.get("/api/v1/next-best/exploring").json() == {"explore": "epsilon", "share": 0.2, "scale": 1}
    off = CliRunner().invoke(command, ["-w", str(brand.folder), "demand", "exploring", "off"])
    assert json.loads(off.output)["explore"] == "off"
