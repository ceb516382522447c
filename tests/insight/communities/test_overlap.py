"""Overlapping membership on the LFR benchmark, the benchmark itself, and the measure of agreement."""

from __future__ import annotations

from itertools import pairwise
from math import log2

import numpy as np
import pytest
from scipy.stats import poisson

from lianyi.insight.communities.detection import Found, find
from lianyi.insight.communities.detection.overlap import tail
from tests.insight.communities.agreement import onmi_lfk, onmi_max
from tests.insight.communities.lfr import Benchmark, overlapping
from tests.insight.communities.slpa import slpa


def found_in(benchmark: Benchmark) -> Found:
    """Communities of a benchmark."""
    return find(benchmark.nodes, benchmark.ties[:, 0], benchmark.ties[:, 1], np.ones(len(benchmark.ties)))


def cover_of(found: Found) -> list[set[int]]:
    """Overlapping communities as sets."""
    cover: list[set[int]] = [set() for _ in range(int(found.label.max()) + 1)]
    for node, name in zip(found.memberships.node.tolist(), found.memberships.community.tolist(), strict=True):
        cover[name].add(node)
    return [group for group in cover if group]


@pytest.mark.parametrize("seed", [4, 5, 6])
@pytest.mark.parametrize(
    ("mixing", "share", "memberships"), [(0.1, 0.1, 2), (0.1, 0.3, 4), (0.3, 0.1, 3), (0.3, 0.3, 2), (0.5, 0.3, 4)]
)
def test_overlapping_communities_are_found_better_than_by_slpa_and_without_overlap(
    mixing: float, share: float, memberships: int, seed: int
) -> None:
    benchmark = overlapping(600, mixing=mixing, overlapping_share=share, memberships=memberships, seed=seed)
    found = found_in(benchmark)
    ours = cover_of(found)
    apart = [set(np.flatnonzero(found.label == name).tolist()) for name in range(int(found.label.max()) + 1)]
    peer = slpa(600, benchmark.ties, seed=0)
    for measure in (onmi_max, onmi_lfk):
        mine = measure(benchmark.communities, ours, 600)
        assert mine > measure(benchmark.communities, peer, 600)
        assert mine > measure(benchmark.communities, apart, 600)


def test_a_small_community_beside_a_larger_one_that_shares_people_with_it_is_not_lost() -> None:
    """20 and 29 people of whom three are in both: at one resolution for all they are found as one community."""
    benchmark = overlapping(600, mixing=0.1, overlapping_share=0.1, memberships=2, seed=4)
    small = min(benchmark.communities, key=len)
    assert len(small) == 20
    assert small in [frozenset(group) for group in cover_of(found_in(benchmark))]


def test_everyone_with_ties_belongs_somewhere_and_at_home_unless_alone_there() -> None:
    benchmark = overlapping(300, mixing=0.3, overlapping_share=0.2, memberships=2, seed=5)
    found = found_in(benchmark)
    pairs = set(zip(found.memberships.node.tolist(), found.memberships.community.tolist(), strict=True))
    sizes = np.bincount(found.label)
    assert pairs >= {(node, int(name)) for node, name in enumerate(found.label) if sizes[name] > 1}
    assert set(found.memberships.node.tolist()) == set(range(300))
    assert len(pairs) == len(found.memberships.node)


def test_the_tail_is_scipys() -> None:
    for expected in (0.0, 0.3, 4.0, 60.0, 400.0):
        for count in (1, 2, 5, 40, 80, 500):
            assert tail(float(count), expected) == pytest.approx(poisson.sf(count - 1, expected), abs=1e-9)


@pytest.mark.parametrize(("mixing", "share", "memberships"), [(0.1, 0.3, 2), (0.4, 0.2, 3)])
def test_the_benchmark_has_the_statistics_of_the_paper(mixing: float, share: float, memberships: int) -> None:
    """Section II: power laws of degrees and sizes, memberships, mixing; no tie twice, none of a node with itself."""
    benchmark = overlapping(2000, mixing=mixing, overlapping_share=share, memberships=memberships, seed=6)
    ties = benchmark.ties
    assert len({tuple(tie) for tie in ties.tolist()}) == len(ties)
    assert (ties[:, 0] < ties[:, 1]).all()
    homes: list[set[int]] = [set() for _ in range(2000)]
    for name, group in enumerate(benchmark.communities):
        for node in group:
            homes[node].add(name)
    many = np.bincount([len(home) for home in homes])
    assert many[memberships] == share * 2000
    assert many[1] == 2000 - share * 2000
    degree = np.bincount(ties.ravel(), minlength=2000)
    assert degree.mean() == pytest.approx(20, rel=0.05)
    assert degree.max() <= 51
    outside = np.mean([not homes[a] & homes[b] for a, b in ties.tolist()])
    assert outside == pytest.approx(mixing, abs=0.03)
    sizes = np.array([len(group) for group in benchmark.communities])
    assert sizes.min() >= 19
    assert sizes.max() <= 100
    counts, _ = np.histogram(degree, bins=[11, 15, 20, 28, 40, 51])
    density = counts / np.diff([11, 15, 20, 28, 40, 51])
    assert all(fewer < more for more, fewer in pairwise(density))
    slope = np.polyfit(np.log([12.9, 17.4, 23.8, 33.7, 45.3]), np.log(density), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.35)


def entropy(*shares: float) -> float:
    """Of a few shares, in bits."""
    return -sum(share * log2(share) for share in shares if share > 0)


def written_out(one: list[set[int]], other: list[set[int]], nodes: int) -> tuple[float, float]:
    """H(X) and H(X|Y) by the definitions, one pair of communities after the other."""
    total = given = 0.0
    for x in one:
        own = entropy(len(x) / nodes, 1 - len(x) / nodes)
        least = own
        for y in other:
            cells = [len(x & y), len(x - y), len(y - x), nodes - len(x | y)]
            h11, h10, h01, h00 = (entropy(cell / nodes) for cell in cells)
            if h11 + h00 >= h10 + h01:
                least = min(least, h11 + h10 + h01 + h00 - entropy(len(y) / nodes, 1 - len(y) / nodes))
        total += own
        given += least
    return total, given


@pytest.mark.parametrize("seed", range(5))
def test_agreement_is_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = (
        [set(random.choice(40, random.integers(3, 20), replace=False).tolist()) for _ in range(6)] for _ in range(2)
    )
    x, x_given_y = written_out(one, other, 40)
    y, y_given_x = written_out(other, one, 40)
    expected = 0.5 * (x - x_given_y + y - y_given_x) / max(x, y)
    assert onmi_max(one, other, 40) == pytest.approx(expected)
    assert onmi_max(one, one, 40) == pytest.approx(1.0)
    assert onmi_lfk(one, one, 40) == pytest.approx(1.0)
    assert onmi_lfk(one, other, 40) == pytest.approx(onmi_lfk(other, one, 40))
