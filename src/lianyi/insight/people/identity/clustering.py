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
    FIRST_WEAK_RANK,
    LEVELS,
    LIMITS,
    MANY,
    ROLE,
    Evidence,
    Verdicts,
)


def decide(evidence: Evidence) -> Verdicts:
    """The verdict on every link. Depends on the set of links and acts alone, not on their order."""
    draft = _Draft.accepting(evidence)
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
    weak = open_links & (evidence.rank >= FIRST_WEAK_RANK)
    with_weak = np.zeros(evidence.level.size, dtype=np.bool_)
    with_weak[component[evidence.a[weak]]] = True
    # without devices and names: two of these parts that both have, say, a phone may not be joined by a device
    part = _components(evidence, open_links & ~weak, with_merges=False)
    firm = np.flatnonzero((evidence.level >= LEVELS["contact"]) & with_weak[component])
    namespaces = int(evidence.namespace.max(initial=0)) + 1
    one_per_part = firm[np.unique(part[firm] * namespaces + evidence.namespace[firm], return_index=True)[1]]
    result[_with_two(component[one_per_part], evidence.namespace[one_per_part])] = True
    return result


def _with_two(component: Ints, namespace: Ints) -> Ints:
    """Components in which a namespace occurs more than once."""
    namespaces = int(namespace.max(initial=0)) + 1
    pair, counts = np.unique(component * namespaces + namespace, return_counts=True)
    result: Ints = pair[counts > 1] // namespaces
    return result
