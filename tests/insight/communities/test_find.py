"""`find`: what it gives for networks whose communities are known, and for every odd network."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score

from lianyi.errors import InputError
from lianyi.insight.communities.detection import Found, find


def of_graph(graph: nx.Graph, *, seed: int = 0) -> Found:
    """Communities of a networkx graph whose nodes are 0 … n-1."""
    ends = np.array(graph.edges(), np.int32).reshape(-1, 2)
    weight = np.array([graph.edges[edge].get("weight", 1.0) for edge in graph.edges()], np.float64)
    return find(graph.number_of_nodes(), ends[:, 0], ends[:, 1], weight, seed=seed)


def of_ties(nodes: int, *ties: tuple[int, int, float]) -> Found:
    """Communities of a few ties written out."""
    source, target, weight = zip(*ties, strict=True) if ties else ((), (), ())
    return find(nodes, np.array(source, np.int32), np.array(target, np.int32), np.array(weight, np.float64))


def planted(groups: int, size: int, inside: float, between: float, seed: int) -> tuple[nx.Graph, NDArray[np.int64]]:
    """A planted partition and its truth."""
    return nx.planted_partition_graph(groups, size, inside, between, seed=seed), np.repeat(np.arange(groups), size)


@pytest.mark.parametrize(("groups", "size"), [(4, 32), (20, 30), (60, 12)])
def test_planted_groups_are_found(groups: int, size: int) -> None:
    graph, truth = planted(groups, size, 0.6, 0.02 * 20 / groups, 1)
    assert normalized_mutual_info_score(truth, of_graph(graph).label) > 0.97


def test_a_ring_of_cliques_is_no_puzzle() -> None:
    """Modularity at resolution 1 merges pairs of these cliques (Fortunato & Barthélemy 2007); ours does not."""
    found = of_graph(nx.ring_of_cliques(40, 5))
    assert normalized_mutual_info_score(np.repeat(np.arange(40), 5), found.label) == pytest.approx(1.0)


def test_levels_are_nested_from_coarse_to_fine() -> None:
    graph, _ = planted(30, 20, 0.6, 0.02, 3)
    found = of_graph(graph)
    assert len(found.levels) >= 2
    for coarse, fine in zip(found.levels, found.levels[1:], strict=False):
        pairs = {(int(a), int(b)) for a, b in zip(fine, coarse, strict=True)}
        assert len(pairs) == fine.max() + 1 > coarse.max() + 1


def test_nodes_without_ties_are_in_no_community() -> None:
    found = of_ties(5, (0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0), (3, 3, 4.0), (4, 0, 0.0))
    assert [level[3:].tolist() for level in found.levels] == [[-1, -1]] * len(found.levels)
    assert found.label[:3].tolist() == [0, 0, 0]
    assert set(found.memberships.node.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("nodes", [0, 1, 2, 3])
def test_a_network_without_ties_has_no_communities(nodes: int) -> None:
    found = of_ties(nodes)
    assert found.label.tolist() == [-1] * nodes
    assert len(found.memberships.node) == 0


def test_a_pair_is_a_community() -> None:
    assert of_ties(2, (0, 1, 3.0)).label.tolist() == [0, 0]


@pytest.mark.parametrize("graph", [nx.star_graph(30), nx.complete_graph(25), nx.path_graph(2)])
def test_what_can_not_be_divided_stays_together(graph: nx.Graph) -> None:
    assert of_graph(graph).label.max() == 0


@pytest.mark.parametrize(
    ("ties", "says"),
    [
        ([(0, 1, -1.0)], "tie 0: weight = -1.0"),
        ([(0, 1, 1.0), (0, 2, np.nan)], "tie 1: weight = nan"),
        ([(0, 1, np.inf)], "tie 0: weight = inf"),
        ([(0, 9, 1.0)], "tie 0: target = 9"),
        ([(-1, 2, 1.0)], "tie 0: source = -1"),
    ],
)
def test_bad_ties_are_named(ties: list[tuple[int, int, float]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        of_ties(3, *ties)


def test_only_proportions_of_weights_matter() -> None:
    graph, _ = planted(6, 15, 0.6, 0.05, 2)
    ends = np.array(graph.edges(), np.int32)
    weight = np.random.default_rng(0).lognormal(0, 3, len(ends))
    plain = find(90, ends[:, 0], ends[:, 1], weight)
    for factor in (2.0**-900, 2.0**900):
        again = find(90, ends[:, 0], ends[:, 1], weight * factor)
        np.testing.assert_array_equal(plain.label, again.label)


def test_equal_seeds_give_equal_communities() -> None:
    graph, _ = planted(12, 20, 0.4, 0.05, 4)
    first, second = of_graph(graph, seed=7), of_graph(graph, seed=7)
    for one, other in zip(first.levels, second.levels, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first.memberships.community, second.memberships.community)
    np.testing.assert_array_equal(first.memberships.weight, second.memberships.weight)


def test_weights_of_memberships_sum_to_one() -> None:
    graph, _ = planted(8, 12, 0.5, 0.1, 5)
    found = of_graph(graph)
    sums = np.bincount(found.memberships.node, found.memberships.weight, 96)
    np.testing.assert_allclose(sums[found.label >= 0], 1.0)
    assert found.memberships.weight.min() > 0
