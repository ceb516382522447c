"""Reverse-reachable sets hold a set of seeds exactly as often as those seeds reach a random person."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.ripples.spread import Model, Sampler, from_arcs
from tests.insight.ripples.exact import Tiny, random_tiny, reach, subsets

DRAWS = 60_000
FAR = 4.8  # standard errors; all comparisons of a run together fail by chance less than once in a thousand


def marks(nodes: int, seeds: tuple[int, ...]) -> np.ndarray:
    marked = np.zeros(nodes, np.uint8)
    marked[list(seeds)] = 1
    return marked


@pytest.mark.parametrize("model", ["cascade", "threshold"])
@pytest.mark.parametrize("seed", range(4))
def test_estimates_are_unbiased(model: Model, seed: int) -> None:
    tiny = random_tiny(seed, model=model)
    worlds = tiny.reaches()
    sampler = Sampler(tiny.graph(), model=model, seed=seed)
    for seeds in subsets(range(tiny.nodes), 2):
        if seeds:
            share = sampler.hits(0, 0, DRAWS, marks(tiny.nodes, seeds)) / DRAWS
            truth = reach(worlds, seeds) / tiny.nodes
            error = math.sqrt(max(truth * (1 - truth), 1e-12) / DRAWS)
            assert abs(share - truth) <= FAR * error + 1e-9, seeds


@pytest.mark.parametrize("model", ["cascade", "threshold"])
def test_weighted_cascade_is_one_over_in_degree(model: Model) -> None:
    pairs = [(0, 1), (2, 1), (3, 1), (1, 2), (3, 2), (4, 3), (0, 4), (1, 4), (2, 4), (3, 4)]
    degree = np.bincount([t for _, t in pairs], minlength=5)
    tiny = Tiny(5, tuple((s, t, 1 / degree[t]) for s, t in pairs), model)
    worlds = tiny.reaches()
    graph = from_arcs(5, np.array([s for s, _ in pairs]), np.array([t for _, t in pairs]))
    sampler = Sampler(graph, model=model, seed=3)
    for seeds in subsets(range(5), 2):
        truth = reach(worlds, seeds) / 5
        share = sampler.hits(0, 0, DRAWS, marks(5, seeds)) / DRAWS if seeds else 0.0
        assert abs(share - truth) <= FAR * math.sqrt(max(truth * (1 - truth), 1e-12) / DRAWS) + 1e-9


def test_arcs_of_a_long_row_are_live_with_their_chance_and_independent() -> None:
    chance = np.array([0.3, 0.001, 0.02, 0.1, 0.05, 0.0, 0.15, 0.2, 0.01, 0.08, 0.12, 0.04], np.float32)
    graph = from_arcs(13, np.arange(1, 13), np.zeros(12, np.int64), chance)
    worth = np.zeros(13)
    worth[0] = 1.0
    sets = Sampler(graph, worth=worth, seed=1).sets(0, 0, DRAWS)
    live = np.zeros((DRAWS, 13))
    live[np.repeat(np.arange(DRAWS), np.diff(sets.start)), sets.members] = 1.0
    error = np.sqrt(np.maximum(chance * (1 - chance), 1e-12) / DRAWS)
    assert (np.abs(live[:, 1:].mean(axis=0) - chance) <= FAR * error + 1e-9).all()
    together = live[:, 1:].T @ live[:, 1:] / DRAWS
    expected = np.outer(chance, chance)
    apart = ~np.eye(12, dtype=bool)
    bound = FAR * np.sqrt(np.maximum(expected * (1 - expected), 1e-12) / DRAWS) + 1e-9
    assert (np.abs(together - expected) <= bound)[apart].all()


def test_roots_are_drawn_by_worth() -> None:
    graph = from_arcs(4, np.array([0]), np.array([1]), np.array([0.5]))
    worth = np.array([1.0, 2.0, 0.0, 5.0])
    sampler = Sampler(graph, worth=worth, seed=2)
    sets = sampler.sets(0, 0, DRAWS)
    shares = np.bincount(sets.members[sets.start[:-1]], minlength=4) / DRAWS
    assert sampler.total == 8.0
    assert np.abs(shares - worth / 8).max() < FAR * 0.5 / math.sqrt(DRAWS)
    assert shares[2] == 0.0


@pytest.mark.parametrize("model", ["cascade", "threshold"])
def test_sets_are_the_same_for_any_threads_and_portions(model: Model) -> None:
    tiny = random_tiny(5, nodes=9, arcs=12, model=model)
    one = Sampler(tiny.graph(), model=model, seed=8)
    two = Sampler(tiny.graph(), model=model, seed=8, threads=2)
    whole = one.sets(1, 0, 3000)
    assert (two.sets(1, 0, 3000).members == whole.members).all()
    later = one.sets(1, 1000, 2000)
    assert (later.members == whole.members[whole.start[1000] :]).all()
    marked = marks(9, (2, 5))
    direct = sum(bool(marked[whole.members[a:b]].any()) for a, b in zip(whole.start, whole.start[1:], strict=False))
    assert one.hits(1, 0, 3000, marked) == two.hits(1, 0, 3000, marked) == direct
    assert (one.sets(2, 0, 3000).start != whole.start).any()


def test_members_are_distinct_and_begin_with_the_root() -> None:
    sets = Sampler(random_tiny(6).graph(), seed=1).sets(0, 0, 2000)
    for low, high in zip(sets.start, sets.start[1:], strict=False):
        assert len(set(sets.members[low:high])) == high - low >= 1


def test_bad_graphs_are_refused_with_their_place() -> None:
    ends = np.array([0, 1]), np.array([1, 2])
    for call, message in (
        (lambda: from_arcs(2, *ends), r"arc 1: target = 2; people are numbered 0 to 1"),
        (lambda: from_arcs(3, np.array([0, 2]), np.array([1, 2])), r"arc 1: source = target = 2"),
        (lambda: from_arcs(3, *ends, np.array([0.5, np.nan])), r"arc 1: probability = nan"),
        (lambda: from_arcs(3, *ends, np.array([0.5])), r"shape \(1,\); there are 2 arcs"),
        (lambda: from_arcs(0, *ends), r"nodes = 0"),
        (lambda: Sampler(from_arcs(3, *ends), worth=np.array([1.0, -1.0, 0.0])), r"worth of person 1 = -1.0"),
        (lambda: Sampler(from_arcs(3, *ends), worth=np.zeros(3)), r"0 for everybody"),
        (lambda: Sampler(from_arcs(3, *ends), worth=np.zeros(2)), r"there are 3 people"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    heavy = from_arcs(3, np.array([0, 1]), np.array([2, 2]), np.array([0.7, 0.6]))
    with pytest.raises(InputError, match=r"person 2: weights of arcs into it sum to 1\.3"):
        Sampler(heavy, model="threshold")
