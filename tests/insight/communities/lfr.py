"""The LFR benchmark with overlapping communities (Lancichinetti & Fortunato, Phys. Rev. E 80, 016118).

Degrees and sizes of communities follow power laws; a node's internal degree is spread over its communities evenly; all
ties are drawn by configuration models, repaired by swaps so that no tie is drawn twice and no external tie ends inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]
Tie = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Ties once each, shape (ties, 2), and the members of each true community."""

    nodes: int
    ties: Array
    communities: tuple[frozenset[int], ...]


def power_law(
    random: np.random.Generator, count: int, exponent: float, least: float, most: float
) -> NDArray[np.float64]:
    """Draws from x^-exponent between least and most (inversion of the continuous law)."""
    share = random.random(count)
    if exponent == 1.0:
        return np.asarray(least * (most / least) ** share)
    power = 1.0 - exponent
    return np.asarray((least**power + share * (most**power - least**power)) ** (1.0 / power))


def least_degree(mean: float, most: float, exponent: float) -> float:
    """The lower end that gives the power law its mean, by bisection."""
    low, high = 1e-3, mean
    for _ in range(200):
        middle = (low + high) / 2
        grid = middle * (most / middle) ** np.linspace(0, 1, 2001)
        density = grid**-exponent
        average = np.trapezoid(density * grid, grid) / np.trapezoid(density, grid)
        low, high = (middle, high) if average < mean else (low, middle)
    return low


def overlapping(
    nodes: int,
    *,
    mixing: float,
    overlapping_share: float,
    memberships: int,
    seed: int,
    mean_degree: float = 20.0,
    most_degree: int = 50,
    sizes: tuple[int, int] = (20, 100),
) -> Benchmark:
    """A benchmark whose `overlapping_share` of nodes belong to `memberships` communities each, the others to one."""
    random = np.random.default_rng(seed)
    degree = np.rint(power_law(random, nodes, 2.0, least_degree(mean_degree, most_degree, 2.0), most_degree)).astype(
        np.int64
    )
    many = np.ones(nodes, np.int64)
    many[random.choice(nodes, int(overlapping_share * nodes), replace=False)] = memberships
    inner = np.rint(degree * (1 - mixing)).astype(np.int64)
    groups = _assigned(random, many, inner, _sizes(random, int(many.sum()), sizes))
    ties: set[tuple[int, int]] = set()
    for group in groups:
        members = np.array(sorted(group))
        whole, rest = np.divmod(inner[members], many[members])
        share = whole + (random.random(len(members)) < rest / many[members])
        ties |= _packed(random, members, np.minimum(share, len(members) - 1), ties)
    homes: list[set[int]] = [set() for _ in range(nodes)]
    for name, group in enumerate(groups):
        for node in group:
            homes[node].add(name)
    ties |= _wired(random, np.arange(nodes), np.maximum(degree - inner, 0), ties, homes)
    return Benchmark(nodes=nodes, ties=np.array(sorted(ties)), communities=tuple(map(frozenset, groups)))


def _sizes(random: np.random.Generator, seats: int, sizes: tuple[int, int]) -> Array:
    drawn: list[int] = []
    while sum(drawn) < seats:
        drawn.append(int(np.rint(power_law(random, 1, 1.0, *sizes)[0])))
    surplus = sum(drawn) - seats
    while surplus:  # take what is too much from those that stay large enough
        at = int(np.argmax(drawn))
        drawn[at] -= 1
        surplus -= 1
    return np.array(drawn)


def _assigned(random: np.random.Generator, many: Array, inner: Array, sizes: Array) -> list[set[int]]:
    """Seats to nodes: those with most ties in each community choose first, among communities that are large enough."""
    groups: list[set[int]] = [set() for _ in sizes]
    free = sizes.astype(np.float64).copy()
    for node in sorted(range(len(many)), key=lambda node: -inner[node] / many[node]):
        fits = np.flatnonzero((free >= 1) & (sizes > inner[node] / many[node]))
        if len(fits) < many[node]:
            fits = np.flatnonzero(free >= 1)
        if len(fits) < many[node]:
            fits = np.arange(len(sizes))
        chance = np.maximum(free[fits], 1e-9)
        for group in random.choice(fits, many[node], replace=False, p=chance / chance.sum()):
            groups[group].add(node)
            free[group] -= 1
    return groups


def _packed(random: np.random.Generator, members: Array, degree: Array, known: set[Tie]) -> set[Tie]:
    """Ties of a community, which may be so dense that few graphs have its degrees: Havel and Hakimi's, then swaps."""
    left = dict(zip(members.tolist(), degree.tolist(), strict=True))
    made: set[Tie] = set()
    while left:
        node = max(left, key=lambda other: (left[other], other))
        wanted = left.pop(node)
        for other in sorted(left, key=lambda other: (-left[other], other)):
            key = (min(node, other), max(node, other))
            if wanted and left[other] and key not in known:
                made.add(key)
                left[other] -= 1
                wanted -= 1
    pairs = sorted(made)
    for _ in range(10 * len(pairs)):
        first, second = int(random.random() * len(pairs)), int(random.random() * len(pairs))
        (a, b), (c, d) = pairs[first], pairs[second] if random.random() < 0.5 else pairs[second][::-1]
        new = (min(a, d), max(a, d)), (min(c, b), max(c, b))
        if len({a, b, c, d}) == 4 and not any(key in made or key in known for key in new):
            made -= {pairs[first], pairs[second]}
            made |= set(new)
            pairs[first], pairs[second] = new
    return made


def _wired(
    random: np.random.Generator,
    members: Array,
    degree: Array,
    known: set[tuple[int, int]],
    homes: list[set[int]],
) -> set[tuple[int, int]]:
    """A configuration model; pairs that may not be are swapped with others, and dropped if that does not help."""
    stubs = np.repeat(members, degree)
    random.shuffle(stubs)
    pairs = [(int(a), int(b)) for a, b in zip(stubs[::2], stubs[1::2], strict=False)]
    made: set[tuple[int, int]] = set()

    def bad(pair: tuple[int, int]) -> bool:
        a, b = pair
        key = (min(pair), max(pair))
        return a == b or key in made or key in known or bool(homes[a] & homes[b])

    waiting = pairs
    for _ in range(60):
        again = []
        for pair in waiting:
            if bad(pair):
                again.append(pair)
            else:
                made.add((min(pair), max(pair)))
        if not again:
            break
        made_list = sorted(made)
        loose = [end for pair in again for end in pair]
        for at in random.integers(0, max(1, len(made_list)), min(len(again), len(made_list))):
            pair = made_list[at]
            if pair in made:
                made.remove(pair)
                loose += pair
        random.shuffle(loose)
        waiting = list(zip(loose[::2], loose[1::2], strict=False))
    return made
