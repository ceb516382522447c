"""Who is likely next in a ripple: a mixture of simple ways to guess, its weights learned on what came later.

P(next = v | so far) = Σ over ways of weight × (what the way gives v) / (what it gives all who are not in yet). Ways:
who followed these people before (at once, or at any distance, the latest ones counting most), who was in the same
ripples, who is tied to them, who takes part often (ever, lately). Weights per number of people so far by EM on the
later part of the past with counts of the earlier part (Jelinek and Mercer, 1980); nothing is tuned by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs
from lianyi.insight.ripples.next_people.counting import Counts, count
from lianyi.insight.ripples.next_people.scoring import BUCKETS, LEAST, NAMES, guess, step_bucket, walk

FOLDS = (0.4, 0.55, 0.7, 0.85, 1.0)  # parts of the past: learned up to one, weighed on what follows to the next
LONGEST = 200
SHRUNK = 30.0  # steps of the overall mixture that each bucket's is drawn by


@dataclass(frozen=True, kw_only=True, eq=False)
class Next:
    """mixtures: (buckets, ways). stopping: chance that a ripple ends, per number of people so far."""

    counts: Counts
    mixtures: Doubles
    stopping: Doubles

    def likely(self, sofar: NDArray[Any], top: int = 10) -> tuple[Longs, Doubles]:
        """(people, chances) most likely to be next in a ripple of these people in their order, if anybody is."""
        chance = guess(self.counts, np.asarray(sofar, dtype=np.int32), self.mixtures[step_bucket(len(sofar))])
        best = np.argsort(-chance, kind="stable")[:top]
        best = best[chance[best] > 0]
        return best, chance[best]


def learn_next(
    start: Longs, person: Ints, people: int, *, ties: tuple[NDArray[Any], NDArray[Any]] | None = None
) -> Next:
    """From past ripples in order of time; see counting.count for the arguments."""
    ripples = len(start) - 1
    cuts = [int(ripples * fold) for fold in FOLDS]
    given, before = [np.empty((0, len(NAMES)))], [np.empty(0, np.int64)]
    even, never = np.full((len(BUCKETS), len(NAMES)), 1.0 / len(NAMES)), np.zeros(1)
    for low, high in pairwise(cuts):
        if not low < high:
            continue
        early = count(start[: low + 1], person[: start[low]], people, ties=ties)
        later = start[low : high + 1] - start[low]
        seen, _, size = walk(early, later, person[start[low] : start[high]], even, never, longest=LONGEST)
        given.append(seen)
        before.append(size)
    counts = count(start, person, people, ties=ties)
    return Next(
        counts=counts, mixtures=_mixtures(np.concatenate(given), np.concatenate(before)), stopping=_stopping(start)
    )  # fmt: skip


def _mixtures(given: Doubles, before: Longs) -> Doubles:
    """EM for all steps together, then per bucket with the overall mixture as prior."""
    known = given.sum(axis=1) > 0
    given, before = given[known], before[known]
    whole = _em(given, np.full(given.shape[1], 1.0 / given.shape[1]), 1.0)
    bucket = np.searchsorted(BUCKETS, before, side="right") - 1
    return np.stack([_em(given[bucket == number], whole, SHRUNK) for number in range(len(BUCKETS))])


def _em(given: Doubles, prior: Doubles, strength: float) -> Doubles:
    weight = prior.copy()
    for _ in range(60):
        part = given * weight
        part /= np.maximum(part.sum(axis=1, keepdims=True), LEAST)
        weight = (part.sum(axis=0) + strength * prior) / (part.sum() + strength)
    return weight


def _stopping(start: Longs) -> Doubles:
    """Share of ripples that end with so many people among those that get so far, smoothed over neighbouring sizes."""
    size = np.diff(start)
    longest = int(min(size.max(initial=1), LONGEST))
    ended = np.bincount(np.minimum(size, longest), minlength=longest + 1).astype(np.float64)
    there = ended[::-1].cumsum()[::-1]
    kernel = np.ones(5)
    smooth = np.convolve(ended, kernel, "same"), np.convolve(there, kernel, "same")
    return (smooth[0] + 0.05) / (smooth[1] + 1.0)
