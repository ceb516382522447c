"""What was known at a moment, against plain loops; what is mended afterwards, against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from lianyi.insight.ripples.learning.calibrating import poisson
from lianyi.insight.ripples.learning.delays import Delay
from lianyi.insight.ripples.learning.interests import NONE, UNKNOWN, Interests
from lianyi.insight.ripples.learning.moments import (
    ANYBODY,
    GONE,
    MOVED,
    NEVER_SEEN,
    SHOWN,
    TRAITS,
    UNSEEN,
    Moments,
    names_of,
)  # fmt: skip
from lianyi.insight.ripples.learning.past import ALONE
from lianyi.insight.ripples.learning.past import UNKNOWN as UNKNOWN_PARENT
from lianyi.insight.ripples.learning.spreading import between
from lianyi.insight.ripples.learning.timelines import Timeline
from lianyi.insight.ripples.learning.trials import trials, unseen
from tests.insight.ripples.learning.ripples import by_hand, tied

DAY = 24.0
MOMENT = st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 5))


def timeline(rows: list[tuple[int, float]], owners: int) -> Timeline:
    return Timeline.of(np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], float), owners)


@settings(max_examples=60, deadline=None)
@given(st.lists(MOMENT, max_size=20), st.integers(0, 3), st.integers(0, 20))
def test_what_was_before_a_moment_is_that_of_plain_loops(rows: list[tuple[int, int, int]], who: int, when: int) -> None:
    owner, at, weight = (np.array([row[place] for row in rows], float) for place in range(3))
    made = Timeline.of(owner.astype(np.int64), at, 4, weight)
    mine = [(moment, amount) for one, moment, amount in rows if one == who and moment < when]
    person, now = np.array([who]), np.array([float(when)])
    count = made.before(person, now)
    assert count.tolist() == [len(mine)]
    assert made.sum_before(person, now).tolist() == [sum(amount for _, amount in mine)]
    assert made.latest(person, count).tolist() == [max((moment for moment, _ in mine), default=-math.inf)]
    first = min((moment for one, moment, _ in rows if one == who), default=math.inf)
    assert made.first(person).tolist() == [first]


def known(**given_moments: Any) -> Moments:
    """Three people, 0 and 1 are a pair that talked, 2 was never seen; nothing else unless given."""
    nothing: dict[str, Any] = {
        "talk": timeline([(0, 0.0), (0, 10 * DAY)], 1), "brought": timeline([], 1),
        "circle": timeline([(0, 0.0), (1, 0.0)], 3), "left": timeline([], 3), "moved": timeline([], 3),
        "acts": timeline([(0, float(day) * DAY) for day in range(30)] + [(1, 0.0)], 3), "own": timeline([], 3),
    }  # fmt: skip
    nobody = Timeline.of(np.empty(0, np.int64), np.empty(0), 3, np.empty(0))
    idle = Interests(topics=1, every=nobody, on=nobody)
    pair, shown = np.zeros(2, np.int64), np.zeros(2, np.int32)
    return Moments(pair=pair, shown=shown, interests=idle, now=400 * DAY, **(nothing | given_moments))


def test_a_lively_person_who_falls_silent_is_less_likely_there_than_a_quiet_one() -> None:
    made = known()
    silent = np.full(3, 75 * DAY)
    lively, quiet, unseen_one = made.presence(np.arange(3), silent).tolist()
    assert NEVER_SEEN < lively < quiet, "45 days without an act after one a day; 75 after a single one"
    assert unseen_one == NEVER_SEEN
    assert made.presence(np.array([0]), np.array([29.5 * DAY]))[0] > quiet
    left = known(left=timeline([(0, 40 * DAY)], 3), moved=timeline([(1, 1 * DAY)], 3))
    assert left.presence(np.array([0, 0, 1]), np.array([75.0, 20.0, 75.0]) * DAY).tolist()[0::2] == [GONE, MOVED]
    assert left.presence(np.array([0]), np.array([20 * DAY]))[0] > MOVED, "not gone before the sign of it"


def test_nothing_later_than_the_moment_makes_a_known_tie() -> None:
    """Taking away all that came after the moment changes no level of a known tie."""
    graph, at = tied(3, [(0, 1), (1, 0)]), np.full(2, 5 * DAY)
    whole = known(brought=timeline([(0, 6 * DAY)], 1)).levels(graph, np.arange(2), at)
    cut = known(
        talk=timeline([(0, 0.0)], 1), acts=timeline([(0, float(day) * DAY) for day in range(5)] + [(1, 0.0)], 3)
    ).levels(graph, np.arange(2), at)
    assert whole.tolist() == cut.tolist()
    assert whole[0, 0] > len(SHOWN) - 1, "they had talked"


def test_unseen_ties_know_of_contact_that_came_later_and_looking_ahead_there_is_none() -> None:
    graph = tied(3, [(0, 1), (1, 0)])
    made = known(circle=timeline([(0, 10 * DAY), (1, 10 * DAY)], 3))
    rows = made.levels(graph, np.array([2, 2]), np.array([5 * DAY, 400 * DAY]))  # person 0: number of arcs + 0
    later = TRAITS.index("later")
    assert rows[:, 0].tolist() == [UNSEEN, UNSEEN]
    assert rows[:, TRAITS.index("presence")].tolist() == [ANYBODY, ANYBODY]
    assert names_of("later")[rows[0, later]] == ">= 1"
    assert names_of("later")[rows[1, later]] == "< 1"


def test_unseen_ties_are_told_apart_by_how_long_ago_it_was_and_known_ones_are_not() -> None:
    graph = tied(3, [(0, 1), (1, 0)])
    made = known()  # its today is day 400
    rows = made.levels(graph, np.array([2, 2, 2, 0]), np.array([400.0, 370.0, 100.0, 100.0]) * DAY)
    said = [names_of("ago")[level] for level in rows[:, TRAITS.index("ago")]]
    assert said == ["< 30 days", ">= 30 days", ">= 240 days", "known"]


def test_interests_are_shares_of_the_acts_before() -> None:
    every = Timeline.of(np.array([0, 0]), np.array([1.0, 5.0]), 2, np.array([4.0, 4.0]))
    on = Timeline.of(np.array([1]), np.array([5.0]), 4, np.array([4.0]))  # person 0, topic 1
    made = Interests(topics=2, every=every, on=on)
    who, topic = np.array([0, 0, 0, 1]), np.array([1, 1, 0, 1])
    level = made.levels(who, topic, np.array([0.5, 3.0, 9.0, 9.0])).tolist()
    assert level == [UNKNOWN, NONE, NONE, UNKNOWN]
    assert made.levels(np.array([0]), np.array([1]), np.array([9.0]))[0] > NONE


def test_who_comes_by_no_known_tie_is_counted_once_for_who_brought_them() -> None:
    rows = [(0, 0, 0.0, ALONE), (0, 1, 2.0, 0), (0, 2, 3.0, 0), (0, 3, 4.0, UNKNOWN_PARENT)]
    seen, graph, delay = by_hand(rows), tied(4, [(0, 1)]), Delay(mean=1.0, deviation=1.0)
    known_trials = trials(seen, graph, delay)
    made = unseen(seen, graph, delay, known_trials)
    assert made.credit.sum() + known_trials.credit.sum() == 2
    assert made.arc[made.credit > 0].tolist() == [1 + 0], "the arc behind the known ones, of person 0"
    assert sorted(made.arc[made.arrival >= 0].tolist()) == [1, 2, 3], "anybody before may have brought the last"


def test_poisson_regression_finds_the_closed_form_and_is_drawn_to_its_prior() -> None:
    came, watched = np.array([3.0, 5.0]), np.array([10.0, 30.0])
    free = poisson(np.ones((2, 1)), np.zeros(2), watched, came, np.zeros(1), np.array([1e4]))
    assert free[0][0] == pytest.approx(math.log(8 / 40), rel=1e-6)
    assert free[1][0, 0] == pytest.approx(1 / 8, rel=1e-4)
    tight = poisson(np.ones((2, 1)), np.zeros(2), watched, came, np.zeros(1), np.array([1e-4]))
    assert tight[0][0] == pytest.approx(0, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.01, 1.0), st.floats(0.06, 1.0))
def test_a_range_holds_nine_tenths_of_a_tie_that_may_be_none(rate: float, variance: float, real: float) -> None:
    low, high = (float(end[0]) for end in between(np.array([rate]), np.array([variance]), np.array([real])))
    middle, deviation = rate / real, math.sqrt(variance)
    assert 0 <= low <= rate <= high
    if 1 - real > 0.05:
        assert low == 0
    if high > rate:
        above = real * (1 - norm.cdf((math.log(high / middle)) / deviation))
        assert above <= 0.05 + 1e-6
