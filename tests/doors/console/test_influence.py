"""Influence: page, person, library, command line and API say the same, each score in a sentence; for three people."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lianyi import influence
from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import InputError
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, DAN, NOW, Standing
from tests.doors.tables import put_table


def ranked(person_id: str, place: int, reach: float, **seen: Any) -> dict[str, Any]:
    plain = {"brought_people": 0, "brought_days": 0, "brought_decayed": 0.0, "brought_revenue": 0.0, "lately": 0,
             "earlier": 0, "rising": False, "last_brought_at": None, "revenue": None}  # fmt: skip
    expected = {"person_id": person_id, "place": place, "reach": reach, "reach_low": reach - 0.2}
    return {**expected, "reach_high": reach + 0.2, **plain, **seen}


@pytest.fixture
def known(brand: Workspace) -> dict[str, str]:
    """Anna reaches most, Bo is rising and first for tea, Cai brought one long ago; of Dan nothing is known."""
    keys = {"anna": ANNA, "bo": BO, "cai": CAI, "dan": DAN}
    who = {name: brand.person(key).person_id for name, key in keys.items()}
    rows = [
        ranked(who["anna"], 1, 4.2, revenue=530.0, brought_people=12, brought_days=7, lately=2, earlier=5),
        ranked(who["bo"], 2, 3.0, brought_people=5, brought_days=1, lately=4, earlier=1, rising=True),
        ranked(who["cai"], 3, 0.01, brought_people=1, brought_days=1),
    ]
    columns = pa.Table.from_pylist(rows).schema.set(
        list(rows[0]).index("last_brought_at"), pa.field("last_brought_at", pa.timestamp("us", tz="UTC"))
    )
    put_table(brand, "influence", pa.Table.from_pylist(rows, columns).sort_by("person_id"))
    tea = [
        {"topic": "茶 > 绿茶", "person_id": who[name], "place": place, "reach": reach, "reach_low": reach - 0.1,
         "reach_high": reach + 0.1}
        for place, (name, reach) in enumerate([("bo", 2.5), ("anna", 1.5)], 1)
    ]  # fmt: skip
    put_table(brand, "influence_topics", pa.Table.from_pylist(tea))
    return who


def text(answer: Any) -> str:
    assert answer.status_code == 200
    content: bytes = answer.content
    return content.decode()


def test_the_page_ranks_people_and_says_why_in_both_languages(standing: Standing, known: dict[str, str]) -> None:
    page = text(standing.analyst.get("/influence"))
    assert page.index(f"/people/{known['anna']}") < page.index(f"/people/{known['bo']}")
    assert "about 4.2 people come through them (4.0–4.4), worth about 530 CNY. So far 12 people came on 7 days" in page
    assert "on 7 days: 2 of them in the last 28 days, 5 in the 84 before." in page
    assert "hardly anybody comes through them. So far 1 person came on 1 day." in page
    assert "Bo &lt;b&gt;Stone" in page
    assert "<b>Stone" not in page
    assert "how is this made?" in page
    standing.analyst.post("/language", {"language": "zh-hans"})
    page = text(standing.analyst.get("/influence"))
    assert "分享一次，预期带来约 4.2 人（4.0–4.4），约合收入 530 CNY。至今带来 12 人，分布在 7 天：" in page


def test_topics_and_who_is_rising_are_lists_of_their_own(standing: Standing, known: dict[str, str]) -> None:
    rising = text(standing.owner.get("/influence?rising=1"))
    assert f"/people/{known['bo']}" in rising
    assert f"/people/{known['anna']}" not in rising
    topic = text(standing.owner.get("/influence", {"topic": "茶 > 绿茶"}))
    assert topic.index(f"/people/{known['bo']}") < topic.index(f"/people/{known['anna']}")
    assert f"/people/{known['cai']}" not in topic
    assert "If they share something on 茶 &gt; 绿茶, about 2.5 people" in topic
    for query in ({"topic": "luck"}, {"page": "0"}, {"page": "x"}):
        assert standing.owner.get("/influence", query).status_code == 404


def test_a_persons_page_says_where_the_person_stands(standing: Standing, known: dict[str, str]) -> None:
    page = text(standing.owner.get(f"/people/{known['bo']}"))
    assert "place 2 of 3" in page
    assert "about 3.0 people come through them" in page
    assert "nobody is expected to" in text(standing.owner.get(f"/people/{known['dan']}"))


def test_library_command_line_and_api_give_the_same(
    standing: Standing, brand: Workspace, known: dict[str, str]
) -> None:
    rows = brand.ripples.influence()
    assert [row["person_id"] for row in rows] == [known["anna"], known["bo"], known["cai"]]
    answer = standing.owner.get("/api/v1/influence").json()
    assert [row["why_zh"] for row in answer["influence"]] == [row["why_zh"] for row in rows]
    assert answer["topics"] == brand.ripples.topics() == [{"topic": "茶 > 绿茶", "people": 2, "most": 2.5}]
    assert answer["as_of"]
    told = run(brand, "--json")
    assert [json.loads(line)["reach"] for line in told.splitlines()] == [4.2, 3.0, 0.01]
    table = list(csv.DictReader(io.StringIO(run(brand, "--csv", "--topic", "茶 > 绿茶", "--limit", "1"))))
    assert [(row["person_id"], row["reach"], row["topic"]) for row in table] == [(known["bo"], "2.5", "茶 > 绿茶")]
    by_page = standing.owner.get("/api/v1/influence", {"limit": 1, "page": 2}).json()["influence"]
    by_rising = standing.owner.get("/api/v1/influence", {"rising": "true"}).json()["influence"]
    assert [row["person_id"] for row in by_page] == [row["person_id"] for row in by_rising] == [known["bo"]]
    assert run(brand, "--rising", "--json").count("\n") == 1
    assert "茶 > 绿茶" in run(brand, "--topics")
    one = standing.owner.get(f"/api/v1/people/{known['anna']}/influence").json()["influence"]
    assert one["place"] == 1
    assert one == json.loads(json.dumps(influence.of_person(brand, known["anna"])))
    assert standing.owner.get(f"/api/v1/people/{known['dan']}/influence").json()["influence"] is None


def run(brand: Workspace, *arguments: str) -> str:
    done = CliRunner().invoke(command, ["-w", str(brand.folder), "influence", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_is_not_there_is_refused_with_words(standing: Standing, brand: Workspace, known: dict[str, str]) -> None:
    with pytest.raises(InputError, match="there are 茶 > 绿茶"):
        brand.ripples.influence(topic="luck")
    for query in ({"topic": "luck"}, {"rising": "yes"}, {"limit": "0"}):
        assert standing.owner.get("/api/v1/influence", query).status_code == 422
    assert standing.stranger.get("/influence").status_code == 302
    assert standing.stranger.get("/api/v1/influence").status_code == 401


def test_before_a_refresh_the_page_says_what_to_do(standing: Standing, brand: Workspace) -> None:
    brand.store.clear()
    assert "not built yet" in text(standing.owner.get("/influence"))
    assert standing.owner.get("/api/v1/influence").status_code == 409


def test_whoever_really_brought_people_comes_first(people: Standing, shared: Workspace) -> None:
    """The whole way: acts, tables, page. The seed brought six, who brought six."""
    first = shared.ripples.influence(limit=1)[0]
    assert first["person_id"] == shared.person("user:seed").person_id
    assert (first["place"], first["brought_people"], first["rising"]) == (1, 6, True)
    assert first["reach_low"] <= first["reach"] <= first["reach_high"]
    assert first["person_id"] in text(people.owner.get("/influence?rising=1"))
    assert first["last_brought_at"] <= NOW
