"""What the console keeps, by command: team, keys, tokens, acts, settings, plans, jobs. One law for all doors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from click.testing import CliRunner, Result
from django.test import Client
from django.utils import timezone, translation

from lianyi.action.plans import keeping
from lianyi.action.team.models import Act, Token, User, WriteKey
from lianyi.action.work import queue
from lianyi.doors.cli.commands import lianyi
from lianyi.doors.console.pages.people.search import Search
from lianyi.memory import rejected
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, NAMES, Standing


@pytest.fixture(autouse=True)
def _no_second_setup(monkeypatch: pytest.MonkeyPatch, db: None) -> Any:
    """Django is set up already, on a database of the test's own. What a command activates ends with it."""
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    monkeypatch.setenv("USER", "op")
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        yield


def run(ws: Workspace, *arguments: str, code: int = 0) -> Result:
    """One command in this process; its code, stdout and stderr."""
    done = CliRunner().invoke(lianyi, ["-w", str(ws.folder), *arguments])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return done


def rows(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_first_member_is_an_owner_and_their_link_works(brand: Workspace) -> None:
    assert "--role owner" in run(brand, "team", "invite", "olga", code=2).stderr
    link = run(brand, "team", "invite", "olga", "--role", "owner", "--url", "http://testserver").stdout.strip()
    assert Client().get(link).status_code == 200
    assert "olga" in run(brand, "team").stdout
    assert [(act.by, act.what, act.on) for act in Act.objects.all()] == [("user:op", "team.invite", "olga")]


def test_members_change_and_the_last_owner_stays(brand: Workspace, standing: Standing) -> None:
    run(brand, "team", "change", "ann", "--role", "strategist", "--full-name", "Ann B.", "--language", "en")
    assert "at least one owner" in run(brand, "team", "change", "olga", "--out", code=4).stderr
    assert "there are" in run(brand, "team", "change", "ann", "--role", "king", code=2).stderr
    assert "there are ann, olga" in run(brand, "team", "change", "nobody", code=3).stderr
    run(brand, "team", "change", "ann", "--out")
    ann = next(row for row in rows(run(brand, "team", "--json")) if row["name"] == "ann")
    assert (ann["role"], ann["full_name"], ann["language"], ann["is_active"]) == ("strategist", "Ann B.", "en", False)
    run(brand, "team", "change", "ann", "--in")
    assert standing.stranger.get(run(brand, "team", "link", "ann").stdout.split("8765")[1].strip()).status_code == 200


def test_roles_are_as_enforced(brand: Workspace) -> None:
    found = {row["right"]: row for row in rows(run(brand, "roles", "--json"))}
    for right, row in found.items():
        assert (row["analyst"] == "yes") == User(role="analyst", is_active=True).may(right)


def test_a_write_key_is_shown_once_and_revoked(brand: Workspace) -> None:
    done = run(brand, "write-keys", "new", "Shop", "--source", "shop")
    assert done.stdout.startswith("wk_")
    assert "Small letters" in run(brand, "write-keys", "new", "Shop", "--source", "Ω!", code=2).stderr
    listed = rows(run(brand, "write-keys", "--json"))
    assert [row["name"] for row in listed] == ["Shop"]
    assert "hash" not in str(listed)
    run(brand, "write-keys", "revoke", str(listed[0]["id"]))
    assert WriteKey.objects.get().revoked_at is not None
    run(brand, "write-keys", "revoke", str(listed[0]["id"]), code=3)


def test_a_token_asks_with_its_members_rights(brand: Workspace, standing: Standing) -> None:
    secret = run(brand, "tokens", "new", "script", "--member", "ann").stdout.strip()
    asked = Client(headers={"Authorization": f"Bearer {secret}"})
    assert asked.get("/api/v1/me").json()["name"] == "ann"
    assert asked.get("/api/v1/team").status_code == 403
    run(brand, "tokens", "revoke", str(Token.objects.get().pk))
    assert asked.get("/api/v1/me").status_code == 401
    assert rows(run(brand, "tokens", "--json"))[0]["member"] == "ann"


def test_acts_tell_who_did_what(brand: Workspace, standing: Standing) -> None:
    run(brand, "team", "change", "ann", "--role", "operator")
    run(brand, "write-keys", "new", "Shop", "--source", "shop")
    assert [row["what"] for row in rows(run(brand, "acts", "--json"))] == ["keys.create", "team.change"]
    assert [row["on"] for row in rows(run(brand, "acts", "--what", "team.change", "--by", "user:op", "--json"))] == [
        "ann"
    ]


def test_settings_change_only_to_what_they_may_be(brand: Workspace) -> None:
    assert json.loads(run(brand, "settings").stdout)["name"] == "Test Tea"
    assert json.loads(run(brand, "settings", "currency=EUR", "threads=2").stdout)["currency"] == "EUR"
    assert "there are" in run(brand, "settings", "colour=red", code=2).stderr
    assert "whole number" in run(brand, "settings", "threads=two", code=2).stderr
    assert "timezone" in run(brand, "settings", "timezone=Moon", code=2).stderr
    assert json.loads(run(brand, "settings").stdout)["threads"] == 2


def test_people_are_found_as_in_the_console(brand: Workspace, standing: Standing) -> None:
    done = run(brand, "people", "安娜", "--col", "orders")
    assert NAMES[ANNA] in done.stdout
    assert "1 to 1 of 1 people" in done.stderr
    found = rows(run(brand, "people", "--condition", "orders >= 2", "--col", "orders", "--json"))
    assert [(row["name"], row["orders"]) for row in found] == [(NAMES[ANNA], 6)]
    for option, value in (("--consumption", "lots"), ("--seen", "8"), ("--sort", "luck"), ("--col", "luck")):
        assert "there are" in run(brand, "people", option, value, code=2).stderr


def test_the_exported_file_is_the_consoles(brand: Workspace, standing: Standing) -> None:
    by_hand = run(brand, "people", "--csv", "--sort", "orders").stdout_bytes
    answer: Any = standing.owner.get("/people/export?sort=orders")

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    assert by_hand == async_to_sync(read)()


def test_no_door_keeps_a_key_in_the_log_of_acts(brand: Workspace, standing: Standing) -> None:
    """Acts are never deleted, so what would lead to an erased person must not get in."""
    phone = "phone:8613912345600"
    person_id = brand.person(ANNA).person_id
    run(brand, "people", "13912345600", "--json")
    run(brand, "export", phone)
    owner = standing.owner
    owner.get("/people/export?q=13912345600")
    owner.get("/api/v1/people.csv?q=13912345600")
    owner.get(f"/api/v1/people/{phone}/export")
    for path, body in (
        (f"{phone}/tags", {"tag": "vip"}), (f"{phone}/notes", {"text": "hello"}), (f"{BO}/merge", {"with": phone}),
    ):  # fmt: skip
        answer = owner.post(f"/api/v1/people/{path}", json.dumps(body), content_type="application/json")
        assert answer.status_code in {201, 202}
    kept = [f"{act.on} {act.detail}" for act in Act.objects.all()]
    assert len(kept) == 8
    assert not [text for text in kept if "13912345600" in text or ANNA in text]
    assert sum(person_id in text for text in kept) == 5


def test_a_search_is_noted_without_its_text() -> None:
    noted = Search(text="13912345600", tags=("vip",), condition="orders >= 2").noted
    assert noted == {"by_text": True, "tags": ("vip",), "condition": "orders >= 2"}


def test_a_person_is_found_by_a_number_as_people_write_it(brand: Workspace) -> None:
    found = json.loads(run(brand, "person", "phone:139 1234 5600").stdout)
    assert found["person_id"] == brand.person(ANNA).person_id
    run(brand, "person", "phone:139 9999 9999", code=3)


def test_a_note_lands_in_the_timeline(brand: Workspace) -> None:
    run(brand, "note", ANNA, "likes oolong")
    event = brand.timeline(ANNA, kinds=["note"])[0]
    assert (event["text"], event["props"]["by"]) == ("likes oolong", "user:op")


def test_suggestions_are_those_of_the_tables(brand: Workspace) -> None:
    assert rows(run(brand, "suggestions", "--json")) == json.loads(json.dumps(brand.suggestions(), default=str))


def test_rules_are_checked_written_turned_off_and_on(brand: Workspace) -> None:
    assert json.loads(run(brand, "rules", "check", "orders >= 2").stdout)["people"] == 1
    run(brand, "rules", "check", "orders >=", code=2)
    run(brand, "rules", "put", "regulars", "orders >= 2", "--zh", "常客", "--en", "Regulars")
    listed = {row["tag"]: row for row in rows(run(brand, "rules", "--json"))}
    assert (listed["regulars"]["whose"], listed["regulars"]["when"]) == ("own", "orders >= 2")
    shipped = next(tag for tag, row in listed.items() if row["whose"] == "shipped")
    run(brand, "rules", "off", shipped)
    assert shipped not in {row["tag"] for row in rows(run(brand, "rules", "--json"))}
    run(brand, "rules", "off", "regulars", code=3)
    run(brand, "rules", "remove", shipped)
    run(brand, "rules", "remove", "regulars")
    run(brand, "rules", "remove", "regulars", code=3)
    tags = {row["tag"] for row in rows(run(brand, "rules", "--json"))}
    assert shipped in tags
    assert "regulars" not in tags


def test_rejects_are_listed_shown_saved_and_discarded(brand: Workspace) -> None:
    folder = brand.folder / "rejects"
    folder.mkdir(exist_ok=True)
    (folder / "import-1.csv").write_text(
        "\ufefforder,_line,_column,_value,_reason\n1,7,at,nodate,no time\n", encoding="utf-8"
    )
    (folder / "inbox-1.jsonl").write_text('{"reason":"kind: empty","event":{"id":"x"}}\n', encoding="utf-8")
    listed = {row["name"]: row["rows"] for row in rows(run(brand, "rejects", "--json"))}
    assert listed == {"import-1.csv": 1, "inbox-1.jsonl": 1}
    assert rows(run(brand, "rejects", "show", "import-1.csv", "--json")) == [
        {"line": "7", "column": "at", "value": "nodate", "reason": "no time"}
    ]
    assert rows(run(brand, "rejects", "show", "inbox-1.jsonl", "--json"))[0]["value"] == '{"id":"x"}'
    target = brand.folder.parent / "mend.csv"
    run(brand, "rejects", "save", "import-1.csv", str(target))
    assert target.read_bytes() == (folder / "import-1.csv").read_bytes()
    assert run(brand, "rejects", "save", "import-1.csv", "-").stdout_bytes == target.read_bytes()
    run(brand, "rejects", "discard", code=2)
    run(brand, "rejects", "discard", "../lianyi.toml", code=3)
    run(brand, "rejects", "discard", "import-1.csv")
    run(brand, "rejects", "discard", "--all")
    assert rejected.files(brand.folder) == []
    assert (brand.folder / "lianyi.toml").exists()


def test_overview_and_sources_are_those_of_the_api(brand: Workspace, standing: Standing) -> None:
    asked = standing.owner.get("/api/v1/overview?days=90").json()
    told = json.loads(run(brand, "overview", "--days", "90").stdout)
    assert told["kinds"] == asked["kinds"]
    assert told["totals"]["orders"]["now"] == asked["totals"]["orders"]["now"]
    assert {row["source"] for row in rows(run(brand, "sources", "--json"))} == {"members", "shop", "wecom", "site"}


def test_jobs_are_seen_and_stopped(brand: Workspace) -> None:
    job = queue.add("refresh", {}, by="olga")
    assert rows(run(brand, "jobs", "--json"))[0]["kind"] == "refresh"
    run(brand, "jobs", "cancel", str(job.pk))
    assert json.loads(run(brand, "jobs", "show", str(job.pk)).stdout)["state"] == "cancelled"
    run(brand, "jobs", "cancel", str(job.pk), code=2)
    run(brand, "jobs", "show", "999", code=3)


def test_plans_start_and_close(brand: Workspace) -> None:
    made = brand.ripples.plans([{"people": 1, "sources": ["customers", "others", "kols", "employees"]}])[0]
    plan = keeping.keep(made, as_of=brand.states()["people"].as_of, name="Spring", by="user:op")
    run(brand, "plans", "close", str(plan.pk), code=2)
    run(brand, "plans", "start", str(plan.pk), "spring")
    assert rows(run(brand, "plans", "--json"))[0]["campaign"] == "spring"
    assert json.loads(run(brand, "plans", "show", str(plan.pk)).stdout)["status"] == "running"
    run(brand, "plans", "close", str(plan.pk))
    run(brand, "plans", "show", "999", code=3)


def test_one_table_tells_how_it_was_made(brand: Workspace) -> None:
    told = json.loads(run(brand, "tables", "people").stdout)
    assert told["inputs"] == ["profiles", "person_tags"]
    assert "SELECT" in told["state"]["sql"]
    assert set(told["columns"]) == set(brand.table("people").columns)
    assert "there are" in run(brand, "tables", "nothing", code=3).stderr


@pytest.mark.parametrize("command", ["team", "write-keys", "tokens", "rules", "rejects", "plans", "jobs"])
def test_help_needs_no_workspace(command: str, tmp_path: Any) -> None:
    done = CliRunner().invoke(lianyi, ["-w", str(tmp_path / "none"), command, "--help"])
    assert done.exit_code == 0
    group: Any = lianyi.commands[command]
    for below in group.commands:
        assert CliRunner().invoke(lianyi, ["-w", str(tmp_path / "none"), command, below, "--help"]).exit_code == 0
