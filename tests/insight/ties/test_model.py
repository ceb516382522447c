"""The model of strength against an independent program, its figures against another library, its bands by law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss

from lianyi.insight.kernels import Doubles
from lianyi.insight.ties import bands
from lianyi.insight.ties.checks import average_precision, brier, calibration_error
from lianyi.insight.ties.features import FEATURES
from lianyi.insight.ties.model import Model, fit, platt, probability, shipped
from lianyi.insight.ties.slots import DAY, HORIZONS, Scale
from lianyi.memory.duckdb import DuckDB


def zero(size: int) -> Model:
    return Model(intercept=0.0, coefficients={f"x{number}": 0.0 for number in range(size)})


def test_coefficients_are_those_of_another_program() -> None:
    dice = np.random.default_rng(5)
    features = dice.normal(size=(800, 4)) * [1, 3, 0.2, 1] + [0, 5, 0, -1]
    again = dice.random(800) < probability(features @ np.array([1.0, -0.5, 2.0, 0.0]) + 2)
    ours = fit(features, again, around=zero(4), precision=20.0)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = LogisticRegression(C=1 / 20.0, tol=1e-10, max_iter=5000).fit(scaled, again)
    assert list(ours.coefficients.values()) == pytest.approx(theirs.coef_[0] / features.std(axis=0), abs=1e-4)
    assert probability(ours.odds(features)) == pytest.approx(theirs.predict_proba(scaled)[:, 1], abs=1e-4)


def test_without_data_the_model_is_the_one_it_began_with() -> None:
    dice = np.random.default_rng(1)
    features = dice.normal(size=(40, 2))
    start = Model(intercept=0.0, coefficients={"x0": 1.5, "x1": -2.0})
    again = np.arange(40) % 2 == 0
    firm = fit(features, again, around=start, precision=1e7)
    assert list(firm.coefficients.values()) == pytest.approx([1.5, -2.0], abs=1e-3)


def test_stretched_odds_are_calibrated() -> None:
    dice = np.random.default_rng(2)
    true = dice.normal(-1, 1.5, 40_000)
    again = dice.random(40_000) < probability(true)
    stretch, shift = platt(0.8 * true + 0.5, again)
    assert (stretch, shift) == pytest.approx((1.25, -0.625), abs=0.1)
    assert calibration_error(probability(shift + stretch * (0.8 * true + 0.5)), again) < 0.01


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
@settings(deadline=None)
def test_figures_are_those_of_another_library(rows: list[tuple[int, bool]]) -> None:
    score: Doubles = np.array([row[0] / 5 for row in rows])
    again = np.array([row[1] for row in rows])
    assert brier(score, again) == pytest.approx(brier_score_loss(again, score, pos_label=True) if len(set(again)) > 1
                                                else ((score - again) ** 2).mean())  # fmt: skip
    if again.any():
        assert average_precision(score, again) == pytest.approx(average_precision_score(again, score))


def test_sql_and_arrays_give_the_same_odds() -> None:
    model, dice = shipped(), np.random.default_rng(3)
    values = dice.normal(size=(1, len(FEATURES)))
    columns = ", ".join(f"{value!r}e0 AS {name}" for value, name in zip(values[0].tolist(), FEATURES, strict=True))
    with DuckDB() as engine:
        found = engine.table(f"SELECT {model.sql()} AS odds FROM (SELECT {columns}) AS f")["odds"][0].as_py()
    assert found == pytest.approx(model.odds(values)[0], abs=1e-6)


def test_the_shipped_model_knows_the_features_and_reads_back() -> None:
    assert list(shipped().coefficients) == list(FEATURES)
    assert Model.read(shipped().text()) == shipped()
    assert shipped().checks["calibration_error"] < 0.02


def test_borders_part_three_heaps() -> None:
    counts = np.zeros(bands.BINS)
    counts[5:15], counts[50:60], counts[100:105] = 40, 20, 10
    weak, strong = bands.borders(counts)
    width = bands.MOST / bands.BINS
    assert 15 * width - 1e-9 <= np.log1p(np.exp(weak)) <= 50 * width + 1e-9
    assert 60 * width - 1e-9 <= np.log1p(np.exp(strong)) <= 100 * width + 1e-9


@given(odds=st.floats(-8, 8))
@settings(deadline=None, max_examples=30)
def test_a_tie_lies_in_the_bin_of_its_expected_meetings(odds: float) -> None:
    with DuckDB(threads=1) as engine:
        found = engine.table(f"SELECT {bands.bin_sql(f'CAST({odds!r} AS DOUBLE)')} AS bin FROM (SELECT 1) AS t")
    expected = -np.log1p(-1 / (1 + np.exp(-odds))) * bands.BINS / bands.MOST
    assert abs(found["bin"][0].as_py() - min(expected, bands.BINS - 0.5)) <= 1


@given(odds=st.floats(-6, 6), before=st.sampled_from([None, "weak", "medium", "strong"]))
@settings(deadline=None, max_examples=40)
def test_a_band_changes_only_beyond_the_margin(odds: float, before: str | None) -> None:
    weak, strong = -1.0, 1.0
    was = "CAST(NULL AS VARCHAR)" if before is None else f"'{before}'"
    with DuckDB(threads=1) as engine:
        sql = bands.band_sql(f"({odds!r}e0)" if "e" not in repr(odds) else f"({odds!r})", was, (weak, strong))
        band = engine.table(f"SELECT {sql} AS band FROM (SELECT 1) AS t")["band"][0].as_py()
    plain = "strong" if odds >= strong else "medium" if odds >= weak else "weak"
    edge = min(abs(odds - weak), abs(odds - strong))
    if before is None or edge > bands.MARGIN:
        assert band == plain
    elif abs(bands.BANDS.index(before) - bands.BANDS.index(plain)) <= 1 and edge < bands.MARGIN:
        near = weak if abs(odds - weak) < abs(odds - strong) else strong
        beside = {"weak", "medium"} if near == weak else {"medium", "strong"}
        assert band == (before if before in beside else plain)


@given(span=st.integers(0, 4000 * DAY))
def test_a_horizon_is_a_whole_number_of_slots_of_at_most_a_day(span: int) -> None:
    scale = Scale.fitting(span)
    assert scale.horizon == scale.slot * scale.per
    assert scale.slot <= DAY
    assert scale.per >= 24
    assert scale.horizon in HORIZONS
