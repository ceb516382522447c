"""The page of connectors, its API and its command: state, self-checks with what is broken and where to mend it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from lianyi.action.channels import accounts
from lianyi.action.channels.matrix.listening import Progress, RoomRead, save
from lianyi.action.connectors import checking, intake
from lianyi.action.connectors.ways import ways
from lianyi.action.team import members
from lianyi.action.team.models import Act
from lianyi.action.work.models import Job
from lianyi.doors.cli.commands import lianyi
from lianyi.workspace import Workspace
from tests.doors.standing import Standing

DEAD = {"url": "http://127.0.0.1:1", "token": "t", "read": True}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def broken(ws: Workspace, name: str) -> list[str]:
    found = checking.check(ws, [name], by="olga", now=timezone.now())
    return [one.setting for one in found[0].broken]


def test_the_page_names_what_is_broken_and_where_to_mend_it(standing: Standing, brand: Workspace) -> None:
    owner, page = standing.owner, reverse("connectors")
    accounts.add("room", "matrix", DEAD, by="olga", now=brand.clock())
    at = timezone.now() - timedelta(minutes=4)
    rooms = {"!a": RoomRead(name="Tea", events=7, last=int(at.timestamp() * 1000))}
    save(brand.folder, "room", Progress(rooms=rooms, at=at.isoformat()))
    shown = text(owner.get(page))
    assert shown.count("never checked") == 3
    assert "4 minutes ago" in shown
    shown = text(owner.post(reverse("connectors_check"), {"name": "room"}, follow=True))
    for words in ("Nobody answers at 127.0.0.1", "setting: Homeserver", "here, at “Homeserver”", "1 way does not work"):
        assert words in shown, words
    owner.post(reverse("set_language"), {"language": "zh-hans", "next": "/"})
    shown = text(owner.post(reverse("connectors_check"), follow=True))
    assert "未检查过" not in shown
    assert "连接器" in shown
    assert "没有写入密钥" in shown
    acts = set(Act.objects.values_list("what", "on"))
    assert acts >= {("channel.check", "room"), ("connector.check", "own:collector")}
    assert owner.post(reverse("connectors_check"), {"name": "none"}).status_code == 404
    assert standing.analyst.post(reverse("connectors_check")).status_code == 403
    assert "connectors/check" not in text(standing.analyst.get(page))


def test_each_fault_of_the_collector_and_of_files_is_named(
    brand: Workspace, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_URL = ""
    assert broken(brand, "own:collector") == []
    members.write_key("Shop", source="shop", by="olga")
    answers: dict[str, Any] = {"status": 200, "body": {"status": "good", "reasons": []}}

    def get(_url: str, **_more: Any) -> httpx.Response:
        if answers["status"] == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(answers["status"], json=answers["body"])

    monkeypatch.setattr("lianyi.action.connectors.intake.httpx.get", get)
    settings.PUBLIC_URL = "https://tea.example.cn"
    assert broken(brand, "own:collector") == []
    answers.update(status=0)
    assert broken(brand, "own:collector") == ["callback_url"]
    answers.update(status=404, body=["a page"])
    assert broken(brand, "own:collector") == ["public_url"]
    answers.update(status=503, body={"status": "bad", "reasons": ["full"]})
    assert broken(brand, "own:collector") == ["worker"]
    answers.update(status=200, body={"status": "good", "reasons": []})
    brand.inbox.put_now([], received_at=timezone.now())
    rejects = brand.folder / "rejects"
    rejects.mkdir(exist_ok=True)
    (rejects / "inbox-1.jsonl").write_text('{"reason": "no id", "event": {}}\n')
    assert (broken(brand, "own:collector"), broken(brand, "own:files")) == (["rows"], [])
    (rejects / "orders.csv").write_text("line,column,value,reason,row\n1,a,b,c,d\n")
    assert broken(brand, "own:files") == ["rows"]
    Job.objects.create(kind="import", by="o", state="failed", error="no such sheet", ended_at=timezone.now())
    assert broken(brand, "own:files") == ["rows", "rows"]
    monkeypatch.setattr(intake, "LEAST_FREE", 1 << 62)
    assert broken(brand, "own:files") == ["disk", "rows", "rows"]
    shown = {one.name: one for one in ways(brand, now=timezone.now())}
    assert (shown["own:files"].state, shown["own:files"].errors) == ("failing", ("no such sheet",))


def test_the_api_and_the_command_say_the_same(
    standing: Standing, brand: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("room", "matrix", DEAD, by="olga", now=brand.clock())
    listed = standing.owner.get("/api/v1/connectors").json()["connectors"]
    assert [one["name"] for one in listed] == ["own:collector", "own:files", "room"]
    assert {one["check"] for one in listed} == {None}
    said = standing.owner.post("/api/v1/connectors/room/check").json()
    assert (said["ok"], said["connectors"][0]["broken"]) == (False, ["url"])
    assert standing.owner.get("/api/v1/connectors/room").json()["connector"] == said["connectors"][0]
    assert len(standing.owner.post("/api/v1/connectors/check").json()["connectors"]) == 3
    assert standing.owner.get("/api/v1/connectors/none").status_code == 404
    assert standing.analyst.post("/api/v1/connectors/check").status_code == 403
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    run = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "connectors", "check", "room", "--json"])
    assert (run.exit_code, json.loads(run.stdout)["broken"]) == (1, ["url"])
    run = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "connectors", "check", "room"])
    assert "mend url: at this setting of the channel" in run.stdout
    run = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "connectors", "--json"])
    assert [json.loads(line)["name"] for line in run.stdout.splitlines()] == ["own:collector", "own:files", "room"]
