"""Recommendation on real interaction sets beside `implicit` (ALS, BM25 and cosine item-kNN) and popularity.

`python benchmarks/recommend.py [SET …]`: the same split, the same objects, one run. Each person's objects of the test
part that are new to them are to be found among 20; settings are chosen on a validation part taken from the training
part in the same way, for implicit too (factors and neighbours). implicit is none of our dependencies: install it.
`--published` needs none: LastFM-HetRec as a published comparison of social recommenders (DiffNet and others) splits it.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from lianyi.insight.demand.recommending import scoring

DATA = Path(__file__).parents[2] / "shared" / "data"
OBJECTS, TOP = 3_000, 20
Part = tuple[Any, Any]
Data = tuple[Any, Any, Any, Any | None, str]


def dyhatr() -> Data:
    """Clicks, wish lists, carts and orders of ten days; the test part is the last two days."""
    rows = [line.split() for line in (DATA / "dyhatr_ecomm/ecomm_edge_train.txt").read_text().splitlines()]
    rows = [row for row in rows if row[2].isdigit()]
    days = sorted({row[3] for row in rows})
    when = np.array([days.index(row[3]) for row in rows])
    return codes([row[0] for row in rows]), codes([row[1] for row in rows]), when, None, "time"


def lastfm() -> Data:
    """Artists played; no times: a fifth of each person's artists is the test part."""

    def read(name: str) -> list[list[str]]:
        text = (DATA / f"lastfm_hetrec/{name}").read_text(encoding="latin-1")
        return [line.split("\t") for line in text.splitlines()[1:]]

    plays, friends = read("user_artists.dat"), read("user_friends.dat")
    names = sorted({row[0] for row in plays})
    number = {name: place for place, name in enumerate(names)}
    people = np.array([number[row[0]] for row in plays])
    pairs = np.array([(number[a], number[b]) for a, b, *_ in friends if a in number and b in number])
    ties = sparse.csr_matrix((np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1])), (len(names), len(names)))
    return people, codes([row[1] for row in plays]), np.random.default_rng(7).random(len(plays)), ties, "random"


def taobao() -> Data:
    """Categories of what was shared by or to somebody, by time; ties are who shared to whom before the test."""
    with (DATA / "taobao_share/item_info.csv").open() as file:
        category = {row[0]: row[1] for row in list(csv.reader(file))[1:]}
    with (DATA / "taobao_share/share_sample.csv").open() as file:
        rows = sorted(list(csv.reader(file))[1:], key=lambda row: row[3])
    rows = [row for row in rows if row[1] in category]
    names = sorted({name for row in rows for name in (row[0], row[2])})
    number = {name: place for place, name in enumerate(names)}
    first, second = (np.array([number[row[place]] for row in rows]) for place in (0, 2))
    thing = codes([category[row[1]] for row in rows])
    when = np.arange(len(rows))
    early = when < 0.8 * len(rows)
    ends = np.concatenate([first[early], second[early]]), np.concatenate([second[early], first[early]])
    ties = sparse.csr_matrix((np.ones(len(ends[0]), np.float32), ends), (len(names), len(names)))
    return np.concatenate([first, second]), np.tile(thing, 2), np.tile(when, 2), ties, "time"


def codes(names: list[str]) -> Any:
    """Numbers of different names."""
    return np.unique(np.array(names), return_inverse=True)[1]


def matrices(people: Any, things: Any, when: Any, shape: tuple[int, int]) -> Part:
    """(history, age) of interactions: 1 per person × object, and how many objects the person took after it."""
    order = np.lexsort((when, people))
    who, what = people[order], things[order]
    pair = who.astype(np.int64) * shape[1] + what
    last = len(pair) - 1 - np.unique(pair[::-1], return_index=True)[1]  # the latest act with each object
    last.sort()
    who, what = who[last], what[last]
    ends = np.searchsorted(who, who, side="right")
    age = (ends - 1 - np.arange(len(who))).astype(np.float32)
    return (sparse.csr_matrix((np.ones(len(who), np.float32), (who, what)), shape),
            sparse.csr_matrix((age, (who, what)), shape))  # fmt: skip


def split(when: Any, how: str, share: float) -> Any:
    """Which interactions are late (by time, or by chance where there are no times)."""
    return when >= np.quantile(when, 1 - share) if how == "time" else when < share


def measured(name: str, work: Callable[[], Any], wanted: Any) -> None:
    """One line: recall and NDCG of what `work` shows, and seconds of processor."""
    began = time.process_time()
    chosen = work()
    rows = np.diff(wanted.indptr) > 0
    recall, gain = scoring.quality(chosen[rows], wanted[rows])
    print(f"  {name:26} recall@{TOP} {recall:.4f}  NDCG@{TOP} {gain:.4f}  {time.process_time() - began:6.1f} s of CPU",
          flush=True)  # fmt: skip


def ours(crowd: scoring.Crowd, before: scoring.Crowd, later: Any) -> Any:
    """Learned on the validation part, then shown from all of the training part."""
    penalty, mix, _ = scoring.learn(before, later)
    print(f"    λ {penalty:g}, {mix}")
    made = scoring.make(crowd, penalty=penalty, mix=mix)
    return np.vstack(
        [scoring.best(made.scores(part), part.history, TOP)[0]
         for rows in scoring.blocks(crowd.history.shape[0]) for part in [crowd.rows(rows)]]
    )  # fmt: skip


def implicit_best(make: Callable[[Any], Any], options: list[Any], before: Any, later: Any, history: Any) -> Any:
    """The option with the best NDCG on the validation part, then fitted to all of the training part."""

    def shown(option: Any, data: Any) -> Any:
        model = make(option)
        model.fit(data, show_progress=False)
        return model.recommend(np.arange(data.shape[0]), data, N=TOP, filter_already_liked_items=True)[0]

    rows = np.diff(later.indptr) > 0
    gains = [scoring.quality(np.maximum(shown(option, before), 0)[rows], later[rows])[1] for option in options]
    return np.maximum(shown(options[int(np.argmax(gains))], history), 0)


def run(name: str, data: Data) -> None:
    """All ways on one set."""
    people, things, when, ties, how = data
    kept = np.argsort(-np.bincount(things))[:OBJECTS]
    number = np.full(things.max() + 1, -1)
    number[kept] = np.arange(len(kept))
    inside = number[things] >= 0
    people, things, when = people[inside], number[things[inside]], when[inside]
    shape = int(people.max()) + 1 if ties is None else ties.shape[0], len(kept)
    late = split(when, how, 0.2)
    history, age = matrices(people[~late], things[~late], when[~late], shape)
    wanted = matrices(people[late], things[late], when[late], shape)[0]
    wanted = (wanted - wanted.multiply(history)).tocsr()
    wanted.eliminate_zeros()
    inner = split(when[~late], how, 0.2) if how == "time" else np.random.default_rng(8).random((~late).sum()) < 0.2
    before = matrices(people[~late][~inner], things[~late][~inner], when[~late][~inner], shape)
    later = matrices(people[~late][inner], things[~late][inner], when[~late][inner], shape)[0]
    later = (later - later.multiply(before[0])).tocsr()
    later.eliminate_zeros()
    known = np.diff(history.indptr) > 0  # people without a past are nobody's test
    wanted = sparse.diags(known.astype(np.float32)) @ wanted
    wanted = wanted.tocsr()
    wanted.eliminate_zeros()
    print(
        f"{name}: {shape[0]:,} people × {shape[1]:,} objects, {history.nnz:,} to learn from, {wanted.nnz:,} to be found"
    )
    nobody = np.full(shape[0], -1)
    crowd = scoring.Crowd(history=history, age=age, community=nobody)
    then = scoring.Crowd(history=before[0], age=before[1], community=nobody)
    popular = np.tile(np.asarray(history.sum(axis=0), np.float32), (shape[0], 1))
    measured("popularity", lambda: scoring.best(popular, history, TOP)[0], wanted)
    measured("ours", lambda: ours(crowd, then, later), wanted)
    if ties is not None:
        social = scoring.Crowd(history=history, age=age, community=nobody, ties=ties)
        past = scoring.Crowd(history=before[0], age=before[1], community=nobody, ties=ties)
        measured("ours with ties", lambda: ours(social, past, later), wanted)
    peers(history, before[0], later, wanted)


def peers(history: Any, before: Any, later: Any, wanted: Any) -> None:
    """implicit's own models; their settings are chosen like ours."""
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

    def als(option: tuple[int, float]) -> Any:
        return AlternatingLeastSquares(
            factors=option[0], regularization=option[1], iterations=15, random_state=1, num_threads=1
        )

    factors = [(factors, penalty) for factors in (32, 96) for penalty in (0.01, 1.0)]
    measured("implicit ALS", lambda: implicit_best(als, factors, before, later, history), wanted)
    kinds: list[tuple[str, Any]] = [("BM25", BM25Recommender), ("cosine", CosineRecommender)]
    for name, kind in kinds:
        measured(
            f"implicit {name} kNN",
            lambda kind=kind: implicit_best(lambda k: kind(K=k, num_threads=1), [20, 100, 500], before, later, history),
            wanted,
        )  # fmt: skip


# RecBole-GNN's benchmark of social recommenders on LastFM-HetRec (results/social/lastfm.md, embedding size 64, settings
# tuned by NDCG@10 on the validation part): recall, NDCG, hit rate, precision, MRR, each at 10.
PUBLISHED = {
    "BPR": (0.1761, 0.1674, 0.5573, 0.0858, 0.3026), "LightGCN": (0.2064, 0.1972, 0.6322, 0.1009, 0.3559),
    "DiffNet": (0.1757, 0.1694, 0.5621, 0.0857, 0.3117), "MHCN": (0.2123, 0.2068, 0.6523, 0.1042, 0.3782),
    "SEPT": (0.2127, 0.2057, 0.6465, 0.1044, 0.3703),
}  # fmt: skip


def in_tenths(people: Any, seed: int) -> Any:
    """0 to learn from, 1 to choose settings, 2 to test: of each person's objects in random order eight tenths, one and
    one, at least one in each of the last two where there are three (as RecBole splits by ratio, grouped by user)."""
    dice, parts = np.random.default_rng(seed), np.zeros(len(people), dtype=np.int64)
    for person in np.unique(people):
        mine = dice.permutation(np.flatnonzero(people == person))
        size = len(mine)
        later = [int(0.1 * size), int(0.1 * size)]
        for place in (1, 0):
            if size - sum(later) <= 1:
                break
            later[place] += int(later[place] == 0)
        parts[mine[size - later[1] :]] = 2
        parts[mine[size - sum(later) : size - later[1]]] = 1
    return parts


def at_ten(chosen: Any, wanted: Any) -> tuple[float, ...]:
    """Recall (of all that was wanted), NDCG, hit rate, precision, MRR at 10: mean over people with something wanted."""
    asked = np.flatnonzero(np.diff(wanted.indptr) > 0)
    many = np.diff(wanted.indptr)[asked]
    hit = np.asarray(wanted[np.repeat(asked, 10), chosen[asked].ravel()]).reshape(-1, 10) > 0
    discount = 1 / np.log2(np.arange(2, 12))
    ideal = np.cumsum(discount)[np.minimum(many, 10) - 1]
    first = np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1), 0.0)
    found = (hit.sum(axis=1) / many, hit @ discount / ideal, hit.any(axis=1), hit.mean(axis=1), first)
    return tuple(float(np.mean(one)) for one in found)


def published(seeds: tuple[int, ...] = (1, 2, 3)) -> None:
    """Ours on all of LastFM-HetRec by the protocol of RecBole-GNN beside its figures: each person's artists 8:1:1 by
    chance, all artists ranked, those of the first two parts left out. The draws are ours: not the very same split."""
    people, things, _, ties, _ = lastfm()
    shape = ties.shape[0], int(things.max()) + 1
    print(f"LastFM-HetRec, {shape[0]:,} people × {shape[1]:,} artists, {len(people):,} plays, 8:1:1, all ranked")
    names = ("recall@10", "NDCG@10", "hit@10", "precision@10", "MRR@10")
    sums: dict[str, list[tuple[float, ...]]] = {}
    for seed in seeds:
        part = in_tenths(people, seed)
        learnt, later, wanted = (
            sparse.csr_matrix(
                (np.ones((part == one).sum(), np.float32), (people[part == one], things[part == one])), shape
            )
            for one in (0, 1, 2)
        )
        age = learnt.copy()
        age.data = np.zeros_like(age.data)  # there are no times
        nobody = np.full(shape[0], -1)
        for name, known in (("ours", None), ("ours with ties", ties)):
            crowd = scoring.Crowd(history=learnt, age=age, community=nobody, ties=known)
            penalty, mix, _ = scoring.learn(crowd, later, top=10)
            made = scoring.make(crowd, penalty=penalty, mix=mix)
            shown = scoring.best(made.scores(crowd), (learnt + later).tocsr(), 10)[0]
            sums.setdefault(name, []).append(at_ten(shown, wanted))
            told = "  ".join(f"{what} {value:.4f}" for what, value in zip(names, sums[name][-1], strict=True))
            print(f"  seed {seed} {name:16} {told}  (λ {penalty:g}, {mix})", flush=True)
    print("mean, beside what RecBole-GNN published")
    for name, values in [*((name, np.mean(rows, axis=0)) for name, rows in sums.items()), *PUBLISHED.items()]:
        told = "  ".join(f"{what} {value:.4f}" for what, value in zip(names, values, strict=True))
        print(f"  {name:23} {told}")


SETS: dict[str, Callable[[], Data]] = {"dyhatr": dyhatr, "lastfm": lastfm, "taobao": taobao}


def main() -> None:
    """The sets named, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--published", action="store_true", help="LastFM by the protocol of published figures")
    chosen = parser.parse_args()
    if chosen.published:
        published()
        return
    for name in chosen.sets:
        run(name, SETS[name]())


if __name__ == "__main__":
    main()
