"""The inbox by page, API and command: the queue, answers and notes, duty and targets; hostile words stay words."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from lianyi.action.inbox.models import Item, Shift, Target
from lianyi.action.operation import rules
from lianyi.action.operation.models import Case
from lianyi.doors.cli.commands import lianyi as command
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP
from tests.doors.standing import ANNA, NOW, Standing

HOSTILE = "<script>alert(1)</script> 请问多久发货"


def item(number: int = 1, **more: Any) -> Item:
    values = {
        "kind": "question",
        "text": HOSTILE,
        "group_key": GROUP,
        "actor": ANNA,
        "due_at": NOW - timedelta(hours=1),
    }
    at = NOW - timedelta(hours=2)
    made = {**values, **more}
    return Item.objects.create(ref=f"said:{number}", said_at=at, seen_at=NOW, message_id=str(number), **made)


def test_pages_show_the_queue_and_act(standing: Standing) -> None:
    assert "Nothing waits" in standing.analyst.get("/inbox").content.decode()
    one = item()
    rules.publish(GROUP, says={"en": "x"}, measures={"mode": "dry"}, account="room", by="olga", now=NOW)
    page = standing.analyst.get("/inbox").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "min late" in page
    assert "林安娜" in page
    whole = standing.owner.get(f"/inbox/{one.pk}").content.decode()
    assert "kept here and nothing is said" in whole
    assert "<script>alert(1)" not in whole
    act = f"/inbox/{one.pk}/act"
    assert standing.analyst.post(act, {"act": "note", "text": "x"}).status_code == 403
    for data in ({"act": "take"}, {"act": "note", "text": "<i>asked"}, {"act": "reply", "text": "三天", "once": "1"},
                 {"act": "snooze", "hours": "4"}):  # fmt: skip
        assert standing.owner.post(act, data).status_code == 302
    one.refresh_from_db()
    assert (one.assignee, one.closed_at, one.snoozed_until is not None) == ("olga", None, True)
    assert "&lt;i&gt;asked" in standing.owner.get(f"/inbox/{one.pk}").content.decode()
    assert standing.owner.post(act, {"act": "note", "text": " "}).status_code == 422
    assert standing.owner.post(act, {"act": "answered"}).status_code == 302
    assert standing.owner.post(act, {"act": "answered"}).status_code == 422
    for query in ("?state=closed", "?state=snoozed&kind=question&whose=mine&page=9", "?kind=x&state=y&whose=nobody"):
        assert standing.owner.get(f"/inbox{query}").status_code == 200
    case = Case.objects.create(message_id="c", account="room", group_key=GROUP, actor="m:e", said_at=NOW, text="ad",
                               measure="remove", state="dry")  # fmt: skip
    decided = item(2, kind="moderation", case=case)
    assert "It was fine" in standing.owner.get(f"/inbox/{decided.pk}").content.decode()
    assert standing.owner.post(f"/inbox/{decided.pk}/act", {"act": "fine"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "fine"


def test_duty_is_set_by_form_api_and_command(standing: Standing, brand: Workspace, tmp_path: Path) -> None:
    form = {"member.0": "olga", "days.0": ["1", "5"], "begins.0": "09:00", "ends.0": "18:00", "target.question": "45"}
    assert standing.analyst.post("/inbox/duty/set", form).status_code == 403
    assert standing.owner.post("/inbox/duty/set", {**form, "ends.0": "late"}).status_code == 422
    assert standing.owner.post("/inbox/duty/set", form).status_code == 302
    assert Shift.objects.get().days == [1, 5]
    assert dict(Target.objects.values_list("kind", "minutes")) == {
        "question": 45, "message": None, "complaint": None, "burst": None, "sensitive": None, "moderation": None,
    }  # fmt: skip
    item()
    page = standing.analyst.get("/inbox/duty").content.decode()
    assert "09:00–18:00" in page
    asked = {
        "shifts": [{"member": "olga", "days": [2], "begins": "08:00", "ends": "09:00"}],
        "targets": {"question": 30},
    }
    put = standing.owner.put("/api/v1/duty", json.dumps(asked), content_type="application/json")
    assert (put.status_code, put.json()["targets"]["question"]) == (200, 30)
    wrong = standing.owner.put("/api/v1/duty", json.dumps({"shifts": [1]}), content_type="application/json")
    assert wrong.status_code == 422
    file = tmp_path / "duty.yaml"
    file.write_text("targets: {question: null}\n")
    for words in (["duty"], ["duty", "set", str(file)]):
        made = CliRunner().invoke(command, ["-w", str(brand.folder), *words])
        assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert (told["targets"]["question"], [one["days"] for one in told["shifts"]]) == (None, [[2]])


def test_command_and_api_say_the_same(standing: Standing, brand: Workspace) -> None:
    one = item()

    def run(*words: str, code: int = 0) -> Any:
        made = CliRunner().invoke(command, ["-w", str(brand.folder), "inbox", *words])
        assert (made.exit_code == 0) == (code == 0), made.output
        return [json.loads(line) for line in made.stdout.splitlines()]

    def post(act: str, **data: Any) -> Any:
        return standing.owner.post(f"/api/v1/inbox/{one.pk}/{act}", json.dumps(data), content_type="application/json")

    (listed,) = run("--json")
    told = standing.analyst.get("/api/v1/inbox").json()
    assert (listed["id"], told["items"][0]["id"], told["counts"]["late"]) == (one.pk, one.pk, 1)
    assert standing.analyst.get("/api/v1/inbox?state=x").status_code == 422
    assert run("reply", str(one.pk), "hi", code=4) == [], "no channel can"
    assert post("reply", text="hi").status_code == 403
    assert run("note", str(one.pk), "asked")[0]["steps"][0]["text"] == "asked"
    assert post("note", text="again").json()["steps"][1]["by"] == "olga"
    assert run("assign", str(one.pk), "olga")[0]["assignee"] == "olga"
    assert post("assign", to="").json()["assignee"] == ""
    until = (NOW + timedelta(days=1)).isoformat()
    assert run("snooze", str(one.pk), "--until", until)[0]["snoozed_until"] is not None
    assert post("snooze", until="soon").status_code == 422
    assert run("done", str(one.pk))[0]["how"] == "done"
    assert run("reopen", str(one.pk))[0]["closed_at"] is None
    assert post("done", answered=True).json()["answered_by"] == "olga"
    assert post("reopen").status_code == 200
    shown, asked_for = run("show", str(one.pk))[0], standing.owner.get(f"/api/v1/inbox/{one.pk}").json()
    assert (shown["steps"][0]["text"], len(shown["steps"]), shown["route"]["by"]) == ("asked", 9, "none")
    assert [step["what"] for step in shown["steps"]] == [step["what"] for step in asked_for["steps"]]
    assert (
        run("figures", "--days", "7")[0]["by_kind"]
        == standing.owner.get("/api/v1/inbox/figures?days=7").json()["by_kind"]
    )
