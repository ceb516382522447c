"""Audiences by API and by command: the same as the console does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from lianyi.action.audiences.models import Audience
from lianyi.doors.cli.commands import lianyi
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, DAN, Standing


def told(client: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.generic(method, f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_an_audience_lives_through_the_api(standing: Standing, brand: Workspace) -> None:
    owner = standing.owner
    seen = told(owner, "POST", "audiences/check", {"condition": "orders≥1", "language": "zh"})
    anna = brand.person(ANNA).person_id
    assert (seen["condition"], seen["people"], seen["sample"]) == ("orders >= 1", 1, {anna: "订单数：6"})
    made = told(owner, "POST", "audiences", {"name": "Buyers", "condition": "orders >= 1"}, 201)["audience"]
    at = f"audiences/{made['id']}"
    assert (made["count"], made["kind"]) == (1, "live")
    assert told(owner, "GET", f"{at}/members")["members"] == [anna]
    why = told(owner, "GET", f"{at}/why/{DAN}")
    assert (why["in"], why["why"]) == (False, "orders: 0")
    changed = told(owner, "PATCH", at, {"condition": "orders = 0"})["audience"]
    assert (changed["version"], changed["count"]) == (2, 3)
    assert [one["entered"] for one in told(owner, "GET", f"{at}/changes")["changes"]].count(True) == 3
    frozen = told(owner, "POST", f"{at}/freeze", {"name": "Then"}, 201)["audience"]
    assert (frozen["kind"], frozen["count"]) == ("list", 3)
    put = told(owner, "POST", f"audiences/{frozen['id']}/people", {"keys": f"{ANNA}\n{BO}\nuser:0"})
    assert (put["people"], put["already"], put["unknown"]) == (1, 1, ["user:0"])
    whole = told(owner, "GET", at)["audience"]
    assert [one["condition"] for one in whole["versions"]] == ["orders = 0", "orders >= 1"]
    assert told(owner, "POST", f"{at}/count")["audience"]["count"] == 3
    assert told(owner, "PATCH", at, {"archived": True})["audience"]["archived"] is True
    assert [one["name"] for one in told(owner, "GET", "audiences")["audiences"]] == ["Then"]
    told(owner, "DELETE", at)
    assert list(Audience.objects.values_list("name", flat=True)) == ["Then"]


def test_refusals_have_their_status(standing: Standing) -> None:
    made = told(standing.owner, "POST", "audiences", {"name": "All", "condition": "events >= 0"}, 201)["audience"]
    at = f"audiences/{made['id']}"
    assert (
        "column 1"
        in told(standing.owner, "POST", "audiences/check", {"condition": "ordrs > 1"}, 422)["error"]["message"]
    )
    told(standing.owner, "POST", "audiences", {"name": "All", "condition": "orders > 1"}, 422)
    told(standing.owner, "POST", "audiences", {"name": "None"}, 422)
    told(standing.owner, "POST", "audiences", {"name": "Bad", "condition": 'has_tag("前科")'}, 403)
    told(standing.analyst, "POST", "audiences", {"name": "No", "condition": "orders > 1"}, 403)
    told(standing.analyst, "DELETE", at, status=403)
    told(standing.stranger, "GET", "audiences", status=401)
    how = {"platform": "meta", "contact": "phone", "purpose": "ads"}
    assert told(standing.owner, "POST", f"{at}/match", how)["hashes"] == []
    told(standing.owner, "POST", f"{at}/match", {**how, "platform": "elsewhere"}, 422)


@pytest.mark.django_db(transaction=False)
def test_the_command_does_the_same(brand: Workspace, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)

    def run(*words: str, text: str = "", code: int = 0) -> str:
        found = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "audience", *words], input=text)
        assert found.exit_code == code, found.output
        return found.stdout

    assert json.loads(run("new", "Buyers", "orders >= 1"))["count"] == 1
    assert json.loads(run("check", 'not in_audience("Buyers")'))["people"] == 3
    assert json.loads(run("gather", "VIPs", "-", text=f"{ANNA}\n{BO}\nuser:0\n")) == {
        "people": 2, "already": 0, "unknown": 1,
    }  # fmt: skip
    assert json.loads(run("check", 'in_audience("VIPs") and not in_audience("Buyers")'))["people"] == 1
    assert json.loads(run("why", "Buyers", ANNA))["in"] is True
    assert "'=cmd|calc" in run("members", "VIPs", "--column", "name") or "Stone" in run("members", "VIPs")
    assert json.loads(run("change", "Buyers", "--condition", "orders >= 100"))["count"] == 0
    assert json.loads(run("changes", "Buyers", "--json"))["entered"] is False
    output = tmp_path / "match.txt"
    how = ("--platform", "meta", "--contact", "phone", "--purpose", "ads", "--output", str(output))
    assert json.loads(run("match", "VIPs", *how))["consented"] == 0
    run("remove", "VIPs", "--yes")
    run("show", "VIPs", code=3)
