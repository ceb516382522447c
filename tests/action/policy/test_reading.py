"""Policies as YAML: what is written reads back equal, and every mistake is named with its place."""

from __future__ import annotations

import random

import pytest

from lianyi.action.policy import keeping
from lianyi.action.policy.reading import from_data, read, write
from lianyi.action.policy.words import rules_in_words
from lianyi.errors import BadRule
from tests.action.policy import situations


@pytest.mark.parametrize("seed", range(40))
def test_a_policy_reads_back_equal(seed: int) -> None:
    policy = from_data(situations.policy(random.Random(seed)))
    assert read(write(policy)) == policy
    for language in ("zh-hans", "en"):
        assert all(sentence for said in rules_in_words(policy, language).values() for sentence in said)


def test_the_shipped_policy_reads_back_equal() -> None:
    policy = read(keeping.USUAL.read_text(encoding="utf-8"))
    assert read(write(policy)) == policy


def test_no_limit_is_not_zero() -> None:
    both = read("caps: [{most: no limit, per: day}, {most: 0, per: day}]").caps
    assert [cap.most for cap in both] == [None, 0]
    assert rules_in_words(read("caps: [{most: no limit, per: day}, {most: 0, per: day}]"), "en")["caps"] == [
        "No limit a day",
        "At most 0 a day",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("caps: [{per: week}]", "caps[1].most: is missing"),
        ("caps: [{most: -1, per: week}]", "caps[1].most: -1"),
        ("caps: [{most: true, per: week}]", "caps[1].most: True"),
        ("caps: [{most: days in month, per: week}]", "goes with per: month only"),
        ("quiet_hours: [{from: '25:00', until: '09:00'}]", "must be a time from 00:00 to 23:59"),
        ("quiet_hours: [{from: 21:00, until: 21:00}]", "are the same"),
        ("spacing: [{hours: 0}]", "a number of hours above 0"),
        ("consent: [{needs: maybe}]", "none of granted, not refused, nothing"),
        ("confirm: [{transactional: true}]", "no such field"),
        ("limits: []", "no such section"),
        ("caps: 3", "must be a list"),
        ("caps: [{name: a, most: 1, per: day}, {name: a, most: 2, per: day}]", "two rules are called 'a'"),
        ("[", "this is no YAML"),
    ],
)
def test_mistakes_are_named(text: str, says: str) -> None:
    with pytest.raises(BadRule) as error:
        read(text)
    assert says in str(error.value)


def test_a_time_without_quotes_is_the_same_time() -> None:
    assert read("quiet_hours: [{from: 21:00, until: 09:00}]") == read("quiet_hours: [{from: '21:00', until: '09:00'}]")
