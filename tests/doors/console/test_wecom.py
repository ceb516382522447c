"""WeCom asked at the doors: a form for each interface, codes for each sharer; the same by API and command."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from django.urls import reverse

from lianyi.action.channels import accounts
from lianyi.action.codes.models import Code, PlatformCode
from lianyi.doors.cli.commands import lianyi
from lianyi.workspace import Workspace
from lianyi.world.wecom.corp import Corp
from lianyi.world.wecom.server import Platform, serve
from tests.doors.standing import Standing


@pytest.fixture
def corp(brand: Workspace, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corp]:
    monkeypatch.setenv("NO_PROXY", "*")
    corp = Corp(dice=random.Random(3))
    for second in range(100):
        corp.happen(1_772_000_000 + second)
    server = serve(Platform(corp=corp, secret="s"), host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    given = {"corp_id": "wwcorp", "secret": "s", "url": f"http://127.0.0.1:{server.server_port}"}
    accounts.add("we", "wecom_mass", given, by="olga", now=brand.clock())
    yield corp
    server.shutdown()
    server.server_close()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_wecom_is_asked_at_all_doors(
    standing: Standing, brand: Workspace, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reverse("channel_ask", args=["we"])
    assert page in text(standing.owner.get(reverse("channel", args=["we"])))
    assert "联系我活码" in text(standing.owner.get(f"{page}?interface=contact-way"))
    assert standing.owner.get(f"{page}?interface=none").status_code == 404
    answer = standing.owner.post(page, {"interface": "contact-way", "user": "zhang", "state": "<b>s</b>"})
    assert "config_id" in text(answer)
    shown = text(standing.owner.post(page, {"interface": "contact-way-get", "config_id": next(iter(corp.desk.ways))}))
    assert ("&lt;b&gt;s" in shown, "<b>s</b>" in shown) == (True, False)
    wrong = standing.owner.post(page, {"interface": "contact-way", "user": ""})
    assert (wrong.status_code, "user" in text(wrong)) == (422, True)
    assert standing.analyst.get(page).status_code == 403
    api = "/api/v1/"
    names = {one["name"] for one in standing.owner.get(f"{api}wecom-interfaces").json()["interfaces"]}
    asked = {"interface": "statistics-groups",
             "fields": {"user": ["zhang"], "since": "2026-03-01", "until": "2026-03-01"}}  # fmt: skip
    said = standing.owner.post(f"{api}channels/we/ask", asked, content_type="application/json")
    assert ({"transfer", "moment"} <= names, said.json()["answer"]["rows"][0]["owner"]) == (True, "zhang")
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    run = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "channels", "ask", "we", "contact-way",
                                      "--set", "user=li,zhang"])  # fmt: skip
    assert set(json.loads(run.stdout)) == {"config_id", "qr_code"}


def test_each_sharer_gets_a_code_of_wecom_at_all_doors(
    standing: Standing, brand: Workspace, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        token = f"abcdefghjkmn{number}"
        Code.objects.create(token=token, campaign="spring", channel="wecom", same=token, by="o", target="https://t.cn")
    page = reverse("codes")
    assert "Codes of WeCom" in text(standing.owner.get(page))
    wanted = {"campaign": "spring", "account": "we", "users": "zhang, li"}
    done = text(standing.owner.post(reverse("codes_wecom"), wanted, follow=True))
    assert ("2 done at WeCom, 0 left." in done, "2 of those shown" in done) == (True, True)
    assert standing.owner.post(reverse("codes_wecom"), {**wanted, "users": ""}).status_code == 422
    assert standing.analyst.post(reverse("codes_wecom"), wanted).status_code == 403
    asked = {"campaign": "spring", "channel": "we", "remove": True}
    gone = standing.owner.post("/api/v1/wecom-codes", asked, content_type="application/json").json()
    assert (len(gone["codes"]), gone["left"], corp.desk.ways) == (2, 0, {})
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    run = CliRunner().invoke(lianyi, ["-w", str(brand.folder), "codes", "wecom", "spring", "--by", "we",
                                      "--groups", next(iter(corp.chats))])  # fmt: skip
    assert {json.loads(line)["carrier"] for line in run.stdout.splitlines() if line.startswith("{")} == {"wecom_group"}
    assert PlatformCode.objects.filter(gone_at=None).count() == 2
