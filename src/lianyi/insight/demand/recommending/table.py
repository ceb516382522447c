"""Table `recommendations`: the goods and content to show each person, each with the reason; and `recommender`, how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import scipy

from lianyi.insight.demand.recommending import scoring, taken
from lianyi.insight.demand.recommending.scoring import Crowd, Floats, Longs, Mix, Recommender
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

SHOWN = 10  # per person
DIVERSE = 0.3  # of an object's score is lost per object of its category already shown
NOVEL = 0.0  # how much popularity is held against an object
LEARNED_ON = 20_000  # people, when settings are learned
LIKED = 0.3  # weight of the category somebody likes, for those of whom no object is known
REASONS = ("beside", "ties", "community", "category", "everybody", "plain")


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """What the tables say, in numbers. likes: (people,) number of the category liked, −1; category: (objects,)."""

    crowd: Crowd
    owned: scipy.sparse.csr_matrix
    objects: pa.Array
    people: pa.Array
    plain: Any
    likes: Longs
    category: Longs
    categories: list[str]


def read(build: Build) -> Read:
    """Number people and objects, and give matrices."""
    scope = Scope.of(build)
    build.make("rec_objects", taken.numbered())
    build.make("rec_people", taken.people(scope))
    build.make("rec_keys", taken.numbered_keys())
    build.make("rec_taken", taken.taken(scope))
    build.drop("rec_keys")
    found = build.engine.table("SELECT * FROM rec_objects ORDER BY object")
    who = build.engine.table("SELECT * FROM rec_people ORDER BY person")
    acts = build.engine.table(taken.history(scope))
    tied = build.engine.table(taken.ties())
    shape = who.num_rows, found.num_rows
    rows, columns = (acts[name].to_numpy().astype(np.int64) for name in ("person", "object"))

    def matrix(values: Any) -> scipy.sparse.csr_matrix:
        return scipy.sparse.csr_matrix((np.asarray(values, dtype=np.float32), (rows, columns)), shape)

    owned = matrix(acts["owned"].to_numpy(zero_copy_only=False))
    owned.eliminate_zeros()
    categories, category = np.unique(np.array(found["category"].to_pylist(), dtype=str), return_inverse=True)
    names = {name: number for number, name in enumerate(categories.tolist())}
    community = who["community_id"].combine_chunks().dictionary_encode()
    ends = tied["person"].to_numpy().astype(np.int64), tied["other"].to_numpy().astype(np.int64)
    strength = tied["strength"].to_numpy().astype(np.float32)
    return Read(
        crowd=Crowd(
            history=matrix(np.ones(len(rows))), age=matrix(acts["age"].to_numpy()),
            community=np.asarray(community.indices.fill_null(-1).to_numpy(), dtype=np.int64),
            ties=scipy.sparse.csr_matrix((strength, ends), (shape[0], shape[0])) if len(strength) else None,
        ),
        owned=owned, objects=found["object_key"].combine_chunks(), people=who["person_id"].combine_chunks(),
        plain=who["plain"].to_numpy(zero_copy_only=False).astype(bool),
        likes=np.array([names.get(name or "-", -1) for name in who["top_category"].to_pylist()], dtype=np.int64),
        category=np.asarray(category, dtype=np.int64), categories=categories.tolist(),
    )  # fmt: skip


def settle(crowd: Crowd, *, seed: int = 1) -> tuple[float, Mix, float, int]:
    """(penalty, mix, NDCG@20, people) from a trial: the last fifth of the objects of people with five or more is hidden
    and to be found. Where there are too few of them: EASE with its middle penalty and a little of everything."""
    many = np.diff(crowd.history.indptr)
    able = np.flatnonzero(many >= 5)
    if len(able) < 50:
        return scoring.PENALTIES[1], Mix(popular=0.1, social=0.1 if crowd.ties is not None else 0.0), float("nan"), 0
    if len(able) > LEARNED_ON:
        able = np.sort(np.random.default_rng(seed).choice(able, LEARNED_ON, replace=False))
    hidden = np.zeros(len(many), dtype=np.int64)
    hidden[able] = np.maximum(many[able] // 5, 1)
    late = crowd.age.data < np.repeat(hidden, many)
    before, wanted = crowd.history.copy(), crowd.history.copy()
    before.data = np.where(late, 0, before.data).astype(np.float32)
    wanted.data = np.where(late, wanted.data, 0).astype(np.float32)
    age = crowd.age.copy()
    age.data = np.where(late, 0, age.data - np.repeat(hidden, many)).astype(np.float32)
    kept = ~late
    past = Crowd(
        history=_only(before, kept), age=_only(age, kept), community=crowd.community, ties=crowd.ties
    )  # fmt: skip
    wanted.eliminate_zeros()
    penalty, mix, gain = scoring.learn(past, wanted)
    return penalty, mix, gain, len(able)


def _only(matrix: scipy.sparse.csr_matrix, kept: Any) -> scipy.sparse.csr_matrix:
    """The kept entries of a matrix, zeros among them included."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
    return scipy.sparse.csr_matrix((matrix.data[kept], (rows, matrix.indices[kept])), matrix.shape)


def recommend(found: Read, made: Recommender, rows: Longs) -> pa.Table:
    """One row = one person × place: object, score, reason, what it rests on (an object or a number of people)."""
    crowd = found.crowd.rows(rows)
    parts = made.parts(crowd)
    scores = parts[0] + (made.mix.popular + 1e-4) * parts[1] + made.mix.social * parts[2]
    cold = np.diff(crowd.history.indptr) == 0
    if cold.any():
        liked = (found.likes[rows][cold][:, None] == found.category[None, :]).astype(np.float32)
        scores[cold] = parts[1][cold] + 0.5 * parts[2][cold] + LIKED * liked
    scores -= made.novelty * made.popularity[-1][None, :]
    plain = found.plain[rows]
    scores[plain] = made.popularity[-1]
    owned = found.owned[rows]
    first, value = scoring.best(scores, _seen(owned, plain), min(4 * SHOWN, scores.shape[1]))
    chosen, value = _diverse(first, value, found.category)
    reason, on = _reasons(found, made, crowd, rows, parts, chosen, cold, plain)
    count, top = chosen.shape
    right = np.isfinite(value).ravel()
    return pa.table(
        {
            "person_id": found.people.take(pa.array(np.repeat(rows, top)[right])),
            "place": np.tile(np.arange(1, top + 1), count)[right],
            "object_key": found.objects.take(pa.array(chosen.ravel()[right])),
            "score": value.ravel()[right].astype(np.float64),
            "reason": pa.array(REASONS).take(pa.array(reason.ravel()[right])),
            "because": found.objects.take(pa.array(on.ravel()[right], mask=on.ravel()[right] < 0)),
        }
    )


def _seen(owned: scipy.sparse.csr_matrix, plain: Any) -> scipy.sparse.csr_matrix:
    """What is not shown again; of those who are not looked at nothing is known here either."""
    return (scipy.sparse.diags((~plain).astype(np.float32)) @ owned).tocsr()


def _diverse(first: Longs, value: Floats, category: Longs) -> tuple[Longs, Floats]:
    """SHOWN of the candidates per row: each next one is the best after its score lost DIVERSE per object of its
    category already chosen (greedy, as maximal marginal relevance; Carbonell and Goldstein 1998)."""
    count, candidates = first.shape
    kinds = category[first]
    lowest = np.where(np.isfinite(value), value, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    left = np.where(np.isfinite(value), value - np.where(np.isfinite(lowest), lowest, 0), -np.inf)
    chosen = np.zeros((count, min(SHOWN, candidates)), dtype=np.int64)
    rows = np.arange(count)
    factor = np.ones_like(left)
    for place in range(chosen.shape[1]):
        with np.errstate(invalid="ignore"):
            best = np.where(np.isfinite(left), left * factor, -np.inf).argmax(axis=1)
        chosen[:, place] = best
        factor = np.where(kinds == kinds[rows, best][:, None], factor * (1 - DIVERSE), factor)
        left[rows, best] = -np.inf
    return np.take_along_axis(first, chosen, axis=1), np.take_along_axis(value, chosen, axis=1)


def _reasons(
    found: Read, made: Recommender, crowd: Crowd, rows: Longs, parts: tuple[Floats, Floats, Floats], chosen: Longs,
    cold: Any, plain: Any,
) -> tuple[Longs, Longs]:  # fmt: skip
    """(number in REASONS, object it rests on or −1) of each chosen object: the way that gave it most."""
    on, strongest = _beside(made, crowd, chosen, ~cold & ~plain)
    lines = np.arange(len(chosen))[:, None]
    popular, social = (part[lines, chosen] for part in parts[1:])
    weights = np.where(cold[:, None], 1.0, made.mix.popular), np.where(cold[:, None], 0.5, made.mix.social)
    known = crowd.community >= 0
    liked = LIKED * (cold[:, None] & (found.likes[rows][:, None] == found.category[chosen]))
    ways = np.stack([strongest, weights[1] * social, weights[0] * popular * known[:, None], liked,
                     np.full_like(strongest, 1e-9)])  # fmt: skip
    reason = ways.argmax(axis=0)
    reason[plain] = len(REASONS) - 1
    on[reason != 0] = -1
    return reason, on


def _beside(made: Recommender, crowd: Crowd, chosen: Longs, asked: Any) -> tuple[Longs, Floats]:
    """(object of the person's own that speaks most for each chosen one or −1, how much it gives) of those asked, who
    all have a history; of several that give the same the first."""
    on, strongest = np.full(chosen.shape, -1), np.zeros(chosen.shape, dtype=np.float32)
    history = scoring.weighted(crowd, made.mix.keep)
    many = np.diff(history.indptr)
    rows = np.flatnonzero(asked)
    if not len(rows):
        return on, strongest
    whose = np.repeat(np.arange(len(many)), many)
    kept = asked[whose]
    whose, mine = whose[kept], history.indices[kept]
    gave = history.data[kept, None] * made.beside[mine[:, None], chosen[whose]]
    begin = np.concatenate([[0], np.cumsum(many[rows])[:-1]])
    strongest[rows] = np.maximum.reduceat(gave, begin, axis=0)
    place = np.where(gave == strongest[whose], np.arange(len(whose))[:, None], len(whose))
    on[rows] = mine[np.minimum.reduceat(place, begin, axis=0)]
    return on, strongest


def recommendations(build: Build) -> Iterator[str]:
    """Read, settle, learn, then people block by block."""
    found = read(build)
    rows = pa.table({"person_id": pa.array([], pa.string()), "place": pa.array([], pa.int64()),
                     "object_key": pa.array([], pa.string()), "score": pa.array([], pa.float64()),
                     "reason": pa.array([], pa.string()), "because": pa.array([], pa.string())})  # fmt: skip
    parts = [rows]
    if len(found.objects) > 1:
        build.say("settings")
        penalty, mix, _, _ = settle(found.crowd)
        made = replace(scoring.make(found.crowd, penalty=penalty, mix=mix), novelty=NOVEL)
        build.say("people")
        parts += [recommend(found, made, some).cast(rows.schema) for some in scoring.blocks(len(found.people))]
    build.engine.register("rec_rows", pa.concat_tables(parts))
    build.made.append("rec_rows")
    yield "SELECT * FROM rec_rows"


def objects(build: Build) -> str:
    """Count, then look for the names of those that remain."""
    scope = Scope.of(build)
    build.make("object_counts", taken.counted(scope))
    return taken.objects(scope)


OBJECTS = Table(
    name="objects",
    en="One row = one object (goods or content) of those that most people took in a year: title, category, people.",
    zh="每行 = 一年内最多人接触的一件商品或内容：标题、类目、人数。",
    inputs=(EVENTS, "keys"),
    key=("object_key",),
    order=("object_key",),
    columns={
        "object_key": Column(en="the object, as events name it", zh="对象标识"),
        "title": Column(en="its title in the latest event that gives one", zh="最近一次事件中的标题"),
        "category": Column(en="the category in the latest event that gives one", zh="最近一次事件中的类目"),
        "people": Column(en="people who took it: looked, carted, shared, bought …", zh="接触人数", unit="people"),
        "buyers": Column(en="people who bought it", zh="购买人数", unit="people"),
    },
    build=objects,
)

TABLE = Table(
    name="recommendations",
    en="One row = one object (goods or content) to show one person, the best first, with the reason.",
    zh="每行 = 向一个人推荐的一件商品或内容，按优先顺序，附理由。",
    inputs=(EVENTS, "keys", "profiles", "memberships", "person_ties", "objects"),
    key=("person_id", "place"),
    order=("person_id", "place"),
    row_group=LOOKED_INTO,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "place": Column(en="1 = the best", zh="顺序，1 为最佳"),
        "object_key": Column(en="what to show", zh="推荐对象"),
        "score": Column(en="by which one person's objects are ordered; not comparable between people",
                        zh="排序得分，仅在同一人内可比"),
        "reason": Column(en="what gave it most: beside (goes with what they took), ties, community, category (they "
                         "like it), everybody (popular), plain (popular; they asked not to be looked at)",
                         zh="主要理由：beside 搭配已有、ties 好友、community 社群、category 偏好类目、everybody 热门、"
                         "plain 用户选择非个性化"),
        "because": Column(en="the object that it goes with, where the reason is beside", zh="搭配的已有对象"),
    },
    build=recommendations,
)  # fmt: skip
