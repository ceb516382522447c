"""The next unit of money: steps of an amount drawn by chance, beside SciPy, and on a response whose truth is known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from lianyi.insight.effects.doses import steps
from tests.insight.log import AS_OF, Log

DOSES = (0, 5, 20)


def test_each_step_is_welchs_difference_over_the_step_and_one_dose_is_no_step() -> None:
    dice, log = np.random.default_rng(3), Log()
    spent: dict[int, list[float]] = {dose: [] for dose in DOSES}
    for person in range(180):
        dose = DOSES[person % 3]
        told = {"experiment": "trial/coupon", "of": "trial", "arm": "treatment" if dose else "control", "share": 0.67,
                "dose": dose}  # fmt: skip
        log.add("assigned", None, AS_OF - timedelta(days=20), target=f"user:{person}", props=told)
        log.add("assigned", None, AS_OF - timedelta(days=20), target=f"user:{person}",
                props={**told, "experiment": "trial/one", "dose": 5 if dose else 0})  # fmt: skip
        value = int(dice.integers(0, 30) + 2 * dose)
        spent[dose].append(float(value))
        log.add("order", f"user:{person}", AS_OF - timedelta(days=15), value=str(value))
    rows = log.build("effect_doses")["effect_doses"]
    assert [(row["experiment"], row["dose"], row["below"]) for row in rows] == [
        ("trial/coupon", 0, None), ("trial/coupon", 5, 0), ("trial/coupon", 20, 5),
    ]  # fmt: skip
    for row in rows[1:]:
        here, below = (np.array(spent[int(row[name])]) for name in ("dose", "below"))
        welch = stats.ttest_ind(here, below, equal_var=False).confidence_interval(0.95)
        assert (row["more"], row["more_low"], row["more_high"]) == pytest.approx(
            (here.mean() - below.mean(), welch.low, welch.high)
        )
        assert row["marginal"] * (row["dose"] - row["below"]) == pytest.approx(row["more"])
    assert (rows[0]["people"], rows[0]["marginal"]) == (60, None)


def test_the_interval_of_the_next_unit_holds_the_truth_where_the_response_bends() -> None:
    """Revenue grows with the square root of the dose: the second step brings less for a unit than the first."""
    dice, covered = np.random.default_rng(4), np.zeros(2)
    truth = [(30 * np.sqrt(high) - 30 * np.sqrt(low)) / (high - low) for low, high in ((0, 5), (5, 20))]
    for _ in range(400):
        levels = []
        for dose in DOSES:
            y = dice.gamma(0.5, 40.0, 500) + 30 * np.sqrt(dose)
            levels.append({"experiment": "x", "dose": dose, "n": 500, "y": y.sum(), "yy": (y * y).sum()})
        covered += [row["marginal_low"] <= real <= row["marginal_high"]
                    for row, real in zip(list(steps(levels))[1:], truth, strict=True)]  # fmt: skip
    assert ((covered / 400 >= 0.92) & (covered / 400 <= 0.98)).all()
