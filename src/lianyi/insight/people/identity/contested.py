"""One contested component: links are taken in order of confidence, and a link that would make a clash is rejected.

The order is rank, then time, then key, so that the result depends on the set of links alone. Rules, on clusters of
keys as they grow:

- A cluster has at most one value of an exclusive namespace, and keys of at most one part of what an operator took
  apart. A link of clusters with two values is rejected.
- A link through a phone or address that no source has verified joins two clusters only where they have no namespace
  of accounts in common: a family phone joins a person, it never makes one person of two shop accounts.
- A link through a device joins two clusters only where they have no namespace of accounts or addresses in common.
- A link through a name joins the name to one identity, never two identities: people of one room share names.
- A key that a rejected link tears from its cluster by evidence as good as what put it there is shared: it goes to
  nobody, and the component is settled again without it.
- An operator's merge is of the two people as they stood at its time: it holds the two keys that it names and the
  accounts (strong keys) of both together, and their values count as one from then on. An operator's unmerge beats the
  merges before it and all automatic links; a later merge of the parts beats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lianyi.insight.people.identity.evidence import (
    ACCEPTED,
    CLASH,
    CONTACT_RANKS,
    DEVICE_RANKS,
    LEVELS,
    NAME_RANK,
    SEPARATED,
    TAKEN_BACK,
    TORN,
    Merge,
    Unmerge,
)

# (attribute, value): a namespace with one of its keys, or (below zero) an unmerge with the number of a part.
Label = tuple[int, int]


class Link(NamedTuple):
    """A link of two keys; tuples compare in the order in which links are taken."""

    rank: int
    at: int
    a: int
    b: int
    first_at: int
    number: int


class Decision(NamedTuple):
    """The verdict on a link, the keys that speak against it, and the shared key; -1 where there is none."""

    verdict: int
    against_a: int = -1
    against_b: int = -1
    shared: int = -1


ACCEPT = Decision(ACCEPTED)

# rank -> level: keys of this level and above in a common namespace forbid a link of the rank to join
FLOORS: Mapping[int, int] = {
    **dict.fromkeys(CONTACT_RANKS, LEVELS["strong"]),
    **dict.fromkeys(DEVICE_RANKS, LEVELS["contact"]),
}


class KeyFacts(NamedTuple):
    """Per key: number of its namespace, level, and whether it is exclusive."""

    namespace: Sequence[int]
    level: Sequence[int]
    exclusive: Sequence[bool]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Decisions by Link.number, verdicts by id of the merge, and the pairs of keys that each merge holds together."""

    links: dict[int, Decision]
    merges: dict[str, int] = field(default_factory=dict)
    held: list[tuple[str, int, int]] = field(default_factory=list)


def settle(links: Sequence[Link], merges: Sequence[Merge], unmerges: Sequence[Unmerge], facts: KeyFacts) -> Outcome:
    """Decide on every link of one component; `links` sorted, the operators' acts in any order."""
    if not merges and not unmerges:
        return Outcome(links=_resolve(links, _Said(), facts).decisions)
    said = _Said()
    acts: list[Merge | Unmerge] = [*merges, *unmerges]
    for act in sorted(acts, key=lambda act: (act.at, act.id)):
        if isinstance(act, Unmerge):
            said.separate(act)
        else:
            before = _resolve([link for link in links if link.first_at <= act.at], said, facts)
            said.merge(act, before.clusters)
    final = _resolve(links, said, facts)
    return Outcome(
        links=final.decisions,
        merges={merge.id: ACCEPTED if final.held.get(merge.id) else TAKEN_BACK for merge in merges},
        held=[(name, a, b) for name, pairs in final.held.items() for a, b in pairs],
    )


@dataclass(frozen=True, kw_only=True)
class _Bond:
    """A merge with what it joined at its time: the keys of both sides, their accounts, labels that are one since."""

    merge: Merge
    side_a: frozenset[int]
    side_b: frozenset[int]
    accounts: tuple[int, ...]
    same: tuple[tuple[Label, Label], ...]

    def is_cut_by(self, unmerge: Unmerge) -> bool:
        parts_a = {number for number, part in enumerate(unmerge.parts) if self.side_a.intersection(part)}
        parts_b = {number for number, part in enumerate(unmerge.parts) if self.side_b.intersection(part)}
        return bool(parts_a and parts_b) and not parts_a & parts_b


@dataclass
class _Said:
    """What operators said so far."""

    bonds: list[_Bond] = field(default_factory=list)
    apart: list[Unmerge] = field(default_factory=list)

    def separate(self, unmerge: Unmerge) -> None:
        self.bonds = [bond for bond in self.bonds if not bond.is_cut_by(unmerge)]
        self.apart.append(unmerge)

    def merge(self, merge: Merge, clusters: _Clusters) -> None:
        a, b = clusters.find(merge.a), clusters.find(merge.b)
        labels_a, labels_b = clusters.labels[a], clusters.labels[b]
        same = tuple(
            ((attribute, labels_a[attribute][0]), (attribute, labels_b[attribute][0]))
            for attribute in sorted(labels_a.keys() & labels_b.keys())
            if labels_a[attribute][0] != labels_b[attribute][0]
        )
        side_a, side_b = frozenset(clusters.members[a]), frozenset(clusters.members[b])
        accounts = tuple(sorted(key for key in side_a | side_b if clusters.facts.level[key] == LEVELS["strong"]))
        self.bonds.append(_Bond(merge=merge, side_a=side_a, side_b=side_b, accounts=accounts, same=same))

    def labels(self) -> Mapping[int, Sequence[Label]]:
        """For each key that unmerges name: the parts that it is in."""
        result: dict[int, list[Label]] = {}
        for number, unmerge in enumerate(self.apart):
            for part, keys in enumerate(unmerge.parts):
                for key in keys:
                    result.setdefault(key, []).append((-1 - number, part))
        return result

    def same_labels(self) -> Mapping[Label, Label]:
        """Labels that operators declared one -> the one that stands for them."""
        result: dict[Label, Label] = {}
        for bond in self.bonds:
            for left, right in bond.same:
                low, high = sorted((result.get(left, left), result.get(right, right)))
                for label in (left, right, low, high, *(label for label, to in result.items() if to == high)):
                    result[label] = low
        return result


class _Clusters:
    """Disjoint sets of keys with what each cluster may have only one of."""

    def __init__(self, facts: KeyFacts, said: _Said) -> None:
        self.facts = facts
        self._parts = said.labels()
        self._same = said.same_labels()
        self._parent: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        # root -> attribute -> (value, a key that has it); root -> namespace of anything but names -> a key of it
        self.labels: dict[int, dict[int, tuple[int, int]]] = {}
        self.present: dict[int, dict[int, int]] = {}

    def find(self, key: int) -> int:
        parent = self._parent
        if key not in parent:
            self._add(key)
            return key
        root = key
        while parent[root] != root:
            parent[root] = parent[parent[root]]
            root = parent[root]
        return root

    def join(self, a: int, b: int, *, rank: int = 0) -> Decision:
        """Join the clusters of two keys by a link of a rank, or say why not."""
        left, right = self.find(a), self.find(b)
        if left == right:
            return ACCEPT
        against = self._against(left, right, rank)
        if against is not None:
            return against
        if len(self.members[left]) < len(self.members[right]):
            left, right = right, left
        self._parent[right] = left
        self.members[left] += self.members.pop(right)
        self.labels[left] = _smaller_key(self.labels[left], self.labels.pop(right))
        self.present[left] = {**self.present.pop(right), **self.present[left]}
        return ACCEPT

    def hold(self, bond: _Bond) -> list[tuple[int, int]]:
        """Join what an operator merged, as far as no later unmerge forbids it; gives the pairs joined."""
        merge = bond.merge
        pairs = [(merge.a, merge.b)]
        pairs += [(merge.a if key in bond.side_a else merge.b, key) for key in bond.accounts]
        pairs = list(dict.fromkeys((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]))
        return [(a, b) for a, b in pairs if self.join(a, b) is ACCEPT]

    def _add(self, key: int) -> None:
        facts, namespace = self.facts, self.facts.namespace[key]
        self._parent[key] = key
        self.members[key] = [key]
        self.present[key] = {namespace: key} if facts.level[key] > LEVELS["name"] else {}
        own = [(namespace, key)] if facts.exclusive[key] else []
        labels = [*own, *self._parts.get(key, ())]
        self.labels[key] = {label[0]: (self._same.get(label, label)[1], key) for label in labels}

    def _against(self, left: int, right: int, rank: int) -> Decision | None:
        labels, others = self.labels[left], self.labels[right]
        clashes = [name for name in labels.keys() & others.keys() if labels[name][0] != others[name][0]]
        if clashes:
            name = min(clashes)
            return Decision(SEPARATED if name < 0 else CLASH, labels[name][1], others[name][1])
        one, other = self.present[left], self.present[right]
        if rank == NAME_RANK:
            return (
                Decision(CLASH, max(one.values(), key=self._weight), max(other.values(), key=self._weight))
                if one and other
                else None
            )
        floor = FLOORS.get(rank)
        common = [
            name for name in one.keys() & other.keys() if floor is not None and self.facts.level[one[name]] >= floor
        ]
        return Decision(CLASH, one[min(common)], other[min(common)]) if common else None

    def _weight(self, key: int) -> tuple[int, int]:
        return self.facts.level[key], -key


def _smaller_key(
    labels: dict[int, tuple[int, int]], others: Mapping[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """Both sets of labels; where both have one, the smaller key that has it, so that reasons don't depend on order."""
    for name, label in others.items():
        labels[name] = min(label, labels.get(name, label), key=lambda item: item[1])
    return labels


@dataclass(frozen=True, kw_only=True)
class _Resolution:
    decisions: dict[int, Decision]
    held: dict[str, list[tuple[int, int]]]
    clusters: _Clusters


def _resolve(links: Sequence[Link], said: _Said, facts: KeyFacts) -> _Resolution:
    """Take the operators' merges, then the links in order; again without the keys that turn out to be shared."""
    shared: dict[int, Decision] = {}
    placed = {key for bond in said.bonds for key in (bond.merge.a, bond.merge.b)}
    parted = {key for unmerge in said.apart for part in unmerge.parts for key in part}
    while True:
        clusters = _Clusters(facts, said)
        held = {bond.merge.id: clusters.hold(bond) for bond in said.bonds}
        decisions = {link.number: _decide(link, clusters, shared) for link in links}
        torn = {key: tear for key, tear in _torn(links, decisions, facts, parted) if key not in placed}
        if not torn:
            return _Resolution(decisions=decisions, held=held, clusters=clusters)
        shared |= torn


def _decide(link: Link, clusters: _Clusters, shared: Mapping[int, Decision]) -> Decision:
    for key in (link.a, link.b):
        if key in shared:
            return shared[key]
    return clusters.join(link.a, link.b, rank=link.rank)


def _torn(
    links: Sequence[Link], decisions: Mapping[int, Decision], facts: KeyFacts, parted: set[int]
) -> Iterator[tuple[int, Decision]]:
    """Keys between two identities of equal right: some of the best links to stronger keys hold, some do not."""
    rejected = {
        _weaker(link, facts)[0]
        for link in links
        if decisions[link.number].verdict in (CLASH, SEPARATED) and facts.level[link.a] != facts.level[link.b]
    }
    if not rejected:
        return
    ties: dict[int, list[Link]] = {}
    for link in links:
        key, stronger = _weaker(link, facts)
        usable = key in rejected and facts.level[stronger] > facts.level[key] and decisions[link.number].shared < 0
        # links come best rank first
        if usable and (key not in ties or ties[key][0].rank == link.rank):
            ties.setdefault(key, []).append(link)
    for key, equals in ties.items():
        held = [link for link in equals if decisions[link.number].verdict == ACCEPTED]
        lost = [link for link in equals if _tears(decisions[link.number], key, parted)]
        if held and lost:
            yield key, Decision(TORN, _weaker(held[0], facts)[1], _weaker(lost[0], facts)[1], key)


def _tears(decision: Decision, key: int, parted: Iterable[int]) -> bool:
    # where an operator placed the key himself, nothing can tear it away
    return decision.verdict == CLASH or (decision.verdict == SEPARATED and key not in parted)


def _weaker(link: Link, facts: KeyFacts) -> tuple[int, int]:
    """The two keys of a link, the weaker one first."""
    return (link.a, link.b) if facts.level[link.a] <= facts.level[link.b] else (link.b, link.a)
