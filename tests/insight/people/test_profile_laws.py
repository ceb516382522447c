"""Every figure of profiles equals that of an independent calculation; the order of the log does not matter."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from lianyi.memory.events import Event
from lianyi.settings import Settings
from tests.insight.crowd import crowd
from tests.insight.log import AS_OF, build
from tests.insight.people.oracle import Oracle, comparable

ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")


def profiles(log: list[Event], keys: dict[str, str], zone: str) -> dict[str, dict[str, Any]]:
    rows = build(log, keys, ["profiles"], settings=Settings(timezone=zone, memory_mb=512), parameters={})["profiles"]
    return {row["person_id"]: row for row in rows}


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ZONES * 2)))
def test_profiles_equal_an_independent_calculation(seed: int, zone: str) -> None:
    log, keys = crowd(seed)
    truth = Oracle(log, keys, as_of=AS_OF, zone=zone, currency="CNY").profiles()
    made = {person: comparable(row) for person, row in profiles(log, keys, zone).items()}
    assert made.keys() == truth.keys()
    for person, row in truth.items():
        assert {name: made[person][name] for name in row} == row, person


@pytest.mark.parametrize("seed", range(100, 103))
def test_the_order_of_the_log_does_not_matter(seed: int) -> None:
    log, keys = crowd(seed)
    shuffled = Random(seed).sample(log, len(log))
    assert profiles(shuffled, keys, "Asia/Shanghai") == profiles(log, keys, "Asia/Shanghai")
