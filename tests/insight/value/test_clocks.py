"""Purchase clocks: the published fit, the gradient, closed forms against simulation, and scores nobody can cheat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, betaln, hyp2f1

from lianyi.insight.value import foretelling
from lianyi.insight.value.clocks import Clock, Rows, rows
from lianyi.insight.value.fitting import candidates, fit, likeliest, log_likelihood
from lianyi.insight.value.foretelling import chances, foretell, worth_ranges
from lianyi.insight.value.scoring import Doubles, bins, learned, scores
from lianyi.insight.value.spend import fit as fit_spend
from tests.insight.value.purchases import cdnow_days, cdnow_sample, looked_back, online_retail, worth_judged

CLOCK = Clock(r=0.9, alpha=30.0, a=1.2, b=5.0, covariance=np.eye(4) * 1e-12)


def simulated(
    people: int, *, r: float, alpha: float, a: float, b: float, k: int, at_first: bool, seed: int, until: float = 400.0
) -> tuple[list[list[float]], Doubles]:
    """Times of order days after the first one, per person, up to `until`; and whether they left before it."""
    dice = np.random.default_rng(seed)
    found, left = [], np.zeros(people)
    for person in range(people):
        rate, leaving, now = dice.gamma(r, 1 / alpha), dice.beta(a, b), 0.0
        times: list[float] = []
        gone = at_first and dice.random() < leaving
        while not gone:
            now += dice.gamma(k, 1 / rate) if rate > 1e-12 else until
            if now > until:
                break
            times.append(now)
            gone = dice.random() < leaving
        left[person] = gone
        found.append(times)
    return found, left


def counted(times: list[list[float]], age: float) -> Rows:
    """Rows of simulated people seen until `age`."""
    seen = [[time for time in one if time <= age] for one in times]
    gaps = np.concatenate([np.diff([0.0, *one]) for one in seen])
    x = np.array([float(len(one)) for one in seen])
    last = np.array([one[-1] if one else 0.0 for one in seen])
    return rows(x, last, np.full(len(x), age), log_gaps=float(np.log(gaps).sum()))


def test_cdnow_gives_the_published_fit_and_what_came_after() -> None:
    data = cdnow_sample()
    x, last, age = data["x"], data["last"] / 7, data["age"] / 7
    clock = fit(rows(x, last, age))
    assert clock.parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert clock.log_likelihood == pytest.approx(-9582.43, abs=0.005)
    told = foretell(clock, Rows(repeats=x, last=last, age=age, people=np.ones(len(x))), (39,))
    error = told.expected[:, 0] - data["came"]
    # what lifetimes 0.11.3 gives for the same customers and weeks
    assert np.abs(error).mean() == pytest.approx(0.7855, abs=1e-4)
    assert np.sqrt((error**2).mean()) == pytest.approx(1.608, abs=1e-3)
    inside = (data["came"] >= told.low[:, 0]) & (data["came"] <= told.high[:, 0])
    assert 0.9 < inside.mean() < 0.98


def test_spend_of_cdnow_is_the_published_one() -> None:
    days = cdnow_days()
    start, known = int(days.day.min()), days.until(int(days.day.min()) + 272)
    first = np.r_[True, np.diff(known.person) > 0]  # the note counts repeat purchases only
    orders = np.bincount(known.person[~first], minlength=int(known.person.max()) + 1)
    money = np.bincount(known.person[~first], known.spend[~first], minlength=len(orders))
    assert start > 0
    kept = (orders > 0) & (money > 0)
    found = fit_spend(orders[kept].astype(np.float64), money[kept] / orders[kept])
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.45), rel=0.005)


@settings(max_examples=25)
@given(
    st.tuples(*[st.floats(-1.5, 1.5)] * 4), st.integers(1, 4), st.booleans(), st.integers(0, 10_000)
)  # fmt: skip
def test_the_gradient_is_the_slope_of_the_likelihood(
    theta: tuple[float, ...], k: int, at_first: bool, seed: int
) -> None:
    dice = np.random.default_rng(seed)
    x = dice.integers(0, 6, 30).astype(np.float64)
    age = dice.integers(1, 60, 30).astype(np.float64)
    last = np.where(x > 0, np.floor(age * dice.random(30)), 0.0)
    data, place = rows(x, last, age), np.array(theta)
    _, slope = log_likelihood(place, data, regularity=k, at_first=at_first)
    moved = [
        log_likelihood(place + step, data, regularity=k, at_first=at_first)[0]
        - log_likelihood(place - step, data, regularity=k, at_first=at_first)[0]
        for step in np.eye(4) * 1e-5
    ]
    assert slope == pytest.approx(np.array(moved) / 2e-5, rel=1e-4, abs=1e-3)


def test_equal_people_are_one_row_and_the_unit_of_time_does_not_matter() -> None:
    data = cdnow_sample()
    days = fit(rows(data["x"], data["last"], data["age"]))
    each = Rows(repeats=data["x"], last=data["last"], age=data["age"], people=np.ones(len(data["x"])))
    assert fit(each).parameters == pytest.approx(days.parameters, rel=1e-4)
    assert days.alpha / 7 == pytest.approx(4.414, abs=5e-4)
    assert len(rows(data["x"], data["last"], data["age"]).people) < len(each.people)


def test_expected_orders_are_those_of_the_paper() -> None:
    """Equation 10 of Fader, Hardie, Lee 2005, by the hypergeometric function."""
    x, last, age = np.array([0.0, 1, 2, 7]), np.array([0.0, 20, 90, 98]), np.array([50.0, 60, 100, 100])
    r, alpha, a, b = CLOCK.parameters
    for span in (10, 100):
        whole = alpha + age + span
        grown = 1 - ((alpha + age) / whole) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, span / whole)
        dead = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + last)) ** (r + x), 0)
        expected = (a + b + x - 1) / (a - 1) * grown / (1 + dead)
        told = foretell(CLOCK, Rows(repeats=x, last=last, age=age, people=np.ones(4)), (span,))
        assert told.expected[:, 0] == pytest.approx(expected, abs=1e-8)
        assert told.alive == pytest.approx(1 / (1 + dead))


@pytest.mark.parametrize(("k", "at_first"), [(1, True), (3, True), (2, False)])
def test_what_is_foretold_is_what_simulated_people_do(k: int, at_first: bool) -> None:
    r, alpha, a, b = 1.5, 40.0 / k, 0.8, 4.0
    times, left = simulated(10_000, r=r, alpha=alpha, a=a, b=b, k=k, at_first=at_first, seed=k)
    clock = Clock(r=r, alpha=alpha, a=a, b=b, regularity=k, at_first=at_first, covariance=np.eye(4) * 1e-12)
    seen = [[time for time in one if time <= 200] for one in times]
    x = np.array([float(len(one)) for one in seen])
    last = np.array([one[-1] if one else 0.0 for one in seen])
    came = np.array([len(one) - len(before) for one, before in zip(times, seen, strict=True)], dtype=np.float64)
    # whether they had left when seen: left for good, and nothing came after
    gone = (left > 0) & (came == 0)
    told = foretell(clock, Rows(repeats=x, last=last, age=np.full(len(x), 200.0), people=np.ones(len(x))), (200,))
    said = chances(clock, Rows(repeats=x, last=last, age=np.full(len(x), 200.0), people=np.ones(len(x))), 200, 30)
    for low, high in ((0, 1), (1, 3), (3, 100)):
        some = (x >= low) & (x < high)
        error = 4 * np.sqrt(came[some].var() / some.sum())
        assert told.expected[some, 0].mean() == pytest.approx(came[some].mean(), abs=error)
        assert told.any[some, 0].mean() == pytest.approx((came[some] > 0).mean(), abs=2 / np.sqrt(some.sum()))
        assert told.alive[some].mean() == pytest.approx(1 - gone[some].mean(), abs=2 / np.sqrt(some.sum()))
    assert said.sum(axis=1) == pytest.approx(np.ones(len(x)))
    assert said.mean(axis=0)[:6] == pytest.approx(np.bincount(came.astype(int), minlength=31)[:6] / len(x), abs=0.01)
    inside = (came >= told.low[:, 0]) & (came <= told.high[:, 0])
    assert 0.9 <= inside.mean() <= 0.99
    after = np.array(
        [one[len(before)] - 200 if len(one) > len(before) else np.nan for one, before in zip(times, seen, strict=True)]
    )
    known = ~np.isnan(told.next[:, 1])
    early = (after <= told.next[:, 1]) & known & (told.next[:, 1] <= 200)
    some = known & (told.next[:, 1] <= 200)
    assert early[some].mean() == pytest.approx(0.5 * told.alive[some].mean(), abs=0.02)


@pytest.mark.parametrize("k", [1, 4])
def test_rhythm_is_found_and_parameters_come_back(k: int) -> None:
    times, _ = simulated(4_000, r=2.0, alpha=60 / k, a=0.7, b=4.0, k=k, at_first=True, seed=7)
    best = likeliest(candidates(counted(times, 400.0)))
    assert (best.regularity, best.at_first) == (k, True)
    truth = np.log([2.0, 60 / k, 0.7, 4.0])
    assert np.log(best.parameters) == pytest.approx(truth, abs=4 * np.sqrt(np.diag(best.covariance)).max())
    away = (np.log(best.parameters) - truth) / np.sqrt(np.diag(best.covariance))
    assert np.abs(away).max() < 4


def test_few_people_make_wide_ranges() -> None:
    times, _ = simulated(1_000, r=1.0, alpha=40, a=0.8, b=4.0, k=1, at_first=False, seed=3)
    one = Rows(repeats=np.array([2.0]), last=np.array([100.0]), age=np.array([250.0]), people=np.ones(1))
    few, many = (foretell(fit(counted(times[:size], 400.0)), one) for size in (60, 1_000))
    assert few.alive_high[0] - few.alive_low[0] > 2 * (many.alive_high[0] - many.alive_low[0])
    assert few.alive_low[0] < few.alive[0] < few.alive_high[0]


def test_worth_has_the_range_of_simulated_orders() -> None:
    dice = np.random.default_rng(1)
    p, q, v = 2.0, 4.0, 60.0
    x, paid, each = np.array([3.0]), np.array([4.0]), 25.0
    one = Rows(repeats=x, last=np.array([80.0]), age=np.array([100.0]), people=np.ones(1))
    low, high = np.zeros((2, 1, 1))
    worth_ranges(x, one.last, one.age, paid, CLOCK.points(), 1, 0, np.array([365.0]), p, q, low, high)
    said = chances(CLOCK, one, 365, 60)[0]
    orders = dice.choice(61, 200_000, p=said / said.sum())
    rate = dice.gamma(q + p * paid[0], 1 / (v + paid[0] * each), len(orders))
    money = np.where(orders > 0, dice.gamma(np.maximum(p * orders, 1e-9), 1 / rate), 0.0)
    assert low[0, 0] * (v + 100) == pytest.approx(np.quantile(money, 0.05), abs=1.0)
    assert high[0, 0] * (v + 100) == pytest.approx(np.quantile(money, 0.95), rel=0.02)


@given(st.floats(0.05, 80), st.floats(0.05, 80), st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_that_of_scipy(a: float, b: float, x: float) -> None:
    assert foretelling._beta_below(a, b, x, -float(betaln(a, b))) == pytest.approx(float(betainc(a, b, x)), abs=1e-7)


def test_nobody_betters_a_score_by_saying_what_they_do_not_believe() -> None:
    dice = np.random.default_rng(5)
    truth = np.array([0.5, 0.3, 0.15, 0.05])
    came = dice.choice(4, 20_000, p=truth).astype(np.float64)
    honest = scores(np.tile(truth, (len(came), 1)), came)
    for other in ([0.6, 0.25, 0.1, 0.05], [0.25] * 4, [0.4, 0.3, 0.2, 0.1]):
        told = scores(np.tile(other, (len(came), 1)), came)
        assert honest.log_score < told.log_score
        assert honest.crps < told.crps
        assert honest.brier <= told.brier
    assert honest.total == pytest.approx(1.0, abs=0.02)


def test_naive_forecasts_say_what_the_period_before_said() -> None:
    then, now = np.array([0] * 90 + [1] * 110), np.array([0, 1, 2])
    came = np.array([0.0] * 90 + [2.0] * 55 + [0.0] * 55)
    said = learned(then, came, now, 3)
    assert said[0, 0] == pytest.approx(1.0, abs=0.01)
    assert said[1, [0, 2]] == pytest.approx([0.5, 0.5], abs=0.01)
    assert said[2] == pytest.approx(said[2] / said[2].sum())  # unknown class: as everybody
    assert said[2, 0] == pytest.approx(145 / 200, abs=0.01)


def test_bins_hold_everybody_in_order() -> None:
    parts = bins(np.linspace(0, 1, 103), (np.linspace(0, 1, 103) > 0.5).astype(np.float64))
    assert sum(count for _, _, count in parts) == 103
    assert [chance for chance, _, _ in parts] == sorted(chance for chance, _, _ in parts)
    assert (parts[0][1], parts[-1][1]) == (0.0, 1.0)


def test_real_orders_are_foretold_better_than_by_what_needs_no_model() -> None:
    days = online_retail()
    checks, parts = looked_back(days, 90)
    found = {row["method"]: row for row in checks}
    model = next(row for name, row in found.items() if "CNBD" in name)
    for naive in ("as last period", "by recency", "same count again"):
        for score in ("log_score", "crps", "brier"):
            assert model[score] < found[naive][score]
    assert all(abs(row["chance"] - row["came"]) < 0.2 for row in parts)
    worth = worth_judged(days, 90)
    assert worth["lianyi"]["interval"] < min(row["interval"] for name, row in worth.items() if name != "lianyi")
