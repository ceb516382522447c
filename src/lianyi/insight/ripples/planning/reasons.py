"""Why each person is in a plan, as one sentence of counts that anybody can check in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Bytes, Ints, Longs
from lianyi.insight.ripples.planning.crowd import NO_COMMUNITY, Crowd
from lianyi.insight.ripples.spread.graph import Graph, Outward

STRONG = 2.0  # a tie counts as strong in a plan from so many times the mean chance of all arcs


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What one seed is tied to. tied: people with a strong arc from the seed. communities: main ones of these.
    buyers: how many of them bought (the topic, where the plan has one)."""

    tied: int
    communities: int
    buyers: int


def ties_of(graph: Graph, crowd: Crowd, people: Sequence[int], *, topic: bool) -> list[Reach]:
    """For each of the people what their strong arcs lead to."""
    arcs = graph.outward
    least = STRONG * float(np.mean(arcs.probability, dtype=np.float64)) if graph.arcs else 0.0
    wanted = crowd.likes if topic else crowd.buyers
    return [_reach(arcs.target[row], crowd, wanted) for row in (_strong(arcs, person, least) for person in people)]


def _strong(arcs: Outward, person: int, least: float) -> Longs:
    start, probability = arcs.start, arcs.probability
    row = np.arange(start[person], start[person + 1])
    return row[probability[row] >= least]


def _reach(others: Ints, crowd: Crowd, wanted: Bytes) -> Reach:
    others = np.unique(others)
    communities = np.unique(crowd.community[others])
    return Reach(
        tied=len(others),
        communities=int(np.count_nonzero(communities != NO_COMMUNITY)),
        buyers=int(np.count_nonzero(wanted[others])),
    )


def sentence(reach: Reach, adds: str, *, first: bool, topic: str | None) -> tuple[str, str]:
    """(English, Chinese), e.g. "tied strongly to 14 people in 3 communities, 9 of whom bought tea; adds 31 to those
    before"."""
    people = "1 person" if reach.tied == 1 else f"{reach.tied} people"
    where = f" in {reach.communities} {'community' if reach.communities == 1 else 'communities'}"
    bought = f", {reach.buyers} of whom bought {topic}" if topic else f", {reach.buyers} of whom bought"
    en = f"tied strongly to {people}{where if reach.communities else ''}{bought if reach.tied else ''}"
    en += f"; reaches {adds} alone" if first else f"; adds {adds} to those before"
    zh = f"与 {reach.tied} 人关系紧密"
    zh += f"，分布在 {reach.communities} 个社群" if reach.communities else ""
    zh += f"，其中 {reach.buyers} 人买过{topic or ''}" if reach.tied else ""
    zh += f"；单独可触达 {adds}" if first else f"；在前面的人之外再增加 {adds}"
    return en, zh
