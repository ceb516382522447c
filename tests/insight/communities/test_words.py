"""Words, names, and what is over-represented."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lianyi.insight.communities import naming
from lianyi.insight.communities.naming import Name
from lianyi.insight.communities.traits import PRIOR, log_odds
from lianyi.insight.communities.words import maximal, words_of


def test_words_are_latin_words_and_runs_of_chinese() -> None:
    words = set(words_of("The GREEN tea 徒步鞋很好 hhh"))
    assert {"green", "tea", "徒步", "步鞋", "徒步鞋"} <= words
    assert not words & {"the", "hhh", "很好", "鞋很"}


def test_pieces_of_a_longer_word_are_left_out_but_words_of_their_own_stay() -> None:
    counts = {"徒步": 20, "步鞋": 6, "徒步鞋": 6, "tea": 3}
    assert maximal(counts) == {"徒步", "徒步鞋", "tea"}


def test_log_odds_are_those_of_the_paper() -> None:
    """Monroe et al. 2008, eqs. 16, 19, 21, worked out by hand for one trait."""
    people, size, everybody, total = 12, 20, 30, 400
    prior = PRIOR * everybody / total
    inside = (people + prior) / (size + PRIOR - people - prior)
    rest = (everybody - people + prior) / (total - size + PRIOR - (everybody - people) - prior)
    z = (math.log(inside) - math.log(rest)) / math.sqrt(1 / (people + prior) + 1 / (everybody - people + prior))
    found = log_odds(np.array([people]), np.array([size]), np.array([float(everybody)]), np.array([float(total)]))
    assert found[0] == pytest.approx(z)


def test_shrinkage_puts_the_sure_before_the_extreme() -> None:
    """Two of two people say less than twenty of thirty."""
    people, size = np.array([2, 20]), np.array([2, 30])
    z = log_odds(people, size, np.array([2.0, 60.0]), np.array([1000.0, 1000.0]))
    assert z[1] > z[0]


TRAITS = [
    {"kind": "category", "trait": "茶饮"},
    {"kind": "city", "trait": "杭州"},
    {"kind": "room", "trait": "group:wecom/茶友群"},
    {"kind": "word", "trait": "乌龙"},
]


def test_a_name_says_city_and_category_before_words() -> None:
    assert naming.named(TRAITS, {}) == Name(zh="杭州 · 茶饮", en="杭州 · 茶饮")
    assert naming.named(TRAITS[2:], {}) == Name(zh="茶友群", en="茶友群")
    assert naming.named([], {}) is None


def test_a_name_stays_while_it_is_true() -> None:
    assert naming.still_true(Name(zh="茶饮 · 乌龙 · 2", en=""), TRAITS, {})
    assert not naming.still_true(Name(zh="茶饮 · 红茶", en=""), TRAITS, {})


def test_equal_names_get_numbers_and_operators_words_stay_as_they_are() -> None:
    names = {"a": Name(zh="茶", en="tea"), "b": Name(zh="茶", en="tea"), "c": Name(zh="茶", en="x", source="operator")}
    made = naming.unique(names, ["a", "b", "c"])
    assert [made[key].zh for key in "abc"] == ["茶 · 2", "茶 · 3", "茶"]
