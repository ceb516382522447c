"""When people are awake, in the mood and in a scene: hours, weekdays, festivals, seasons, and the planted lifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from lianyi.world.settings import Floats, WorldSettings

# Share of a day's activity per local hour: people of the day, of the night, and early risers.
HOURS = np.array(
    [
        [9, 4, 2, 1, 1, 3, 10, 26, 42, 50, 52, 54, 66, 52, 44, 46, 48, 50, 56, 66, 80, 84, 62, 28],
        [40, 26, 14, 6, 3, 2, 4, 10, 20, 34, 42, 44, 52, 44, 40, 42, 44, 46, 54, 66, 80, 92, 96, 74],
        [3, 2, 1, 2, 8, 30, 60, 80, 76, 66, 58, 54, 58, 48, 44, 46, 50, 54, 58, 62, 58, 42, 20, 8],
    ],
    dtype=np.float64,
)
HOURS = HOURS / HOURS.sum(axis=1, keepdims=True)
WEEKDAYS = np.array([0.97, 0.95, 0.96, 0.98, 1.05, 1.08, 1.01])  # Monday first

# Dates of lunar festivals are facts of the calendar; outside these years only solar festivals are known.
LUNAR = {
    "spring_festival": "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 "
    "2028-01-26 2029-02-13 2030-02-03",
    "dragon_boat": "2020-06-25 2021-06-14 2022-06-03 2023-06-22 2024-06-10 2025-05-31 2026-06-19 2027-06-09 "
    "2028-05-28 2029-06-16 2030-06-05",
    "qixi": "2020-08-25 2021-08-14 2022-08-04 2023-08-22 2024-08-10 2025-08-29 2026-08-19 2027-08-08 "
    "2028-08-26 2029-08-16 2030-08-05",
    "mid_autumn": "2020-10-01 2021-09-21 2022-09-10 2023-09-29 2024-09-17 2025-10-06 2026-09-25 2027-09-15 "
    "2028-10-03 2029-09-22 2030-09-12",
}
SOLAR = {
    "new_year": (1, 1), "valentine": (2, 14), "women_day": (3, 8), "children_day": (6, 1), "mid_year_sale": (6, 18),
    "national_day": (10, 1), "double_eleven": (11, 11), "christmas": (12, 25),
}  # fmt: skip
FESTIVALS_ZH = {
    "spring_festival": "春节", "dragon_boat": "端午", "qixi": "七夕", "mid_autumn": "中秋", "new_year": "元旦",
    "valentine": "情人节", "women_day": "三八节", "children_day": "儿童节", "mid_year_sale": "618",
    "national_day": "国庆", "double_eleven": "双十一", "christmas": "圣诞",
}  # fmt: skip
FESTIVALS = tuple(FESTIVALS_ZH)
BEFORE, AFTER = 4, 1  # a festival's scene lasts from 4 days before to 1 day after


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One planted effect: in this scene the demand of the category is `lift` times what it would be.

    kind: hour (values are local hours), weekday (0 = Monday), festival (names) or season (months).
    """

    category: str
    kind: str
    name: str
    values: tuple[int | str, ...]
    lift: float


SCENES = (
    Scene(category="tea", kind="hour", name="afternoon", values=(14, 15, 16), lift=2.4),
    Scene(category="tea", kind="festival", name="mid_autumn", values=("mid_autumn",), lift=2.8),
    Scene(category="tea", kind="festival", name="spring_festival", values=("spring_festival",), lift=2.2),
    Scene(category="baby", kind="hour", name="late_evening", values=(22, 23), lift=2.2),
    Scene(category="baby", kind="festival", name="children_day", values=("children_day",), lift=2.6),
    Scene(category="skin", kind="hour", name="evening", values=(20, 21), lift=1.9),
    Scene(category="skin", kind="festival", name="women_day", values=("women_day",), lift=3.0),
    Scene(category="skin", kind="season", name="summer", values=(6, 7, 8), lift=1.5),
    Scene(category="outdoor", kind="weekday", name="weekend", values=(5, 6), lift=2.3),
    Scene(category="outdoor", kind="festival", name="national_day", values=("national_day",), lift=2.7),
    Scene(category="home", kind="weekday", name="sunday", values=(6,), lift=2.0),
    Scene(category="home", kind="season", name="winter", values=(12, 1, 2), lift=1.6),
    Scene(category="snack", kind="hour", name="midnight", values=(23, 0, 1), lift=2.5),
    Scene(category="snack", kind="festival", name="spring_festival", values=("spring_festival",), lift=3.0),
)


@cache
def festival_days(year: int) -> dict[date, str]:
    """Each day of a festival's scene in the year, with the festival's name; the nearer festival wins."""
    days: dict[date, tuple[int, str]] = {}
    for name, centre in _centres(year):
        for offset in range(-BEFORE, AFTER + 1):
            day = centre + timedelta(days=offset)
            if day not in days or abs(offset) < days[day][0]:
                days[day] = (abs(offset), name)
    return {day: name for day, (_, name) in days.items()}


def _centres(year: int) -> list[tuple[str, date]]:
    lunar = [
        (name, day)
        for name, texts in LUNAR.items()
        for day in map(date.fromisoformat, texts.split())
        if day.year == year
    ]
    solar = [(name, date(year, month, day)) for name, (month, day) in SOLAR.items()]
    return lunar + solar


def festival_of(day: date) -> str | None:
    """The festival in whose scene the day lies, or None. Days around New Year belong to the coming festival."""
    return festival_days(day.year).get(day) or festival_days(day.year + 1).get(day)


def in_scene(scene: Scene, day: date) -> bool:
    """Whether a day-wide scene (weekday, festival, season) holds on the day; hour scenes are never day-wide."""
    if scene.kind == "weekday":
        return day.weekday() in scene.values
    if scene.kind == "festival":
        return festival_of(day) in scene.values
    return scene.kind == "season" and day.month in scene.values


def day_lifts(settings: WorldSettings, day: int) -> Floats:
    """Per category: the product of day-wide lifts on that day."""
    today = settings.date_of(day)
    return np.array(
        [
            np.prod([scene.lift for scene in SCENES if scene.category == category.code and in_scene(scene, today)])
            for category in settings.plan.categories
        ]
    )


@cache
def hour_lifts(codes: Sequence[str]) -> Floats:
    """(categories, 24): the lift of each local hour for each category."""
    lifts = np.ones((len(codes), 24))
    for scene in SCENES:
        if scene.kind == "hour" and scene.category in codes:
            lifts[codes.index(scene.category), [int(hour) for hour in scene.values]] *= scene.lift
    return lifts


def day_factor(settings: WorldSettings, day: int) -> float:
    """How lively the whole brand is on that day: weekday, festivals, a slow winter dip. Mean about 1."""
    today = settings.date_of(day)
    festive = 1.15 if festival_of(today) else 1.0
    return float(WEEKDAYS[today.weekday()] * festive)
