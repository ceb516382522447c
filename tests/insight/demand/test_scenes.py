"""Scenes: the calendar, the fit against what was planted, false discoveries where nothing was, and the table."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.insight.demand.scenes import festivals, finding
from lianyi.insight.demand.scenes.fitting import Q, benjamini_hochberg, shrink
from lianyi.insight.demand.scenes.saying import sentence
from lianyi.world.rhythm import LUNAR as WORLD_LUNAR
from tests.insight.log import Log, at

CATEGORIES = ("baby", "home", "outdoor", "skin", "snack", "tea")
DAYS = np.arange(20_089, 20_089 + 365)  # 2025


def test_lunar_festivals_agree_with_the_dates_of_the_world() -> None:
    for name, text in WORLD_LUNAR.items():
        assert {day for year in range(2020, 2031) for known, day in festivals.of_year(year) if known == name} == {
            date.fromisoformat(day) for day in text.split()
        }


def test_moving_festivals_fall_on_known_dates() -> None:
    known = dict(festivals.of_year(2024)) | {f"{name}25": day for name, day in festivals.of_year(2025)}
    assert (known["easter"], known["easter25"]) == (date(2024, 3, 31), date(2025, 4, 20))
    assert (known["mothers_day25"], known["fathers_day25"]) == (date(2025, 5, 11), date(2025, 6, 15))
    assert known["thanksgiving"] == date(2024, 11, 28)


def test_every_lunar_date_of_fifty_years_lies_where_the_calendar_allows() -> None:
    bounds = {"spring_festival": ("0121", "0221"), "lantern": ("0204", "0307"), "qingming": ("0404", "0406"),
              "dragon_boat": ("0526", "0626"), "qixi": ("0730", "0830"), "mid_autumn": ("0907", "1009"),
              "double_ninth": ("1001", "1031")}  # fmt: skip
    for name, text in festivals.LUNAR.items():
        dates = text.split()
        assert len(dates) == 51
        assert all(bounds[name][0] <= day <= bounds[name][1] for day in dates)
        assert date(2025, 1, 29) in dict(festivals.of_year(2025)).values()
    for year in range(2000, 2051):  # the lantern is a fortnight after the new year, one moon long
        days = dict(festivals.of_year(year))
        assert days["lantern"] - days["spring_festival"] == timedelta(days=14)


def test_a_day_between_two_festivals_belongs_to_the_nearer() -> None:
    # 2025: Dragon Boat on 31 May, Children's Day on 1 June
    assert festivals.festival_of(date(2025, 5, 30)) == "dragon_boat"
    assert festivals.festival_of(date(2025, 6, 1)) == "children_day"
    assert festivals.festival_of(date(2025, 12, 30)) == "new_year"
    assert festivals.festival_of(date(2025, 7, 10)) is None
    assert festivals.next_begin("mid_autumn", date(2025, 10, 7)) == date(2026, 9, 20)


def bought(seed: int, lifts: dict[tuple[str, str, str], float], *, per_day: float = 12.0) -> finding.Slices:
    """A year of purchases: a trend, a campaign that lifts everything for a week, and these scenes."""
    random = np.random.default_rng(seed)
    plain = finding.day_slices(CATEGORIES, DAYS, np.zeros((365, 6)), np.zeros((365, 6)))
    mean = np.outer(np.linspace(0.5, 1.5, 365), random.uniform(0.6, 1.6, 6)) * per_day
    mean[100:107] *= 3
    for (category, kind, name), lift in lifts.items():
        (row,) = (n for n in range(len(plain.names)) if (plain.kinds[n], plain.names[n]) == (kind, name))
        mean[plain.masks[row], CATEGORIES.index(category)] *= lift
    counts = random.poisson(mean).astype(np.float64)
    return finding.day_slices(CATEGORIES, DAYS, counts, random.binomial(counts.astype(int), 0.3).astype(np.float64))


PLANTED = {
    ("tea", "festival", "mid_autumn"): 2.8, ("snack", "festival", "spring_festival"): 3.0,
    ("skin", "season", "summer"): 1.5, ("outdoor", "weekday", "saturday"): 2.0,
    ("outdoor", "weekday", "sunday"): 2.0, ("home", "season", "winter"): 1.6,
}  # fmt: skip


def test_planted_scenes_are_found_with_their_lifts_and_little_else() -> None:
    hits, false = 0, 0
    for seed in range(5):
        found = [one for one in finding.find(bought(seed, PLANTED)) if one.found]
        cells = {(one.category, one.kind, name) for one in found for name in one.slices}
        hits += len(cells & set(PLANTED))
        false += len(cells - set(PLANTED))
        joined = next(one for one in found if one.category == "outdoor")
        assert joined.scene == "saturday-sunday"
        assert joined.low < 2.0 < joined.high
        assert joined.weak_lift == pytest.approx(2.0, abs=0.45)
    assert hits >= 0.9 * 5 * len(PLANTED)
    assert false <= 2 * Q * hits


def test_nothing_is_found_where_nothing_is() -> None:
    found = [one for seed in range(8) for one in finding.find(bought(seed, {})) if one.found]
    assert len(found) <= 1


def test_a_sale_that_lifts_all_categories_is_no_scene() -> None:
    slices = bought(3, {})
    slices.counts[slices.masks[slices.names.index("double_eleven")]] *= 4
    assert not [one for one in finding.find(slices) if one.found and one.scene == "double_eleven"]


def test_benjamini_and_hochberg_as_in_their_example() -> None:
    # Benjamini & Hochberg 1995, 3.1: 15 p-values, the four smallest are rejected at 0.05
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                  0.6528, 0.7590, 1.0])  # fmt: skip
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_keep_the_order_and_are_not_smaller(p: list[float]) -> None:
    values = np.array(p)
    q = benjamini_hochberg(values)
    assert (q >= values - 1e-12).all()
    assert (np.diff(q[np.argsort(values)]) >= -1e-12).all()


def test_shrinking_draws_what_is_noise_to_nothing_and_keeps_what_is_sure() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.5, 400)
    mean, _ = shrink(noise, np.full(400, 0.5))
    assert np.abs(mean).max() < 0.35
    mixed = np.concatenate([random.normal(0, 1, 200), [2.0]])
    mean, _ = shrink(mixed, np.concatenate([np.full(200, 0.1), [0.01]]))
    assert mean[-1] == pytest.approx(2.0, abs=0.01)


def shop() -> Log:
    """40 people over 9 weeks: tea on Saturdays and at nine in the evening, rice and soap at any time."""
    log = Log()
    random = np.random.default_rng(5)
    for day in range(63):
        when = date(2026, 3, 2) + timedelta(days=day)
        for category, mean in (("tea", 14.0 if when.weekday() == 5 else 4.0), ("rice", 5.0), ("soap", 6.0)):
            for _ in range(random.poisson(mean)):
                hour = 21 if category == "tea" and random.random() < 0.5 else int(random.integers(8, 23))
                log.add("order", f"user:{random.integers(40)}", f"{when} {hour:02}:10", category=category, value="9")
    return log


def test_the_table_says_when_tea_is_bought_and_leaves_campaigns_out() -> None:
    log = shop()
    for number in range(60):  # a campaign that sold soap at six in the morning
        log.add("order", f"user:{number % 40}", f"2026-04-{1 + number % 20:02} 06:30", category="soap", campaign="c")
    rows = log.build("scenes")["scenes"]
    found = {(row["category"], row["kind"], row["scene"]) for row in rows if row["found"]}
    assert found == {("tea", "weekday", "saturday"), ("tea", "hour", "21")}
    row = next(row for row in rows if row["scene"] == "saturday" and row["category"] == "tea")
    assert row["low"] < 14 / 4 < row["raw_lift"] * 1.4
    assert row["times"] == 9
    en, zh = sentence(row)
    assert en.startswith(f"On Saturday, tea is bought {row['lift']:.1f} times as much as otherwise (")
    assert zh.startswith("周六，tea的购买是平时的")


def test_a_log_without_orders_has_no_scenes() -> None:
    log = Log()
    log.add("view", category="tea", when=at("2026-05-01 10:00"))
    assert log.build("scenes")["scenes"] == []
