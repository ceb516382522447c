"""Content, codes and rewards by API, from writing to the arrival that a platform reports."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from lianyi.action.team.models import Act, Token, User
from lianyi.memory.draining import land
from lianyi.workspace import Workspace
from tests.doors.api.test_api import BASE, send
from tests.doors.standing import ANNA, NAMES, NOW, Standing


@pytest.fixture
def api(standing: Standing) -> Client:
    _token, secret = Token.give_out("ly", user=User.objects.get(name="olga"), name="script")
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})


def test_a_content_is_written_looked_at_and_edited(api: Client) -> None:
    body = {"zh-hans": {"text": "你好 {{ person.name }}，转发领红包"}}
    status, made = send(api, "POST", "contents", {"name": "hello", "kind": "text", "bodies": body})
    assert (status, made["version"]["number"], made["version"]["fallback"]) == (201, 1, "zh-hans")
    status, said = send(api, "POST", "contents/preview", {"kind": "text", "bodies": body, "person": ANNA})
    assert (status, said["rendered"]["text"]) == (200, f"你好 {NAMES[ANNA]}，转发领红包")
    assert [one["rule"] for one in said["findings"]] == ["induced_sharing", "no_fallback"]
    path = f"contents/{made['id']}"
    status, edited = send(api, "PUT", path, {"bodies": {"en": {"text": "hi"}}, "on": 1})
    assert (status, edited["version"]["number"]) == (200, 2)
    status, refused = send(api, "PUT", path, {"bodies": {"en": {"text": "ho"}}, "on": 1})
    assert (status, "version 2 by olga" in refused["error"]["message"]) == (422, True)
    status, whole = send(api, "GET", path)
    assert ([one["number"] for one in whole["versions"]], whole["performance"]) == ([2, 1], [])
    assert send(api, "POST", f"{path}/archive", {})[0] == 200
    assert send(api, "GET", "contents")[1]["contents"] == []
    assert Act.objects.filter(what="content.edit", by="olga").exists()


def test_a_picture_is_added(api: Client, brand: Workspace) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    answer = api.post(f"{BASE}pictures", {"file": SimpleUploadedFile("a.png", out.getvalue())})
    assert answer.status_code == 201
    assert (brand.folder / "pictures" / answer.json()["name"]).is_file()
    bad = api.post(f"{BASE}pictures", {"file": SimpleUploadedFile("a.png", b"<svg/>")})
    assert bad.status_code == 422


def test_codes_go_out_and_a_platforms_arrival_comes_back(api: Client, brand: Workspace) -> None:
    wanted: dict[str, Any] = {"campaign": "spring", "channel": "wecom", "target": "https://tea.cn", "people": [ANNA]}
    status, made = send(api, "POST", "codes", wanted)
    (code,) = made["codes"]
    assert (status, send(api, "POST", "codes", wanted)[1]["codes"]) == (201, [code])
    status, one = send(api, "GET", f"codes/{code['token']}")
    assert one["carriers"]["wecom_contact"]["state"] == code["token"]
    assert one["carriers"]["official_account"]["action_info"]["scene"]["scene_str"] == code["token"]
    assert one["figures"]["visitors"] == 0
    for value in (code["token"], f"qrscene_{code['token']}", f"pages/a?x=1&ly={code['token']}"):
        said = {"value": value, "key": "wecom:wm9", "id": "cb1", "carrier": "wecom_contact"}
        assert send(api, "POST", "arrivals", said)[0] == 200
    land(brand.inbox, brand.lake, datetime.now(UTC))
    events = brand.sql("SELECT * FROM events WHERE kind = 'arrive'").to_arrow_table().to_pylist()
    assert [(row["actor_key"], row["target_key"], row["campaign"]) for row in events] == [("wecom:wm9", ANNA, "spring")]
    assert send(api, "GET", f"codes/{code['token']}")[1]["figures"]["visitors"] == 1
    png = api.get(f"{BASE}codes/{code['token']}/qr.png")
    assert png.content[:4] == b"\x89PNG"
    assert send(api, "POST", "arrivals", {"value": "fission-7", "key": "wecom:wm9"})[0] == 422
    assert send(api, "DELETE", f"codes/{code['token']}")[1]["retired_at"]


def test_a_poster_needs_letters_that_a_font_has(api: Client) -> None:
    body = {"en": {"title": "Spring tea", "text": "picked by hand"}}
    version = send(api, "POST", "contents", {"name": "p", "kind": "poster", "bodies": body})[1]["version"]["id"]
    token = send(api, "POST", "codes", {"campaign": "c", "channel": "poster", "target": "https://tea.cn"})[1]["codes"][
        0
    ]
    answer = api.get(f"{BASE}codes/{token['token']}/poster.png?version={version}")
    assert answer.content[:4] == b"\x89PNG"
    with Image.open(io.BytesIO(answer.content)) as drawn:
        assert drawn.size == (1080, 1320)


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "name": "spring", "campaign": "spring", "fixed": "10.00", "per_person": 100, "budget": 1000,
        "starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(days=30)).isoformat(), "disclosure": {"en": "x"},
    } | changes  # fmt: skip


def test_a_rule_within_the_law_runs_and_others_are_refused(api: Client) -> None:
    status, made = send(api, "POST", "rewards", rule())
    assert (status, made["fixed"], made["currency"]) == (201, "10.00", "CNY")
    status, said = send(api, "POST", "rewards", rule(name="x", counts="share"))
    assert (status, "induced sharing" in said["error"]["message"]) == (403, True)
    assert send(api, "POST", "rewards", rule(name="x", levels=3))[0] == 403
    assert send(api, "POST", "rewards", rule(name="x", fixed="0.001"))[0] == 422
    assert send(api, "POST", f"rewards/{made['id']}/settle")[1]["settled"] == {
        "granted": 0, "refused": 0, "clawed_back": 0
    }  # fmt: skip
    answer = api.post(f"{BASE}rewards/{made['id']}/pay")
    assert answer.content.decode("utf-8-sig").splitlines() == ["person_id,key,name,amount,currency,rule"]
    assert send(api, "POST", f"rewards/{made['id']}/close")[1]["closed_at"]


def test_a_draw_is_published_closed_and_drawn(api: Client) -> None:
    said = {
        "name": "lucky", "prizes": [{"name": "tea", "value": "100", "count": 1}], "entry": "free",
        "rules": {"en": "one each"}, "organiser": "Tea", "contact": "t@tea.cn", "beacon": "index",
        "draws_at": (NOW + timedelta(days=1)).isoformat(), "redeem_until": (NOW + timedelta(days=2)).isoformat(),
    }  # fmt: skip
    status, made = send(api, "POST", "draws", said)
    assert (status, "seed" in made) == (201, False)
    assert (
        send(api, "POST", "draws", {**said, "name": "b", "prizes": [{"name": "car", "value": 50001, "count": 1}]})[0]
        == 403
    )
    closed = send(api, "POST", f"draws/{made['id']}/close", {"people": ["p1", "p2"]})[1]
    assert (len(closed["tickets"]), closed["odds"]) == (2, {"tea": 0.5})
    status, early = send(api, "POST", f"draws/{made['id']}/draw", {"beacon_value": "1"})
    assert (status, "this draw is at" in early["error"]["message"]) == (422, True)
