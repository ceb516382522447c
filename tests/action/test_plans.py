"""Kept plans: asked, worked out in the background, started once, scored against what came of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pytest_django import Settings

from lianyi.action.plans import keeping
from lianyi.action.plans.models import Plan
from lianyi.action.work import queue
from lianyi.action.work.doing import do
from lianyi.action.work.models import Job
from lianyi.errors import InputError
from lianyi.insight.ripples.planning import Request
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, DAN, copy_brand
from tests.doors.tables import put_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path, settings: Settings) -> Workspace:
    """The small brand, with chances between its people: Anna reaches all, Bo one."""
    ws = copy_brand(brand_template, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    anna, bo, cai, dan = (ws.person(key).person_id for key in (ANNA, BO, CAI, DAN))
    arcs = [(anna, bo, 1.0), (anna, cai, 1.0), (bo, dan, 0.5)]
    rows = [{"source": a, "target": b, "probability": p, "low": p / 2, "high": p} for a, b, p in arcs]
    put_table(ws, "spread", pa.Table.from_pylist(rows))
    return ws


def worked_out(**request: Any) -> Plan:
    plan = keeping.ask(Request(**request), name="tea", by="olga")
    job = queue.claim("w", now=queue.clock() + timedelta(seconds=1))
    assert job is not None
    assert job == plan.job
    do(job.pk, worker="w")
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    plan.refresh_from_db()
    return plan


def ripple(ws: Workspace, campaign: str, *, reached: int, seeds: list[str]) -> None:
    """What the ripple's tables hold of a campaign."""
    row = {
        "ripple_id": "r1",
        "kind": "campaign",
        "name": campaign,
        "seeds": len(seeds),
        "reached": reached,
        "revenue": 80.5,
    }
    put_table(ws, "ripples", pa.Table.from_pylist([row]))
    came = [{"ripple_id": "r1", "person_id": seed, "generation": 0} for seed in seeds]
    schema = pa.schema({"ripple_id": pa.string(), "person_id": pa.string(), "generation": pa.int64()})
    put_table(ws, "arrivals", pa.Table.from_pylist(came, schema))


def test_a_plan_is_worked_out_by_a_job_and_keeps_no_names(brand: Workspace) -> None:
    plan = worked_out(people=1)
    assert plan.plan is not None
    assert [seed.person_id for seed in plan.plan.seeds] == [brand.person(ANNA).person_id]
    assert plan.plan.forecast.people == pytest.approx(3.5, abs=0.1)
    assert plan.as_of == brand.states()["people"].as_of
    assert "林安娜" not in json.dumps(plan.made, ensure_ascii=False)


def test_a_rule_that_cannot_be_kept_fails_the_job_with_its_reason(brand: Workspace) -> None:
    keeping.ask(Request(people=1, sources=("kols",)), name="none", by="olga")
    job = queue.claim("w", now=queue.clock() + timedelta(seconds=1))
    assert job is not None
    do(job.pk, worker="w")
    job.refresh_from_db()
    assert (job.state, "nobody may be asked" in job.error) == (Job.State.FAILED, True)


def test_a_plan_becomes_one_campaign_and_a_campaign_has_one_plan(brand: Workspace) -> None:
    plan, other = worked_out(people=1), worked_out(people=2)
    keeping.start(plan, campaign=" spring ", now=NOW)
    assert (plan.status, plan.campaign, plan.started_at) == (Plan.Status.RUNNING, "spring", NOW)
    with pytest.raises(InputError, match="become a campaign already"):
        keeping.start(plan, campaign="again", now=NOW)
    with pytest.raises(InputError, match="another plan is the campaign 'spring'"):
        keeping.start(other, campaign="spring", now=NOW)
    with pytest.raises(InputError, match="needs a name"):
        keeping.start(other, campaign="  ", now=NOW)
    with pytest.raises(InputError, match="only a campaign that runs"):
        keeping.close(other)


def test_what_is_not_worked_out_cannot_start(brand: Workspace) -> None:
    plan = keeping.ask(Request(people=1), name="tea", by="olga")
    with pytest.raises(InputError, match="not worked out yet"):
        keeping.start(plan, campaign="spring", now=NOW)


def test_a_campaign_is_scored_against_its_ripple(brand: Workspace) -> None:
    plan = worked_out(people=1)
    keeping.start(plan, campaign="spring", now=NOW)
    keeping.score(brand, [plan])
    assert Plan.objects.get(pk=plan.pk).outcome is None, "no ripple was seen"
    ripple(brand, "spring", reached=2, seeds=[brand.person(ANNA).person_id, brand.person(DAN).person_id])
    keeping.score(brand, [plan])
    assert plan.plan is not None
    assert plan.outcome == {
        "people": 4, "revenue": 80.5, "seeds_started": 1, "share": 4 / plan.plan.forecast.people, "within": True,
    }  # fmt: skip
    assert plan.scored_at == brand.states()["ripples"].as_of


def test_only_campaigns_that_are_over_count_for_calibration(brand: Workspace) -> None:
    assert keeping.calibration() == keeping.Calibration(plans=0, within=0, share=None)
    plan = worked_out(people=1)
    keeping.start(plan, campaign="spring", now=NOW)
    ripple(brand, "spring", reached=8, seeds=[])
    keeping.score(brand, [plan])
    assert keeping.calibration().plans == 0
    keeping.close(plan)
    found = keeping.calibration()
    assert (found.plans, found.within) == (1, 0)
    assert plan.plan is not None
    assert found.share == pytest.approx(8 / plan.plan.forecast.people)
