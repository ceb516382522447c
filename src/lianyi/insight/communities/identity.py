"""The same community after a refresh: old and new sets of people matched so that names, rules and journeys last.

Old and new communities are matched one to one with the greatest sum of Jaccard likeness (as Greene, Doyle, Cunningham,
"Tracking the evolution of communities in dynamic social networks", ASONAM 2010, but one to one and optimal, by the
sparse Jonker–Volgenant algorithm). What is left unmatched tells of splits, mergers, births and ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Longs

# Less likeness than this is another community, but for those that only grew or shrank: then most of the smaller stay.
LEAST_LIKENESS = 0.1
LEAST_STAY = 0.3
# So much of an ended community in one other: merged into it. So much of a new one from one other: split off from it.
MOST_OF_IT = 0.5
LEAST_PEOPLE = 3


@dataclass(frozen=True, kw_only=True)
class Succession:
    """kept: for each new community the old one that it continues, or -1. came_from: the old one from which a new one
    split off, or -1. went_to: for each old one that ended, the new one that took its people in, or -1.
    """

    kept: Longs
    came_from: Longs
    went_to: Longs


def succession(
    old_item: NDArray[np.integer],
    old: NDArray[np.integer],
    new_item: NDArray[np.integer],
    new: NDArray[np.integer],
    *,
    olds: int,
    news: int,
) -> Succession:
    """Match `olds` old communities with `news` new ones; rows say that a person (item) is in a community (old, new)."""
    before, after, both = _overlaps(old_item, old, new_item, new, news)
    size_old, size_new = np.bincount(old, minlength=olds), np.bincount(new, minlength=news)
    likeness = both / (size_old[before] + size_new[after] - both)
    stay = both / np.minimum(size_old[before], size_new[after])
    kept = _matched(
        before, after, np.where((likeness >= LEAST_LIKENESS) & (stay >= LEAST_STAY), likeness, 0), olds, news
    )
    rests = np.isin(np.arange(olds), kept)
    known = np.bincount(after, both, minlength=news)  # memberships in old communities: people of several count so often
    came = _main(after, before, both, both >= MOST_OF_IT * np.maximum(known[after], 1), news)
    large = size_new >= LEAST_PEOPLE
    went = _main(before, after, both, both >= MOST_OF_IT * size_old[before], olds)
    return Succession(
        kept=kept,
        came_from=np.where((kept < 0) & large & (np.bincount(after, both, minlength=news) >= 0.5 * size_new), came, -1),
        went_to=np.where(rests, -1, went),
    )


def _overlaps(
    old_item: NDArray[np.integer],
    old: NDArray[np.integer],
    new_item: NDArray[np.integer],
    new: NDArray[np.integer],
    news: int,
) -> tuple[Longs, Longs, Longs]:
    """(old, new, people in both) of each pair that shares somebody."""
    order = np.argsort(old_item, kind="stable")
    item, label = np.asarray(old_item)[order], np.asarray(old)[order]
    begin, end = np.searchsorted(item, new_item, "left"), np.searchsorted(item, new_item, "right")
    times = end - begin
    first = np.repeat(begin - np.concatenate([[0], np.cumsum(times)[:-1]]), times) if len(times) else begin
    before = label[first + np.arange(times.sum())].astype(np.int64)
    code, both = np.unique(before * max(news, 1) + np.repeat(np.asarray(new), times), return_counts=True)
    return code // max(news, 1), code % max(news, 1), both


def _matched(before: Longs, after: Longs, likeness: Doubles, olds: int, news: int) -> Longs:
    """For each new community the old one matched with it, or -1: greatest sum of likeness."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    kept = np.full(news, -1, dtype=np.int64)
    good = likeness > 0
    if not good.any():
        return kept
    # One empty seat for each old one makes a full matching possible; it is worth less than any likeness.
    rows = np.concatenate([before[good], np.arange(olds)])
    columns = np.concatenate([after[good], news + np.arange(olds)])
    worth = np.concatenate([likeness[good], np.full(olds, 1e-9)])
    graph = csr_array((worth, (rows, columns)), shape=(olds, news + olds))
    row, column = min_weight_full_bipartite_matching(graph, maximize=True)
    real = column < news
    kept[column[real]] = row[real]
    return kept


def _main(of: Longs, other: Longs, both: Longs, enough: NDArray[np.bool_], count: int) -> Longs:
    """For each of `count` communities the other one with most common people, where that is enough; else -1."""
    main = np.full(count, -1, dtype=np.int64)
    chosen = np.flatnonzero(enough)
    order = chosen[np.lexsort((-other[chosen], both[chosen]))]  # the last one written wins: most people, then the first
    main[of[order]] = other[order]
    return main
