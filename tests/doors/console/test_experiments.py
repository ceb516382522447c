"""Experiments in the console, the API and on the command line: one truth, three doors."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from lianyi.action.experiments import control
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.console.test_person import text
from tests.doors.standing import ANNA, BO, CAI, DAN, NOW, Standing, copy_brand

BEGAN = NOW - timedelta(days=35)
SPRING = "campaign/spring/one"  # names of campaigns may hold anything
DOSES = {ANNA: 5, BO: 20}
ARMS = ((ANNA, "treatment"), (BO, "treatment"), (CAI, "control"), (DAN, "control"))


@pytest.fixture(scope="module")
def measured(brand_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brand of which two people were held out of one campaign."""
    ws = copy_brand(brand_template, tmp_path_factory.mktemp("measured") / "tea")
    ws.record(
        [
            Event(id=f"a:{key}", at=BEGAN, kind="assigned", source="lianyi", target_key=key, campaign="spring/one",
                  props={"experiment": SPRING, "of": "campaign", "arm": arm, "share": 0.5, "dose": DOSES.get(key)})
            for key, arm in ARMS
        ]
    )  # fmt: skip
    ws.refresh("assignments", "baselines")
    return ws.folder


@pytest.fixture
def trial(measured: Path, brand: Workspace, settings: Settings, tmp_path: Path) -> Workspace:
    ws = copy_brand(measured, tmp_path / "measured")
    settings.WORKSPACE = ws.folder
    return ws


def test_the_list_and_the_page_tell_what_the_table_says(standing: Standing, trial: Workspace) -> None:
    rows = trial.look_up("effects", [SPRING]).to_pylist()
    orders = next(row for row in rows if row["metric"] == "orders" and row["estimator"] == "difference")
    assert orders["estimate"] == 0.5  # Anna bought once in the 14 days: one order for two people against none
    page = text(standing.analyst.get("/experiments?metric=orders"))
    assert "spring/one" in page
    page = text(standing.analyst.get(f"/experiments/{SPRING}"))
    assert "+0.5000" in page
    assert "2 treated, 2 held out" in page
    assert "Too few people on one side to tell." in page  # four people each are needed to adjust
    assert standing.owner.get("/experiments/campaign/winter").status_code == 404
    assert standing.stranger.get("/experiments").status_code == 302


def test_api_and_command_say_the_same(standing: Standing, trial: Workspace) -> None:
    listed = standing.analyst.get("/api/v1/experiments?metric=orders").json()["experiments"]
    assert [(row["experiment"], row["n_treated"], row["n_control"]) for row in listed] == [(SPRING, 2, 2)]
    told = standing.analyst.get(f"/api/v1/experiments/{SPRING}").json()
    said = CliRunner().invoke(command, ["-w", str(trial.folder), "experiments", "show", SPRING, "--json"])
    assert said.exit_code == 0, said.output
    shown = json.loads(said.stdout)
    assert shown["effects"] == told["effects"]
    assert [row["day"] for row in shown["looks"] if row["metric"] == "orders"] == list(range(1, 15))
    missing = standing.analyst.get("/api/v1/experiments/campaign/winter")
    assert missing.status_code == 404
    assert SPRING in missing.json()["error"]["message"]


def test_the_planner_reckons_alike_at_all_doors(standing: Standing, trial: Workspace) -> None:
    page = text(standing.analyst.get("/experiments/plan?metric=orders&days=56&effect=20&control=50"))
    plan = standing.analyst.get("/api/v1/experiments/plan?metric=orders&days=56&effect=0.2&control=0.5").json()
    assert f"{plan['people']:,}" in page
    assert plan["detectable_share"] <= 0.2
    said = CliRunner().invoke(command, [
        "-w", str(trial.folder), "experiments", "plan", "--metric", "orders", "--days", "56", "--people",
        str(plan["people"]), "--control", "0.5",
    ])  # fmt: skip
    assert json.loads(said.stdout)["detectable"] == pytest.approx(plan["detectable"])
    wrong = standing.analyst.get("/experiments/plan?effect=much")
    assert wrong.status_code == 422
    assert "no number" in text(wrong)
    assert standing.analyst.get("/api/v1/experiments/plan?days=9&people=10").status_code == 422


def test_only_who_may_change_the_policy_sets_the_control_group(standing: Standing, trial: Workspace) -> None:
    assert standing.analyst.post("/experiments/control", {"share": "5"}).status_code == 403
    assert standing.owner.post("/experiments/control", {"share": "5"}).status_code == 302
    assert control.current().share == 0.05
    assert "5.0% of all people" in text(standing.owner.get("/experiments"))
    assert Act.objects.filter(what="control.set").count() == 1
    standing.owner.post("/experiments/control", {"share": "95"})
    assert "is not from 0 to 0.5" in text(standing.owner.get("/experiments"))
    assert standing.analyst.put("/api/v1/control-group", {"share": 0.1}, "application/json").status_code == 403
    said = standing.owner.put("/api/v1/control-group", {"share": 0}, "application/json").json()
    assert said["share"] == control.current().share == 0


def test_a_campaign_tells_what_the_table_knows(standing: Standing, trial: Workspace) -> None:
    from lianyi.action.campaigns.models import Campaign

    campaign = Campaign.objects.create(
        name="spring/one", audience="a", content="c", channel="mail", by="olga", started_at=BEGAN, state="over"
    )
    assert standing.owner.get(f"/campaigns/{campaign.pk}").status_code == 200


def test_what_the_next_thousand_bring_stands_at_all_doors_and_the_unknown_as_unknown(
    standing: Standing, trial: Workspace
) -> None:
    assert "The next 1,000" in text(standing.owner.get(f"/experiments/{SPRING}"))
    told = standing.owner.get(f"/api/v1/experiments/{SPRING}").json()["doses"]
    assert [(row["dose"], row["people"], row["below"]) for row in told] == [(0, 2, None), (5, 1, 0), (20, 1, 5)]
    assert [row["next"] for row in told] == [None, None, None], "one person a dose tells nothing"
    run = CliRunner().invoke(command, ["-w", str(trial.folder), "experiments", "show", SPRING])
    assert "next_low" in run.output
