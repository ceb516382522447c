"""Cluster-robust least squares against the matrices written out, Welch's test and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import sqrtm

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Floats, Ints
from lianyi.insight.effects.regression import fit

DICE = np.random.default_rng(11)


def rows(n: int = 60, clusters: int = 9) -> tuple[Floats, Floats, Ints]:
    cluster = np.sort(np.concatenate([np.arange(clusters), DICE.integers(clusters, size=n - clusters)]))
    arm = (np.arange(clusters) % 2).astype(float)[cluster]
    x = np.stack([np.ones(n), arm, DICE.normal(size=n)], axis=1)
    return DICE.normal(size=n) + DICE.normal(size=clusters)[cluster], x, cluster


def written_out(y: Floats, x: Floats, cluster: Ints) -> tuple[Floats, Floats, float]:
    """CR2 and the degrees of freedom of the second coefficient, by whole matrices (Pustejovsky & Tipton 2018)."""
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    left = np.eye(len(y)) - hat
    beta = bread @ x.T @ y
    meat, columns = np.zeros((x.shape[1],) * 2), []
    for one in np.unique(cluster):
        of = cluster == one
        adjust = np.linalg.inv(np.real(sqrtm(left[np.ix_(of, of)])))
        score = x[of].T @ adjust @ (y - x @ beta)[of]
        meat += np.outer(score, score)
        columns.append(left[:, of] @ adjust @ x[of] @ bread[:, 1])
    p = np.stack(columns, axis=1)
    squares = p.T @ p
    return beta, bread @ meat @ bread, float(np.trace(squares) ** 2 / (squares**2).sum())


def test_errors_and_degrees_of_freedom_are_those_of_the_matrices_written_out() -> None:
    y, x, cluster = rows()
    beta, covariance, freedom = written_out(y, x, cluster)
    found = fit(y, x, cluster)
    assert found.coefficients == pytest.approx(beta)
    assert found.covariance == pytest.approx(covariance)
    assert found.contrast(np.array([0.0, 1.0, 0.0]))[2] == pytest.approx(freedom)


def test_one_row_a_cluster_is_the_same_by_both_ways() -> None:
    y, x, _cluster = rows()
    one, other = fit(y, x), fit(y, x, np.arange(len(y)))
    weights = np.array([0.0, 1.0, 0.5])
    assert one.covariance == pytest.approx(other.covariance)
    assert one.contrast(weights) == pytest.approx(other.contrast(weights))


def test_two_means_have_the_error_of_welch_and_the_freedom_of_the_closed_form() -> None:
    y, x, _cluster = rows()
    arm = x[:, 1] > 0
    value, se, df = fit(y, x[:, :2]).contrast(np.array([0.0, 1.0]))
    welch = stats.ttest_ind(y[arm], y[~arm], equal_var=False)
    assert value / se == pytest.approx(welch.statistic)
    one, other = int(arm.sum()), int((~arm).sum())  # Imbens & Kolesar 2016, section 2: equal variances as working model
    closed = (one + other) ** 2 * (one - 1) * (other - 1) / (one**2 * (one - 1) + other**2 * (other - 1))
    assert df == pytest.approx(closed)


def test_weights_and_hc2_are_those_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api")
    y, x, cluster = rows()
    weight = DICE.uniform(0.5, 2, len(y))
    plain = sm.OLS(y, x).fit(cov_type="HC2")
    assert fit(y, x).covariance == pytest.approx(plain.cov_params())
    assert fit(y, x, cluster, weight).coefficients == pytest.approx(sm.WLS(y, x, weights=weight).fit().params)


def test_many_clusters_come_near_the_usual_sandwich_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api")
    y, x, cluster = rows(4000, 800)
    usual = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": cluster}).bse
    assert np.sqrt(np.diag(fit(y, x, cluster).covariance)) == pytest.approx(usual, rel=0.01)


def test_with_few_unequal_clusters_the_interval_still_covers() -> None:
    covered = 0
    sizes = np.array([40, 30, 5, 5, 4, 4, 3, 3, 2, 2, 2, 2])
    cluster = np.repeat(np.arange(12), sizes)
    dice = np.random.default_rng(5)
    for _ in range(600):
        arm = dice.permutation(np.arange(12) % 2)[cluster].astype(float)
        y = dice.normal(size=len(cluster)) + 0.5 * dice.normal(size=12)[cluster]
        value, se, df = fit(y, np.stack([np.ones(len(y)), arm], axis=1), cluster).contrast(np.array([0.0, 1.0]))
        covered += abs(value) <= stats.t.ppf(0.975, df) * se
    assert 0.92 <= covered / 600 <= 0.985


def test_columns_that_depend_on_each_other_are_refused() -> None:
    y, x, _cluster = rows()
    with pytest.raises(InputError, match="leave one out"):
        fit(y, np.hstack([x, x[:, :1]]))
