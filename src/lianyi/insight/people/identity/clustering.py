"""Which links hold: all of them where nothing speaks against it (arrays), one by one in contested components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.people.identity.cases import Mask, cases
from lianyi.insight.people.identity.components import Ints, components
from lianyi.insight.people.identity.contested import Decision, settle
from lianyi.insight.people.identity.evidence import (
    ACCEPTED,
    CONTACT_RANKS,
    DEVICE_RANKS,
    LEVELS,
    LIMITS,
    MANY,
    NAME_RANK,
    RENAMED,
    ROLE,
    Evidence,
    Verdicts,
)


def decide(evidence: Evidence) -> Verdicts:
    """The verdict on every link. Depends on the set of links and acts alone, not on their order."""
    draft = _Draft.accepting(evidence)
    # a nick may be somebody else's tomorrow: two names are never evidence for each other
    draft.verdict[np.maximum(evidence.level[evidence.a], evidence.level[evidence.b]) == LEVELS["name"]] = RENAMED
    _reject_shared(evidence, draft, keys=_has_too_many(evidence), verdict=MANY)
    _reject_shared(evidence, draft, keys=evidence.role, verdict=ROLE)
    open_links = draft.verdict == ACCEPTED
    component = _components(evidence, open_links, with_merges=True)
    contested = _contested(evidence, open_links, component)[component]
    standing = dict.fromkeys((merge.id for merge in evidence.merges), ACCEPTED)
    held: list[tuple[str, int, int]] = []
    for case in cases(evidence, open_links, component, contested):
        outcome = settle(case.links, case.merges, case.unmerges, case.facts)
        standing |= outcome.merges
        held += [(name, case.numbers[a], case.numbers[b]) for name, a, b in outcome.held]
        draft.write(outcome.links, case.numbers)
    return Verdicts(
        verdict=draft.verdict,
        against_a=draft.against_a,
        against_b=draft.against_b,
        shared=draft.shared,
        merges=tuple(standing[merge.id] for merge in evidence.merges),
        held=tuple(sorted(held)),
    )


@dataclass(frozen=True, kw_only=True)
class _Draft:
    verdict: NDArray[np.int8]
    against_a: Ints
    against_b: Ints
    shared: Ints

    @staticmethod
    def accepting(evidence: Evidence) -> _Draft:
        count = evidence.a.size
        nobody = np.full(count, -1, dtype=np.int64)
        return _Draft(
            verdict=np.full(count, ACCEPTED, dtype=np.int8),
            against_a=nobody,
            against_b=nobody.copy(),
            shared=nobody.copy(),
        )

    def write(self, decisions: Mapping[int, Decision], numbers: Sequence[int]) -> None:
        """Enter the decisions on one case, whose keys have the given numbers."""
        for index, decision in decisions.items():
            if decision.verdict != ACCEPTED:
                self.verdict[index] = decision.verdict
                self.against_a[index] = numbers[decision.against_a]
                self.against_b[index] = numbers[decision.against_b]
                self.shared[index] = numbers[decision.shared] if decision.shared >= 0 else -1


def _has_too_many(evidence: Evidence) -> Mask:
    """Keys with more neighbours of one namespace than LIMITS allows: shared by many."""
    keys = evidence.level.size
    own, other = np.concatenate([evidence.a, evidence.b]), np.concatenate([evidence.b, evidence.a])
    # only keys with many neighbours can have too many of one namespace
    busy = np.bincount(own, minlength=keys)[own] > min(LIMITS.values())
    own, other = own[busy], other[busy]
    namespaces = int(evidence.namespace.max(initial=0)) + 1
    _, first, counts = np.unique(own * namespaces + evidence.namespace[other], return_index=True, return_counts=True)
    limits = np.full((len(LEVELS), len(LEVELS)), np.iinfo(np.int64).max)
    for (level, neighbour), limit in LIMITS.items():
        limits[level, neighbour] = limit
    result = np.zeros(keys, dtype=np.bool_)
    result[own[first[counts > limits[evidence.level[own[first]], evidence.level[other[first]]]]]] = True
    return result


def _reject_shared(evidence: Evidence, draft: _Draft, *, keys: Mask, verdict: int) -> None:
    for column in (evidence.b, evidence.a):
        hit = keys[column]
        draft.verdict[hit] = verdict
        draft.shared[hit] = column[hit]


def _components(evidence: Evidence, links: Mask, *, with_merges: bool) -> Ints:
    merges = evidence.merges if with_merges else ()
    a = np.concatenate([evidence.a[links], np.array([merge.a for merge in merges], dtype=np.int64)])
    b = np.concatenate([evidence.b[links], np.array([merge.b for merge in merges], dtype=np.int64)])
    return components(evidence.level.size, a, b)


def _contested(evidence: Evidence, open_links: Mask, component: Ints) -> Mask:
    """Per component (by its smallest key): whether any of its links might have to be rejected."""
    result = np.zeros(evidence.level.size, dtype=np.bool_)
    said = [key for merge in evidence.merges for key in (merge.a, merge.b)]
    said += [key for unmerge in evidence.unmerges for part in unmerge.parts for key in part]
    result[component[np.array(said, dtype=np.int64)]] = True
    exclusive = np.flatnonzero(evidence.exclusive)
    result[_with_two(component[exclusive], evidence.namespace[exclusive])] = True
    result[_met(evidence, open_links, component, CONTACT_RANKS, level=LEVELS["strong"])] = True
    result[_met(evidence, open_links, component, DEVICE_RANKS, level=LEVELS["contact"])] = True
    result[_named_twice(evidence, open_links, component)] = True
    return result


def _met(evidence: Evidence, open_links: Mask, component: Ints, ranks: tuple[int, ...], *, level: int) -> Ints:
    """Components in which a link of one of the ranks might join two parts that both have a namespace of the level."""
    firm = np.flatnonzero(evidence.level >= level)
    candidate = np.zeros(evidence.level.size, dtype=np.bool_)
    candidate[_with_two(component[firm], evidence.namespace[firm])] = True
    joining = open_links & (evidence.rank >= ranks[0]) & (evidence.rank <= ranks[-1])
    linked = np.zeros_like(candidate)
    linked[component[evidence.a[joining]]] = True
    candidate &= linked
    part = _parts_before(evidence, open_links, candidate[component], ranks[0])
    firm = firm[candidate[component[firm]]]
    namespaces = int(evidence.namespace.max(initial=0)) + 1
    one_per_part = firm[np.unique(part[firm] * namespaces + evidence.namespace[firm], return_index=True)[1]]
    return _with_two(component[one_per_part], evidence.namespace[one_per_part])


def _named_twice(evidence: Evidence, open_links: Mask, component: Ints) -> Ints:
    """Components in which a name is linked to two parts that nothing but names joins."""
    index = np.flatnonzero(open_links & (evidence.rank == NAME_RANK))
    a, b = evidence.a[index], evidence.b[index]
    is_name = evidence.level[a] == LEVELS["name"]
    name, other = np.where(is_name, a, b), np.where(is_name, b, a)
    often = np.bincount(name, minlength=evidence.level.size)[name] > 1
    name, other = name[often], other[often]
    candidate = np.zeros(evidence.level.size, dtype=np.bool_)
    candidate[component[name]] = True
    part = _parts_before(evidence, open_links, candidate[component], NAME_RANK)
    pairs = np.unique(np.stack([name, part[other]]), axis=1)
    result: Ints = component[_repeated(pairs[0])]
    return result


def _parts_before(evidence: Evidence, open_links: Mask, keys: Mask, rank: int) -> Ints:
    """The parts into which links better than the rank join the given keys; all other keys stay alone."""
    return _components(evidence, open_links & (evidence.rank < rank) & keys[evidence.a], with_merges=False)


def _repeated(values: Ints) -> Ints:
    found, counts = np.unique(values, return_counts=True)
    result: Ints = found[counts > 1]
    return result


def _with_two(component: Ints, namespace: Ints) -> Ints:
    """Components in which a namespace occurs more than once."""
    namespaces = int(namespace.max(initial=0)) + 1
    pair, counts = np.unique(component * namespaces + namespace, return_counts=True)
    result: Ints = pair[counts > 1] // namespaces
    return result
