"""Scores of people × objects: what goes with what one has (EASE), what one's community and tied people take.

EASE (Steck, WWW 2019): B = I − P / diag(P) with P = (XᵀX + λI)⁻¹, the linear autoencoder that may not copy an object
from itself; X is people × objects. Histories may be weighted so that the latest count most; popularity of one's
community and what tied people took are added with weights that were learned on what people took next. All of it works
on blocks of people, so memory is that of B (objects² × 4 bytes) and of one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]
BLOCK = 4_096


@dataclass(frozen=True, kw_only=True, eq=False)
class Crowd:
    """What people did. history: (people, objects), 1 where somebody took an object. age: the same shape, how many
    objects the person took after it. community: (people,), −1 where unknown. ties: (people, people), strengths."""

    history: scipy.sparse.csr_matrix
    age: scipy.sparse.csr_matrix
    community: Longs
    ties: scipy.sparse.csr_matrix | None = None

    def rows(self, rows: Longs) -> Crowd:
        """The same of some people; ties keep pointing to all."""
        return Crowd(
            history=self.history[rows], age=self.age[rows], community=self.community[rows],
            ties=None if self.ties is None else self.ties[rows],
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How the ways are mixed. keep: weight of an object per object taken after it (1 = order does not matter).
    popular, social: weights beside EASE; 0 = not used."""

    keep: float = 1.0
    popular: float = 0.0
    social: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Recommender:
    """beside: B of EASE. popularity: (communities + 1, objects), log-odds-like shares; the last row is everybody.
    taken: (people, objects) of everybody, for what tied people took. novelty: how much popularity is held against an
    object, 0 to 1."""

    beside: Floats
    popularity: Floats
    taken: scipy.sparse.csr_matrix
    mix: Mix = field(default_factory=Mix)
    novelty: float = 0.0

    def scores(self, crowd: Crowd) -> Floats:
        """(people, objects): not comparable between people."""
        found = self.parts(crowd)
        total = found[0] + self.mix.popular * found[1] + self.mix.social * found[2]
        if self.novelty:
            total = total - self.novelty * self.popularity[-1][None, :]
        return np.asarray(total, dtype=np.float32)

    def parts(self, crowd: Crowd) -> tuple[Floats, Floats, Floats]:
        """EASE, popularity in the community, share of tied people (by strength) who took it."""
        ease = np.asarray(weighted(crowd, self.mix.keep) @ self.beside, dtype=np.float32)
        popular = self.popularity[np.where(crowd.community >= 0, crowd.community, len(self.popularity) - 1)]
        if crowd.ties is None:
            return ease, popular, np.zeros_like(ease)
        near = crowd.ties @ self.taken
        strength = np.maximum(np.asarray(crowd.ties.sum(axis=1)), 1e-6)
        return ease, popular, np.asarray(near.toarray() / strength, dtype=np.float32)


def weighted(crowd: Crowd, keep: float) -> scipy.sparse.csr_matrix:
    """Histories in which each object counts keep^(objects taken after it)."""
    if keep >= 1:
        return crowd.history
    aged = crowd.history.copy()
    aged.data = crowd.history.data * (keep**crowd.age.data).astype(np.float32)
    return aged


def ease(history: scipy.sparse.csr_matrix, penalty: float) -> Floats:
    """B of EASE; penalty: λ. Objects × objects in memory, solved by Cholesky; where there are fewer people than objects
    by way of people × people: (XᵀX + λI)⁻¹ = (I − Xᵀ(XXᵀ + λI)⁻¹X) / λ (Woodbury 1950)."""
    people, objects = history.shape
    gram = history @ history.T if people < objects else history.T @ history
    gram = np.asarray(gram.toarray(), dtype=np.float64 if people < objects else np.float32)
    gram[np.diag_indices_from(gram)] += penalty
    factor = scipy.linalg.cho_factor(gram, overwrite_a=True)
    if people < objects:
        half = scipy.linalg.cho_solve(factor, history.toarray().astype(gram.dtype), overwrite_b=True)
        beside = np.asarray(-(history.T @ half.astype(np.float32)))
        beside[np.diag_indices_from(beside)] += 1
    else:
        beside = scipy.linalg.cho_solve(factor, np.eye(len(gram), dtype=np.float32), overwrite_b=True)
    beside /= -np.diag(beside)[None, :].copy()
    beside[np.diag_indices_from(beside)] = 0
    return np.asarray(beside, dtype=np.float32)


def popularity(history: scipy.sparse.csr_matrix, community: Longs, *, prior: float = 20.0) -> Floats:
    """(communities + 1, objects): share of a community's people who took an object, drawn to the share of all people by
    `prior` people; divided by the largest. The last row is everybody."""
    count = int(community.max(initial=-1)) + 1
    known = np.flatnonzero(community >= 0)
    place = scipy.sparse.csr_matrix(
        (np.ones(len(known), np.float32), (community[known], known)), shape=(count, history.shape[0])
    )
    whole = np.asarray(history.sum(axis=0), dtype=np.float64).ravel() / max(history.shape[0], 1)
    people = np.bincount(community[known], minlength=count)[:, None]
    shares = (np.asarray((place @ history).todense()) + prior * whole) / (people + prior)
    table = np.vstack([shares, whole[None, :]])
    return np.asarray(table / max(table.max(initial=0.0), 1e-12), dtype=np.float32)


def make(crowd: Crowd, *, penalty: float, mix: Mix, novelty: float = 0.0) -> Recommender:
    """Learn B and popularity from everybody's histories."""
    return Recommender(
        beside=ease(crowd.history, penalty), popularity=popularity(crowd.history, crowd.community),
        taken=crowd.history, mix=mix, novelty=novelty,
    )  # fmt: skip


def best(scores: Floats, barred: scipy.sparse.csr_matrix | None, top: int) -> tuple[Longs, Floats]:
    """(objects, scores) of the `top` best per row, best first; barred objects last, with −inf."""
    if barred is not None:
        scores = scores.copy()
        scores[barred.nonzero()] = -np.inf
    some = _largest(scores, min(top, scores.shape[1]))
    value = np.take_along_axis(scores, some, axis=1)
    order = np.argsort(-value, axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1), np.take_along_axis(value, order, axis=1)


def _largest(scores: Floats, top: int) -> Longs:
    """The columns of the `top` largest of each row, in any order. NumPy finds the value from which they begin several
    times as quickly as the columns, so these are looked for only where several scores are equal there."""
    edge = np.partition(scores, scores.shape[1] - top, axis=1)[:, scores.shape[1] - top, None]
    above = scores >= edge
    several = np.flatnonzero(np.count_nonzero(above, axis=1) != top)
    some = np.zeros((len(scores), top), dtype=np.int64)
    above[several] = False
    plain = np.ones(len(scores), dtype=bool)
    plain[several] = False
    some[plain] = (np.flatnonzero(above) % scores.shape[1]).reshape(-1, top)
    some[several] = np.argpartition(-scores[several], top - 1, axis=1)[:, :top]
    return some


def blocks(people: int) -> Iterator[Longs]:
    """Numbers of people, block by block."""
    for begin in range(0, people, BLOCK):
        yield np.arange(begin, min(begin + BLOCK, people))


def quality(chosen: Longs, wanted: scipy.sparse.csr_matrix) -> tuple[float, float]:
    """(recall, NDCG) at the number of columns of `chosen`, mean over people with something wanted. Recall is divided by
    the smaller of the wanted and the shown (Liang et al. 2018)."""
    top = chosen.shape[1]
    rows = np.repeat(np.arange(len(chosen)), top)
    hit = np.asarray(wanted[rows, chosen.ravel()]).reshape(-1, top) > 0
    many = np.diff(wanted.indptr)
    asked = many > 0
    discount = 1 / np.log2(np.arange(2, top + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(many, top)]
    recall = hit.sum(axis=1)[asked] / np.minimum(many, top)[asked]
    gain = (hit * discount).sum(axis=1)[asked] / ideal[asked]
    return (float(recall.mean()), float(gain.mean())) if asked.any() else (0.0, 0.0)


PENALTIES = (20.0, 100.0, 500.0)
KEEPS = (1.0, 0.9, 0.7)
POPULAR = (0.0, 0.1, 0.5)
SOCIAL = (0.0, 0.1, 0.5)


def learn(crowd: Crowd, wanted: scipy.sparse.csr_matrix, *, top: int = 20) -> tuple[float, Mix, float]:
    """(penalty, mix, NDCG) best on what people took next: `wanted` holds it, `crowd` what was before. One after the
    other: penalty, weight of order, then popularity and ties together."""
    rows = np.flatnonzero(np.diff(wanted.indptr) > 0)
    some, after = crowd.rows(rows), wanted[rows]

    def tried(recommender: Recommender) -> float:
        return quality(best(recommender.scores(some), some.history, top)[0], after)[1]

    shares = popularity(crowd.history, crowd.community)
    chosen: tuple[float, float, Mix, Floats] = (-1.0, PENALTIES[0], Mix(), np.zeros((0, 0), np.float32))
    for each in PENALTIES:
        candidate = ease(crowd.history, each)
        for keep in KEEPS:  # a history whose order matters is asked of the same B: only its reading changes
            reading = Mix(keep=keep)
            found = tried(Recommender(beside=candidate, popularity=shares, taken=crowd.history, mix=reading))
            if found > chosen[0]:
                chosen = found, each, reading, candidate
        del candidate
    value, penalty, mix, beside = chosen
    parts = Recommender(beside=beside, popularity=shares, taken=crowd.history, mix=mix).parts(some)
    for popular, social in product(POPULAR, SOCIAL if crowd.ties is not None else (0.0,)):
        total = parts[0] + popular * parts[1] + social * parts[2]
        found = quality(best(np.asarray(total, np.float32), some.history, top)[0], after)[1]
        if found > value * 1.002:  # a way more must be worth it
            value, mix = found, Mix(keep=mix.keep, popular=popular, social=social)
    return penalty, mix, value
