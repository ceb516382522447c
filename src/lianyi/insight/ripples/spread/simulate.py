"""Letting things spread many times: what a choice of seeds brings, with its standard error."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Ints, Longs
from lianyi.insight.ripples.spread.draws import key_of
from lianyi.insight.ripples.spread.forward import cascade_runs, threshold_runs, timed_runs
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rows import Model, Rows, inward, outward

GENERATIONS = 64  # generation 63 and later are counted together
_Answer = TypeVar("_Answer")
_SIMULATION = 17  # purpose of the random numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """Outcomes of independent runs. sizes: people reached, seeds included, shape (runs,).

    generations: mean people per generation, seeds are generation 0, shape (64,).
    """

    sizes: Longs
    generations: Doubles

    @property
    def mean(self) -> float:
        """Expected reach in people."""
        return float(self.sizes.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of the mean."""
        return float(self.sizes.std(ddof=1)) / math.sqrt(len(self.sizes)) if len(self.sizes) > 1 else math.inf

    def range(self, confidence: float = 0.9) -> tuple[float, float]:
        """Between which sizes a single ripple ends with this probability (not an interval of the mean)."""
        low, high = np.quantile(self.sizes, [0.5 - confidence / 2, 0.5 + confidence / 2])
        return float(low), float(high)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seeded:
    """Who starts. people: shape (seeds,). acceptance: chance that each starts at all. boost: as in rules.Offers."""

    people: Ints
    acceptance: Doubles
    boost: Doubles


def seeded(people: NDArray[np.integer], acceptance: Doubles | float = 1.0, boost: Doubles | float = 1.0) -> Seeded:
    """Seeds with one acceptance and boost for all or one each."""
    return Seeded(
        people=people.astype(np.int32),
        acceptance=np.broadcast_to(np.asarray(acceptance, np.float64), people.shape).copy(),
        boost=np.broadcast_to(np.asarray(boost, np.float64), people.shape).copy(),
    )


class Simulator:
    """Runs of one graph; run i of a seed is always the same, whatever the threads. Tables are made at first use."""

    def __init__(self, graph: Graph, *, model: Model = "cascade", seed: int = 0, threads: int = 1) -> None:
        if model == "threshold":
            inward(graph, model)  # refuses weights that sum past 1
        self._graph, self._model, self._threads = graph, model, max(1, threads)
        self._key = key_of(seed, _SIMULATION)

    @cached_property
    def _rows(self) -> Rows:
        return outward(self._graph)

    def run(self, seeds: Seeded | NDArray[np.integer], runs: int) -> Spread:
        """Spread from the seeds `runs` times."""
        start = self._checked(seeds)
        sizes = np.empty(runs, np.int64)
        work = self._cascades if self._model == "cascade" else self._thresholds
        counts = self._shared(runs, lambda first, last: work(start, first, sizes[first:last]))
        return Spread(sizes=sizes, generations=np.sum(counts, axis=0) / runs)

    def run_in_time(self, seeds: Seeded | NDArray[np.integer], runs: int, *, delay: Doubles, moments: Doubles) -> Longs:
        """People active at each moment (increasing, same unit as `delay`), shape (runs, moments).

        delay: mean of each person's exponential wait between being told and acting, shape (nodes,).
        """
        start = self._checked(seeds)
        if self._model != "cascade" or (start.boost > 1).any():
            raise InputError("delays are built for cascades without boosts; use run() for the rest")
        if delay.shape != (self._graph.nodes,) or not (delay >= 0).all() or not (np.diff(moments) > 0).all():
            raise InputError("delay needs one number of at least 0 per person, moments must increase")
        reached = np.zeros((runs, len(moments)), np.int64)
        arcs = self._graph.outward
        waits, times = np.asarray(delay, np.float64), np.asarray(moments, np.float64)

        def work(first: int, last: int) -> None:
            timed_runs(
                arcs.start, arcs.target, arcs.probability, waits, start.people, start.acceptance, times, self._key,
                first, reached[first:last],
            )  # fmt: skip

        self._shared(runs, work)
        return reached

    def _checked(self, seeds: Seeded | NDArray[np.integer]) -> Seeded:
        start = seeds if isinstance(seeds, Seeded) else seeded(seeds)
        unknown = np.flatnonzero((start.people < 0) | (start.people >= self._graph.nodes))
        if unknown.size:
            raise InputError(f"seed {unknown[0]}: person {start.people[unknown[0]]}; there are {self._graph.nodes}")
        if self._model == "threshold" and (start.boost > 1).any():
            raise InputError("boosts multiply chances of a cascade; for the threshold model leave them at 1")
        return start

    def _cascades(self, start: Seeded, first: int, sizes: Longs) -> Longs:
        generations = np.zeros(GENERATIONS, np.int64)
        cascade_runs(self._rows, start.people, start.acceptance, start.boost, self._key, first, sizes, generations)
        return generations

    def _thresholds(self, start: Seeded, first: int, sizes: Longs) -> Longs:
        generations = np.zeros(GENERATIONS, np.int64)
        arcs = self._graph.outward
        threshold_runs(
            arcs.start, arcs.target, arcs.probability, start.people, start.acceptance, self._key, first, sizes,
            generations,
        )  # fmt: skip
        return generations

    def _shared(self, runs: int, work: Callable[[int, int], _Answer]) -> list[_Answer]:
        edges = [runs * part // self._threads for part in range(self._threads + 1)]
        _ = self._rows if self._model == "cascade" else self._graph.outward  # made once, before threads want them
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(work, edges[:-1], edges[1:]))
