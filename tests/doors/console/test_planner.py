"""The planner's pages: ask, read, what if, save as campaign; who may do so; API and command line the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from django.test import Client

from lianyi.action.plans.models import Plan
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.workspace import Workspace
from tests.doors.console.test_person import run_jobs, text
from tests.doors.standing import ANNA, BO, CAI, DAN, Standing
from tests.doors.tables import put_table


@pytest.fixture(autouse=True)
def _chances(brand: Workspace) -> None:
    """Anna reaches Cai for sure and Bo mostly, Bo reaches Dan half the time."""
    anna, bo, cai, dan = (brand.person(key).person_id for key in (ANNA, BO, CAI, DAN))
    arcs = [(anna, bo, 0.6), (anna, cai, 1.0), (bo, dan, 0.5)]
    rows = [{"source": a, "target": b, "probability": p, "low": p / 2, "high": p} for a, b, p in arcs]
    put_table(brand, "spread", pa.Table.from_pylist(rows))


def asked(client: Client, **fields: Any) -> Plan:
    answer = client.post("/planner/new", {"name": "Spring", "goal": "people", "people": 1, **fields})
    assert answer.status_code == 302, text(answer)
    run_jobs()
    return Plan.objects.latest("pk")


def test_a_plan_shows_whom_to_ask_why_and_what_comes_of_it(standing: Standing, brand: Workspace) -> None:
    plan = asked(standing.owner)
    page = text(standing.analyst.get(f"/planner/{plan.pk}"))
    assert brand.person(ANNA).person_id in page
    assert "林安娜" in page
    assert "tied strongly to" in page
    assert "nine of ten ripples" in page
    assert re.search(r"<dt>People who will come</dt><dd>\s*[34]\s*</dd>", page)
    assert Act.objects.filter(what="plan.make").count() == 1


def test_names_are_safe_and_those_of_now(standing: Standing, brand: Workspace) -> None:
    plan = asked(standing.owner, people=4)
    page = text(standing.owner.get(f"/planner/{plan.pk}"))
    assert "Bo &lt;b&gt;Stone" in page
    assert "<b>Stone" not in page
    made: Any = plan.made
    made["seeds"][0]["person_id"] = "p00000000gone"
    plan.save()
    assert "no longer known" in text(standing.owner.get(f"/planner/{plan.pk}"))


def test_a_question_that_cannot_be_meant_is_shown_with_its_reason(standing: Standing) -> None:
    answer = standing.owner.post("/planner/new", {"name": "x", "goal": "people", "budget": 100})
    assert answer.status_code == 422
    assert "what people cost" in text(answer)
    assert not Plan.objects.exists()


def test_a_budget_and_an_incentive_go_into_the_plan(standing: Standing) -> None:
    plan = asked(
        standing.owner, people="", budget=30, cost_customers=20, cost_others=5, incentive="gift", incentive_cost=5,
        acceptance=50, boost=1.5, sources=["customers", "others"],
    )  # fmt: skip
    assert plan.plan is not None
    assert 0 < plan.plan.cost <= 30
    assert plan.request["incentives"] == [{"name": "gift", "cost": 5.0, "acceptance": 0.5, "boost": 1.5}]
    assert {seed.incentive for seed in plan.plan.seeds} == {"gift"}


@pytest.fixture
def peopled(brand: Workspace) -> None:
    """Anna and Bo belong to one community, Cai to another."""
    anna, bo, cai = (brand.person(key).person_id for key in (ANNA, BO, CAI))
    belong = [(anna, "ctea"), (bo, "ctea"), (cai, "ccup")]
    rows = [{"person_id": who, "community_id": community, "weight": 1.0} for who, community in belong]
    put_table(brand, "memberships", pa.Table.from_pylist(rows))
    named = [("ctea", "茶友会", "Tea <i>friends</i>", 2), ("ccup", "杯友会", "Cup friends", 1)]
    names = ("community_id", "name_zh", "name_en", "size")
    put_table(brand, "communities", pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in named]))


def test_quotas_of_communities_hold_and_stand_in_the_form_again(
    standing: Standing, brand: Workspace, peopled: None
) -> None:
    anna, bo, cai = (brand.person(key).person_id for key in (ANNA, BO, CAI))
    assert "Tea &lt;i&gt;friends&lt;/i&gt; (2)" in text(standing.owner.get("/planner"))
    quotas = {"quota0_community": "ctea", "quota0_most": 0, "quota1_community": "ccup", "quota1_least": 1}
    plan = asked(standing.owner, people=2, **quotas)
    assert (plan.request["most"], plan.request["least"]) == ({"ctea": 0}, {"ccup": 1})
    assert plan.plan is not None
    chosen = {seed.person_id for seed in plan.plan.seeds}
    assert cai in chosen
    assert not chosen & {anna, bo}
    page = text(standing.owner.get(f"/planner/{plan.pk}"))
    assert re.search(r'<option value="ccup" selected>.*?name="quota0_least" value="1"', page, re.DOTALL)
    assert "quota2_most" in page
    told = CliRunner().invoke(
        command, ["-w", str(brand.folder), "plan", "--people", "2", "--most", "ctea=0", "--least", "ccup=1", "--json"]
    )
    assert told.exit_code == 0, told.output
    assert {seed["person_id"] for seed in json.loads(told.stdout)["seeds"]} == chosen


@pytest.mark.parametrize(
    ("quotas", "says"),
    [
        ({"quota0_most": 1}, "Choose the community"),
        ({"quota0_community": "ctea"}, "Say at least or at most"),
        ({"quota0_community": "ctea", "quota0_least": 2, "quota0_most": 1}, "At least is more than at most"),
        ({f"quota{row}_{end}": value for row in (0, 1) for end, value in (("community", "ctea"), ("most", 1))},
         "stands above already"),
        ({"quota0_community": "cnone", "quota0_most": 1}, "not one of the available choices"),
        ({"quota9_most": 1}, "Choose the community"),
    ],
)  # fmt: skip
def test_a_quota_that_cannot_be_meant_says_why_in_its_row(
    standing: Standing, peopled: None, quotas: dict[str, Any], says: str
) -> None:
    answer = standing.owner.post("/planner/new", {"name": "x", "goal": "people", "people": 1, **quotas})
    assert answer.status_code == 422
    assert says in text(answer)
    assert not Plan.objects.exists()


def test_what_if_stands_beside_what_was(standing: Standing) -> None:
    first = asked(standing.owner)
    page = text(standing.owner.get(f"/planner/{first.pk}"))
    assert f'name="instead_of" value="{first.pk}"' in page
    second = asked(standing.owner, name="Larger", people=3, instead_of=first.pk)
    assert second.instead_of == first
    page = text(standing.owner.get(f"/planner/{second.pk}"))
    assert "Side by side" in page
    assert f"/planner/{first.pk}" in page


def test_a_campaign_is_started_scored_and_closed(standing: Standing, brand: Workspace) -> None:
    plan = asked(standing.owner)
    standing.owner.post(f"/planner/{plan.pk}/start", {"campaign": "spring"})
    row = {"ripple_id": "r1", "kind": "campaign", "name": "spring", "seeds": 1, "reached": 2, "revenue": 12.0}
    put_table(brand, "ripples", pa.Table.from_pylist([row]))
    came = [{"ripple_id": "r1", "person_id": brand.person(ANNA).person_id, "generation": 0}]
    put_table(brand, "arrivals", pa.Table.from_pylist(came))
    page = text(standing.analyst.get("/planner"))
    assert "as forecast" in page
    assert "How true forecasts are" in page
    standing.owner.post(f"/planner/{plan.pk}/close")
    assert "1 of 1 campaigns that are over" in text(standing.analyst.get("/planner"))
    assert [act.what for act in Act.objects.filter(what__startswith="plan.").order_by("pk")] == [
        "plan.make", "plan.start", "plan.close",
    ]  # fmt: skip
    assert "become a campaign already" in text(
        standing.owner.post(f"/planner/{plan.pk}/start", {"campaign": "again"}, follow=True)
    )


def test_an_analyst_reads_plans_and_makes_none(standing: Standing) -> None:
    plan = asked(standing.owner)
    assert standing.analyst.post("/planner/new", {"name": "x", "people": 1, "goal": "people"}).status_code == 403
    assert standing.analyst.post(f"/planner/{plan.pk}/start", {"campaign": "x"}).status_code == 403
    assert standing.stranger.get(f"/planner/{plan.pk}").status_code == 302
    assert "Save as campaign" not in text(standing.analyst.get(f"/planner/{plan.pk}"))


def test_while_it_is_worked_out_the_page_shows_the_job(standing: Standing) -> None:
    standing.owner.post("/planner/new", {"name": "Spring", "goal": "people", "people": 1})
    plan = Plan.objects.get()
    page = text(standing.owner.get(f"/planner/{plan.pk}"))
    assert "Planning a ripple" in page
    assert f"/jobs/{plan.job_id}/part" in page


def test_the_api_asks_reads_starts_and_closes(standing: Standing) -> None:
    body = {"name": "By API", "people": 1, "sources": ["customers", "others"]}
    answer = standing.owner.post("/api/v1/plans", json.dumps(body), content_type="application/json")
    assert answer.status_code == 202
    number = answer.json()["plan"]["id"]
    run_jobs()
    made = standing.analyst.get(f"/api/v1/plans/{number}").json()["plan"]
    assert len(made["made"]["seeds"]) == 1
    started = standing.owner.post(
        f"/api/v1/plans/{number}/start", json.dumps({"campaign": "spring"}), content_type="application/json"
    )
    assert started.json()["plan"]["status"] == "running"
    assert standing.owner.post(f"/api/v1/plans/{number}/close").json()["plan"]["status"] == "over"
    listed = standing.analyst.get("/api/v1/plans").json()
    assert [plan["name"] for plan in listed["plans"]] == ["By API"]
    assert listed["calibration"] == {"plans": 0, "within": 0, "share": None}
    for wrong in ({"name": "x"}, {"name": "x", "people": 1, "wish": 2}, {"name": "x", "people": "many"}):
        refused = standing.owner.post("/api/v1/plans", json.dumps(wrong), content_type="application/json")
        assert refused.status_code == 422
    assert standing.analyst.post("/api/v1/plans", json.dumps(body), content_type="application/json").status_code == 403


def test_the_command_line_plans_the_same(brand: Workspace, db: None) -> None:
    run = CliRunner().invoke(command, ["-w", str(brand.folder), "plan", "--people", "1", "--json"])
    assert run.exit_code == 0, run.output
    plan = brand.ripples.plan(people=1)
    assert json.loads(run.stdout) == json.loads(json.dumps(plan.to_data()))
    shown = CliRunner().invoke(
        command,
        [
            "-w",
            str(brand.folder),
            "plan",
            "--budget",
            "60",
            "--cost",
            "customers=20",
            "--gift",
            "cup,cost=5,acceptance=0.5",
        ],
    )
    assert shown.exit_code == 0, shown.output
    assert "nine of ten ripples end between" in shown.output
    assert "cup" in shown.output
    for wrong in (
        ["--cost", "kols"],
        ["--people", "1", "--most", "tea=few"],
        ["--people", "1", "--gift", "cup,cost=dear"],
        [],
    ):
        assert CliRunner().invoke(command, ["-w", str(brand.folder), "plan", *wrong]).exit_code == 2
