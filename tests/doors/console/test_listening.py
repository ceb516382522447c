"""Listening before the three standing people, by API and on the command line: one truth at all doors."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lianyi import listening as room
from lianyi.action.audiences.models import Audience
from lianyi.action.campaigns import hot
from lianyi.action.team.models import Act
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
    put_table(
        brand,
        "bursts",
        pa.Table.from_pylist(
            [
                {
                    "kind": "group",
                    "topic": ROOM,
                    "began_at": NOW - timedelta(hours=3),
                    "found_at": NOW - timedelta(minutes=170),
                    "ended_at": NOW - timedelta(hours=1),
                    "running": True,
                    "messages": 50,
                    "people": 20,
                    "expected": 1.5,
                    "chance": 1e-9,
                    "leaning": 0.1,
                    "words": ["白茶新国标"],
                    "hours": json.dumps([0] * 24 + [30, 15, 5]),
                }
            ]
        ),
    )
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


def test_a_burst_is_shown_with_its_hours_and_leads_to_a_draft(standing: Standing, heard: Workspace) -> None:
    (row,) = standing.analyst.get("/api/v1/listening/bursts").json()["bursts"]
    assert (row["en"], row["found_minutes"], len(row["hours"])) == ("茶友群", 10, 27)
    assert "白茶新国标" in standing.analyst.get("/listening").content.decode()
    asked = {"kind": "group", "topic": ROOM, "began": (NOW - timedelta(hours=3)).isoformat()}
    page = standing.analyst.get("/listening/burst", asked).content.decode()
    assert "白茶新国标" in page
    assert standing.analyst.get("/listening/burst", {**asked, "began": "soon"}).status_code == 404
    told = CliRunner().invoke(command, ["-w", str(heard.folder), "bursts", "--json"])
    assert json.loads(told.stdout)["messages"] == 50
    given = {"name": "新国标", "word": ["白茶新国标", "国标"]}
    assert standing.analyst.post("/listening/draft", given).status_code == 403
    answer = standing.owner.post("/listening/draft", given)
    audience = Audience.objects.get(name="新国标")
    assert answer["Location"] == f"/audiences/{audience.pk}"  # the brand has no channel, so no campaign yet
    assert audience.condition == 'says("白茶新国标", "国标", within 30 days)'
    again = standing.owner.post("/api/v1/listening/draft", json.dumps({"name": "新国标", "words": ["国标"]}),
                                content_type="application/json")  # fmt: skip
    assert (again.status_code, again.json()["audience"]["name"], again.json()["campaign"]) == (201, "新国标 2", None)
    assert {"audience.define", "content.make"} <= set(Act.objects.values_list("what", flat=True))


def test_words_that_cannot_be_asked_for_make_nothing(brand: Workspace, db: None) -> None:
    for words, says in (([], "0 were given"), (['a"b'], "quotes"), (["x"], "2 to 40")):
        with pytest.raises(InputError, match=says):
            hot.draft(brand, "x", words, by="t", now=NOW)
    with pytest.raises(InputError, match="none yet"):
        hot.draft(brand, "x", ["茶叶"], by="t", now=NOW, channel="mail")
    assert not Audience.objects.exists()


def test_words_of_a_topic_are_those_by_which_its_people_are_found(heard: Workspace) -> None:
    assert "发货" in room.words_of(heard, "theme", "delivery")
    assert room.words_of(heard, "good", "item:1") == ["绿茶 1"]
    assert room.words_of(heard, "word", "新国标") == ["新国标"]
