"""The rules of stages: versions that outlive the file, whom a change moves, refused texts; by page, API and command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lianyi.action.stages import keeping, trying
from lianyi.action.stages.models import Version
from lianyi.action.team.models import Act
from lianyi.action.work.models import Job
from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import BadRule, InputError, NotFound
from lianyi.insight.value.stages.rules import FILE, read_stages, shipped_text
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing

OWN = """
silent: 30
stages:
- {stage: seen, zh: 来过, en: Seen, when: [{kinds: [activity]}]}
- stage: action
  zh: 行动
  when: [{kinds: [order, wave], days: 2}, {received: [arrive], after: seen, gap: 3}]
"""


@pytest.mark.usefixtures("db")
def test_versions_are_kept_and_the_file_is_what_a_refresh_reads(brand: Workspace) -> None:
    folder = brand.folder
    assert (keeping.current(folder).number, (folder / FILE).exists()) == (0, False)
    first = keeping.apply(folder, OWN, by="ann", now=NOW, why="ours")
    assert (first.number, keeping.current(folder).by, read_stages(folder).silent) == (1, "ann", 30)
    with pytest.raises(InputError, match="meanwhile"):
        keeping.apply(folder, shipped_text(), by="ben", now=NOW, instead_of=keeping.numbered(0).mark)
    second = keeping.apply(folder, shipped_text(), by="ben", now=NOW, instead_of=first.mark)
    assert (second.number, keeping.numbered(1).text) == (2, OWN)
    (folder / FILE).write_text(OWN.replace("30", "45"))
    assert (keeping.current(folder).number, keeping.current(folder).stages.silent) == (None, 45)
    with pytest.raises(BadRule, match="must be a mapping"):
        keeping.apply(folder, "stages: 3", by="ann", now=NOW)
    with pytest.raises(NotFound, match="there is no version 9"):
        keeping.numbered(9)
    assert Version.objects.count() == Act.objects.filter(what="stages.apply").count() == 2


@pytest.mark.usefixtures("db")
def test_the_preview_says_who_stands_elsewhere(brand: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = keeping.numbered(0).stages, keeping.read(OWN)
    same = trying.tried(brand, old, old, NOW)
    people = brand.states()["people"].rows
    assert (same["people"], same["moved"], same["moves"], same["sample"]) == (people, 0, [], False)
    known = {row["stage"]: row["n"] for row in brand.rows("SELECT stage, count(*) AS n FROM stages GROUP BY stage")}
    assert {row["stage"]: row["after"] for row in same["stages"] if row["after"]} == known
    moved = trying.tried(brand, old, new, NOW)
    assert moved["moved"] == sum(row["people"] for row in moved["moves"]) > 0
    assert {row["stage"] for row in moved["stages"]} == {"seen", "action"}
    assert moved["lapsed"]["after"] >= moved["lapsed"]["before"]
    monkeypatch.setattr(trying, "MOST_EVENTS", 0)  # all of them are in the sample: it must say the same
    sampled = trying.tried(brand, old, new, NOW)
    assert sampled["sample"]
    assert sampled["low"] < sampled["share"] < sampled["high"] or sampled["share"] == 1
    assert {**sampled, "sample": False, "low": None, "high": None} == moved
    with monkeypatch.context() as again:  # found once until the next refresh: a request reads no log
        again.setattr(Workspace, "look_up", None)
        assert trying.tried(brand, old, new, NOW) == sampled
    kept = trying.sample(brand)
    trying.warm(brand)
    assert trying.sample(brand) is kept
    monkeypatch.setattr(trying, "FROM", "pffffffff")  # few ids follow: the others are taken from the beginning
    trying._KEPT.clear()
    assert trying.tried(brand, old, new, NOW) == sampled
    trying._KEPT.clear()


def test_page_api_and_command_say_the_same(standing: Standing, brand: Workspace, tmp_path: Path) -> None:
    page = standing.analyst.get("/stages/rules").content.decode()
    for words in (
        "As shipped.",
        "any sign of life",
        "more than 3 days after Desire",
        "others: Arrive",
        "5 different days",
    ):
        assert words in page, words
    tried = standing.analyst.post("/stages/rules", {"text": OWN})
    assert (tried.status_code, "Would stand elsewhere" in tried.content.decode()) == (200, True)
    assert standing.analyst.post("/stages/rules/apply", {"text": OWN}).status_code == 403
    assert standing.stranger.get("/stages/rules").status_code == 302
    wrong = standing.owner.post("/stages/rules/apply", {"text": "stages: <b>"})
    assert (wrong.status_code, "&lt;b&gt;" in wrong.content.decode()) == (422, True)
    assert standing.owner.get("/stages/rules?version=7").status_code == 404
    mark = keeping.current(brand.folder).mark
    assert standing.owner.post("/stages/rules/apply", {"text": OWN, "mark": mark, "why": "ours"}).status_code == 302
    assert Job.objects.latest("pk").arguments == {"tables": ["stage_moves"]}
    assert "Version 1" in standing.analyst.get("/stages/rules").content.decode()

    file = tmp_path / "stages.yaml"
    file.write_text(shipped_text())

    def run(*words: str) -> Any:
        made = CliRunner().invoke(command, ["-w", str(brand.folder), "stages", *words])
        assert made.exit_code == 0, made.output
        return json.loads(made.stdout)

    preview = standing.analyst.post(
        "/api/v1/stages/rules/preview", json.dumps({"text": shipped_text()}), content_type="application/json"
    ).json()
    by_command = run("--preview", str(file))
    assert preview["moved"] == by_command["moved"] > 0
    said = standing.analyst.get("/api/v1/stages/rules").json()
    assert (said["number"], said["by"], [row["why"] for row in said["versions"]]) == (1, "olga", ["ours"])
    assert standing.analyst.get("/api/v1/stages/rules?version=0").json()["text"] == shipped_text()
    assert run("--apply", str(file), "--why", "back")["number"] == 2
    made = standing.owner.put(
        "/api/v1/stages/rules", json.dumps({"text": OWN, "instead_of": said["mark"]}), content_type="application/json"
    )
    assert made.status_code == 422
    listed = CliRunner().invoke(command, ["-w", str(brand.folder), "stages", "--versions", "--json"]).stdout
    assert [json.loads(line)["why"] for line in listed.splitlines()] == ["back", "ours"]
