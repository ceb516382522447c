"""The language: what it says, how it is written back, and how it says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadRule
from lianyi.insight.conditions import parse, text
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.vocabulary import AGGREGATES, COLUMNS, FUNCTIONS, PERSON, UNITS, WORDS
from lianyi.insight.people.profile.columns import PROFILE_COLUMNS
from tests.insight.conditions.trees import conditions

EXAMPLES = (
    "orders >= 2 and days_since(last_order) <= 60",
    'count(order, category ~ "母婴", within 60 days) >= 3',
    "count(message, hour between 22 and 5) / count(message) > 0.5",
    'has_tag("高消费")',
    'says("过敏", "敏感肌")',
    'city in ("上海", "杭州")',
    "sum(order.value, within 90 days) > 500",
    "last(view, within 7 days) and not any(order, within 7 days)",
    '"wecom" in channels or known(attr("wechat"))',
    'count(received reply|mention, channel = "web" or prop("x") ~ ("a", "b"), older than 1 week) > 0',
    "(orders + 1) * 2 - -1 > 0",
    "not (orders = 1 or orders = 2)",
    'last_order >= "2026-05-01"',
    'tied(band = "strong", to(any(order, category ~ "母婴") and not has_tag("staff"))) or ties() >= 3',
    'member(community in ("A", "B"), role = "core") and bridges("A", "B")',
    "arrived(generation >= 3, newcomer, days_since(at) <= 7) or arrivals(not brought_buyers < 2) > 0",
    'consents("marketing", "email") and not consents("research")',
    'in_audience("Regulars") and not in_audience("名单")',
    'any(cart, then_no(received reply, channel = "web", within 3 days), older than 1 week)',
)


@pytest.mark.parametrize("source", EXAMPLES)
def test_what_is_written_well_is_written_back_alike(source: str) -> None:
    assert text(parse(source)) == source


@settings(max_examples=300, deadline=None)
@given(conditions)
def test_a_tree_survives_its_text(tree: s.Node) -> None:
    assert parse(text(tree)) == tree


def test_chinese_signs_are_taken_for_their_latin_twins() -> None:
    assert parse("count（order， category ~ “母婴”） ≥ 3") == parse('count(order, category ~ "母婴") >= 3')


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    assert parse("age = 1 or age = 2 and not age = 3") == parse("age = 1 or (age = 2 and (not age = 3))")


def test_a_person_has_the_columns_that_the_language_knows() -> None:
    assert set(COLUMNS) <= set(PROFILE_COLUMNS)
    assert all(word.en and word.zh for word in PERSON.values())


@pytest.mark.parametrize(
    ("source", "column", "says"),
    [
        ("ordrs >= 2", 1, "did you mean `orders`"),
        ("count(order, catgory ~ \"x\") > 1", 14, "did you mean `category`"),
        ("cuont(order) > 1", 1, "did you mean `count`"),
        ("orders >=", 10, "the end stands where a value"),
        ("orders", 1, "compare it"),
        ("city", 1, 'compare it with something, e.g. … = "上海"'),
        ("orders >= 2 oder x", 13, "`and`, `or`"),
        ("city > 3", 8, "a number, but it is compared with a text"),
        ("city in 3", 9, 'a list such as ("上海", "杭州")'),
        ("sum(order) > 3", 10, "`.` and a field"),
        ("count(order.value) > 3", 12, "leave the field out"),
        ("sum(order.hour) > 3", 11, "no field for sum()"),
        ("count(order, within 3) > 1", 22, "`hours` or `days` or `weeks`"),
        ("count(order, within 0 days) > 1", 21, "at least 1 day"),
        ("count(order, within 1.5 days) > 1", 21, "a whole number"),
        ("count(Order) > 1", 7, "small letters"),
        ("count() > 1", 7, "a kind of events"),
        ("count(order > 1", 13, "`,` and a further condition"),
        ("has_tag(x)", 9, "a text in quotes"),
        ('says()', 6, "a text in quotes"),
        ('says("")', 6, "the text is empty"),
        ("母婴", 1, "texts stand in quotes"),
        ('city = "上海', 8, "has no end"),
        ("orders ; 2", 8, "can't stand in a condition"),
        ("days_since(orders) > 3", 12, "days_since() needs a moment"),
        ("city ~ 3", 8, "a text in quotes"),
        ("orders ~ \"3\"", 1, "~ looks into texts"),
        ("city + 1 > 2", 1, "only numbers can be added"),
        ('last_order > "May"', 14, "write it as 2026-05-31"),
        ("city between \"a\" and \"b\"", 1, "between needs a number or a moment"),
        ('"a" in city', 8, "channels"),
        ("city in channels", 1, "a text in quotes is needed before `in`"),
        ("true = true", 1, "can't be compared"),
        ("count(order, orders > 2) > 1", 14, "no field of an event"),
        ("count(order, attr(\"x\") = \"1\") > 1", 14, "there are prop"),
        ("(orders > 1", 12, "`)` closes the bracket"),
        ("", 1, "the end stands where a value"),
        ("tied(bend = \"strong\")", 6, "did you mean `band`"),
        ("tied(band)", 6, "compare it"),
        ("ties()", 1, "compare it"),
        ("member(to(orders > 1))", 8, "no function of a membership `to`"),
        ("to(orders > 1)", 1, "no function `to`"),
        ("tied(band = \"strong\" orders)", 22, "`,` parts conditions"),
        ("arrived(generation > \"a\")", 22, "a text, but it is compared with a number"),
        ("any(view, then(order))", 11, "needs one time"),
        ("any(view, then(order, older than 3 days))", 11, "needs one time"),
        ("any(view, then(order, then(cart, within 1 day), within 3 days))", 23, "can't stand in another"),
        ("then(order, within 3 days)", 1, "no function `then`"),
        ("consents()", 10, "a text in quotes"),
        ("bridges(\"A\")", 12, "a second community"),
        ("in_audience(\"A\") = 3", 20, "a number, but it is compared with a yes or no"),
    ],
)  # fmt: skip
def test_errors_show_the_place_and_what_may_stand_there(source: str, column: int, says: str) -> None:
    with pytest.raises(BadRule) as caught:
        parse(source)
    message = str(caught.value)
    assert message.startswith(f"column {column}: "), message
    assert says in message, message
    assert message.splitlines()[-1].rstrip().endswith("^")


def test_the_mark_stands_under_the_place_beside_wide_signs() -> None:
    with pytest.raises(BadRule) as caught:
        parse('city = "上海" xor orders = 1')
    _, line, mark = str(caught.value).splitlines()
    assert line == '  city = "上海" xor orders = 1'
    assert mark.index("^") == 2 + len('city = "上海" ') + 2  # two wide signs


@pytest.mark.parametrize(
    "source", ["(" * 500 + "1", "-" * 3000 + "1 > 0", "not " * 900 + "true", "known(" * 500, "orders > 1 " + " " * 5000]
)
def test_no_text_breaks_the_parser(source: str) -> None:
    with pytest.raises(BadRule):
        parse(source)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list('abco(),.|"“”~<>=+-*/ 1\n母and')), max_size=40))
def test_any_text_is_read_or_refused(source: str) -> None:
    tree = read(source)
    if isinstance(tree, str):
        assert re.match(r"column \d+: ", tree)
    else:
        assert parse(text(tree)) == tree


def read(source: str) -> s.Node | str:
    """The tree, or what is wrong."""
    try:
        return parse(source)
    except BadRule as error:
        return str(error)


def test_the_reference_knows_every_word() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/conditions.md").read_text(encoding="utf-8")
    known = set(re.findall(r"[a-z_]+", page))
    assert known >= {*AGGREGATES, *UNITS, *FUNCTIONS, *(word for named in WORDS.values() for word in named)}


def test_the_examples_of_the_reference_are_read() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/conditions.md").read_text(encoding="utf-8")
    lines = page.split("## Logic")[0].splitlines()
    examples = [line.strip() for line in lines if line.startswith("    ")]
    assert len(examples) == 8
    for example in examples:
        parse(example)
