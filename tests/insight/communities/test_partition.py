"""The kernels under `find`: their quality against other libraries, optima of tiny networks, connected communities."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lianyi.insight.communities.detection import find
from lianyi.insight.communities.detection.choosing import middle_of_plateau
from lianyi.insight.communities.detection.components import connected_parts
from lianyi.insight.communities.detection.consensus import thinned
from lianyi.insight.communities.detection.dividing import divided, gains
from lianyi.insight.communities.detection.leiden import coarsened, partition
from lianyi.insight.communities.detection.merging import merged
from lianyi.insight.communities.detection.network import Network, network_of
from lianyi.insight.communities.detection.quality import division_by_nodes, division_of, modularity, worth_of

Labels = NDArray[np.int32]


def weighted(nodes: int, chance: float, seed: int) -> tuple[nx.Graph, Network]:
    """A random graph with uneven weights, in both forms."""
    random = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(nodes, chance, seed=seed)
    for a, b in graph.edges():
        graph.edges[a, b]["weight"] = float(random.lognormal(0, 1))
    return graph, network_in(graph)


def network_in(graph: nx.Graph) -> Network:
    """A networkx graph of nodes 0 … n-1 as our network."""
    ends = np.array(list(graph.edges()), np.int32).reshape(-1, 2)
    weight = np.array([graph.edges[edge].get("weight", 1.0) for edge in graph.edges()])
    return network_of(graph.number_of_nodes(), ends[:, 0], ends[:, 1], weight)


def groups_of(label: Labels) -> list[set[int]]:
    """The communities as sets."""
    return [set(np.flatnonzero(label == name).tolist()) for name in np.unique(label)]


@pytest.mark.parametrize("resolution", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_modularity_is_that_of_networkx_and_igraph(resolution: float, seed: int) -> None:
    graph, network = weighted(60, 0.15, seed)
    label = partition(network, resolution / network.mass.sum(), seed=seed)
    ours = modularity(network, label, resolution)
    assert ours == pytest.approx(nx.community.modularity(graph, groups_of(label), resolution=resolution), abs=1e-9)
    other = igraph.Graph(n=60, edges=list(graph.edges()))
    weights = [graph.edges[edge]["weight"] for edge in graph.edges()]
    assert ours == pytest.approx(other.modularity(label.tolist(), weights=weights, resolution=resolution), abs=1e-9)


def partitions(nodes: int) -> Iterator[list[int]]:
    """Every partition of a few nodes, as restricted growth strings."""
    label = [0] * nodes

    def fill(at: int, used: int) -> Iterator[list[int]]:
        if at == nodes:
            yield label
            return
        for name in range(used + 1):
            label[at] = name
            yield from fill(at + 1, max(used, name + 1))

    yield from fill(0, 0)


@pytest.mark.parametrize("seed", range(8))
def test_tiny_networks_reach_the_best_of_all_partitions(seed: int) -> None:
    """Leiden is a heuristic; the best of ten runs is the optimum where all 4,140 partitions can be tried."""
    _, network = weighted(8, 0.45, seed)
    best = max(modularity(network, np.array(label, np.int32)) for label in partitions(8))
    rate = 1.0 / network.mass.sum()
    ours = max(modularity(network, partition(network, rate, seed=run)) for run in range(10))
    assert ours == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("seed", [1, 2])
def test_quality_is_as_good_as_igraphs_leiden(seed: int) -> None:
    graph = nx.planted_partition_graph(20, 25, 0.3, 0.03, seed=seed)
    network = network_in(graph)
    other = igraph.Graph(n=500, edges=list(graph.edges()))
    theirs = [other.community_leiden("modularity", n_iterations=2).modularity for _ in range(5)]
    ours = [modularity(network, partition(network, 1.0 / network.mass.sum(), seed=run)) for run in range(5)]
    assert np.mean(ours) > np.mean(theirs) - 0.002


graphs = st.builds(
    lambda nodes, chance, seed: weighted(nodes, chance, seed)[0],
    st.integers(2, 40),
    st.floats(0.02, 0.5),
    st.integers(0, 10**6),
)


@settings(max_examples=60, deadline=None)
@given(graph=graphs, resolution=st.floats(0.05, 20), seed=st.integers(0, 100))
def test_communities_are_connected_at_any_resolution(graph: nx.Graph, resolution: float, seed: int) -> None:
    network = network_in(graph)
    rate = resolution / max(network.mass.sum(), 1e-9)
    assert all(nx.is_connected(graph.subgraph(group)) for group in groups_of(partition(network, rate, seed=seed)))


@settings(max_examples=40, deadline=None)
@given(graph=graphs)
def test_every_level_found_is_connected_and_nested(graph: nx.Graph) -> None:
    ends = np.array(list(graph.edges()), np.int32).reshape(-1, 2)
    found = find(len(graph), ends[:, 0], ends[:, 1], np.ones(len(ends)))
    tied = np.array([graph.degree(node) > 0 for node in graph], bool)
    for level in found.levels:
        assert ((level >= 0) == tied).all()
        assert all(nx.is_connected(graph.subgraph(np.flatnonzero(level == name))) for name in range(level.max() + 1))
    for coarse, fine in zip(found.levels, found.levels[1:], strict=False):
        assert len(set(zip(fine[tied].tolist(), coarse[tied].tolist(), strict=True))) == fine.max() + 1


@settings(max_examples=30, deadline=None)
@given(graph=graphs, other=graphs)
def test_a_component_elsewhere_changes_nothing(graph: nx.Graph, other: nx.Graph) -> None:
    """The law holds exactly, for every level: resolution and seed of a component hang on the component alone."""
    alone = find_in(graph)
    beside = find_in(nx.disjoint_union(graph, other))
    assert same(alone, beside[: len(graph)])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_new_numbers_for_nodes_leave_clear_communities(seed: int) -> None:
    """Runs visit nodes in an order drawn by their numbers, so the law holds where communities are clear."""
    graph = nx.planted_partition_graph(6, 15, 0.8, 0.02, seed=1)
    order = np.random.default_rng(seed).permutation(90)
    turned = nx.relabel_nodes(graph, {node: int(order[node]) for node in graph})
    moved = nx.Graph()
    moved.add_nodes_from(range(90))
    moved.add_edges_from(turned.edges())
    assert same(find_in(graph), find_in(moved)[order])


def find_in(graph: nx.Graph) -> Labels:
    """The main level."""
    ends = np.array(list(graph.edges()), np.int32).reshape(-1, 2)
    return find(len(graph), ends[:, 0], ends[:, 1], np.ones(len(ends))).label


def same(one: Labels, other: Labels) -> bool:
    """Whether two labellings are one partition."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


def test_merging_keeps_weights() -> None:
    graph, network = weighted(50, 0.2, 3)
    label = partition(network, 2.0 / network.mass.sum(), seed=0)
    level = merged(network, label, int(label.max()) + 1)
    quotient = nx.quotient_graph(graph, groups_of(label), relabel=True)
    largest = max(nx.get_edge_attributes(graph, "weight").values())
    for a, b, data in quotient.edges(data=True):
        row = slice(level.start[a], level.start[a + 1])
        assert level.weight[row][level.target[row] == b].sum() == pytest.approx(data["weight"] / largest)
    assert level.total == pytest.approx(network.total)
    np.testing.assert_allclose(level.mass.sum(), network.mass.sum())


def test_evidence_is_the_likelihood_written_out() -> None:
    """Poisson ties with rates by pair: sum over all pairs, self-pairs too, against one rate (Karrer & Newman 2011)."""
    graph, network = weighted(24, 0.3, 5)
    label = partition(network, 1.5 / network.mass.sum(), seed=0)
    count = int(label.max()) + 1
    mass, total = network.mass, network.mass.sum()
    weight = np.zeros((24, 24))
    for a, b in graph.edges():
        weight[a, b] = weight[b, a] = graph.edges[a, b]["weight"]
    weight *= network.total / (weight.sum() / 2)
    same_group = label[:, None] == label[None, :]
    chance = np.outer(mass, mass) / total
    rate = np.empty((24, 24))
    rate[~same_group] = weight[~same_group].sum() / chance[~same_group].sum()
    for name in range(count):
        block = np.ix_(label == name, label == name)
        rate[block] = weight[block].sum() / chance[block].sum()
    some = rate > 0
    gain = 0.5 * float((weight[some] * np.log(rate[some])).sum() - (rate * chance - chance).sum()) / network.total
    ties = worth_of(network)
    assert division_of(network, label, ties).evidence == pytest.approx(gain - count * log(ties) / (2 * ties), abs=1e-9)


def test_evidence_is_the_same_of_merged_networks() -> None:
    _, network = weighted(80, 0.1, 6)
    label, level = coarsened(network, 2.0 / network.mass.sum(), seed=1)
    ties = worth_of(network)
    assert division_by_nodes(level, ties).evidence == pytest.approx(division_of(network, label, ties).evidence)


def test_the_middle_of_a_plateau_is_between_its_ends() -> None:
    rungs = [(1.0, 0.1), (2.0, 1.0), (4.0, 1.01), (8.0, 1.0), (16.0, 0.1)]
    assert middle_of_plateau(rungs) == pytest.approx(4.0, rel=0.02)
    assert middle_of_plateau([(1.0, -np.inf), (2.0, -1.0)]) == 0.0


def test_thinning_leaves_out_both_ends_of_a_tie() -> None:
    graph, network = weighted(100, 0.3, 7)
    less = thinned(network, 0.25, seed=3)
    dense = np.zeros((100, 100))
    for node in range(100):
        dense[node, less.target[less.start[node] : less.start[node + 1]]] = 1
    np.testing.assert_array_equal(dense, dense.T)
    assert dense.sum() / (2 * graph.number_of_edges()) == pytest.approx(0.75, abs=0.04)


def test_parts_of_communities_are_their_components() -> None:
    graph, network = weighted(60, 0.05, 8)
    label = (np.arange(60) % 3).astype(np.int32)
    part, count = connected_parts(network.start, network.target, label)
    expected = [group for name in range(3) for group in nx.connected_components(graph.subgraph(range(name, 60, 3)))]
    assert count == len(expected)
    assert sorted(map(sorted, groups_of(part))) == sorted(map(sorted, expected))


@pytest.mark.parametrize("seed", range(3))
def test_the_gain_of_parting_one_community_is_what_evidence_grows_by(seed: int) -> None:
    network = network_in(nx.planted_partition_graph(4, 15, 0.6, 0.1, seed=seed))
    worth = worth_of(network)
    label = np.repeat(np.arange(4), 15).astype(np.int32)
    part = (3 * label + np.random.default_rng(seed + 9).integers(0, 3, 60)).astype(np.int32)
    part[label == 2] = 6  # one community stays whole
    part = np.unique(part, return_inverse=True)[1].astype(np.int32)
    community = np.empty(part.max() + 1, np.int32)
    community[part] = label
    whole = division_of(network, label, worth)
    found = gains(whole, division_of(network, part, worth), community)
    for name in range(4):
        alone = np.unique(np.where(label == name, 100 + part, label), return_inverse=True)[1].astype(np.int32)
        grown = division_of(network, alone, worth).evidence - whole.evidence
        assert found[name] == pytest.approx(grown, abs=1e-12)
    assert found[2] == 0


def test_two_communities_taken_for_one_are_parted_and_true_ones_are_not() -> None:
    graph = nx.planted_partition_graph(12, 20, 0.6, 0.02, seed=3)
    network, truth = network_in(graph), np.repeat(np.arange(12), 20).astype(np.int32)
    taken = np.where(truth == 7, 3, np.where(truth == 11, 7, truth)).astype(np.int32)
    parted = divided(network, taken, 1.5, seed=0)
    assert len({*zip(parted.tolist(), truth.tolist(), strict=True)}) == 12
    np.testing.assert_array_equal(divided(network, truth, 1.5, seed=0), truth)
