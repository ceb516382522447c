"""Moderation, SOPs, sign-up chains by page, API and command: rules, the queue, decisions; hostile words stay words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from lianyi.action.channels import accounts
from lianyi.action.operation import acts, hearing, rules, signups
from lianyi.action.operation.models import Case, Entry, Example, Ruleset, Signup, Sop
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP, Platform
from tests.doors.standing import NOW, Standing

ADVERT = "<script>alert(1)</script>\u202e兼职日结300元 加微信 vx88888888 名额有限 扫码进群领取"
FORM = {"group_key": GROUP, "account": "room", "mode": "live", "en": "Be kind <b>", "welcome_en": "Hello {who}"}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Platform:
    made = Platform()

    @contextmanager
    def acting(_account: Any) -> Iterator[Platform]:
        yield made

    monkeypatch.setattr(acts, "kind_of", lambda _kind: SimpleNamespace(door=lambda: SimpleNamespace(acting=acting)))
    return made


@pytest.fixture
def room(brand: Workspace, db: None) -> Workspace:
    accounts.add("room", "matrix", {"url": "https://m.tea.test", "token": "t"}, by="olga", now=NOW)
    return brand


def heard(ws: Workspace, there: Platform, number: int) -> Case:
    said = Event(id=f"m{number}", at=NOW, kind="message", source="matrix", actor_key=f"matrix:@e{number}:tea.test",
                 group_key=GROUP, text=f"{ADVERT}{number}")  # fmt: skip
    hearing.hear(ws, "room", [said], there, now=NOW, also={})
    return Case.objects.get(message_id=f"m{number}")


def test_the_page_publishes_rules_and_decides(standing: Standing, room: Workspace, there: Platform) -> None:
    assert standing.stranger.get("/moderation").status_code == 302
    assert "nothing is judged" in standing.analyst.get("/moderation").content.decode()
    assert standing.analyst.post("/moderation/rules", FORM).status_code == 403
    refused = standing.owner.post("/moderation/rules", {**FORM, "group_key": ""})
    assert (refused.status_code, "live is for one group" in refused.content.decode()) == (422, True)
    assert standing.owner.post("/moderation/rules", {**FORM, "mode": "dry"}).status_code == 302
    dry = heard(room, there, 1)
    page = standing.owner.get("/moderation").content.decode()
    assert "It is noise" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert standing.analyst.post(f"/moderation/{dry.pk}/act", {"act": "do"}).status_code == 403
    assert standing.owner.post(f"/moderation/{dry.pk}/act", {"act": "do"}).status_code == 302
    dry.refresh_from_db()
    assert (dry.state, there.untouched) == ("noted", True)
    rules.publish(GROUP, says={"en": "x"}, measures={"flood": 5}, account="room", by="olga", now=NOW)
    assert standing.owner.post("/moderation/rules", FORM).status_code == 302
    newest = rules.versions(GROUP)[0]
    assert (newest.version, newest.measures["flood"], newest.welcome) == (3, 5, {"en": "Hello {who}"})
    case = heard(room, there, 2)
    assert case.state == "done"
    page = standing.owner.get(f"/moderation?group={GROUP}").content.decode()
    assert "Undo: it was fine" in page
    assert "Be kind &lt;b&gt;" in page
    assert standing.owner.post(f"/moderation/{case.pk}/act", {"act": "fine"}).status_code == 302
    again = standing.owner.post(f"/moderation/{case.pk}/act", {"act": "fine"}, follow=True)
    assert f"case {case.pk} is fine" in again.content.decode()
    done = set(Act.objects.values_list("what", flat=True))
    assert done >= {"moderation.rules", "moderation.noted", "moderation.remove", "moderation.fine"}


def test_command_and_api_say_the_same(standing: Standing, room: Workspace, there: Platform, tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> Any:
        made = CliRunner().invoke(command, ["-w", str(room.folder), "moderation", *words])
        assert (made.exit_code == 0) == (code == 0), made.output
        return [json.loads(line) for line in made.stdout.splitlines()]

    def post(where: str, data: Any = None) -> Any:
        return standing.owner.post(
            f"/api/v1/moderation{where}", json.dumps(data or {}), content_type="application/json"
        )

    asked = {"group_key": GROUP, "account": "room", "says": {"en": "Be kind."}, "measures": {"mode": "live"}}
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps(asked))
    assert run("set", str(file))[0]["version"] == 1
    assert post("/rules", {**asked, "welcome": {"en": "Hello {who}"}}).json()["version"] == 2
    wrongs: list[dict[str, Any]] = [{"says": {"en": 3}}, {"says": {}}, {"measures": {"act_from": 9}}, {"measures": []}]
    for wrong in [*wrongs, {"welcome": 1}]:
        assert post("/rules", {**asked, **wrong}).status_code == 422
    assert [one["version"] for one in run("rules", "--group", GROUP)] == [2, 1]
    listed = standing.analyst.get("/api/v1/moderation/rules").json()["rules"]
    assert [one["version"] for one in listed] == [one["version"] for one in run("rules")] == [2]
    assert len(standing.owner.get("/api/v1/moderation/rules", {"group": GROUP}).json()["rules"]) == 2
    tried = post("/try", {"text": ADVERT, "group_key": GROUP}).json()
    assert tried == run("try", ADVERT, "--group", GROUP)[0]
    assert tried["reasons"][0]["why"] == "advert"
    assert tried["signs"] >= 2
    harmless = post("/try", {"text": "抢到了吗 12 号链接开了没", "newcomer": True}).json()
    assert harmless["reasons"] == []

    first, second, third = (heard(room, there, number) for number in range(3))
    Case.objects.filter(pk=third.pk).update(state="waiting")
    assert [one["id"] for one in run("--json")] == [third.pk]
    found = standing.owner.get("/api/v1/moderation").json()
    assert (found["counts"]["done"], [one["id"] for one in found["cases"]]) == (2, [third.pk])
    assert len(standing.owner.get("/api/v1/moderation", {"state": "all"}).json()["cases"]) == 3
    assert standing.owner.get("/api/v1/moderation", {"state": "x"}).status_code == 422
    assert post(f"/{third.pk}/do", {"measure": "mute"}).json()["state"] == "done"
    assert post(f"/{third.pk}/do").status_code == 403
    assert post("/9999/fine").status_code == 404
    assert post(f"/{first.pk}/fine").json()["state"] == run("fine", str(second.pk))[0]["state"] == "fine"
    assert run("fine", str(second.pk), code=1) == []
    assert (Example.objects.count(), Ruleset.objects.count()) == (3, 2)


def test_sops_by_page_command_and_api(standing: Standing, room: Workspace, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        made = CliRunner().invoke(command, ["-w", str(room.folder), "sops", *words])
        assert made.exit_code == 0, made.output
        return made.stdout

    def post(where: str, data: Any) -> Any:
        return standing.owner.post(f"/api/v1/sops{where}", json.dumps(data), content_type="application/json")

    form = {"name": "hello <b>", "template": "new_member", "account": "room", "groups": f"{GROUP}\n",
            "steps": "Hi {who}\r\n---\r\n60 Still there?"}  # fmt: skip
    assert standing.analyst.post("/sops/keep", form).status_code == 403
    assert standing.owner.post("/sops/keep", {**form, "groups": "tea"}).status_code == 422
    assert standing.owner.post("/sops/keep", form).status_code == 302
    made = Sop.objects.get()
    assert (made.trigger, made.groups, made.goal["kind"]) == ("new_member", [GROUP], "message")
    assert made.steps == [{"after": 0, "text": "Hi {who}"}, {"after": 60, "text": "Still there?"}]
    page = standing.owner.get(f"/sops?sop={made.pk}").content.decode()
    assert "hello &lt;b&gt;" in page
    assert "60 Still there?" in page
    assert standing.owner.post("/sops/keep", {**form, "template": "", "steps": "Ho"}).status_code == 302
    assert standing.owner.post(f"/sops/{made.pk}/turn", {"on": "false"}).status_code == 302
    assert "hello" in standing.analyst.get("/sops").content.decode()

    file = tmp_path / "sop.yaml"
    file.write_text(run("template", "conversion").replace("account: ''", "account: room"))
    assert run("template").split() == list(standing.owner.get("/api/v1/sops/templates").json()["templates"])
    assert json.loads(run("keep", str(file)))["goal"] == {"kind": "order", "count": 1}
    asked = {"name": "week", "account": "room", "template": "periodic", "language": "en"}
    week = post("", asked).json()
    assert week["steps"][0]["text"].startswith("This week")
    for wrong in ({"steps": "x"}, {"words": [3]}, {"rest_minutes": -1}, {"trigger": "moon"}, {"goal": {"kind": "x"}}):
        assert post("", {**asked, **wrong}).status_code == 422
    assert post("", {**asked, "template": "x"}).status_code == 404
    assert json.loads(run("copy", str(week["id"]), GROUP))["groups"] == [GROUP]
    assert post(f"/{week['id']}/copy", {"groups": [GROUP, f"{GROUP}2"]}).json()["groups"] == [GROUP, f"{GROUP}2"]
    assert post(f"/{week['id']}/copy", {"groups": "x"}).status_code == 422
    assert post(f"/{week['id']}/turn", {"on": 1}).status_code == 422
    assert post(f"/{week['id']}/turn", {"on": False}).json()["is_on"] is False
    assert json.loads(run("turn", str(week["id"]), "--on"))["is_on"] is True
    listed = [json.loads(line) for line in run("--json").splitlines()]
    assert [one["name"] for one in listed] == [one["name"] for one in standing.owner.get("/api/v1/sops").json()["sops"]]
    assert {act.what for act in Act.objects.all()} >= {"sop.keep", "sop.copy", "sop.on", "sop.off"}


def test_sign_up_chains_by_page_command_and_api(standing: Standing, room: Workspace, there: Platform) -> None:
    def run(*words: str) -> Any:
        made = CliRunner().invoke(command, ["-w", str(room.folder), "signups", *words])
        assert made.exit_code == 0, made.output
        return json.loads(made.stdout)

    def post(where: str, data: Any) -> Any:
        return standing.owner.post(f"/api/v1/signups{where}", json.dumps(data), content_type="application/json")

    form = {"group_key": GROUP, "title": "Tea <b>", "closes_at": "2036-01-01T10:00", "most": "5"}
    assert "No group is live" in standing.owner.get("/signups").content.decode()
    assert standing.owner.post("/signups/open", form).status_code == 422
    rules.publish(GROUP, says={"en": "x"}, measures={"mode": "live"}, account="room", by="olga", now=NOW)
    assert standing.analyst.post("/signups/open", form).status_code == 403
    assert standing.owner.post("/signups/open", {**form, "most": "x"}).status_code == 422
    assert standing.owner.post("/signups/open", form).status_code == 302
    made = Signup.objects.get()
    Entry.objects.create(signup=made, actor="matrix:@<i>", places=2, message_id="m", first_at=NOW, at=NOW)
    page = standing.owner.get("/signups").content.decode()
    assert "Tea &lt;b&gt;" in page
    assert "@&lt;i&gt;" in page
    assert "1 people, 2 places / 5" in page
    act = f"/signups/{made.pk}/act"
    assert standing.owner.post(act, {"act": "strike", "actor": "matrix:@<i>", "why": "asked"}).status_code == 302
    assert signups.described(made)["people"] == 0
    assert standing.owner.post(act, {"act": "close"}).status_code == 302
    assert "is closed" in standing.owner.post(act, {"act": "close"}, follow=True).content.decode()

    asked = {"group_key": GROUP, "title": "Cup", "closes_at": "2036-01-01T10:00:00+08:00", "most": 3}
    for wrong in ({"closes_at": "soon"}, {"closes_at": "2036-01-01T10:00"}, {"most": "3"}, {"title": ""}):
        assert post("", {**asked, **wrong}).status_code == 422
    second = post("", asked).json()
    shown, asked_for = run("show", str(second["id"])), standing.owner.get(f"/api/v1/signups/{second['id']}").json()
    assert {name: shown[name] for name in ("title", "most", "people", "entries")} == {
        name: asked_for[name] for name in ("title", "most", "people", "entries")
    }
    assert post("", asked).status_code == 403
    assert run("close", str(second["id"]))["closed_at"]
    third = run("open", GROUP, "Pot", "--until", "2036-01-01T10:00:00+08:00")
    Entry.objects.create(signup_id=third["id"], actor="matrix:@a", places=1, message_id="m", first_at=NOW, at=NOW)
    assert run("strike", str(third["id"]), "matrix:@a", "--why", "asked")["struck"] == 1
    assert post(f"/{third['id']}/strike", {"actor": "matrix:@a", "why": "asked"}).status_code == 404
    assert post(f"/{third['id']}/close", {}).json()["closed_at"]
    assert standing.analyst.get("/api/v1/signups").json()["signups"][0]["id"] == third["id"]
    assert {act.what for act in Act.objects.all()} >= {"signup.open", "signup.close", "signup.strike"}
