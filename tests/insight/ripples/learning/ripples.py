"""Small pasts for tests: written by hand, drawn from a known cascade, or from the simulated brand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from lianyi import world
from lianyi.insight.ripples.learning.past import ALONE, Arcs, Past, arcs, past
from lianyi.insight.ripples.learning.spreading import Care

INCENTIVES = ("none", "coupon", "gift")


def by_hand(rows: list[tuple[int, int, float, int]], *, now: float = 1000.0, ripples: int | None = None) -> Past:
    """Rows of (ripple, person, hours, parent's person or UNKNOWN or ALONE); one topic, one incentive."""
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    count = ripples or int(columns[0].max(initial=-1)) + 1
    nothing = np.zeros(count, dtype=np.int32)
    whole = [column.astype(np.int64) for column in (columns[0], columns[1], columns[3])]
    return past(
        ripple=whole[0], person=whole[1], at=columns[2], parent_person=whole[2], topic=nothing, incentive=nothing,
        now=now,
    )  # fmt: skip


def tied(people: int, pairs: list[tuple[int, int]]) -> Arcs:
    """Directed ties without traits."""
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return arcs(people=people, source=ends[:, 0], target=ends[:, 1], traits=np.zeros((len(pairs), 1), dtype=np.int32))


@dataclass(frozen=True, eq=False)
class Brand:
    """The simulated brand's ripples as they truly were, its true ties, and true interests and strengths as levels."""

    truth: world.Truth
    past: Past
    arcs: Arcs
    care: Care
    topics: tuple[str, ...]

    def chances(self, topic: str, incentive: str) -> Any:
        """The true probability per arc, in the order of `arcs`."""
        table = self.truth.spread_probabilities(topic, incentive)
        order = np.lexsort((table["target"].to_numpy(), table["source"].to_numpy()))
        return table["probability"].to_numpy()[order]


@cache
def brand(people: int = 2000, seed: int = 11, days: int = 365) -> Brand:
    """One world, made once."""
    truth = world.generate(world.WorldSettings(people=people, seed=seed, start=date(2025, 1, 1), days=days)).truth()
    cascades, rows = truth.cascades.to_pandas(), truth.spread.to_pandas()
    topics = tuple(sorted(cascades["topic"].unique()))
    number = {cascade: place for place, cascade in enumerate(cascades["cascade"])}
    at = rows["at"].astype("int64").to_numpy() / 3.6e9
    made = past(
        ripple=rows["cascade"].map(number).to_numpy(), person=rows["person"].to_numpy(), at=at,
        parent_person=rows["parent"].fillna(ALONE).to_numpy().astype(np.int64),
        topic=np.array([topics.index(topic) for topic in cascades["topic"]]),
        incentive=np.array([INCENTIVES.index(incentive) for incentive in cascades["incentive"]]), now=float(at.max()),
    )  # fmt: skip
    ties = truth.ties.to_pandas()
    strength = np.tile(levels(ties["strength"].to_numpy(), 12), 2)
    source, target = np.concatenate([ties["a"], ties["b"]]), np.concatenate([ties["b"], ties["a"]])
    interests = truth.interests.to_pandas().pivot(index="person", columns="topic", values="interest")
    return Brand(
        truth, made, arcs(people=people, source=source, target=target, traits=strength[:, None]),
        Care(level=levels(interests[list(topics)].to_numpy(), 8) + 1), topics,
    )  # fmt: skip


def levels(values: Any, count: int) -> Any:
    """Numbers of equally filled bins."""
    return np.digitize(values, np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])).astype(np.int32)
