"""All acts of a workspace traced: the forest with estimates in it, each person once per ripple, what is set apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Bytes, Doubles, Longs
from lianyi.insight.ripples.candidates import Pairs
from lianyi.insight.ripples.flags import scanned, set_apart
from lianyi.insight.ripples.guessing import guess
from lianyi.insight.ripples.told import CODE, ESTIMATE, SEED, UNKNOWN
from lianyi.insight.ripples.tracing import NEVER, NOBODY, Comings, Forest, Nodes, Passings, find_nodes, grow, once


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What is traced. pausing: per scope, 1 for contents. contacts: days of contact per pair of persons. anything: the
    number of the empty thing. lonely: per person, 1 where nothing but comings is known. robot: per coming."""

    passings: Passings
    comings: Comings
    pausing: Bytes
    contacts: Pairs
    anything: int
    lonely: Bytes
    robot: Bytes


@dataclass(frozen=True, kw_only=True)
class Traced:
    """The ripples as arrays, one entry per node. how: place in told.HOW; probability: of the parent, NaN where unknown;
    coming: by which it came (-1: seed); passing: share that brought it (-1); stands: the node that stands for the same
    person in the same ripple; flags: bits."""

    nodes: Nodes
    forest: Forest
    how: Longs
    probability: Doubles
    coming: Longs
    passing: Longs
    stands: Longs
    flags: Longs


def trace(acts: Acts) -> Traced:
    """Nodes, their parents (exact, else estimated), the forest, and what is set apart."""
    nodes = find_nodes(acts.passings, acts.comings, acts.pausing)
    nodes = replace(nodes, vague=np.where(_by_the_brand(nodes, acts.comings), NOBODY, nodes.vague))
    exact = np.flatnonzero(nodes.exact >= 0)
    count = len(nodes.person)
    how, probability = np.full(count, SEED), np.ones(count)
    parent, passing = np.full(count, NOBODY), np.full(count, NOBODY)
    coming = np.where(nodes.exact >= 0, nodes.exact, nodes.vague)
    parent[exact] = nodes.from_[coming[exact]]
    how[exact] = acts.comings.how[coming[exact]]
    passing[exact] = acts.comings.passing[coming[exact]]
    fake = scanned(acts.passings, acts.comings, acts.lonely, acts.robot)
    asked = np.flatnonzero((nodes.exact < 0) & (nodes.vague >= 0))
    if len(asked):
        guessed = guess(acts.passings, acts.comings, nodes, acts.contacts, anything=acts.anything, fake=fake)
        sure = guessed.passing >= 0
        how[asked] = np.where(sure, ESTIMATE, UNKNOWN)
        passing[asked] = guessed.passing
        probability[asked] = np.where(sure, guessed.probability, np.nan)
        parent[asked[sure]] = nodes.of_passing[guessed.passing[sure]]
    forest = grow(parent, nodes.began)
    opened = (parent >= 0) & (forest.parent < 0)
    how[opened], passing[opened], probability[opened] = SEED, NOBODY, 1.0
    coming[how == SEED] = NOBODY
    ripple = np.where(acts.pausing[nodes.scope] == 1, forest.root, -1 - nodes.scope)
    stands = once(nodes.person, nodes.began, forest, ripple)
    nodes, forest = _merged(nodes, forest, stands)
    flags = set_apart(acts.comings, nodes, forest, chosen=coming, lonely=acts.lonely, fake=fake)
    return Traced(
        nodes=nodes, forest=forest, how=how, probability=probability, coming=coming, passing=passing, stands=stands,
        flags=flags,
    )  # fmt: skip


def _by_the_brand(nodes: Nodes, comings: Comings) -> NDArray[np.bool_]:
    """Per node: whether it came by a code of the brand itself. It is a seed; no sharer is to be guessed for it."""
    found = nodes.vague >= 0
    found[found] = comings.how[nodes.vague[found]] == CODE
    return found


def _merged(nodes: Nodes, forest: Forest, stands: Longs) -> tuple[Nodes, Forest]:
    """Who came back to the same ripple after a pause is the same entry in it; what followed follows from it."""
    parent = np.where(forest.parent >= 0, stands[np.maximum(forest.parent, 0)], NOBODY)
    first = np.where(nodes.first_passing < 0, NEVER, nodes.first_passing)
    np.minimum.at(first, stands, first.copy())
    shared_at = nodes.shared_at.copy()
    np.minimum.at(shared_at, stands, nodes.shared_at)
    merged = replace(
        nodes, of_coming=stands[nodes.of_coming], of_passing=stands[nodes.of_passing],
        from_=np.where(nodes.from_ >= 0, stands[np.maximum(nodes.from_, 0)], NOBODY),
        shares=np.bincount(stands[nodes.of_passing], minlength=len(stands)),
        first_passing=np.where(first == NEVER, NOBODY, first), shared_at=shared_at,
    )  # fmt: skip
    return merged, grow(parent, nodes.began)
