"""A brand that tells of its campaigns: arms and an offer are in the log, and all that is not told stays as it was."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lianyi import world

PLAIN: dict[str, Any] = {"people": 300, "seed": 3, "days": 110, "activity": 0.05}
COLUMNS = ["id", "at", "kind", "actor_key", "target_key", "campaign", "value", "props"]


def log(**more: Any) -> list[dict[str, Any]]:
    made = pa.concat_tables(list(world.events(world.WorldSettings(**PLAIN, **more)))).select(COLUMNS)
    return [{**row, "props": json.loads(row["props"] or "{}")} for row in made.to_pylist()]


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    return log(told=True)


def test_arms_and_coupons_are_of_people_who_had_bought(told: list[dict[str, Any]]) -> None:
    assigned = [row for row in told if row["kind"] == "assigned"]
    assert {row["props"]["arm"] for row in assigned} == {"treatment", "control"}
    assert {row["props"]["experiment"] for row in assigned} == {f"campaign/{row['campaign']}" for row in assigned}
    assert len({row["id"] for row in told}) == len(told)
    treated = {row["target_key"] for row in assigned if row["props"]["arm"] == "treatment"}
    issued = [row for row in told if row["kind"] == "offer"]
    assert issued
    assert {row["target_key"] for row in issued} <= treated
    first: dict[str, Any] = {}
    for row in told:
        if row["kind"] == "order":
            first.setdefault(row["actor_key"], row["at"])
    with_first = [row for row in assigned if row["target_key"] in first]
    assert len(with_first) > 0.9 * len(assigned)  # the others order under their second account
    assert all(first[row["target_key"]] < row["at"] for row in with_first)


def test_only_orders_that_name_the_code_are_cheaper(told: list[dict[str, Any]]) -> None:
    [percent] = {Decimal(row["props"]["percent"]) for row in told if row["kind"] == "offer"}
    [code] = {row["props"]["code"] for row in told if row["kind"] == "offer"}
    used = 0
    for row in told:
        if row["kind"] == "order":
            full = Decimal(str(row["props"]["price"])) * row["props"]["quantity"]
            off = full * percent / 100 if row["props"].get("coupon") == code else 0
            assert full - off - Decimal("0.01") <= row["value"] <= full - off
            used += bool(off)
    assert used


def test_what_is_not_told_is_as_it_was(told: list[dict[str, Any]]) -> None:
    plain = log()
    kinds = {"assigned", "offer"}
    assert not kinds & {row["kind"] for row in plain}
    assert [row["id"] for row in plain if row["kind"] == "order"] == [
        row["id"] for row in told if row["kind"] == "order"
    ]
    assert all("coupon" not in row["props"] for row in plain)
