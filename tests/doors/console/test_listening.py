"""Listening before the three standing people, by API and on the command line: one truth at all doors."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lianyi import listening as room
from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing
from tests.doors.tables import put_table

ROOM = "group:wecom/茶友群"
TOLD = {"messages": 40, "people": 12, "good": 4, "bad": 10, "asked": 3, "complaints": 2, "leaning": -0.2}


@pytest.fixture
def heard(brand: Workspace) -> Workspace:
    """The small brand with a theme that is talked of, a complaint that waits and an advert."""
    person = brand.rows("SELECT person_id FROM people ORDER BY person_id LIMIT 1")[0]["person_id"]
    attack = "<img src=x onerror=alert(1)>发货太慢"
    topics = [{"kind": kind, "topic": topic, **TOLD, "groups": 2, "before": 9, "communities": 1.5, "top_share": 0.5,
               "last_at": NOW} for kind, topic in (("theme", "delivery"), ("all", ""))]  # fmt: skip
    put_table(brand, "topics", pa.Table.from_pylist(topics))
    days = [{"kind": "theme", "topic": "delivery", "day": date(2026, 6, 1) + timedelta(days=n), **TOLD}
            for n in range(3)]  # fmt: skip
    put_table(brand, "listening", pa.Table.from_pylist(days))
    put_table(brand, "topic_people", pa.Table.from_pylist(
        [{"kind": "theme", "topic": "delivery", "person_id": person, "messages": 5, "good": 0, "bad": 2, "asked": 1,
          "complaints": 1, "groups": 1, "last_at": NOW}]))  # fmt: skip
    put_table(brand, "complaints", pa.Table.from_pylist(
        [{"message_id": f"c{n}", "said_at": NOW - timedelta(hours=n), "group_key": ROOM, "person_id": person,
          "text": attack, "leaning": -0.8, "review": False, "theme": "delivery", "object_key": None,
          "answered": n == 1, "answered_by_staff": n == 1, "answer_minutes": 5.0} for n in range(2)]))  # fmt: skip
    put_table(brand, "flagged", pa.Table.from_pylist(
        [{"message_id": "f0", "why": "advert", "group_key": ROOM, "said_at": NOW, "person_id": person, "chance": 0.9,
          "word_list": None, "text": attack}]))  # fmt: skip
    return brand


def test_topics_complaints_and_noise_at_all_doors(standing: Standing, heard: Workspace) -> None:
    page = standing.analyst.get("/listening").content.decode()
    assert "Delivery" in page
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    one = standing.analyst.get("/listening/topic?kind=theme&topic=delivery").content.decode()
    assert "Delivery" in one
    assert "no answer" in one
    assert standing.analyst.get("/listening/topic?kind=theme&topic=none").status_code == 404
    told = standing.analyst.get("/api/v1/listening/topics").json()
    assert [(row["topic"], row["zh"]) for row in told["topics"]] == [("delivery", "物流发货")]
    assert told["all"]["bad_low"] < 10 / 40 < told["all"]["bad_high"]
    waiting = standing.analyst.get("/api/v1/listening/complaints").json()
    assert [row["message_id"] for row in waiting["complaints"]] == ["c0"]
    assert (waiting["counts"]["waiting"], waiting["counts"]["complaints"]) == (1, 2)
    assert len(standing.analyst.get("/api/v1/listening/complaints?all=1").json()["complaints"]) == 2
    flags = standing.analyst.get("/api/v1/listening/flagged?why=advert").json()["flagged"]
    assert [row["message_id"] for row in flags] == ["f0"]
    assert standing.analyst.get("/api/v1/listening/topic?kind=theme&topic=delivery").json()["people"]
    assert standing.analyst.get("/api/v1/listening/flagged?why=rude").status_code == 422
    assert standing.stranger.get("/listening").status_code == 302


def test_the_command_line_says_the_same(heard: Workspace) -> None:
    def asked(*words: str) -> str:
        answer = CliRunner().invoke(command, ["-w", str(heard.folder), *words])
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    assert json.loads(asked("topics", "--json"))["topic"] == "delivery"
    assert json.loads(asked("topic", "theme", "delivery"))["row"]["messages"] == 40
    assert [json.loads(line)["message_id"] for line in asked("complaints", "--all", "--json").splitlines()] == [
        "c0", "c1",
    ]  # fmt: skip
    assert json.loads(asked("flagged", "--json"))["why"] == "advert"
    assert "themes:" in asked("topics", "--words")


def test_what_does_not_exist_is_named_with_what_is_allowed(brand: Workspace) -> None:
    with pytest.raises(NotFound, match="lianyi topics"):
        room.topic(brand, "theme", "none")
    with pytest.raises(InputError, match="theme"):
        room.topics(brand, kind="beauty")
    with pytest.raises(InputError, match="people"):
        room.topics(brand, sort="beauty")
    with pytest.raises(InputError, match="advert"):
        room.flagged(brand, why="rude")


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    low, high = room.wilson(3, 10)
    assert (round(low, 3), round(high, 3)) == (0.108, 0.603)
    assert room.wilson(0, 0) == (0.0, 1.0)
