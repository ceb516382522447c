"""The gate against an oracle that shares no code with it: every verdict, its rule, its figures and its moment."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from lianyi.action.policy.deciding import Decision, Facts, Proposed, Rival, Said, Suppression, Touch, decide
from lianyi.action.policy.reading import from_data
from tests.action.policy import oracle, situations

Data = dict[str, Any]


def as_facts(data: Data) -> Facts:
    return Facts(
        zone=data["zone"], consents=tuple(Said(**each) for each in data["consents"]),
        suppressions=tuple(Suppression(**each) for each in data["suppressions"]),
        touches=tuple(Touch(**{**each, "channels": frozenset(each["channels"])}) for each in data["touches"]),
        heard=data["heard"], rivals=tuple(Rival(**each) for each in data["rivals"]),
    )  # fmt: skip


def as_proposed(data: Data) -> Proposed:
    return Proposed(**{**data, "channels": frozenset(data["channels"])})


def answer(decision: Decision, wanted: Data) -> Data:
    found = {"verdict": str(decision.verdict), "rule": decision.rule, "until": decision.until, "late": decision.late}
    return {**found, **{name: decision.values.get(name) for name in wanted if name not in found}}


def simulate(situations_wanted: int, *, seed: int) -> Counter[str]:
    """Decide random situations, fifty to a policy; how often each rule decided."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    for number in range(situations_wanted):
        if number % 50 == 0:
            said = situations.policy(chance)
            policy = from_data(said)
        now: datetime = situations.moment(chance)
        facts, contact = situations.facts(chance, now), situations.contact(chance, now)
        wanted = oracle.verdict(said, facts, contact, now)
        decision = decide(policy, as_facts(facts), as_proposed(contact), now)
        assert answer(decision, wanted) == wanted, (number, said, facts, contact, now)
        seen[f"{decision.verdict} {decision.rule}".strip()] += 1
    return seen


RULES = ("refuse expired", "refuse consent", "refuse suppression", "refuse non_personal", "wait quiet_hours",
         "refuse caps", "wait caps", "refuse windows", "wait spacing", "refuse spacing", "wait priority",
         "confirm confirm", "send")  # fmt: skip


def test_every_decision_is_the_oracles() -> None:
    seen = simulate(5_000, seed=1)
    assert set(RULES) <= set(seen), seen


@pytest.mark.slow
def test_a_hundred_thousand_decisions_are_the_oracles() -> None:
    seen = simulate(100_000, seed=2)
    assert sum(seen.values()) == 100_000
    assert min(seen[rule] for rule in RULES) > 200, seen
