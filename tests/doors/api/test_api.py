"""The API: who may ask, what is answered, and that its document leaves nothing out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lianyi.action.team.models import Act, Token, User, WriteKey
from lianyi.action.team.rights import allowed
from lianyi.action.work.models import Job
from lianyi.doors.api.endpoint import Endpoint
from lianyi.doors.api.urls import APIS
from lianyi.insight.people.tags import read_rules
from lianyi.workspace import Workspace
from tests.doors.console.test_person import run_jobs
from tests.doors.standing import ANNA, BO, NAMES, Standing

ENDPOINTS = [endpoint for api in APIS for endpoint in api.endpoints]
BASE = "/api/v1/"


@pytest.fixture
def api(standing: Standing) -> Client:
    """A program with a token of the owner, on a client that checks CSRF."""
    _token, secret = Token.give_out("ly", user=User.objects.get(name="olga"), name="script")
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})


def send(client: Client, method: str, path: str, data: Any = None) -> tuple[int, Any]:
    answer = client.generic(
        method, BASE + path, json.dumps(data) if data is not None else "", content_type="application/json"
    )
    return answer.status_code, json.loads(answer.content)


def filled(endpoint: Endpoint) -> str:
    """The address of an endpoint with something for each hole: numbers are 1, texts what there is or might be."""
    texts = {"person_id": ANNA, "name": "people", "tag": "buyer", "token": "0123456789abc"}

    def value(hole: re.Match[str]) -> str:
        kind, name = hole[1], hole[2]
        return {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}.get(kind) or texts.get(name, "x")

    return re.sub(r"<(\w+):(\w+)>", value, endpoint.path)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_strangers_get_401_and_roles_only_their_rights(endpoint: Endpoint, standing: Standing) -> None:
    path = filled(endpoint)
    status, said = send(standing.stranger, endpoint.method, path)
    assert (status, said["error"]["status"]) == (401, 401)
    if endpoint.right and not allowed("analyst", endpoint.right):
        status, said = send(standing.analyst, endpoint.method, path)
        assert status == 403
        assert endpoint.right in said["error"]["message"]


def test_a_token_is_needed_whole_and_valid(api: Client, standing: Standing) -> None:
    assert send(api, "GET", "people")[0] == 200
    for wrong in ("Bearer x", "Bearer ", "Basic eDp5", "ly_x"):
        assert send(Client(headers={"Authorization": wrong}), "GET", "people")[0] == 401
    Token.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert send(api, "GET", "people")[0] == 401


def test_a_token_of_somebody_shut_out_is_void(api: Client) -> None:
    User.objects.filter(name="olga").update(is_active=False)
    assert send(api, "GET", "people")[0] == 401


def test_a_token_opens_no_pages(api: Client) -> None:
    assert api.get("/people").status_code == 302


def test_a_session_still_needs_its_csrf_token(standing: Standing) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(name="olga"))
    answer = client.post(BASE + "refresh")
    assert answer.status_code == 403
    assert json.loads(answer.content)["error"]["status"] == 403
    assert not Job.objects.exists()


def test_people_are_found_as_in_the_console(api: Client) -> None:
    _, found = send(api, "GET", "people")
    assert found["total"] == 4
    assert {one["name"] for one in found["people"]} == set(NAMES.values())
    _, found = send(api, "GET", "people?tag=buyer&col=net_spend")
    assert [one["net_spend"] for one in found["people"]] == ["599.4000"], "money is text, never a float"
    status, said = send(api, "GET", "people?condition=orders%20>>>%201")
    assert status == 422
    assert said["error"]["message"]


def test_a_person_with_tags_keys_and_timeline(api: Client) -> None:
    _, one = send(api, "GET", f"people/{ANNA}")
    assert one["profile"]["name"] == "林安娜"
    assert ANNA in {key["key"] for key in one["keys"]}
    _, first = send(api, "GET", f"people/{ANNA}/timeline?limit=3&kind=order")
    assert [event["kind"] for event in first["events"]] == ["order"] * 3
    before = first["events"][-1]["at"].replace("+", "%2B")
    _, rest = send(api, "GET", f"people/{ANNA}/timeline?kind=order&before={before}")
    assert len(rest["events"]) == 3
    for query in ("limit=0", "limit=x", "before=yesterday", "before=2026-01-01"):
        assert send(api, "GET", f"people/{ANNA}/timeline?{query}")[0] == 422
    assert send(api, "GET", "people/user:nobody")[0] == 404
    assert send(api, "GET", "people/nonsense")[0] == 422


def test_tags_and_notes(api: Client) -> None:
    status, said = send(api, "POST", f"people/{ANNA}/tags", {"tag": "vip", "why": "asked"})
    assert status == 201
    assert "vip" in {tag["tag"] for tag in said["tags"]}
    _, said = send(api, "DELETE", f"people/{ANNA}/tags/vip")
    assert "vip" not in {tag["tag"] for tag in said["tags"]}
    assert send(api, "POST", f"people/{ANNA}/tags", {"tag": "糖尿病"})[0] == 403
    assert send(api, "POST", f"people/{ANNA}/notes", {"text": "hello"})[0] == 201


def test_merge_and_split(api: Client, brand: Workspace) -> None:
    _, preview = send(api, "GET", f"people/{ANNA}/merge?with={BO}")
    assert preview["clashes"]
    assert send(api, "POST", f"people/{ANNA}/merge", {"with": BO, "why": "card"})[0] == 202
    run_jobs()
    assert brand.person(ANNA).person_id == brand.person(BO).person_id
    keys = brand.person(ANNA).key_names
    assert (
        send(api, "POST", f"people/{ANNA}/split", {"parts": [[ANNA], [key for key in keys if key != ANNA]]})[0] == 202
    )
    assert send(api, "POST", f"people/{ANNA}/split", {"parts": "x"})[0] == 422


def test_an_import_from_file_to_people(api: Client, brand: Workspace) -> None:
    mapping = "source: tea\nevents:\n- {kind: order, at: day, actor_key: {column: who, namespace: user}, value: paid}\n"
    file = SimpleUploadedFile("tea.csv", b"who,day,paid\nzoe,2026-01-01 10:00,5\nzoe,never,5\n")
    answer = api.post(BASE + "import", {"file": file, "mapping": mapping})
    assert answer.status_code == 202, answer.content
    run_jobs()
    run_jobs()
    _, state = send(api, "GET", f"import/{json.loads(answer.content)['import']['id']}")
    assert state["job"]["state"] == "done"
    report = state["job"]["result"]["files"][0]
    assert (report["new"], report["rejects"]) == (1, 1)
    assert brand.person("user:zoe").profile["orders"] == 1
    bad = api.post(BASE + "import", {"file": SimpleUploadedFile("x.csv", b"a,b\n"), "mapping": "source: ["})
    assert bad.status_code == 422


def test_refresh_tables_and_jobs(api: Client) -> None:
    status, said = send(api, "POST", "refresh", {"tables": ["nothing"]})
    assert status == 404
    assert "people" in said["error"]["message"]
    _, said = send(api, "POST", "refresh", {"tables": ["person_tags"]})
    job = said["job"]["id"]
    assert send(api, "POST", f"jobs/{job}/cancel")[1]["job"]["state"] == "cancelled"
    assert Job.objects.get(pk=job).state == "cancelled"
    _, said = send(api, "GET", "tables")
    people = next(table for table in said["tables"] if table["name"] == "people")
    assert people["state"]["rows"] == 4
    assert people["columns"]["net_spend"]["zh"]
    assert len(send(api, "GET", "tables/people?limit=2")[1]["rows"]) == 2
    assert send(api, "GET", "tables/secrets")[0] == 404
    assert send(api, "GET", "overview?days=90")[1]["totals"]["orders"]["now"] == 6
    assert send(api, "GET", "overview?days=31")[0] == 422


def test_rules_by_api(api: Client, brand: Workspace) -> None:
    assert send(api, "POST", "tags/check", {"when": "orders >= 1"})[1]["people"] == 1
    assert send(api, "PUT", "tags/regulars", {"when": "orders >= 2", "zh": "常客"})[0] == 202
    run_jobs()
    assert next(tag for tag in send(api, "GET", "tags")[1]["tags"] if tag["tag"] == "regulars")["people"] == 1
    assert send(api, "DELETE", "tags/regulars")[0] == 202
    assert send(api, "DELETE", "tags/regulars")[0] == 404
    assert send(api, "PUT", "tags/bad", {"when": "orders >>> 2"})[0] == 422


def test_settings_team_and_keys(api: Client) -> None:
    assert send(api, "PATCH", "settings", {"name": "New Tea"})[1]["settings"]["name"] == "New Tea"
    assert send(api, "PATCH", "settings", {"timezone": "Mars/Base"})[0] == 422
    assert send(api, "PATCH", "settings", {"threads": "9"})[0] == 422
    assert send(api, "POST", "team", {"name": "new", "role": "operator"})[1]["link"].startswith(
        "http://testserver/join/"
    )
    assert send(api, "POST", "team", {"name": "new", "role": "king"})[0] == 422
    _, made = send(api, "POST", "keys", {"name": "Site", "source": "site"})
    assert WriteKey.objects.get(pk=made["id"]).revoked_at is None
    assert made["key"] not in json.dumps(send(api, "GET", "keys")[1])
    assert send(api, "POST", "keys", {"name": "Site", "source": "Not Good"})[0] == 422
    assert send(api, "DELETE", f"keys/{made['id']}")[0] == 200
    assert send(api, "GET", "acts?limit=2")[1]["acts"][0]["what"] == "keys.revoke"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ("{}", 422),
        ('{"tag": 3}', 422),
        ('{"tag": "' + "x" * 99 + '"}', 422),
        ("x" * (1 << 21), 413),
    ],
)
def test_broken_bodies_are_refused_with_words(api: Client, body: str, status: int) -> None:
    answer = api.post(f"{BASE}people/{ANNA}/tags", body, content_type="application/json")
    assert answer.status_code == status
    assert json.loads(answer.content)["error"]["message"]


def test_bodies_nested_without_end_and_endless_numbers_are_refused_with_words(api: Client) -> None:
    answer = api.post(f"{BASE}people/{ANNA}/tags", "[" * 200_000, content_type="application/json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"]["message"] == "the body is nested too deeply"
    for query in ("acts?before=" + "9" * 5000, "acts?before=x", "acts?limit=" + "9" * 5000):
        assert send(api, "GET", query)[0] == 422
    assert send(api, "GET", "acts?before=1")[1]["acts"] == []


def test_more_than_a_look_at_people_is_an_export(api: Client, standing: Standing) -> None:
    operator = Client()
    operator.force_login(User.objects.enrol("otto", role="operator", password=None))
    for name in ("people", "keys", "events", "person_tags", "identity_links", "merge_suggestions"):
        status, said = send(operator, "GET", f"tables/{name}?limit=51")
        assert (status, "people.export" in said["error"]["message"]) == (403, True)
    assert send(operator, "GET", "tables/people")[0] == 200
    assert send(operator, "GET", "tables/daily?limit=1000")[0] == 200
    assert not Act.objects.filter(what="data.export").exists()
    assert send(api, "GET", "tables/keys?limit=1000")[0] == 200
    act = Act.objects.get(what="data.export")
    assert (act.by, act.on, act.detail) == ("olga", "keys", {"rows": 1000})


def test_jobs_are_stopped_by_who_may_start_them_and_a_running_erasure_by_nobody(
    api: Client, standing: Standing
) -> None:
    waiting = Job.objects.create(kind="import", by="olga")
    erasure = Job.objects.create(kind="erase", by="olga", arguments={"key": ANNA})
    for job, right in ((waiting, "data.import"), (erasure, "people.erase")):
        status, said = send(standing.analyst, "POST", f"jobs/{job.pk}/cancel")
        assert (status, right in said["error"]["message"]) == (403, True)
        assert standing.analyst.post(f"/jobs/{job.pk}/cancel").status_code == 403
    refresh = Job.objects.create(kind="refresh", by="olga")
    assert send(standing.analyst, "POST", f"jobs/{refresh.pk}/cancel")[1]["job"]["state"] == "cancelled"
    Job.objects.filter(pk=erasure.pk).update(state="running", worker="w")
    assert send(api, "POST", f"jobs/{erasure.pk}/cancel")[0] == 403
    page = standing.owner.post(f"/jobs/{erasure.pk}/cancel", {"next": f"/jobs/{erasure.pk}"}, follow=True)
    assert "can&#x27;t be cancelled" in page.content.decode()
    assert f"/jobs/{erasure.pk}/cancel" not in page.content.decode()
    erasure.refresh_from_db()
    assert (erasure.state, erasure.cancel_requested) == ("running", False)


def test_the_timeline_loses_no_events_of_one_moment(api: Client) -> None:
    seen: list[str] = []
    query = "limit=3"
    while True:
        _, part = send(api, "GET", f"people/{ANNA}/timeline?kind=reply&{query}")
        if not part["events"]:
            break
        seen += [event["id"] for event in part["events"]]
        last = part["events"][-1]
        query = f"limit=3&before={last['at'].replace('+', '%2B')}&before_id={last['id']}"
    assert sorted(seen) == sorted(f"t:m{number}" for number in range(70))
    assert send(api, "GET", f"people/{ANNA}/timeline?before_id=x")[0] == 422


@pytest.mark.parametrize("encoding", ["zlib_codec", "rot13", "no-such", "utf-8\0"])
def test_what_is_no_encoding_of_text_is_refused(encoding: str, api: Client) -> None:
    file = SimpleUploadedFile("tea.csv", b"who,day\n")
    answer = api.post(BASE + "import", {"file": file, "encoding": encoding})
    assert answer.status_code == 422
    assert "encoding" in json.loads(answer.content)["error"]["message"]


def test_unknown_addresses_and_methods_are_json_too(api: Client) -> None:
    assert send(api, "GET", "nothing")[0] == 404
    status, said = send(api, "POST", "people")
    assert status == 405
    assert "GET" in said["error"]["message"]


def test_the_document_lists_every_endpoint_with_its_parameters() -> None:
    from lianyi.doors.api.document import document

    made = document(ENDPOINTS)
    listed = {(method.upper(), path) for path, methods in made["paths"].items() for method in methods}
    assert len(listed) == len(ENDPOINTS)
    names = [said["operationId"] for methods in made["paths"].values() for said in methods.values()]
    assert len(names) == len(set(names))
    for path, methods in made["paths"].items():
        for said in methods.values():
            holes = {one["name"] for one in said["parameters"] if one["in"] == "path"}
            assert holes == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    json.dumps(made)


def test_the_document_is_open_to_all(standing: Standing) -> None:
    assert send(standing.stranger, "GET", "openapi.json")[1]["openapi"] == "3.1.0"


def test_members_change_roles_and_the_last_owner_stays(api: Client, standing: Standing) -> None:
    ann, olga = (User.objects.get(name=name) for name in ("ann", "olga"))
    status, said = send(api, "PATCH", f"team/{ann.pk}", {"role": "strategist"})
    assert (status, said["role"], said["is_active"]) == (200, "strategist", True)
    assert send(standing.analyst, "PATCH", f"team/{ann.pk}", {"role": "owner"})[0] == 403
    for change in ({"role": "analyst"}, {"is_active": False}):
        status, said = send(api, "PATCH", f"team/{olga.pk}", change)
        assert status == 409
        assert "owner" in said["error"]["message"]
    assert send(api, "PATCH", f"team/{ann.pk}", {"role": "king"})[0] == 422
    assert send(api, "PATCH", f"team/{ann.pk}", {"is_active": "no"})[0] == 422
    assert send(api, "PATCH", f"team/{ann.pk}", {"is_active": False})[0] == 200
    ann.refresh_from_db()
    assert (ann.role, ann.is_active) == ("strategist", False)
    assert send(standing.analyst, "GET", "people")[0] == 401
    assert Act.objects.filter(what="team.change", on="ann").count() == 2


def test_a_new_link_lets_a_member_set_the_password(api: Client, standing: Standing) -> None:
    status, said = send(api, "POST", f"team/{User.objects.get(name='ann').pk}/link")
    assert status == 201
    assert standing.stranger.get(said["link"]).status_code == 200


def test_everybody_may_read_the_roles(standing: Standing) -> None:
    status, said = send(standing.analyst, "GET", "roles")
    assert status == 200
    assert set(said["roles"]["owner"]) == set(said["rights"])
    assert "team.edit" not in said["roles"]["analyst"]


def test_tokens_are_ones_own_and_void_once_revoked(api: Client, standing: Standing) -> None:
    status, made = send(api, "POST", "tokens", {"name": "report"})
    assert status == 201
    program = Client(headers={"Authorization": f"Bearer {made['token']}"})
    status, said = send(program, "GET", "tokens")
    assert status == 200
    assert {"script", "report"} == {token["name"] for token in said["tokens"]}
    assert made["token"] not in json.dumps(said)
    assert send(standing.analyst, "GET", "tokens")[1] == {"tokens": []}
    assert send(standing.analyst, "DELETE", f"tokens/{made['id']}")[0] == 404
    assert send(api, "DELETE", f"tokens/{made['id']}") == (200, {})
    assert send(program, "GET", "tokens")[0] == 401
    assert send(api, "POST", "tokens", {"name": ""})[0] == 422


def test_rejected_rows_are_fetched_and_uploads_discarded(api: Client) -> None:
    rows = "phone,name\n13912345678,Eva\n12,Nobody\n"
    file = SimpleUploadedFile("members.csv", rows.encode())
    answer = api.post(BASE + "import", {"file": file, "format": "members", "dry_run": "1"})
    assert answer.status_code == 202
    upload = answer.json()["import"]["id"]
    run_jobs()
    found: Any = api.get(BASE + f"import/{upload}/rejects")
    assert found.status_code == 200
    text = b"".join(found.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "phone,name,_line,_column,_value,_reason"
    assert "12" in text
    assert "Eva" not in text
    assert send(api, "GET", f"import/{upload}/rejects?file=2")[0] == 404
    assert send(api, "DELETE", f"import/{upload}") == (200, {})
    assert send(api, "GET", f"import/{upload}")[0] == 404
    assert Act.objects.filter(what="import.discard").count() == 1


def test_people_are_exported_as_the_search_finds_them(standing: Standing) -> None:
    answer: Any = standing.owner.get(BASE + "people.csv?q=Dan&col=orders")
    assert answer.headers["Content-Type"].startswith("text/csv")

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    header, *rows = async_to_sync(read)().decode("utf-8-sig").splitlines()
    assert header == "person_id,name,orders"
    assert [row.split(",")[1] for row in rows] == ["Dan Lee"]
    assert standing.analyst.get(BASE + "people.csv").status_code == (
        200 if allowed("analyst", "people.export") else 403
    )


def test_one_changes_ones_own_account_but_for_role_and_password(standing: Standing) -> None:
    status, said = send(standing.analyst, "PATCH", "me", {"full_name": "Ann B.", "language": "zh-hans"})
    assert (status, said["full_name"], said["language"], said["role"]) == (200, "Ann B.", "zh-hans", "analyst")
    assert send(standing.analyst, "PATCH", "me", {"language": "xx"})[0] == 422
    assert send(standing.analyst, "PATCH", "me", {"role": "owner", "password": "x"})[1]["role"] == "analyst"
    assert "people.export" in send(standing.analyst, "GET", "me")[1]["rights"]


def test_a_shipped_rule_is_turned_off_and_on(api: Client, brand: Workspace) -> None:
    assert send(api, "POST", "tags/nonsense/off")[0] == 404
    assert send(api, "POST", "tags/buyer/off")[0] == 202
    assert "buyer" not in {rule.tag for rule in read_rules(brand.folder / "tags")}
    assert send(api, "DELETE", "tags/buyer")[0] == 202
    assert "buyer" in {rule.tag for rule in read_rules(brand.folder / "tags")}


def test_all_that_could_not_be_used_is_listed_given_out_and_discarded(standing: Standing, brand: Workspace) -> None:
    folder = brand.folder / "rejects"
    folder.mkdir(exist_ok=True)
    (folder / "inbox-3.jsonl").write_text('{"reason":"kind: empty","event":{"id":"x"}}\n', encoding="utf-8")
    assert [(one["name"], one["rows"]) for one in send(standing.owner, "GET", "rejects")[1]["rejects"]] == [
        ("inbox-3.jsonl", 1)
    ]
    page = standing.owner.get("/data").content.decode()
    assert "/data/rejects/inbox-3.jsonl" in page
    assert "inbox-3" not in standing.analyst.get("/data").content.decode()
    for address in ("/data/rejects/inbox-3.jsonl", BASE + "rejects/inbox-3.jsonl"):
        answer: Any = standing.owner.get(address)
        assert b"kind: empty" in b"".join(answer.streaming_content)
    assert standing.owner.get("/data/rejects/..%2Flianyi.toml").status_code == 404
    assert send(standing.owner, "GET", "rejects/lianyi.toml")[0] == 404
    assert standing.owner.post("/data/rejects/inbox-3.jsonl/discard").status_code == 302
    assert send(standing.owner, "DELETE", "rejects/inbox-3.jsonl")[0] == 404
    assert send(standing.owner, "GET", "rejects")[1] == {"rejects": []}


def test_jobs_and_uploads_are_listed_newest_first(api: Client) -> None:
    for name in ("a.csv", "b.csv"):
        file = SimpleUploadedFile(name, b"x\n1\n")
        assert api.post(BASE + "import", {"file": file, "dry_run": "1"}).status_code == 202
    assert [one["import"]["name"] for one in send(api, "GET", "import")[1]["imports"]] == ["b.csv", "a.csv"]
    assert [one["kind"] for one in send(api, "GET", "jobs?limit=1")[1]["jobs"]] == ["check"]
    assert send(api, "GET", "suggestions?limit=0")[0] == 422
