"""How long until seeds are chosen on 1 M people and 16 M ties, against SUBSIM (C++) at equal certified epsilon.

    python benchmarks/seeds.py --folder /tmp/seeds [--subsim PATH] [--opim PATH] [--runs 10000] [--rounds 3]

The graph is generated: directed Chung-Lu, exponent 2.3, fixed seed. SUBSIM is github.com/qtguo/subsim built by its own
Makefile (LIANYI_SUBSIM names the program too); it has no linear threshold, so that line is against OPIM-C of the same
family (github.com/tangj90/OPIM, LIANYI_OPIM). Runs take turns; a line gives medians of seconds and of the ratios of
each turn, as programs report them: the graph is loaded, its tables stand. Without programs the ratio is to a bare lower
bound, drawing the same sets and keeping nothing. --runs forward simulations of both choices show equal quality.
`--only simulation` compares forward simulation with NDlib and CyNetDiff where these are installed.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lianyi.insight.ripples.spread import Graph, Model, Rules, Simulator, from_arcs
from lianyi.insight.ripples.spread.rules import terms_of
from lianyi.insight.ripples.spread.seeds import SELECTION, VALIDATION, Choice, choose_in
from lianyi.insight.ripples.spread.worlds import Worlds

EXPONENT = 2.3
SEED = 20240601


@dataclass(frozen=True)
class Setting:
    """One line: which graph, how many people or how much money, how exact; which peer chooses `peer_people`."""

    name: str
    people: int | None
    epsilon: float
    model: Model = "cascade"
    uneven: bool = False
    budget: float | None = None
    peer_people: int = 50


SETTINGS = (
    Setting("weighted cascade, K 50", 50, 0.1),
    Setting("weighted cascade, K 50", 50, 0.01),
    Setting("weighted cascade, K 500", 500, 0.1, peer_people=500),
    Setting("weighted cascade, K 500", 500, 0.01, peer_people=500),
    Setting("linear threshold, K 50", 50, 0.1, model="threshold"),
    Setting("linear threshold, K 50", 50, 0.01, model="threshold"),
    Setting("budget, 5,000 for costs 10+", None, 0.1, budget=5000.0),
    Setting("learned probabilities, K 50", 50, 0.1, uneven=True),
    Setting("learned probabilities, K 50", 50, 0.01, uneven=True),
)


def power_law(nodes: int, arcs: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct arcs between distinct people, ends drawn by expected degree."""
    rng = np.random.default_rng(SEED)
    weight = np.cumsum((np.arange(nodes) + 10.0) ** (-1.0 / (EXPONENT - 1.0)))
    ends = np.searchsorted(weight, rng.random((2, arcs)) * weight[-1])
    pairs = np.unique(ends[0] * nodes + ends[1])
    source, target = pairs // nodes, pairs % nodes
    name = rng.permutation(nodes).astype(np.int32)
    apart = source != target
    return name[source[apart]], name[target[apart]]


def uneven_chances(target: np.ndarray, nodes: int) -> np.ndarray:
    """Exponential weights that sum to 1 into each person: SUBSIM's "skewed" setting."""
    weight = np.random.default_rng(SEED + 1).exponential(size=len(target))
    return weight / np.bincount(target, weight, nodes)[target]


class Peer:
    """SUBSIM or OPIM-C: formats the graph once, then reports its own seconds."""

    def __init__(self, program: Path, folder: Path, *, opim: bool) -> None:
        self.program, self.folder, self.opim = program, folder, opim

    def format(self, name: str, nodes: int, columns: dict[str, np.ndarray]) -> None:
        """Write the arcs as text and let the program make its own file of them."""
        if (self.folder / f"{name}.vec.rvs.graph").exists():
            return
        with (self.folder / name).open("wb") as file:
            file.write(f"{nodes} {len(columns['source'])}\n".encode())
            options = pa_csv.WriteOptions(include_header=False, delimiter=" ")
            pa_csv.write_csv(pa.table(columns), file, options)
        how = "-mode=g" if self.opim else f"-pdist={'weights' if len(columns) == 3 else 'wc'}"
        self._run(["-func=0" if self.opim else "-func=format", f"-gname={name}", how])
        if not (self.folder / f"{name}.vec.rvs.graph").exists():
            raise SystemExit(f"{self.program} made no {name}.vec.rvs.graph in {self.folder}")
        (self.folder / name).unlink()

    def seconds(self, name: str, setting: Setting) -> tuple[float, np.ndarray]:
        """Its own seconds and the seeds."""
        result = self.folder / "result"
        options = [
            f"-gname={name}",
            f"-seedsize={setting.peer_people}",
            f"-eps={setting.epsilon}",
            f"-outpath={result}",
        ]
        if self.opim:
            options += [
                "-func=1",
                "-alg=opim-c",
                "-pdist=WC",
                f"-model={'LT' if setting.model == 'threshold' else 'IC'}",
            ]
        else:
            options += ["-func=im"]
        for old in result.glob("seed/*"):
            old.unlink()
        said = self._run(options)
        seeds = next((result / "seed").glob("*"))
        return float(re.findall(r"Time \(sec\): ([\d.e+-]+)", said)[-1]), np.loadtxt(seeds, dtype=np.int64)

    def _run(self, options: list[str]) -> str:
        command = [str(self.program), *options, "-dir=."]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False
        ).stdout  # OPIM-C ends with 1 when all is well


def ours(worlds: Worlds, setting: Setting, cost: np.ndarray) -> tuple[float, Choice]:
    """Seconds from rules to seeds, tables of the graph standing."""
    began = time.perf_counter()
    rules = Rules(people=setting.people, budget=setting.budget, cost=None if setting.budget is None else cost)
    choice = choose_in(worlds, terms_of(rules, worlds.nodes), epsilon=setting.epsilon)
    return time.perf_counter() - began, choice


def lower_bound(worlds: Worlds, sets: int) -> float:
    """Seconds to draw as many sets as a choice did, keeping nothing."""
    began = time.perf_counter()
    for purpose in (SELECTION, VALIDATION):
        worlds.hits(purpose, 0, sets, np.empty(0, np.int32))
    return time.perf_counter() - began


def compare(
    setting: Setting, graph: Graph, peer: tuple[Peer, str] | None, cost: np.ndarray, args: argparse.Namespace
) -> None:
    """One line of the report."""
    turns = []
    seeds = np.empty(0, np.int64)
    tables = [Worlds([graph], model=setting.model, seed=turn, threads=args.threads) for turn in range(args.rounds)]
    ours(tables[0], setting, cost)  # compiled, or read from the cache, before the clock starts
    for worlds in tables:
        mine, choice = ours(worlds, setting, cost)
        theirs, seeds = peer[0].seconds(peer[1], setting) if peer else (lower_bound(worlds, choice.sets), seeds)
        turns.append((mine, theirs))
    ratio = statistics.median(a / b for a, b in turns)
    mine, theirs = (statistics.median(column) for column in zip(*turns, strict=True))
    beside = peer[0].program.name if peer else "bare lower bound"
    print(
        f"{setting.name:28} eps {setting.epsilon:<5g} {mine:7.3f} s   {beside} {theirs:7.3f} s   ratio {ratio:5.2f}   "
        f"certified {choice.certified:.3f}  sets {choice.sets}  seeds {len(choice.people)}",
        flush=True,
    )
    if peer and setting.budget is None and args.runs and not setting.uneven:
        spreads(setting, graph, choice.people, seeds, args)


def spreads(setting: Setting, graph: Graph, mine: np.ndarray, theirs: np.ndarray, args: argparse.Namespace) -> None:
    """Forward simulation of both choices, with the same random numbers."""
    simulator = Simulator(graph, model=setting.model, seed=1, threads=2)
    a, b = simulator.run(mine, args.runs), simulator.run(theirs, args.runs)
    print(
        f"{'':28} reach by {args.runs} runs: {a.mean:.0f} ± {a.standard_error:.0f}, peer {b.mean:.0f} ± "
        f"{b.standard_error:.0f}: {100 * (a.mean / b.mean - 1):+.2f} %",
        flush=True,
    )


def seeds(args: argparse.Namespace) -> None:
    """All settings."""
    source, target = power_law(args.nodes, args.arcs)
    print(f"{args.nodes} people, {len(source)} arcs, {args.threads} thread(s)", flush=True)
    even = from_arcs(args.nodes, source, target)
    chances = uneven_chances(target, args.nodes)
    uneven = from_arcs(args.nodes, source, target, chances)
    cost = 10.0 + 0.1 * np.random.default_rng(SEED + 2).lognormal(0.0, 1.0, args.nodes) * even.out_degree
    subsim = Peer(args.subsim, args.folder, opim=False) if args.subsim else None
    opim = Peer(args.opim, args.folder, opim=True) if args.opim else None
    columns = {"source": source, "target": target}
    if subsim:
        subsim.format("even", args.nodes, columns)
        subsim.format("uneven", args.nodes, {**columns, "chance": chances})
    if opim:
        opim.format("opim", args.nodes, columns)
    for setting in SETTINGS:
        if setting.model == "threshold":
            peer = (opim, "opim") if opim else None
        else:
            peer = (subsim, "even") if subsim else None
        compare(setting, uneven if setting.uneven else even, peer, cost, args)
        if setting.uneven and subsim:
            compare(setting, uneven, (subsim, "uneven"), cost, args)
    mega = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {mega:.0f} MB with both graphs in memory")


def simulation(args: argparse.Namespace) -> None:
    """Milliseconds per run on 76,000 people and 800,000 arcs, 50 seeds."""
    nodes = 76_000
    source, target = power_law(nodes, 830_000)
    graph = from_arcs(nodes, source, target)
    seeds = np.argsort(-graph.out_degree)[:50]
    simulator = Simulator(graph, seed=1, threads=args.threads)
    simulator.run(seeds, 10)
    mine = timed(lambda: simulator.run(seeds, 4000).mean, 4000)
    print(f"Lianyi {1000 * mine[0]:.3f} ms per run, reach {mine[1]:.0f}")
    chance = 1.0 / np.bincount(target, minlength=nodes)[target]
    for name, peer in (("CyNetDiff", cynetdiff), ("NDlib", ndlib)):
        try:
            other = peer(nodes, source, target, chance, seeds)
        except ImportError:
            print(f"{name} is not installed")
            continue
        times = other[0] / mine[0]
        print(f"{name} {1000 * other[0]:.3f} ms per run, reach {other[1]:.0f}: Lianyi is {times:.1f} x as fast")


def timed(work: Callable[[], float], runs: int) -> tuple[float, float]:
    """Seconds per run and the mean reach."""
    began = time.perf_counter()
    reach = work()
    return (time.perf_counter() - began) / runs, reach


def cynetdiff(
    nodes: int, source: np.ndarray, target: np.ndarray, chance: np.ndarray, seeds: np.ndarray
) -> tuple[float, float]:
    """CyNetDiff's independent cascade, 500 runs."""
    import networkx as nx
    from cynetdiff.utils import networkx_to_ic_model

    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(
        zip(source.tolist(), target.tolist(), chance.tolist(), strict=True), "activation_prob"
    )
    model, label = networkx_to_ic_model(graph)
    model.set_seeds({label[int(seed)] for seed in seeds})

    def work() -> float:
        total = 0
        for _ in range(500):
            model.reset_model()
            model.advance_until_completion()
            total += model.get_num_activated_nodes()
        return total / 500

    return timed(work, 500)


def ndlib(
    nodes: int, source: np.ndarray, target: np.ndarray, chance: np.ndarray, seeds: np.ndarray
) -> tuple[float, float]:
    """NDlib's independent cascades, 3 runs."""
    import networkx as nx
    from ndlib.models import ModelConfig, epidemics

    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    model = epidemics.IndependentCascadesModel(graph)
    config = ModelConfig.Configuration()
    for a, b, p in zip(source.tolist(), target.tolist(), chance.tolist(), strict=True):
        config.add_edge_configuration("threshold", (a, b), p)
    config.add_model_initial_configuration("Infected", seeds.tolist())
    model.set_initial_status(config)

    def work() -> float:
        total = 0
        for _ in range(3):
            model.reset(seeds.tolist())
            while model.iteration()["node_count"][1]:
                pass
            total += sum(status == 2 for status in model.status.values())
        return total / 3

    return timed(work, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the peers' files of the graph are kept")
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--arcs", type=int, default=16_400_000, help="drawn; double ones fall away")
    parser.add_argument("--subsim", type=Path, default=os.environ.get("LIANYI_SUBSIM"))
    parser.add_argument("--opim", type=Path, default=os.environ.get("LIANYI_OPIM"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10_000, help="forward simulations per choice; 0 for none")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=("seeds", "simulation"))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in ("subsim", "opim"):
        if getattr(args, name):
            setattr(args, name, Path(getattr(args, name)).resolve())
    if args.only != "simulation":
        seeds(args)
    if args.only != "seeds":
        simulation(args)


if __name__ == "__main__":
    main()
