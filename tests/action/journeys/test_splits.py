"""A/B/n: arms by a stable hash, and a winner by one look at a horizon that was fixed before."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from lianyi.action.journeys import document as d
from lianyi.action.journeys import splits
from lianyi.action.journeys.engine import current_flow
from lianyi.action.journeys.models import Choice, Verdict
from lianyi.action.journeys.splits import Reached, best
from lianyi.action.journeys.stepping import HOLDOUT, arm_of
from tests.action.journeys.conftest import NOW, Run

ARMS = (d.Arm(name="a", share=1), d.Arm(name="b", share=3))
TEXT = """journey: tea
triggers: [{by: api}]
steps:
- do: split
  id: ab
  arms: [{name: a}, {name: b}]
  winner: {goal: {event: order}, people: 100, within: 7 days}
"""


def test_arms_have_their_shares_and_never_change() -> None:
    step = d.Split(id="ab", arms=ARMS, holdout=0.2)
    got = {f"p{number}": arm_of(step, "tea", f"p{number}") for number in range(20_000)}
    shares = {arm: count / len(got) for arm, count in Counter(got.values()).items()}
    assert shares == pytest.approx({HOLDOUT: 0.2, "a": 0.2, "b": 0.6}, abs=0.015)
    assert all(arm_of(step, "tea", person) == arm for person, arm in list(got.items())[:500])
    assert {arm_of(step, "other", person) == arm for person, arm in list(got.items())[:50]} == {True, False}
    won = {arm_of(step, "tea", person, "a") for person in got}
    assert won == {HOLDOUT, "a"}, "who is held out stays so when an arm has won"


def test_arms_that_are_equal_have_a_winner_no_more_often_than_promised() -> None:
    """1,000 splits of three equal arms at 90 %: a winner in at most 10 % of them."""
    random = np.random.default_rng(5)
    wins = 0
    for reached in random.binomial(200, 0.1, size=(1_000, 3)):
        winner, _p = best([Reached(arm=f"a{i}", people=200, reached=int(r)) for i, r in enumerate(reached)], 0.9)
        wins += bool(winner)
    assert wins / 1_000 < 0.1


def test_an_arm_that_is_better_wins_against_every_other_one() -> None:
    def arms(*reached: int) -> list[Reached]:
        return [Reached(arm=name, people=1000, reached=count) for name, count in zip("abc", reached, strict=False)]

    assert best(arms(100, 160, 101), 0.95)[0] == "b"
    assert best(arms(100, 160, 155), 0.95)[0] == "", "two are better than the third, neither than the other"
    assert set(best(arms(100, 160), 0.95)[1]) == {"a/b"}


def test_a_split_is_decided_once_at_its_horizon_and_not_before(run: Run) -> None:
    going = run(TEXT)
    names = [f"p{number}" for number in range(260)]
    going.come(*names)
    going.turn()
    step = current_flow(going.journey).definition.steps[0]
    assert isinstance(step, d.Split)
    of_b = set(Choice.objects.filter(arm="b").values_list("enrolment__person_id", flat=True))
    splits.reach(going.journey, step, dict.fromkeys(of_b, NOW + timedelta(days=1)))
    assert splits.judge(going.journey, step, now=NOW + timedelta(days=6)) is None, "the time is not over"
    verdict = splits.judge(going.journey, step, now=NOW + timedelta(days=7))
    assert verdict is not None
    assert (verdict.winner, verdict.figures["arms"]) == ("b", {"a": [100, 0], "b": [100, 100]})
    assert splits.judge(going.journey, step, now=NOW + timedelta(days=8)) is None
    assert Verdict.objects.count() == 1
    going.now += timedelta(days=8)
    going.come("late1", "late2", "late3", "late4", "late5")
    going.turn()
    late = Choice.objects.filter(enrolment__person_id__startswith="late")
    assert set(late.values_list("arm", flat=True)) == {"b"}


def test_a_message_inside_an_arm_carries_the_chance_of_its_arm() -> None:
    hello, bye = d.Send(id="hello", content="x", channel="mail"), d.Send(id="bye", content="x", channel="mail")
    split = d.Split(
        id="ab", holdout=0.5,
        arms=(d.Arm(name="a", share=1, steps=(hello,)), d.Arm(name="b", share=3, steps=(bye,)),
              d.Arm(name="c", share=9)),
    )  # fmt: skip
    after = d.Send(id="after", content="x", channel="mail")
    tea = d.Definition(journey="tea", triggers=(), steps=(split, after))
    assert splits.drawn(tea, "bye") == {
        "choice": "journey/tea/ab", "options": {"a": 0.25, "b": 0.75}, "chosen": "b", "propensity": 0.75,
    }  # fmt: skip
    assert splits.drawn(tea, "after") == {}
