"""How a person came to be, and where it comes apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lianyi.insight.people.identity.history import history, parting
from lianyi.memory.events import Event
from tests.insight.people.identity_world import alias, at, merge, resolve, seen, unmerge


def rows(log: Sequence[Event], key: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of `keys` of a key's person, and all links."""
    world = resolve(log)
    return [row for row in world.keys if row["person_id"] == world.person[key]], world.links


LOG = [
    seen("anon:9", 1), alias("anon:9", "user:1", 4), alias("user:1", "phone:861", 6, verified=True),
    alias("phone:861", "anon:9", 7), alias("user:2", "email:b@x.cn", 2), alias("user:2", "qq:5", 3),
]  # fmt: skip


def test_each_key_joins_once_by_the_best_link_in_order_of_time() -> None:
    steps = history(*rows(LOG, "user:1"))
    assert [(step.key, step.joined_to, step.rule, step.at) for step in steps] == [
        ("anon:9", None, "", at(1)),
        ("user:1", "anon:9", "device", at(4)),
        ("phone:861", "user:1", "verified_contact", at(6)),
    ]


def test_a_merge_is_a_step() -> None:
    steps = history(*rows([*LOG, merge("user:1", "user:2", 9)], "user:1"))
    assert len(steps) == 6
    assert [step.key for step in steps if step.rule == "operator"] == ["user:2"]


def test_a_person_comes_apart_where_the_operator_joined_it_last() -> None:
    log = [*LOG, merge("user:1", "user:2", 9)]
    parts = parting(*rows(log, "user:1"))
    assert parts == [["anon:9", "phone:861", "user:1"], ["email:b@x.cn", "qq:5", "user:2"]]
    after = resolve([*log, unmerge(10, *parts)])
    assert {frozenset(part) for part in parts} == after.people


def test_else_where_the_weakest_link_is() -> None:
    assert parting(*rows(LOG, "user:1")) == [["anon:9"], ["phone:861", "user:1"]]


def test_one_key_is_one_part() -> None:
    assert parting(*rows([seen("user:1")], "user:1")) == [["user:1"]]
    assert history([], []) == []
