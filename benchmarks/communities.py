"""Communities found in networks: truth of planted and overlapping ones, seconds against NetworKit, memory.

    python benchmarks/communities.py [--nodes 1000000] [--seeds 3] [--only overlap|speed|ties]

speed: an LFR network (NetworKit's generator, mixing 0.4) in one process, after one call on a small network that
compiles; the same edges for our `find` (resolution chosen, hierarchy and memberships included) and for NetworKit's
parallel Louvain (PLM, all cores, resolutions 1 and 50 given by hand) and label propagation, in turn; NMI with the
planted communities. overlap: our own LFR generator with overlapping communities, 1,000 nodes; ONMI (McDaid / LFK) of
`find`, of the same without overlap, of ego-splitting (Epasto 2017) over the same kernels, of SLPA, and of DEMON where
cdlib is installed. ties: 10 M random ties with planted groups, seconds and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.insight.communities.agreement import onmi_lfk, onmi_max
from tests.insight.communities.lfr import Benchmark, overlapping
from tests.insight.communities.slpa import slpa

from lianyi.insight.communities.detection import Found, find, network_of
from lianyi.insight.communities.detection.leiden import partition

Cover = list[set[int]]
Labels = NDArray[np.int32]


def ours(benchmark: Benchmark) -> Cover:
    """Overlapping memberships."""
    found = _find(benchmark.nodes, benchmark.ties)
    return _cover(found.memberships.node.tolist(), found.memberships.community.tolist())


def apart(benchmark: Benchmark) -> Cover:
    """The main level alone."""
    label = _find(benchmark.nodes, benchmark.ties).label
    return _cover(range(benchmark.nodes), label.tolist())


def ego_splitting(benchmark: Benchmark) -> Cover:
    """A persona for each group among a node's neighbours (Epasto, Lattanzi & Paes Leme 2017); their communities."""
    near: list[set[int]] = [set() for _ in range(benchmark.nodes)]
    for a, b in benchmark.ties.tolist():
        near[a].add(b)
        near[b].add(a)
    persona: dict[tuple[int, int], int] = {}
    owner: list[int] = []
    for node, friends in enumerate(near):
        names = {friend: at for at, friend in enumerate(sorted(friends))}
        inner = [(names[a], names[b]) for a in friends for b in near[a] & friends if a < b]
        label = _at_once(len(names), inner)
        groups: dict[int, int] = {}
        for friend, at in names.items():
            if int(label[at]) not in groups:
                groups[int(label[at])] = len(owner)
                owner.append(node)
            persona[node, friend] = groups[int(label[at])]
    ties = np.array([(persona[a, b], persona[b, a]) for a, b in benchmark.ties.tolist()])
    return _cover(owner, _find(len(owner), ties).label.tolist())


def demon(benchmark: Benchmark) -> Cover | None:
    """DEMON of cdlib, at its usual setting; None where cdlib is not installed."""
    try:
        import networkx as nx
        from cdlib import algorithms
    except ImportError:
        return None
    graph = nx.Graph()
    graph.add_nodes_from(range(benchmark.nodes))
    graph.add_edges_from(benchmark.ties.tolist())
    return [set(group) for group in algorithms.demon(graph, 0.25, 3).communities]


def _find(nodes: int, ties: NDArray[np.int64]) -> Found:
    return find(nodes, ties[:, 0].astype(np.int32), ties[:, 1].astype(np.int32), np.ones(len(ties)))


def _at_once(nodes: int, ties: list[tuple[int, int]]) -> Labels:
    """Modularity at resolution 1, as befits a few dozen neighbours; those without ties among them are one group."""
    ends = np.array(ties, np.int32).reshape(-1, 2)
    network = network_of(nodes, ends[:, 0], ends[:, 1], np.ones(len(ends)))
    if not ties:
        return np.full(nodes, -1, np.int32)
    label = partition(network, 1.0 / network.mass.sum(), seed=0, rounds=1)
    return np.where(network.mass > 0, label, -1).astype(np.int32)


def _cover(nodes: Iterable[int], names: Iterable[int]) -> Cover:
    groups: dict[int, set[int]] = {}
    for node, name in zip(nodes, names, strict=True):
        if name >= 0:
            groups.setdefault(name, set()).add(node)
    return [group for group in groups.values() if len(group) > 1]


def overlap(seeds: int) -> None:
    """One line per setting: means over seeds; then how often we are above each peer."""
    methods: dict[str, Callable[[Benchmark], Cover | None]] = {
        "find": ours,
        "apart": apart,
        "ego-splitting": ego_splitting,
        "SLPA": lambda benchmark: slpa(benchmark.nodes, benchmark.ties, seed=0),
        "DEMON": demon,
    }
    print("mixing overlapping memberships | " + " | ".join(methods) + "   (ONMI McDaid / LFK, means)")
    for mixing in (0.1, 0.3, 0.5):
        for share in (0.1, 0.3):
            for memberships in (2, 3, 4):
                scores: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
                for seed in range(seeds):
                    benchmark = overlapping(
                        1000, mixing=mixing, overlapping_share=share, memberships=memberships, seed=seed
                    )
                    truth = benchmark.communities
                    for name, method in methods.items():
                        cover = method(benchmark)
                        if cover is not None:
                            scores[name].append((onmi_max(truth, cover, 1000), onmi_lfk(truth, cover, 1000)))
                means = [np.mean(rows, axis=0) if rows else None for rows in scores.values()]
                cells = ["not installed" if mean is None else f"{mean[0]:.3f} / {mean[1]:.3f}" for mean in means]
                print(f"{mixing} {share} {memberships} | " + " | ".join(cells), flush=True)


def speed(nodes: int) -> None:
    """Seconds of each method on the same network, in turn, and agreement with what was planted."""
    import networkit as nk

    nk.engineering.setSeed(1, False)
    generator = nk.generators.LFRGenerator(nodes)
    generator.generatePowerlawDegreeSequence(18, 100, -2)
    generator.generatePowerlawCommunitySizeSequence(20, 100, -1)
    generator.setMu(0.4)
    generator.run()
    graph = generator.getGraph()
    truth = np.array(generator.getPartition().getVector())
    ends = np.fromiter((end for tie in graph.iterEdges() for end in tie), np.int32, 2 * graph.numberOfEdges())
    source, target = ends[::2].copy(), ends[1::2].copy()
    print(f"LFR {nodes:,} nodes, {len(source):,} ties, {truth.max() + 1:,} communities")
    _warm()

    def own() -> Labels:
        return find(nodes, source, target, np.ones(len(source))).label

    def peer(algorithm: Callable[[], object]) -> Callable[[], Labels]:
        return lambda: np.array(nk.community.detectCommunities(graph, algorithm(), inspect=False).getVector())

    methods = {
        "PLM, resolution 1": peer(lambda: nk.community.PLM(graph, refine=False, gamma=1.0)),
        "find": own,
        "PLM, resolution 50 by hand": peer(lambda: nk.community.PLM(graph, refine=False, gamma=50.0)),
        "label propagation": peer(lambda: nk.community.PLP(graph)),
    }
    reference = 0.0
    for name, method in methods.items():
        begun, processor = time.perf_counter(), time.process_time()
        label = method()
        seconds, busy = time.perf_counter() - begun, time.process_time() - processor
        reference = reference or seconds
        agreement = normalized_mutual_info_score(truth, label)
        print(
            f"  {name:28s} {seconds:7.1f} s ({busy:7.1f} s of processors), {seconds / reference:.2f} x PLM, "
            f"NMI {agreement:.4f}, {len(np.unique(label)):,} communities",
            flush=True,
        )


def many_ties(count: int) -> None:
    """Ties of people in groups of 50, weights log-normal, a third of the ties at random: like a large brand's."""
    random = np.random.default_rng(1)
    nodes = count // 10
    _warm()
    source = random.integers(0, nodes, count).astype(np.int32)
    near = (source // 50) * 50 + random.integers(0, 50, count)
    stray = random.random(count) < 1 / 3
    target = np.where(stray, random.integers(0, nodes, count), np.minimum(near, nodes - 1)).astype(np.int32)
    weight = random.lognormal(0, 1, count)
    begun, processor = time.perf_counter(), time.process_time()
    found = find(nodes, source, target, weight)
    seconds, busy = time.perf_counter() - begun, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    truth = np.arange(nodes) // 50
    agreement = normalized_mutual_info_score(truth, found.label)
    print(
        f"{count:,} ties of {nodes:,} people: {seconds:.1f} s ({busy:.1f} s of processors), peak {peak:.2f} GB, "
        f"levels {[int(level.max()) + 1 for level in found.levels]}, main {found.main}, NMI {agreement:.4f}"
    )


def _warm() -> None:
    """Compile (or load) every kernel."""
    random = np.random.default_rng(0)
    source = random.integers(0, 3000, 600_000).astype(np.int32)
    target = ((source // 30) * 30 + random.integers(0, 30, 600_000)).astype(np.int32)
    find(3000, source, target, np.ones(600_000))
    find(3000, source[:40_000], target[:40_000], np.ones(40_000))


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--ties", type=int, default=10_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=("overlap", "speed", "ties"))
    args = parser.parse_args()
    if args.only in (None, "overlap"):
        overlap(args.seeds)
    if args.only in (None, "ties"):
        many_ties(args.ties)
    if args.only in (None, "speed"):
        speed(args.nodes)


if __name__ == "__main__":
    main()
