"""Recommendation on real interaction sets beside `implicit` (ALS, BM25 and cosine item-kNN) and popularity.

`python benchmarks/recommend.py [SET …]`: the same split, the same objects, one run. Each person's objects of the test
part that are new to them are to be found among 20; settings are chosen on a validation part taken from the training
part in the same way, for implicit too (factors and neighbours). implicit is none of our dependencies: install it.
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


SETS: dict[str, Callable[[], Data]] = {"dyhatr": dyhatr, "lastfm": lastfm, "taobao": taobao}


def main() -> None:
    """The sets named, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", default=list(SETS))
    for name in parser.parse_args().sets:
        run(name, SETS[name]())


if __name__ == "__main__":
    main()
