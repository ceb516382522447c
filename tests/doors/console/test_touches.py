"""Touches in the console, the API and on the command line: one truth, three doors."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from lianyi.doors.cli.commands import lianyi as command
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.console.test_person import text
from tests.doors.standing import ANNA, BO, CAI, DAN, NOW, Standing, copy_brand


@pytest.fixture(scope="module")
def written(brand_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brand that wrote 30 messages to each of four people."""
    ws = copy_brand(brand_template, tmp_path_factory.mktemp("written") / "tea")
    ws.record(
        [
            Event(id=f"s:{key}/{number}", at=NOW - timedelta(days=70 - 2 * number), kind="sent", source="sms",
                  target_key=key, channel="sms", campaign="spring")
            for key in (ANNA, BO, CAI, DAN) for number in range(30)
        ]
    )  # fmt: skip
    ws.refresh("touches")
    return ws.folder


@pytest.fixture
def trial(written: Path, brand: Workspace, settings: Settings) -> Workspace:
    settings.WORKSPACE = written
    return Workspace(written)


def test_the_three_doors_tell_the_same_and_what_is_unknown_is_told_as_unknown(
    standing: Standing, trial: Workspace
) -> None:
    told = standing.analyst.get("/api/v1/touches").json()
    assert {row["step"] for row in told["numbers"]} >= {0, 1, 7, 13}
    first = next(row for row in told["numbers"] if row["step"] == 1)
    assert (first["by_lot"], first["raw"], first["flags"]) == (None, None, "no_lot,too_few")
    assert [row["seven"] for row in told["stops"]] == ["unknown"] * len(told["stops"])
    assert told["audiences"][0]["audience"] == "all"
    run = CliRunner().invoke(command, ["-w", str(trial.folder), "touches", "--json"])
    assert json.loads(run.output)["numbers"] == told["numbers"]
    assert "Unknown: nobody untouched" in CliRunner().invoke(command, ["-w", str(trial.folder), "touches"]).output
    page = text(standing.analyst.get("/touches?of=bought:yes"))
    assert "Had bought: repeat orders" in page
    assert "Unknown: nobody untouched was put into an arm by chance" in page
    assert "nobody held out" in page
    assert standing.stranger.get("/touches").status_code == 302


def test_an_audience_that_has_no_touches_is_named(standing: Standing, trial: Workspace) -> None:
    wrong = standing.analyst.get("/touches?of=community:nowhere")
    assert wrong.status_code == 422
    assert "there are no touches of community nowhere; there are: all" in text(wrong)
    assert standing.analyst.get("/api/v1/touches?counted=calls").status_code == 422
    run = CliRunner().invoke(command, ["-w", str(trial.folder), "touches", "--audience", "active", "--member", "maybe"])
    assert run.exit_code != 0


def test_a_brand_without_messages_says_so(standing: Standing) -> None:
    assert "Unknown: there are fewer than 100 messages" in text(standing.analyst.get("/touches"))
    assert standing.analyst.get("/api/v1/touches").json()["numbers"] == []
