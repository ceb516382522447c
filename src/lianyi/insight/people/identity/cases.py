"""From arrays over all links to one case per contested component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.people.identity.components import Ints
from lianyi.insight.people.identity.contested import KeyFacts, Link
from lianyi.insight.people.identity.evidence import Evidence, Merge, Unmerge

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One contested component, its links in the order in which they are taken.

    Keys have numbers of their own in all cases of one call; `numbers` gives back those of the evidence.
    """

    links: Sequence[Link]
    merges: Sequence[Merge]
    unmerges: Sequence[Unmerge]
    facts: KeyFacts
    numbers: Sequence[int]


def cases(evidence: Evidence, open_links: Mask, component: Ints, contested: Mask) -> Iterator[Case]:
    """The cases of the contested keys. component: per key the smallest key of its component; contested: per key."""
    keys = np.flatnonzero(contested)
    small = np.zeros(evidence.level.size, dtype=np.int64)
    small[keys] = np.arange(keys.size)
    index = np.flatnonzero(open_links & contested[evidence.a])
    home = component[evidence.a[index]]
    order = np.lexsort((evidence.b[index], evidence.a[index], evidence.at[index], evidence.rank[index], home))
    index, home = index[order], home[order]
    links = _links(evidence, index, small)
    starts = np.flatnonzero(np.diff(home, prepend=-1))
    ends = np.append(starts, index.size)[1:]
    spans = dict(zip(home[starts].tolist(), zip(starts.tolist(), ends.tolist(), strict=True), strict=True))
    merges, unmerges = _acts(evidence, component, small)
    numbers = keys.tolist()
    facts = KeyFacts(
        evidence.namespace[keys].tolist(), evidence.level[keys].tolist(), evidence.exclusive[keys].tolist()
    )
    for name in sorted({*spans, *merges}):
        start, end = spans.get(name, (0, 0))
        yield Case(
            links=links[start:end],
            merges=merges.get(name, ()),
            unmerges=unmerges.get(name, ()),
            facts=facts,
            numbers=numbers,
        )


def _links(evidence: Evidence, index: Ints, small: Ints) -> list[Link]:
    columns = (
        evidence.rank[index],
        evidence.at[index],
        small[evidence.a[index]],
        small[evidence.b[index]],
        evidence.first_at[index],
        index,
    )
    return [Link(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _acts(evidence: Evidence, component: Ints, small: Ints) -> tuple[dict[int, list[Merge]], dict[int, list[Unmerge]]]:
    """The operators' merges and unmerges by component; an unmerge counts in each component that it names a key of."""
    merges: dict[int, list[Merge]] = {}
    for merge in evidence.merges:
        local = replace(merge, a=int(small[merge.a]), b=int(small[merge.b]))
        merges.setdefault(int(component[merge.a]), []).append(local)
    unmerges: dict[int, list[Unmerge]] = {}
    for unmerge in evidence.unmerges:
        parts = tuple(tuple(int(small[key]) for key in part) for part in unmerge.parts)
        for name in {int(component[key]) for part in unmerge.parts for key in part}:
            unmerges.setdefault(name, []).append(replace(unmerge, parts=parts))
    return merges, unmerges
