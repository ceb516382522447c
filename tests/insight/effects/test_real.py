"""Real experiments: effects and standard errors against statsmodels and what was published."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from lianyi.insight.effects.checks import sample_ratio
from lianyi.insight.effects.estimates import Bools, Floats
from lianyi.insight.effects.means import Sums, cuped, difference
from lianyi.insight.effects.uplift.curves import interval, policy_value, qini_per_person
from lianyi.insight.effects.uplift.learners import Ways, cross_fitted, sample
from tests.real_data import real

pytestmark = pytest.mark.data


def rows(path: Path) -> dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    with path.open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in read]) for name in read[0]}


@pytest.fixture(scope="module")
def mails() -> dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    return rows(real("hillstrom") / "hillstrom.csv")


def arms(
    mails: dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]], outcome: str, segment: str
) -> tuple[Floats, Bools, Bools]:
    asked = (mails["segment"] == segment) | (mails["segment"] == "No E-Mail")
    return mails[outcome].astype(float)[asked], (mails["segment"] == segment)[asked], asked


# The published means of the challenge: visit, conversion (%), spend ($) of men's mail, women's mail, none.
PUBLISHED = {
    ("visit", "Mens E-Mail"): 0.1828 - 0.1062, ("visit", "Womens E-Mail"): 0.1514 - 0.1062,
    ("conversion", "Mens E-Mail"): 0.0125 - 0.0057, ("conversion", "Womens E-Mail"): 0.0088 - 0.0057,
    ("spend", "Mens E-Mail"): 1.42 - 0.65, ("spend", "Womens E-Mail"): 1.08 - 0.65,
}  # fmt: skip


@pytest.mark.parametrize(("outcome", "segment"), list(PUBLISHED))
def test_effects_of_mails_are_the_published_and_errors_those_of_statsmodels(
    mails: dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]], outcome: str, segment: str
) -> None:
    sm = pytest.importorskip("statsmodels.api")
    y, treated, _asked = arms(mails, outcome, segment)
    found = difference(Sums.of(y[treated]), Sums.of(y[~treated]))
    digits = 0.011 if outcome == "spend" else 0.00011
    assert found.estimate == pytest.approx(PUBLISHED[outcome, segment], abs=digits)
    theirs = sm.OLS(y, sm.add_constant(treated.astype(float))).fit(cov_type="HC2")
    assert (found.estimate, found.se) == pytest.approx((theirs.params[1], theirs.bse[1]), rel=1e-9)


def test_what_was_spent_before_makes_the_interval_no_wider(
    mails: dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]],
) -> None:
    sm = pytest.importorskip("statsmodels.api")
    y, treated, asked = arms(mails, "visit", "Mens E-Mail")
    before = mails["history"].astype(float)[asked]
    found = cuped(Sums.of(y[treated], before[treated]), Sums.of(y[~treated], before[~treated]))
    x, arm = before - before.mean(), treated.astype(float)
    theirs = sm.OLS(y, np.stack([np.ones(len(y)), arm, x, arm * x], axis=1)).fit(cov_type="HC2")
    assert found.estimate == pytest.approx(theirs.params[1], rel=1e-9)
    assert found.se == pytest.approx(theirs.bse[1], rel=2e-3)
    assert found.se < difference(Sums.of(y[treated]), Sums.of(y[~treated])).se


def test_players_who_came_to_the_gate_later_stayed_less_and_arms_are_as_meant() -> None:
    players = rows(real("cookie_cats") / "cookie_cats.csv")
    later = players["version"] == "gate_40"
    stayed = (players["retention_7"] == "TRUE").astype(float)
    found = difference(Sums.of(stayed[later]), Sums.of(stayed[~later]))
    sm = pytest.importorskip("statsmodels.stats.proportion")
    low, high = sm.confint_proportions_2indep(
        stayed[later].sum(), later.sum(), stayed[~later].sum(), (~later).sum(), method="wald"
    )
    assert found.estimate == pytest.approx(-0.0082, abs=5e-5)  # 18.20 % against 19.02 %
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)
    assert found.p == pytest.approx(0.0016, abs=1e-4)
    # Known of these data: 44,700 against 45,489 is more uneven than a fair coin makes it once in a hundred.
    check = sample_ratio([int((~later).sum()), int(later.sum())], [0.5, 0.5])
    assert check.counted == (44_700, 45_489)
    assert check.p == pytest.approx(0.0086, abs=2e-4)


@pytest.mark.slow
def test_whom_to_mail_is_found_for_women_and_not_for_men(
    mails: dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]],
) -> None:
    features = np.stack(
        [mails[name].astype(float) for name in ("recency", "history", "mens", "womens", "newbie")]
        + [(mails["zip_code"] == place).astype(float) for place in ("Rural", "Urban")]
        + [(mails["channel"] == way).astype(float) for way in ("Web", "Phone")], axis=1,
    )  # fmt: skip
    for segment, worth in (("Womens E-Mail", True), ("Mens E-Mail", False)):
        y, treated, asked = arms(mails, "visit", segment)
        people = sample(y, treated, features[asked], chance=0.5)
        score = cross_fitted(people, Ways(kind="dr"), dice=np.random.default_rng(1))
        found = interval(qini_per_person, y, score, treated, dice=np.random.default_rng(2), draws=60)
        assert (found.low > 0) is worth
        best = score >= np.median(score)
        gain = policy_value(y, treated, best, people.chance)
        everybody = policy_value(y, treated, np.ones(len(y), dtype=bool), people.chance)
        if worth:
            assert gain.estimate > 0.65 * everybody.estimate  # half the mails, most of the visits
