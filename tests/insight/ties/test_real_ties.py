"""Will they meet in the next period: strength against simple scores on real networks, with honest splits in time."""

from __future__ import annotations

import pytest

from tests.insight.ties.periods import BASELINES, DAY, HOUR, judged, periods, read
from tests.real_data import real

pytestmark = [pytest.mark.data, pytest.mark.slow]


def test_messages_of_months() -> None:
    path = real("collegemsg/CollegeMsg.txt")
    contacts = read("collegemsg", path, separator=" ", columns=("src", "dst", '"time"'))
    found = judged(list(periods(contacts, first=60 * DAY, horizon=30 * DAY, last=150 * DAY)))
    ours = found["strength"]
    assert ours["average_precision"] > 1.05 * max(found[name]["average_precision"] for name in BASELINES)
    assert ours["brier"] < min(found[name]["brier"] for name in BASELINES)
    assert ours["calibration_error"] <= 0.02


def test_meetings_of_hours() -> None:
    path = real("primary_school/primaryschool.csv")
    contacts = read("primary_school", path, separator="\t", columns=("id1", "id2", '"Time"'))
    found = judged(list(periods(contacts, first=3 * HOUR, horizon=HOUR, last=32 * HOUR)))
    ours = found["strength"]
    assert ours["average_precision"] > 1.05 * max(found[name]["average_precision"] for name in BASELINES)
    assert ours["brier"] < min(found[name]["brier"] for name in BASELINES)
    assert ours["calibration_error"] <= 0.02
