"""The resolution, chosen by the network: the partition for which the places of the ties are the best evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lianyi.insight.communities.detection.consensus import agreed
from lianyi.insight.communities.detection.dividing import divided
from lianyi.insight.communities.detection.leiden import coarsened, partition
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.communities.detection.quality import division_by_nodes, division_of, worth_of
from lianyi.insight.kernels import Ints

# Ends of ties. Up to the first, rungs of the ladder are close and many runs must agree; up to the second, rungs are
# found from scratch; in larger networks rungs merge what finer ones found.
_SMALL, _MIDDLING = 100_000, 1_000_000
_FINE_STEP, _COARSE_STEP = 1.25, 2.0
_RUNS = 16
_PATIENCE = 4.0  # the ladder ends at a resolution this many times beyond the best
_FINEST = 16.0  # the finest rung of large networks: two nodes of mean mass gain by one tie of 1 / 16 of the mean weight
_LEAST = 0.3  # resolution
_SEEN = 2.0  # up to here the ladder is climbed in any case
_NEARLY = 0.02


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """A partition, shape (nodes,), 0 … k-1, the resolution that gave it, its evidence and how stable it is.

    stability is between 0 and 1, None where it was not measured.
    """

    label: Ints
    resolution: float
    evidence: float
    stability: float | None = None


def best_partition(network: Network, *, seed: int) -> Choice:
    """The partition of a connected network with the strongest evidence on a ladder of resolutions."""
    ends = len(network.target)
    if ends > _MIDDLING:
        return _settled(network, _climbed(network, seed), seed)
    small = ends <= _SMALL
    found = _searched(network, seed, _FINE_STEP if small else _COARSE_STEP)
    if not found.resolution:
        return found
    found = _agreed(network, found, seed) if small else _settled(network, found, seed)
    label = divided(network, found.label, found.resolution, seed=seed)
    return replace(found, label=label, evidence=division_of(network, label, worth_of(network)).evidence)


def _agreed(network: Network, choice: Choice, seed: int) -> Choice:
    """What many runs at the chosen resolution agree on."""
    label, stability = agreed(network, choice.resolution, runs=_RUNS, seed=seed)
    evidence = division_of(network, label, worth_of(network)).evidence
    if evidence <= 0:
        return choice
    return Choice(label=label, resolution=choice.resolution, evidence=evidence, stability=stability)


def _searched(network: Network, seed: int, step: float) -> Choice:
    """Up the ladder, each rung found from scratch: the middle of its plateau, with the strongest partition seen."""
    runs = int(np.clip(_SMALL // (2 * len(network.target)), 1, 8))
    worth = worth_of(network)
    best = Choice(label=np.zeros(network.nodes, np.int32), resolution=0.0, evidence=0.0)
    rungs: list[tuple[float, float]] = []
    resolution = _LEAST
    while not rungs or resolution < _SEEN or _still_rising(rungs, _PATIENCE):
        here = [_at(network, resolution, seed + run, None, worth) for run in range(runs)]
        rungs.append((resolution, float(np.mean([choice.evidence for choice in here]))))
        best = max(best, *here, key=lambda choice: choice.evidence)
        if int(here[0].label.max()) + 1 == network.nodes:
            break
        resolution *= step
    return replace(best, resolution=middle_of_plateau(rungs))


def _still_rising(rungs: list[tuple[float, float]], patience: float) -> bool:
    """Whether the best of the rungs is one of the last, in steps of the ladder or as a ratio of resolutions."""
    best = int(np.argmax([evidence for _, evidence in rungs]))
    return max(rungs[-1][0] / rungs[best][0], rungs[best][0] / rungs[-1][0]) < patience


def middle_of_plateau(rungs: list[tuple[float, float]]) -> float:
    """The middle (in logarithms) of the resolutions around the best whose evidence is within _NEARLY of it.

    Evidence hardly changes over a range where communities are clear; its highest point there is a matter of luck, the
    middle is not. 0 if no rung has evidence: one community.
    """
    place = np.log([resolution for resolution, _ in rungs])
    evidence = np.array([value for _, value in rungs])
    best = int(evidence.argmax())
    if evidence[best] <= 0:
        return 0.0
    enough = (1.0 - _NEARLY) * evidence[best]
    ends = []
    for step, outer in ((-1, -1), (1, len(rungs))):
        at = best
        while at + step != outer and evidence[at + step] >= enough:
            at += step
        end = place[at]
        if at + step != outer and np.isfinite(evidence[at + step]):
            fall = (evidence[at] - enough) / (evidence[at] - evidence[at + step])
            end += (place[at + step] - place[at]) * fall
        ends.append(end)
    return float(np.exp(np.mean(ends)))


def _climbed(network: Network, seed: int) -> Choice:
    """Down the ladder, each rung merging what the finer one found: the networks soon are small."""
    worth = worth_of(network)
    level, seat = network, np.arange(network.nodes, dtype=np.int32)
    best = Choice(label=np.zeros(network.nodes, np.int32), resolution=0.0, evidence=0.0)
    rungs: list[tuple[float, float]] = []
    resolution = float(network.mass.sum() / (network.mass**2).mean()) / _FINEST
    while resolution > _LEAST and (best.evidence <= 0 or _still_rising(rungs, _PATIENCE)):
        label, level = coarsened(level, resolution / network.mass.sum(), seed=seed, steps=1)
        seat = label[seat]
        rungs.append((resolution, division_by_nodes(level, worth).evidence))
        if rungs[-1][1] > best.evidence:
            best = Choice(label=seat, resolution=resolution, evidence=rungs[-1][1])
        resolution /= _COARSE_STEP
    return replace(best, resolution=middle_of_plateau(rungs[::-1])) if rungs else best


def _settled(network: Network, choice: Choice, seed: int) -> Choice:
    """One round of Leiden from what the ladder found."""
    if not choice.resolution:
        return choice
    better = _at(network, choice.resolution, seed + 1, choice.label, worth_of(network), rounds=1)
    return better if better.evidence >= choice.evidence else choice


def _at(network: Network, resolution: float, seed: int, label: Ints | None, worth: float, rounds: int = 2) -> Choice:
    found = partition(network, resolution / network.mass.sum(), seed=seed, label=label, rounds=rounds)
    return Choice(label=found, resolution=resolution, evidence=division_of(network, found, worth).evidence)
