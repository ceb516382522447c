"""From past ripples to forecasts: laws learned on the earlier ones, chosen and made honest on the later ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.forecasting.conformal import widening
from lianyi.insight.ripples.forecasting.growth import Growth, Point, features, seen_at
from lianyi.insight.ripples.forecasting.laws import Law, Rows, learn_laws, read_law, remaining

LATER = 0.3  # of the past, by time, on which a law is chosen and made honest
FEWEST = 40  # ripples below which nothing is learned
SLACK = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What is known of ripples at one point: one row per ripple that got there. ripple: its number."""

    ripple: Longs
    people: Longs
    moment: Doubles
    rows: Rows
    remaining: Rows

    def only(self, kept: NDArray[Any]) -> Seen:
        """Some of the rows, by truth or number."""
        return Seen(**{name: column[kept] for name, column in vars(self).items()})


def look(growth: Growth, point: Point) -> Seen:
    """What is known at the point."""
    people, moment = seen_at(growth, point)
    rows, still = features(growth, point), remaining(growth.start, growth.at, people, moment)
    there = np.flatnonzero(people > 0)
    return Seen(
        ripple=there, people=people[there], moment=moment[there], rows=rows[there], remaining=still[there]
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecaster:
    """A law with its widening. errors: mean squared log2 error of each law on the later ripples. learned: how many
    ripples it was learned on; checked: on how many it was chosen."""

    law: Law
    widen: float
    errors: Mapping[str, float]
    learned: int
    checked: int

    def forecast(self, seen: Seen) -> tuple[Doubles, Doubles, Doubles]:
        """(low, middle, high) of final people, whole ends: the range holds the outcome with 90 %."""
        low, middle, high = self.law.range(seen.rows, seen.remaining)
        low = open_low(seen.people, low)
        ends = (np.maximum(low - self.widen, 0.0), middle, np.maximum(high + self.widen, 0.0))
        low, middle, high = (seen.people * 2.0**growth for growth in ends)
        return np.ceil(low - SLACK), middle, np.maximum(np.floor(high + SLACK), np.ceil(low - SLACK))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For an .npz file."""
        names = np.array(list(self.errors))
        facts = np.array([self.widen, self.learned, self.checked])
        errors = np.array(list(self.errors.values()))
        return {"law": np.array(self.law.name), "facts": facts, "names": names, "errors": errors, **self.law.arrays()}

    @classmethod
    def read(cls, file: Any) -> Forecaster:
        """Back from `arrays`."""
        errors = dict(zip((str(name) for name in file["names"]), file["errors"].tolist(), strict=True))
        widen, learned, checked = file["facts"].tolist()
        law = read_law(str(file["law"]), file)
        return cls(law=law, widen=widen, errors=errors, learned=int(learned), checked=int(checked))


def open_low(people: Longs, low: Doubles) -> Doubles:
    """Lower edges of growth; minus infinity where the edge is the people already seen: nothing can lie below it.

    Otherwise the many ripples that end just there would all lie on the edge, and no edge could give 90 %.
    """
    return np.where(np.ceil(people * 2.0**low - SLACK) <= people, -np.inf, low)


def learn_forecaster(seen: Seen, final: Doubles, *, seed: int = 0) -> Forecaster | None:
    """The best law for ripples that have ended, with an honest range; None where there are too few.

    final: people in the end, per row of `seen`. A plain law is kept unless a finer one is better on later ripples.
    """
    order = np.argsort(seen.moment, kind="stable")
    target = np.log2(final / seen.people)
    cut = int(len(order) * (1 - LATER))
    if len(order) < FEWEST:
        return None
    early, late = order[:cut], order[cut:]
    laws = learn_laws(seen.rows[early], seen.remaining[early], target[early], seed=seed)
    ranges = [law.range(seen.rows[late], seen.remaining[late]) for law in laws]
    errors = {
        law.name: float(np.mean((middle - target[late]) ** 2))
        for law, (_, middle, _) in zip(laws, ranges, strict=True)
    }  # fmt: skip
    best = min(range(len(laws)), key=lambda number: errors[laws[number].name])
    low, _, high = ranges[best]
    return Forecaster(
        law=laws[best],
        widen=widening(open_low(seen.people[late], low), high, target[late]),
        errors=errors,
        learned=len(early),
        checked=len(late),
    )
