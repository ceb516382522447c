"""Every shipped tag holds for its example, not for its counterexample, and says why with the numbers that decided."""

from __future__ import annotations

import re
from functools import cache

import pytest

from lianyi.insight.conditions import parse, text
from lianyi.insight.people.tags import shipped_rules
from lianyi.insight.people.tags.sensitive import sensitive_in
from tests.insight.log import Log, Row
from tests.insight.people.tag_examples import EXAMPLES, Teller

RULES = {rule.tag: rule for rule in shipped_rules()}


@cache
def tagged() -> dict[str, dict[str, Row]]:
    """person -> tag -> row, in one brand with all examples side by side."""
    log = Log()
    for tag, (holds, fails) in EXAMPLES.items():
        holds(Teller(log, f"user:yes/{tag}"))
        fails(Teller(log, f"user:no/{tag}"))
    people: dict[str, dict[str, Row]] = {}
    for row in log.build("person_tags")["person_tags"]:
        people.setdefault(row["person_id"], {})[row["tag"]] = row
    return people


def test_every_tag_has_an_example() -> None:
    assert set(EXAMPLES) == set(RULES)
    assert len(RULES) >= 40


@pytest.mark.parametrize("tag", EXAMPLES)
def test_it_holds_for_the_example(tag: str) -> None:
    assert tag in tagged().get(f"pyes/{tag}", {})


@pytest.mark.parametrize("tag", EXAMPLES)
def test_it_does_not_hold_for_the_counterexample(tag: str) -> None:
    assert tag not in tagged().get(f"pno/{tag}", {})


@pytest.mark.parametrize("tag", EXAMPLES)
def test_it_says_why_in_both_languages(tag: str) -> None:
    row = tagged()[f"pyes/{tag}"][tag]
    assert row["source"] == RULES[tag].source
    assert 0 <= row["weight"] <= 1
    for words in (row["evidence_en"], row["evidence_zh"]):
        assert words
        assert "None" not in words
    if row["source"] != "keyword":
        quoted = re.sub("“[^”]*”", "", row["evidence_en"])
        assert not re.search("[一-鿿]", quoted)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.tag)
def test_shipped_rules_are_well_made(rule: object) -> None:
    assert isinstance(rule, type(RULES["buyer"]))
    assert parse(text(rule.when)) == rule.when
    assert sensitive_in(rule.names, rule.when) is None
    assert re.search("[一-鿿]|KOC", rule.zh)
    assert not re.search("[一-鿿]", rule.en)
