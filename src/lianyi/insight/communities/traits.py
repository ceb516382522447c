"""Table `community_traits`: what the people of a community share more than others do.

Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi, Quinn, "Fightin' Words", Political Analysis
2008, eqs. 15–22): counts are people, not utterances, so that nobody names a community by talking much. The prior is
how common a trait is among everybody, worth PRIOR people; rare traits are shrunk by it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa

from lianyi.insight.communities import acts
from lianyi.insight.communities.acts import MEMBERS
from lianyi.insight.communities.words import maximal, words_of
from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.people.tags.likes import PREFIX
from lianyi.insight.people.tags.sensitive import ANY_CLASS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

SENSITIVE = re.compile(ANY_CLASS, re.IGNORECASE)
PRIOR = 30.0
LEAST_PEOPLE = 3
LEAST_SHARE = 0.15
SURE = 1.96
SHOWN = 8  # of each kind
TEXTS = 50  # messages read per community, chosen by their ids' hash
SIZES, TOLD, SPOKEN, WORD_ROWS = "trait_sizes", "trait_told", "trait_spoken", "trait_words"


def told(scope: Scope) -> str:
    """One row = one community × trait: members who have it. kind: category, tag, city or room."""
    d = scope.dialect
    text = d.text
    return f"""
    SELECT m.community_id, t.kind, t.trait, count(*) AS people FROM {MEMBERS} m JOIN (
        SELECT person_id, 'category' AS kind, c.category AS trait FROM (
            SELECT person_id, {d.explode("categories")} AS c FROM profiles
        ) AS x WHERE c.share >= 0.25
        UNION ALL SELECT person_id, 'city' AS kind, city AS trait FROM profiles WHERE city IS NOT NULL AND city <> ''
        UNION ALL SELECT DISTINCT person_id, 'tag' AS kind, tag AS trait FROM person_tags
        WHERE source IN ('manual', 'keyword') AND tag NOT LIKE {text(PREFIX + "%")}
        UNION ALL SELECT person_id, 'room' AS kind, {d.explode("groups")} AS trait FROM profiles
    ) AS t ON t.person_id = m.person_id
    GROUP BY m.community_id, t.kind, t.trait
    """


def spoken(scope: Scope) -> str:
    """One row = one message of a member in a room of the community, at most TEXTS of each community."""
    where = "e.kind IN ('message', 'reply') AND e.text IS NOT NULL AND e.group_key IS NOT NULL"
    return f"""
    SELECT community_id, person_id, text FROM (
        SELECT r.community_id, s.person_id, s.text,
            row_number() OVER (PARTITION BY r.community_id ORDER BY md5(s.id)) AS place
        FROM {scope.done("e.group_key", "e.id", "e.text", where=where)} AS s
        JOIN {acts.ROOMS_OF} r ON r.group_key = s.group_key
        JOIN {MEMBERS} m ON m.community_id = r.community_id AND m.person_id = s.person_id
    ) AS t WHERE place <= {TEXTS}
    """


def word_rows(texts: pa.Table) -> pa.Table:
    """One row = one community × word: people who said it."""
    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    columns = (texts[name].to_pylist() for name in ("community_id", "person_id", "text"))
    for community, person, text in zip(*columns, strict=True):
        for word in words_of(text[:400]):
            said[community][word].add(person)
    everywhere: Counter[str] = Counter()
    for words in said.values():
        everywhere.update({word: len(people) for word, people in words.items()})
    kept = maximal({word: count for word, count in everywhere.items() if count >= LEAST_PEOPLE})
    rows = [
        (community, word, len(people))
        for community, words in said.items()
        for word, people in words.items()
        if word in kept
    ]
    return pa.table(
        {
            "community_id": pa.array([row[0] for row in rows], pa.string()),
            "kind": pa.array(["word"] * len(rows), pa.string()),
            "trait": pa.array([row[1] for row in rows], pa.string()),
            "people": pa.array([row[2] for row in rows], pa.int64()),
        }
    )


def log_odds(people: Longs, size: Longs, everybody: Doubles, total: Doubles) -> Doubles:
    """z of the log-odds of having a trait inside against outside. people of size have it inside; everybody of total
    overall; the prior adds PRIOR people with the trait as common as overall."""
    prior = PRIOR * np.minimum(everybody / total, 0.999)  # what all have still leaves room for somebody without
    inside, outside = people + prior, everybody - people + prior
    not_inside = size - people + PRIOR - prior
    not_outside = np.maximum(total - size - (everybody - people), 0) + PRIOR - prior
    difference = np.log(inside / not_inside) - np.log(outside / not_outside)
    return np.asarray(difference / np.sqrt(1 / inside + 1 / outside))


def scored(counts: pa.Table, sizes: dict[str, int]) -> pa.Table:
    """One row = one trait that a community has clearly more often than others, at most SHOWN of each kind."""
    code = counts["community_id"].combine_chunks().dictionary_encode()
    size = np.array([sizes[name] for name in code.dictionary.to_pylist()], dtype=np.int64)[code.indices.to_numpy()]
    people = counts["people"].to_numpy().astype(np.int64)
    kinds, traits = counts["kind"].to_pylist(), counts["trait"].to_pylist()
    overall: Counter[tuple[str, str]] = Counter()
    for kind, trait, number in zip(kinds, traits, people.tolist(), strict=True):
        overall[kind, trait] += number
    everybody = np.array([overall[key] for key in zip(kinds, traits, strict=True)], dtype=np.float64)
    total = np.full(len(people), float(sum(sizes.values())))
    z = log_odds(people, size, np.minimum(everybody, total), total) if len(people) else np.empty(0)
    share = people / np.maximum(size, 1)
    good = (people >= LEAST_PEOPLE) & (share >= LEAST_SHARE) & (z >= SURE)
    good &= np.array([not SENSITIVE.search(trait) for trait in traits], dtype=bool) if len(traits) else good
    table = counts.append_column("share", pa.array(share)).append_column("z", pa.array(z))
    rest = np.maximum(total - size, 1)
    lift = share / np.maximum((everybody - people) / rest, 1 / total)
    return table.append_column("lift", pa.array(lift)).filter(pa.array(good))


def build(build: Build) -> str:
    """Count, score, and give the best of each kind."""
    scope = Scope.of(build)
    acts_made = (
        (MEMBERS, acts.members()),
        (acts.ROOMS_OF, acts.rooms_of(scope)),
        (TOLD, told(scope)),
        (SPOKEN, spoken(scope)),
    )
    for name, sql in acts_made:
        build.make(name, sql)
    sizes = build.engine.table(f"SELECT community_id, count(*) AS n FROM {MEMBERS} GROUP BY 1").to_pylist()
    build.say("what communities talk of")
    counts = pa.concat_tables(
        [
            build.engine.table(f"SELECT community_id, kind, trait, people FROM {TOLD}"),
            word_rows(build.engine.table(f"SELECT * FROM {SPOKEN} ORDER BY community_id, person_id, text")),
        ],
        promote_options="permissive",
    )
    build.engine.register(WORD_ROWS, scored(counts, {row["community_id"]: row["n"] for row in sizes}))
    build.made.append(WORD_ROWS)
    return f"""
    SELECT community_id, kind, trait, CAST(people AS BIGINT) AS people, share, lift, z, place FROM (
        SELECT *, row_number() OVER (PARTITION BY community_id, kind ORDER BY z DESC, trait) AS place FROM {WORD_ROWS}
    ) AS r WHERE place <= {SHOWN}
    """


TABLE = Table(
    name="community_traits",
    en="One row = one thing that the people of a community share clearly more than others do.",
    zh="每行 = 一个社群的成员明显多于他人的一个共同点。",
    rows_from=("community_people",),
    inputs=(EVENTS, "keys", "profiles", "person_tags", "community_people"),
    key=("community_id", "kind", "trait"),
    order=("community_id", "kind", "place"),
    columns={
        "community_id": Column(en="the community", zh="社群"),
        "kind": Column(
            en="category, tag, city, room or word", zh="类型：category 类目、tag 标签、city 城市、room 群、word 用词"
        ),
        "trait": Column(en="what they share", zh="共同点"),
        "people": Column(
            en="members who have it (words: who said it in the messages read)", zh="拥有的成员数", unit="people"
        ),
        "share": Column(en="share of members", zh="成员占比"),
        "lift": Column(
            en="share among members ÷ share among members of other communities", zh="与其他社群成员占比之比"
        ),
        "z": Column(
            en="log-odds with shrinkage, in standard errors; above 1.96 is shown",
            zh="收缩对数几率（标准误倍数），大于 1.96 才列出",
        ),
        "place": Column(en="rank within its kind", zh="同类型内排名"),
    },
    build=build,
)
