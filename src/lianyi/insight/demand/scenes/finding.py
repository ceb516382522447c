"""From counts to scenes: slices, which scenes there can be, the fit, neighbours joined, shrunk lifts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.demand.scenes.festivals import festival_of
from lianyi.insight.demand.scenes.fitting import Bools, Doubles, Fit, expectation, fit, shrink

Z = 1.959964
EPOCH = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SEASONS = {"spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "winter": (12, 1, 2)}
HOURS = tuple(str(hour) for hour in range(24))
LEAST_DAYS = {"hour": 7, "weekday": 28, "festival": 28, "season": 330}  # of history, below which a kind is not tried
CIRCLES = {"hour": HOURS, "weekday": WEEKDAYS}  # whose neighbouring scenes are joined
PLACES = 30  # cities with most purchases


@dataclass(frozen=True, kw_only=True)
class Found:
    """One category in one scene. slices: what the scene is made of ("22", "23"). times: in how many separate spells it
    was seen (one Spring Festival is one). lift, low, high: shrunk, 95 %; None where too little was expected.
    weak_…: the same among people whose need was weak, only for what was found."""

    category: str
    kind: str
    scene: str
    slices: tuple[str, ...]
    purchases: int
    expected: float
    times: int
    raw_lift: float
    lift: float
    low: float
    high: float
    p: float
    q: float
    found: bool
    weak_purchases: int
    weak_lift: float | None
    weak_low: float | None
    weak_high: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Slices:
    """counts, weak: (slices, columns): purchases of each category, then of yardsticks that are not tested. masks:
    (scenes, slices). kinds, names: of each scene."""

    categories: tuple[str, ...]
    counts: Doubles
    weak: Doubles
    masks: Bools
    kinds: tuple[str, ...]
    names: tuple[str, ...]


def day_slices(categories: tuple[str, ...], days: NDArray[np.int64], counts: Doubles, weak: Doubles) -> Slices:
    """days: numbers of consecutive days, one per row of counts."""
    dates = [EPOCH + timedelta(days=int(day)) for day in days]
    kinds: list[str] = []
    names: list[str] = []
    masks: list[NDArray[np.bool_]] = []

    def add(kind: str, name: str, holds: list[bool]) -> None:
        if len(days) >= LEAST_DAYS[kind] and any(holds) and not all(holds):
            kinds.append(kind)
            names.append(name)
            masks.append(np.array(holds))

    for number, name in enumerate(WEEKDAYS):
        add("weekday", name, [day.weekday() == number for day in dates])
    for name, months in SEASONS.items():
        add("season", name, [day.month in months for day in dates])
    festivals = [festival_of(day) for day in dates]
    for festival in sorted({name for name in festivals if name}):
        add("festival", festival, [name == festival for name in festivals])
    shape = (len(masks), len(days))
    return Slices(
        categories=categories, counts=counts, weak=weak, masks=np.array(masks, dtype=bool).reshape(shape),
        kinds=tuple(kinds), names=tuple(names),
    )  # fmt: skip


def hour_slices(categories: tuple[str, ...], counts: Doubles, weak: Doubles) -> Slices:
    """counts: (24, columns)."""
    return Slices(
        categories=categories, counts=counts, weak=weak, masks=np.eye(24, dtype=bool), kinds=("hour",) * 24, names=HOURS
    )


def place_slices(categories: tuple[str, ...], cities: tuple[str, ...], counts: Doubles, weak: Doubles) -> Slices:
    """counts: (cities, columns)."""
    return Slices(
        categories=categories, counts=counts, weak=weak, masks=np.eye(len(cities), dtype=bool),
        kinds=("place",) * len(cities), names=cities,
    )  # fmt: skip


def find(slices: Slices) -> Iterator[Found]:
    """Every scene × category of which enough was expected; neighbouring hours and weekdays that were found are one."""
    if not len(slices.masks) or slices.counts.shape[1] < 2:
        return
    families = np.unique(np.array(slices.kinds), return_inverse=True)[1].astype(np.int64)
    candidates = np.arange(slices.counts.shape[1]) < len(slices.categories)
    whole = fit(slices.counts, slices.masks, families, candidates=candidates)
    weak_expected = expectation(slices.weak, slices.masks, whole.found)
    weak = slices.masks.astype(np.float64) @ slices.weak
    for family in np.unique(families):
        rows = np.flatnonzero(families == family)
        yield from _of_kind(slices, whole, rows, weak, weak_expected)


def _of_kind(
    slices: Slices, whole: Fit, rows: NDArray[np.int64], weak: Doubles, weak_expected: Doubles
) -> Iterator[Found]:
    kind = slices.kinds[rows[0]]
    names = [slices.names[row] for row in rows]
    groups = [
        (category, run)
        for category in range(len(slices.categories))
        for run in _runs(kind, whole.found[rows, category], whole.tested[rows, category])
    ]
    values = [_joined(whole, rows[list(run)], category) for category, run in groups]
    sure = np.array([bool(whole.found[rows[list(run)], category].all()) for category, run in groups], dtype=bool)
    mean, deviation = shrunk(np.array([value[0] for value in values]), np.array([value[1] for value in values]), sure)
    for number, (category, run) in enumerate(groups):
        here = rows[list(run)]
        found = bool(sure[number])
        few = float(weak[here, category].sum()), float(weak_expected[here, category].sum())
        yield Found(
            category=slices.categories[category], kind=kind, scene=_name(names, run),
            slices=tuple(names[place] for place in run), purchases=int(whole.observed[here, category].sum()),
            expected=float(whole.expected[here, category].sum()),
            times=_spells(np.asarray(slices.masks[here].any(axis=0)), kind),
            raw_lift=float(np.exp(values[number][0])), lift=float(np.exp(mean[number])),
            low=float(np.exp(mean[number] - Z * deviation[number])),
            high=float(np.exp(mean[number] + Z * deviation[number])), p=float(whole.p[here, category].max()),
            q=float(whole.q[here, category].max()), found=found, weak_purchases=int(few[0]),
            **weak_lift(*few, found=found),
        )  # fmt: skip


def shrunk(log_lift: Doubles, error: Doubles, sure: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Two groups, each with a prior of its own: one prior for all would draw the few true scenes to the many others."""
    mean, deviation = np.zeros_like(log_lift), np.zeros_like(error)
    for group in (sure, ~sure):
        mean[group], deviation[group] = shrink(log_lift[group], error[group])
    return mean, deviation


def _joined(whole: Fit, rows: NDArray[np.int64], category: int) -> tuple[float, float]:
    """(log lift, error) of several rows together; the spread of the null is that of one, for they stand together."""
    observed, expected = whole.observed[rows, category].sum(), whole.expected[rows, category].sum()
    own = 1 / whole.expected[rows, category]
    beyond = float((whole.error[rows, category] ** 2 - own).clip(0).mean())
    return float(np.log(max(observed, 0.5) / expected)), float(np.sqrt(1 / expected + beyond))


def weak_lift(observed: float, expected: float, *, found: bool) -> dict[str, float | None]:
    """Lift among people with a weak need, drawn to 1 as if 5 more purchases had been expected and made."""
    if not found or expected < 1:
        return {"weak_lift": None, "weak_low": None, "weak_high": None}
    lift = (observed + 5) / (expected + 5)
    error = float(np.sqrt(1 / (observed + 5) + 1 / (expected + 5)))
    return {"weak_lift": lift, "weak_low": lift * np.exp(-Z * error), "weak_high": lift * np.exp(Z * error)}


def _runs(kind: str, found: NDArray[np.bool_], tested: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Positions that become one row each: runs of found neighbours on the circle, every other one by itself."""
    if kind not in CIRCLES or len(found) != len(CIRCLES[kind]) or found.all():
        return [(int(place),) for place in np.flatnonzero(tested)]
    size = len(found)
    runs: list[tuple[int, ...]] = [(place,) for place in range(size) if tested[place] and not found[place]]
    for begin in range(size):
        if found[begin] and not found[begin - 1]:
            length = next(step for step in range(1, size + 1) if not found[(begin + step) % size])
            runs.append(tuple((begin + step) % size for step in range(length)))
    return runs


def _name(names: list[str], run: tuple[int, ...]) -> str:
    return names[run[0]] if len(run) == 1 else f"{names[run[0]]}-{names[run[-1]]}"


def _spells(holds: NDArray[np.bool_], kind: str) -> int:
    """In how many separate spells of days it held; 1 for hours and places, which have no days here."""
    if kind in {"hour", "place"}:
        return 1
    return int((np.diff(holds.astype(np.int8), prepend=0) == 1).sum())


def codes(texts: pa.ChunkedArray) -> tuple[tuple[str, ...], Any]:
    """(different texts in order, number of each row's)."""
    names, number = np.unique(np.array(texts.to_pylist(), dtype=object).astype(str), return_inverse=True)
    return tuple(str(name) for name in names), number
