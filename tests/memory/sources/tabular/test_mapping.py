"""Mappings: read, written, refused; and the first guess for tables that nobody has mapped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from lianyi.errors import BadMapping
from lianyi.memory.sources.source import Head
from lianyi.memory.sources.tabular import mapping as mapping_file
from lianyi.memory.sources.tabular.choosing import choice, source_name
from lianyi.memory.sources.tabular.guess import Draft, draft, time_format
from lianyi.memory.sources.tabular.plan import plan
from tests.real_data import ROOT

MAPPINGS = sorted((ROOT / "docs" / "tutorial" / "mappings").glob("*.yaml"))


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_written_and_read_again_it_is_the_same(path: Path, tmp_path: Path) -> None:
    mapping = mapping_file.read(path)
    mapping_file.write(tmp_path / "copy.yaml", mapping)
    assert mapping_file.read(tmp_path / "copy.yaml") == mapping


GOOD = "source: x\nevents:\n- kind: view\n  at: t\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "source: and events:"), ("- a", "source: and events:"), ("a: [", "no YAML"),
        ("source: x", "events: is missing"),
        ("events: [{at: t, kind: view}]", "source: is missing"), (GOOD + "colour: red", "unknown word 'colour'"),
        (GOOD + "  who: u", "unknown word 'who'"), ("source: x\nevents:\n- kind: view\n", "at is missing"),
        ("source: x\nevents:\n- at: t\n", "kind is missing"), ("source: x\nevents: [5]", "not a table of fields"),
        (GOOD + "  actor_key: {column: a, constant: b}", "exactly one"), (GOOD + "  actor_key: {}", "exactly one"),
        (GOOD + "  actor_key: [a]", "a column's name"), (GOOD + "  props: [a]", "props is a table"),
        (GOOD + "timezone: [a]", "write a text"), (GOOD + "columns: a", "write a list"),
        (GOOD + "  rest: maybe", "true or false"),
        (GOOD + "  actor_key: {columns: [a, b], namespaces: [user]}", "one for each"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_named(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadMapping, match=word) as caught:
        mapping_file.read(path)
    assert "m.yaml" in str(caught.value)


def test_what_several_rules_read_is_read_once_and_not_for_one(tmp_path: Path) -> None:
    more = GOOD.partition("events:")[2].replace("view", "order") + "  value: v\n"
    for text, together in ((GOOD, False), (GOOD + more.lstrip("\n"), True)):
        path = tmp_path / "m.yaml"
        path.write_text(text, encoding="utf-8")
        made = plan(
            mapping_file.read(path), types=dict.fromkeys(("t", "v"), pa.string()), source="x", timezone="UTC",
            currency="CNY", now=datetime(2026, 3, 1, tzinfo=UTC),
        )  # fmt: skip
        assert (made.read is not None, "TRY_STRPTIME" not in made.sql) == (together, together)
        assert made.read is None or made.read.count(" AS _read_0") == made.read.count("'%d-%b-%y'") == 1


def guessed(tmp_path: Path, text: str, name: str = "log.csv") -> Draft:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    grid = Head(path=path, name=name).grid
    assert grid is not None
    found = draft(grid, source="log")
    assert found is not None
    return found


def test_a_chinese_behaviour_log(tmp_path: Path) -> None:
    found = guessed(
        tmp_path, "用户编号,行为类型,商品编号,时间\n7,浏览,31,2026-03-01 10:00\n8,加购,31,2026-03-01 10:01\n"
    )
    (rule,) = found.mapping.rules
    assert found.confidence >= 0.6
    assert (rule.fields["actor_key"].column, rule.fields["actor_key"].namespace) == ("用户编号", "user")
    assert rule.fields["kind"].values == {"浏览": "view", "加购": "cart"}
    assert rule.fields["object_key"].column == "商品编号"


def test_columns_without_telling_names_are_known_by_content(tmp_path: Path) -> None:
    found = guessed(
        tmp_path, "x1,x2,x3\n13812345678,2026/3/1 9:00,a\n13912345678,2026/3/2 9:00,b\n13712345678,2026/3/3 9:00,c\n"
    )
    fields = found.mapping.rules[0].fields
    assert (fields["actor_key"].column, fields["actor_key"].namespace) == ("x1", "phone")
    assert fields["at"].column == "x2"
    assert found.confidence < 0.6  # nothing says what happened: ask


def test_an_amount_makes_it_orders(tmp_path: Path) -> None:
    found = guessed(tmp_path, "客户编号,消费时间,消费金额\n7,2026-03-01,12.5\n8,2026-03-02,30\n")
    fields = found.mapping.rules[0].fields
    assert (fields["kind"].constant, fields["value"].column) == ("order", "消费金额")


@pytest.mark.parametrize(
    ("cells", "pattern"),
    [
        (["12/31/2025 8:26", "1/2/2026 10:00"], "%m/%d/%Y %H:%M"), (["31/12/2025", "02/01/2026"], "%d/%m/%Y"),
        (["1/2/26 3:04 PM"], "%m/%d/%y %I:%M %p"), (["2026-01-02"], None), (["45292", "45293.5"], "excel"),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_found_out(cells: list[str], pattern: str | None) -> None:
    assert time_format(cells) == pattern


def test_a_remembered_mapping_wins_over_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user_id,event_type,created_at\n7,view,2026-03-01 10:00\n")
    known = mapping_file.from_data(
        {"source": "app", "events": [{"at": "created_at", "kind": "click", "actor_key": "user_id"}]}
    )
    chosen = choice(Head(path=path, name="log.csv", mappings=[known]))
    assert chosen is not None
    assert (chosen.mapping.source, chosen.confidence) == ("app", 0.96)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("My Shop 2026-01.csv", "my_shop"),
        ("订单(1).xlsx", "订单"),
        ("20260101.csv", "20260101"),
        ("a/b/Log.v2.csv", "log"),
    ],
)
def test_next_months_file_is_the_same_source(file: str, name: str) -> None:
    assert source_name(file) == name
