"""Groups before the three standing people, by API and on the command line: one truth at all doors."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from lianyi import groups as room
from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace
from tests.doors.standing import Standing

ROOM = "group:wecom/茶友群"


def test_groups_are_listed_compared_and_opened_at_all_doors(standing: Standing, brand: Workspace) -> None:
    page = standing.analyst.get("/groups", {"with": [ROOM], "sort": "members"}).content.decode()
    assert "茶友群" in page
    assert "Side by side" in page
    assert "林安娜" in standing.analyst.get(f"/groups/{quote(ROOM)}").content.decode()
    assert standing.analyst.get(f"/groups/{quote(ROOM)}?role=silent").status_code == 200
    assert standing.analyst.get("/groups/group:wecom/nobody").status_code == 404
    told = standing.analyst.get("/api/v1/groups").json()["groups"]
    assert [row["group_key"] for row in told] == [row["group_key"] for row in room.listed(brand)]
    one = standing.analyst.get(f"/api/v1/groups/{quote(ROOM)}").json()
    assert {part["part"] for part in one["parts"]} >= {"many_way", "newcomers"}
    assert all(fix["en"] and fix["zh"] for fix in one["fixes"])
    people = standing.analyst.get(f"/api/v1/groups/{quote(ROOM)}/people").json()["people"]
    assert len(people) == sum(room.group(brand, ROOM).roles.values())
    answer = CliRunner().invoke(command, ["-w", str(brand.folder), "group", ROOM])
    assert json.loads(answer.stdout)["row"]["group_key"] == ROOM
    assert standing.stranger.get("/groups").status_code == 302


def test_a_conversation_shows_who_answers_whom_and_escapes_what_was_said(standing: Standing, brand: Workspace) -> None:
    (thread, *_rest) = room.threads(brand, ROOM)
    where = f"/groups/{quote(ROOM)}/conversation"
    page = standing.analyst.get(where, {"thread": thread["thread_id"]})
    assert page.status_code == 200
    said = standing.analyst.get(f"/api/v1{where}", {"thread": thread["thread_id"]}).json()["messages"]
    assert said[0]["message_id"] == thread["thread_id"]
    assert len(said) == thread["messages"]
    answer = CliRunner().invoke(
        command, ["-w", str(brand.folder), "threads", ROOM, "--thread", thread["thread_id"], "--json"]
    )
    told = [json.loads(line)["message_id"] for line in answer.stdout.splitlines()]
    assert told == [row["message_id"] for row in said]
    assert standing.analyst.get(where, {"thread": "nothing"}).status_code == 404


def test_what_does_not_exist_is_named_with_what_is_allowed(brand: Workspace) -> None:
    with pytest.raises(NotFound, match="lianyi groups"):
        room.group(brand, "group:none")
    with pytest.raises(InputError, match="members"):
        room.listed(brand, sort="beauty")
    with pytest.raises(InputError, match="crowd"):
        room.listed(brand, verdict="good")
    listed = CliRunner().invoke(command, ["-w", str(brand.folder), "threads", "--unanswered"])
    assert listed.exit_code == 0
