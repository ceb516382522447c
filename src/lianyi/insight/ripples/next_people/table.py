"""Table `next_people`: who is likely to be the next in each ripple that still runs, and how well that went before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lianyi.insight.kernels import Ints, Longs
from lianyi.insight.ripples.next_people.model import LONGEST, Next, learn_next
from lianyi.insight.ripples.next_people.scoring import BUCKETS, NAMES, walk
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

LATEST = 30_000  # arrivals that are learned from; a step costs as much as there are people among them
FEWEST = 30  # ripples with a second person, below which nothing is said
OPEN_DAYS = 30  # a ripple runs on while its last person came so lately
MOST = 200  # ripples that are told, those with the latest arrival
BEST = 20  # people told of each
TESTED = 0.2  # of the ripples, the last ones by time: what the others would have said of them
FEWEST_STEPS = 50  # arrivals behind a share of hits, below which it is unknown
TOP = 10  # a hit: the person who came was among so many

SCHEMA = pa.schema([
    ("ripple_id", pa.string()), ("rank", pa.int32()), ("person_id", pa.string()), ("chance", pa.float64()),
    ("followed", pa.int64()), ("tied", pa.int64()), ("took_part", pa.int64()), ("learned", pa.int64()),
    ("tested", pa.int64()), ("hits", pa.float64()), ("hits_popular", pa.float64()),
])  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """Arrivals by ripple and time: entries of ripple r are start[r]:start[r + 1] of person; ripples by the time of
    their first person. ties: both ends of each tie among these people, once; nothing is learned from them, because they
    are as of now and owe something to the very ripples that would be foretold."""

    names: pa.Array
    people: pa.Array
    start: Longs
    person: Ints
    ties: tuple[Ints, Ints]


def _next_people(build: Build) -> str:
    """Learned on all ripples with a second person, told of those that still run."""
    running = _running(build)
    past = _past(build) if running else None
    rows = SCHEMA.empty_table()
    if past is not None:
        model = learn_next(past.start, past.person, len(past.people))
        score = hits_on_past(past)
        told = [_told(past, model, ripple, people) for ripple, people in running.items()]
        rows = pa.concat_tables([rows, *(_scored(table, past, score) for table in told)])
    build.engine.register("next_people_rows", rows)
    build.made.append("next_people_rows")
    return "SELECT * FROM next_people_rows"


def _past(build: Build) -> Past | None:
    """The latest arrivals of ripples that went on; None where these are too few to learn from."""
    d = Scope.of(build).dialect
    rows = build.engine.table(f"""
        SELECT a.ripple_id, a.person_id, {d.micros('a."at"')} AS us, a.event_id FROM arrivals AS a
        JOIN (
            SELECT ripple_id FROM arrivals WHERE {d.size("flags")} = 0 GROUP BY ripple_id HAVING count(*) > 1
        ) AS r ON r.ripple_id = a.ripple_id
        WHERE {d.size("a.flags")} = 0 ORDER BY us DESC, a.event_id DESC, a.person_id DESC LIMIT {LATEST}
    """)
    rows = rows.take(np.arange(len(rows))[::-1])
    ripples, people = (rows[name].combine_chunks().dictionary_encode() for name in ("ripple_id", "person_id"))
    if len(ripples.dictionary) < FEWEST:
        return None
    ripple = ripples.indices.to_numpy()
    order = np.argsort(ripple, kind="stable")
    counts = np.bincount(ripple, minlength=len(ripples.dictionary))
    return Past(
        names=ripples.dictionary,
        people=people.dictionary,
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        person=people.indices.to_numpy()[order].astype(np.int32),
        ties=_ties(build, people.dictionary),
    )


def _ties(build: Build, people: pa.Array) -> tuple[Ints, Ints]:
    numbers = pa.table({"person_id": people, "n": pa.array(np.arange(len(people)), pa.int32())})
    build.engine.register("next_people_numbers", numbers)
    rows = build.engine.table("""
        SELECT a.n AS one, b.n AS other FROM person_ties AS t
        JOIN next_people_numbers AS a ON a.person_id = t.person_id
        JOIN next_people_numbers AS b ON b.person_id = t.other_id
        WHERE t.person_id < t.other_id ORDER BY one, other
    """)
    build.drop("next_people_numbers")
    return rows["one"].to_numpy().astype(np.int32), rows["other"].to_numpy().astype(np.int32)


def _running(build: Build) -> dict[str, list[str]]:
    """The people, in the order in which they came, of each ripple that still runs."""
    d = Scope.of(build).dialect
    since = f"{d.micros(d.time(build.as_of))} - {OPEN_DAYS * 86_400_000_000}"
    rows = build.engine.table(f"""
        SELECT a.ripple_id, a.person_id FROM arrivals AS a JOIN (
            SELECT ripple_id, last_at FROM ripples WHERE {d.micros("last_at")} >= {since}
            ORDER BY last_at DESC, ripple_id LIMIT {MOST}
        ) AS r ON r.ripple_id = a.ripple_id
        WHERE {d.size("a.flags")} = 0 ORDER BY a.ripple_id, a."at", a.event_id, a.person_id
    """)
    found: dict[str, list[str]] = {}
    for ripple, person in zip(rows["ripple_id"].to_pylist(), rows["person_id"].to_pylist(), strict=True):
        found.setdefault(ripple, []).append(person)
    return found


def hits_on_past(past: Past) -> tuple[int, float, float]:
    """(arrivals, hits, hits of popularity alone): how often, in the last ripples by time, the next person was among
    the first TOP of those whom the earlier ripples name; learned on these alone. Who scores as much as the
    one who came is not counted as before them, which flatters popularity most."""
    ripples = len(past.start) - 1
    cut = ripples - max(1, int(ripples * TESTED))
    begin = past.start[cut]
    early = learn_next(past.start[: cut + 1], past.person[:begin], len(past.people))
    start, person = past.start[cut:] - begin, past.person[begin:]
    popular = np.zeros((len(BUCKETS), len(NAMES)))
    popular[:, NAMES.index("popular inf")] = 1.0
    hits = []
    for mixtures in (early.mixtures, popular):
        _given, rank, before = walk(early.counts, start, person, mixtures, np.zeros(1), longest=LONGEST)
        size = np.minimum(np.diff(start), LONGEST)
        steps = size - 1 + (np.diff(start) < LONGEST)
        came = before < np.repeat(size, steps)  # the others are the ends of ripples
        hits.append(rank[came] <= TOP)
    if len(hits[0]) < FEWEST_STEPS:
        return len(hits[0]), np.nan, np.nan
    return len(hits[0]), float(hits[0].mean()), float(hits[1].mean())


def _told(past: Past, model: Next, ripple: str, people: list[str]) -> pa.Table:
    """The likeliest next people of one ripple, with what speaks for them."""
    places = pc.index_in(pa.array(people, pa.string()), value_set=past.people).drop_null().to_numpy()
    who, chance = model.likely(places, BEST)
    followed, tied, took_part = evidence(past, ripple, places)
    return pa.table({
        "ripple_id": pa.array([ripple] * len(who), pa.string()),
        "rank": pa.array(np.arange(1, len(who) + 1), pa.int32()),
        "person_id": past.people.take(pa.array(who)), "chance": chance, "followed": followed[who],
        "tied": tied[who], "took_part": took_part[who],
    })  # fmt: skip


def evidence(past: Past, ripple: str, there: NDArray[np.integer]) -> tuple[Longs, Longs, Longs]:
    """Per person: in how many other ripples they came after somebody who is in this one; to how many of these they are
    tied; in how many other ripples they took part. there: numbers of the people in the ripple."""
    size = len(past.people)
    inside = np.zeros(size, dtype=bool)
    inside[there] = True
    number = np.repeat(np.arange(len(past.start) - 1), np.diff(past.start))
    other = number != past.names.index(ripple).as_py()
    seen = np.concatenate([[0], np.cumsum(inside[past.person])])
    after = other & (seen[:-1] > seen[past.start[number]])
    one, two = past.ties
    tied = np.bincount(two[inside[one]], minlength=size) + np.bincount(one[inside[two]], minlength=size)
    return np.bincount(past.person[after], minlength=size), tied, np.bincount(past.person[other], minlength=size)


def _scored(table: pa.Table, past: Past, score: tuple[int, float, float]) -> pa.Table:
    """The rows with what they were learned from, and how good the same was on the last part of the past."""
    steps, *hits = score
    rows = len(table)
    known = [None if np.isnan(hit) else hit for hit in hits]
    columns = ([len(past.start) - 1] * rows, [steps] * rows, [known[0]] * rows, [known[1]] * rows)
    for name, values in zip(("learned", "tested", "hits", "hits_popular"), columns, strict=True):
        table = table.append_column(name, pa.array(values, SCHEMA.field(name).type))
    return table.select(SCHEMA.names).cast(SCHEMA)


NEXT_PEOPLE = Table(
    name="next_people",
    en="One row = one person who is likely to be the next in a ripple that still runs, with the chance and why.",
    zh="每行 = 一个仍在扩散的波纹里很可能下一个到来的人，含概率与依据。",
    rows_from=("arrivals",),
    inputs=("arrivals", "ripples", "person_ties"),
    key=("ripple_id", "person_id"),
    order=("ripple_id", "rank"),
    columns={
        "ripple_id": Column(en="the ripple: its last person came within 30 days", zh="波纹（30 天内仍有人到达）"),
        "rank": Column(en="1 is the likeliest; 20 are told", zh="名次，1 最可能；列出 20 人"),
        "person_id": Column(en="the person, who took part in a ripple before", zh="用户（参与过以往波纹）"),
        "chance": Column(
            en="chance that the next who comes is this one, if it is one of those who took part in ripples before",
            zh="若下一位来自以往参与过波纹的人，正是此人的概率",
        ),
        "followed": Column(
            en="other ripples in which the person came after somebody who is in this one",
            zh="在多少个其他波纹里，此人跟在本波纹成员之后到来", unit="ripples",
        ),
        "tied": Column(
            en="people of the ripple to whom the person is tied", zh="与本波纹中多少人有联系", unit="people"
        ),
        "took_part": Column(en="other ripples in which the person took part", zh="参与过多少其他波纹", unit="ripples"),
        "learned": Column(en="ripples it was learned from", zh="学习所用的波纹数", unit="ripples"),
        "tested": Column(
            en="arrivals of the last fifth of the ripples, foretold from the others",
            zh="用于检验的到达次数（最近五分之一波纹）",
        ),
        "hits": Column(
            en="share of these in which the person who came was among the first ten; empty below 50 arrivals",
            zh="检验中，来者排在前十的比例；不足 50 次到达时为空",
        ),
        "hits_popular": Column(
            en="the same where only who took part most often is named", zh="若只按参与次数排名，同一比例"
        ),
    },
    build=_next_people,
)  # fmt: skip
