"""Spread probabilities: exposures against plain loops, EM against the brute maximum, the simulated brand's truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from lianyi.insight.ripples.learning.delays import Delay, arrived_by, learn_delay
from lianyi.insight.ripples.learning.past import ALONE, UNKNOWN, arcs
from lianyi.insight.ripples.learning.spreading import Spread, learn
from lianyi.insight.ripples.learning.trials import trials
from tests.insight.ripples.learning.ripples import INCENTIVES, Brand, brand, by_hand, tied

DELAY = Delay(mean=1.0, deviation=1.0)
TRAITS = ("strength",)


def test_whoever_has_it_exposes_those_who_have_it_not() -> None:
    seen = by_hand([(0, 0, 0.0, ALONE), (0, 1, 5.0, 0), (0, 2, 9.0, UNKNOWN), (1, 2, 20.0, ALONE)])
    made = trials(seen, tied(4, [(0, 1), (0, 2), (1, 2), (1, 0), (2, 3)]), DELAY)
    graph = tied(4, [(0, 1), (0, 2), (1, 2), (1, 0), (2, 3)])
    rows = [
        (int(ripple), int(graph.source[arc]), int(graph.target[arc]), float(credit), int(arrival))
        for ripple, arc, credit, arrival in zip(made.ripple, made.arc, made.credit, made.arrival, strict=True)
    ]
    assert rows == [(0, 0, 1, 1.0, -1), (0, 0, 2, 0.0, 2), (0, 1, 2, 0.0, 2), (0, 2, 3, 0.0, -1), (1, 2, 3, 0.0, -1)]
    assert made.watched[0] == pytest.approx(arrived_by(5.0, 1.0, 1.0), rel=1e-6)
    assert made.watched[-1] == pytest.approx(arrived_by(980.0, 1.0, 1.0), rel=1e-6)


def test_a_tie_found_by_an_arrival_counts_from_then_on() -> None:
    seen = by_hand([(0, 0, 0.0, ALONE), (0, 1, 5.0, 0), (1, 0, 50.0, ALONE)])
    found = arcs(
        people=2, source=np.array([0]), target=np.array([1]), traits=np.zeros((1, 1)), since=np.array([5.0])
    )  # fmt: skip
    made = trials(seen, found, DELAY)
    assert (made.ripple.tolist(), made.credit.tolist()) == ([1], [0.0])


ENTRY = st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 30), st.sampled_from([UNKNOWN, ALONE, 0, 1, 2]))


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRY, max_size=12), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_trials_are_those_of_plain_loops(rows: list[tuple[int, int, int, int]], pairs: set[tuple[int, int]]) -> None:
    seen = by_hand([(ripple, person, float(at), parent) for ripple, person, at, parent in rows], ripples=3)
    graph = tied(5, sorted((a, b) for a, b in pairs if a != b))
    made = trials(seen, graph, DELAY)
    found = sorted(zip(made.ripple.tolist(), made.arc.tolist(), made.credit.tolist(), strict=True))
    assert found == sorted(_plain(rows, graph))


def _plain(rows: list[tuple[int, int, int, int]], graph: Any) -> list[tuple[int, int, float]]:
    first: dict[tuple[int, int], tuple[int, int]] = {}
    for ripple, person, at, parent in rows:
        if (ripple, person) not in first or at < first[ripple, person][0]:
            first[ripple, person] = (at, parent)
    result = []
    for (ripple, person), (at, _) in first.items():
        for arc in range(len(graph.source)):
            if graph.source[arc] != person:
                continue
            end, through = first.get((ripple, int(graph.target[arc])), (None, None))
            came = through == person and end is not None and end >= at
            if end is None or end > at or came:
                result.append((ripple, arc, 1.0 if came else 0.0))
    return result


def test_delays_are_learned_and_drawn_towards_what_was_given() -> None:
    hours = np.exp(np.random.default_rng(3).normal(1.5, 1.2, 4000))
    assert learn_delay(hours).mean == pytest.approx(1.5, abs=0.06)
    assert learn_delay(hours).deviation == pytest.approx(1.2, abs=0.05)
    assert learn_delay(np.empty(0)) == Delay()


def test_shared_credit_finds_the_greatest_likelihood_when_parents_are_unknown() -> None:
    """Two people may each bring a third; nobody sees who did. Brute force over both rates against EM."""
    dice = np.random.default_rng(4)
    truth, rows = (0.9, 0.25), []
    for ripple in range(4000):
        start = (0.0, float(dice.exponential(6.0)))
        who = (True, bool(dice.random() < 0.5))
        came = [
            at + math.exp(dice.normal(1.0, 1.0))
            for at, there, rate in zip(start, who, truth, strict=True)
            for _ in range(dice.poisson(rate) if there else 0)
        ]
        rows += [(ripple, person, at, ALONE) for person, at, there in zip((0, 1), start, who, strict=True) if there]
        rows += [(ripple, 2, min(came), UNKNOWN)] if came and min(came) < 500 else []
    seen, graph = by_hand(rows, now=500.0), tied(3, [(0, 2), (1, 2)])
    made = trials(seen, graph, DELAY)

    def cost(logs: Any) -> float:
        rate = np.exp(logs)
        arrived = np.bincount(made.arrival[made.arrival >= 0],
                              (rate[made.arc] * made.density)[made.arrival >= 0])  # fmt: skip
        return float((rate[made.arc] * made.watched).sum() - np.log(arrived[arrived > 0]).sum())

    best = np.exp(minimize(cost, [-1.0, -1.0], method="Nelder-Mead").x)
    found = learn(seen, graph, traits=TRAITS, prior_delay=DELAY, rounds=30)
    arc = np.array([0, 1], dtype=np.int32)
    nothing = np.zeros(2, dtype=np.int32)
    rates = -np.log(1 - found.probability(arc, nothing, nothing))
    assert rates == pytest.approx(best, rel=0.05)
    assert best == pytest.approx(truth, rel=0.15)


def _all_chances(found: Spread, of: Brand) -> tuple[Any, Any, Any, Any]:
    """Learned, true, low, high over all arcs, topics and incentives."""
    parts = []
    arc = np.arange(len(of.arcs.source), dtype=np.int32)
    for number, topic in enumerate(of.topics):
        for kind, incentive in enumerate(INCENTIVES):
            which = np.full(len(arc), number, np.int32), np.full(len(arc), kind, np.int32)
            low, high = found.interval(arc, *which)
            parts.append((found.probability(arc, *which), of.chances(topic, incentive), low, high))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def test_on_the_simulated_brand_probabilities_are_calibrated_and_near_what_an_oracle_reaches() -> None:
    """The oracle is told how gladly each person shares and what each tie's strength is; see the method note."""
    of = brand()
    found = learn(of.past, of.arcs, care=of.care, traits=TRAITS)
    learned, true, low, high = _all_chances(found, of)
    # a tenth of the exposed have left the brand, which truth per arc does not count
    assert learned.mean() == pytest.approx(true.mean(), rel=0.2)
    order = np.argsort(learned)
    for part in np.array_split(order, 10)[2:]:
        assert learned[part].mean() == pytest.approx(true[part].mean(), rel=0.25)
    skill = 1 - np.mean((learned - true) ** 2) / np.var(true)
    assert skill > 0.45
    assert 0.85 < np.mean((low <= true) & (true <= high)) < 0.99
    names = {family.name: family for family in found.factors.families}
    assert names["tie"].prior > 50, "beside strength and sharer a single tie has nothing of its own in this world"
    gift = names["incentive"].mean
    assert gift[0] < gift[2], "a gift moves more than nothing"


def test_half_of_the_parents_unknown_costs_little() -> None:
    of = brand()
    dice = np.random.default_rng(2)
    parent = np.where((of.past.parent >= 0) & (dice.random(len(of.past.parent)) < 0.5), UNKNOWN, of.past.parent)
    blurred = type(of.past)(**{**vars(of.past), "parent": parent.astype(np.int32)})
    learned, true, _, _ = _all_chances(learn(blurred, of.arcs, care=of.care, traits=TRAITS), of)
    assert learned.mean() == pytest.approx(true.mean(), rel=0.2)
    assert 1 - np.mean((learned - true) ** 2) / np.var(true) > 0.4


def test_later_ripples_come_out_as_promised() -> None:
    """Learned on the first three quarters of the year, held to arrivals of the last."""
    of = brand()
    cut = float(np.quantile(of.past.at, 0.75))
    early = of.past.until(cut)
    found = learn(early, of.arcs, care=of.care, traits=TRAITS)
    first = np.full(of.past.ripples, np.inf)
    np.minimum.at(first, of.past.ripple, of.past.at)
    later = trials(of.past, of.arcs, found.delay)
    later = later.only(first[later.ripple] > cut)
    chance = found.probability(later.arc, of.past.topic[later.ripple], of.past.incentive[later.ripple])
    assert (chance * later.watched).sum() == pytest.approx(later.credit.sum(), rel=0.2)
    flat = later.credit.mean()
    assert np.mean((chance - later.credit) ** 2) < np.mean((flat - later.credit) ** 2)
