"""Learners on planted effects, curves beside scikit-uplift's, policies of known value."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Bools, Floats
from lianyi.insight.effects.observational import doubly_robust, e_value
from lianyi.insight.effects.uplift.curves import (
    auuc,
    by_part,
    interval,
    policy_value,
    qini,
    qini_curve,
    qini_per_person,
    uplift_curve,
)
from lianyi.insight.effects.uplift.learners import Kind, Ways, cross_fitted, pseudo_outcomes, sample
from lianyi.insight.effects.uplift.models import PENALTIES, ridge

PEOPLE = 6000


def planted(seed: int = 1, chance: float = 0.5) -> tuple[Floats, Bools, Floats, Floats]:
    """Outcome, arm, features, true uplift: 0 for half of the people, up to 1.5 for the others."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(PEOPLE, 4))
    true = np.where(features[:, 0] > 0, np.minimum(features[:, 0], 1.5), 0.0)
    treated = dice.random(PEOPLE) < chance
    y = features[:, 1] + 0.5 * features[:, 2] ** 2 + true * treated + dice.normal(size=PEOPLE)
    return y, treated, features, true


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_learner_finds_whom_it_helps(kind: Kind) -> None:
    y, treated, features, true = planted(chance=0.7)
    people = sample(y, treated, features, chance=0.7)
    score = cross_fitted(people, Ways(kind=kind, last="boosted"), dice=np.random.default_rng(2))
    assert np.corrcoef(score, true)[0, 1] > 0.75
    assert score.mean() == pytest.approx(true.mean(), abs=0.1)


def test_where_there_is_no_effect_honest_scores_find_none() -> None:
    dice = np.random.default_rng(3)
    y, features = dice.normal(size=PEOPLE), dice.normal(size=(PEOPLE, 6))
    treated = dice.random(PEOPLE) < 0.5
    people = sample(y, treated, features, chance=0.5)
    score = cross_fitted(people, Ways(kind="t"), dice=dice)
    found = interval(qini_per_person, y, score, treated, dice=dice, draws=100)
    assert found.low < 0 < found.high
    # The same learner on people it has learnt from believes in itself: that is what honesty is for.
    from lianyi.insight.effects.uplift.learners import fit_uplift

    own = fit_uplift(people, Ways(kind="t"))(features)
    assert interval(qini_per_person, y, own, treated, dice=dice, draws=100).low > 0


def test_pseudo_outcomes_have_the_effect_as_their_mean() -> None:
    y, treated, features, true = planted()
    score = pseudo_outcomes(sample(y, treated, features, chance=0.5), Ways())
    assert score.mean() == pytest.approx(true.mean(), abs=4 * score.std() / np.sqrt(PEOPLE))


# What scikit-uplift 0.5.1 said of these rows: share treated -> people, gains of Qini's curve and of the uplift curve at
# a quarter, at half and before the end, their sums, coefficients of Qini and AUUC.
SAID = {
    0.5: ((126, 1479, 2998), (5.580645161290324, 29.45454545454544, 10.872801082544015), 794.476301223845,
          (10.986895161290322, 59.594080338266366, 21.44516950359669), 1579.9237654940796,
          0.05119533280518434, 0.03495113380948126),
    0.7: ((155, 1570, 2999), (12.934782608695652, 66.84536082474227, -25.65760869565213), 774.1115122664443,
          (18.393498205025928, 96.72554515653951, -37.011625049668545), 1119.7035144550896,
          0.125601128819644, 0.09652909771306495),
}  # fmt: skip


def test_curves_and_coefficients_are_those_of_scikit_uplift() -> None:
    dice = np.random.default_rng(5)
    for share, (people, gains, whole, up, up_whole, q, a) in SAID.items():
        treated = dice.random(3000) < share
        score = dice.normal(size=3000).round(1)
        y = (dice.random(3000) < 0.2 + 0.05 * score * treated).astype(float)
        ours, other = qini_curve(y, score, treated), uplift_curve(y, score, treated)
        at = [len(ours.people) // 4, len(ours.people) // 2, -2]
        assert ours.people[at] == pytest.approx(people)
        assert ours.gain[at] == pytest.approx(gains)
        assert ours.gain.sum() == pytest.approx(whole)
        assert other.gain[at] == pytest.approx(up)
        assert other.gain.sum() == pytest.approx(up_whole)
        assert qini(y, score, treated) == pytest.approx(q)
        assert auuc(y, score, treated) == pytest.approx(a)


def test_an_order_by_truth_beats_chance_and_its_reverse_loses() -> None:
    y, treated, _features, true = planted()
    dice = np.random.default_rng(6)
    assert interval(qini_per_person, y, true, treated, dice=dice).low > 0
    assert interval(qini_per_person, y, -true, treated, dice=dice).high < 0


def test_a_policy_is_worth_what_it_brings_less_what_it_costs() -> None:
    covered = 0
    for seed in range(60):
        y, treated, _features, true = planted(seed, 0.6)
        chosen = true > 0.5
        found = policy_value(y, treated, chosen, np.full(PEOPLE, 0.6), cost=0.2)
        truth = ((true - 0.2) * chosen).mean()
        covered += found.low <= truth <= found.high
    assert covered >= 52
    against = policy_value(y, treated, chosen, np.full(PEOPLE, 0.6), cost=0.2, against="everybody")
    everybody = policy_value(y, treated, np.ones(PEOPLE, dtype=bool), np.full(PEOPLE, 0.6), cost=0.2)
    assert against.estimate == pytest.approx(found.estimate - everybody.estimate)


def test_the_best_fifth_has_the_largest_measured_effect() -> None:
    y, treated, _features, true = planted()
    parts = by_part(y, true, treated)
    assert parts[0][1].low > parts[-1][1].high
    assert [score for score, _effect in parts] == sorted((score for score, _effect in parts), reverse=True)


def test_money_has_no_best_order_and_few_people_teach_nothing() -> None:
    y, treated, features, true = planted()
    with pytest.raises(InputError, match="qini_per_person"):
        qini(y, true, treated)
    with pytest.raises(InputError, match="at least 50"):
        sample(y[:60], treated[:60], features[:60], chance=0.5)


def test_without_an_experiment_the_doubly_robust_estimate_mends_what_is_seen() -> None:
    dice = np.random.default_rng(8)
    features = dice.normal(size=(5000, 3))
    treated = dice.random(5000) < 1 / (1 + np.exp(-features[:, 0]))  # keen people are reached more often
    y = 2 + features[:, 0] + 0.4 * treated + dice.normal(size=5000)
    naive = y[treated].mean() - y[~treated].mean()
    found = doubly_robust(y, treated, features, dice=dice)
    assert naive > 1.1
    assert found.estimate.low <= 0.4 <= found.estimate.high
    assert "observational" in found.estimate.flags
    assert found.overlap > 0.9
    assert found.balance[1] < 0.1 < found.balance[0]
    assert 1 < found.e_value_bound < found.e_value


def test_e_values_are_the_published() -> None:
    """VanderWeele & Ding 2017: a risk ratio of 3.9 has 7.26, its bound 1.8 has 3.0."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value(1) == 1


@pytest.mark.parametrize("people", [1_000, 20_000])
def test_ridge_is_that_of_scikit_learn(people: int) -> None:
    """The same line as RidgeCV over standardised features, a column that never varies included. It leaves out each
    person in turn to choose the penalty, which comes to the same where there are many."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dice = np.random.default_rng(people)
    features = np.stack([dice.gamma(2, 3, people), dice.random(people) < 0.2, np.full(people, 4.0)], axis=1)
    y = (dice.random(people) < 0.1 + 0.03 * features[:, 0]).astype(float)
    theirs = make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES)).fit(features, y)
    np.testing.assert_allclose(ridge(features, y)(features), theirs.predict(features), rtol=1e-9)
    moved = features + np.array([0.0, 0.0, 7.0])
    np.testing.assert_array_equal(ridge(features, y)(moved), ridge(features, y)(features))
