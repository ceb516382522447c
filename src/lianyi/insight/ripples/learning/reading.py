"""From tables to arrays: who had what when, who is tied to whom, who cares for what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.ripples.learning.interests import Interests
from lianyi.insight.ripples.learning.moments import Moments
from lianyi.insight.ripples.learning.past import ALONE, UNKNOWN, Arcs, Past, arcs, past
from lianyi.insight.ripples.learning.timelines import Timeline
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build
from lianyi.insight.ties import contacts
from lianyi.insight.ties.kinds import CODES

HOUR = 3_600_000_000  # microseconds
NONE = "none"  # the incentive for which probabilities are stated
ACTS = {"order": 8, "cart": 3, "collect": 3, "search": 1, "view": 1}
SHOWN_BY = {"near": 1, "follow": 2, "invite": 3, "together": 4, "relate": 5}  # kinds of contact → moments.SHOWN
TALK = ("reply", "mention", "reaction", "message")
# What shows that somebody is among the people still. Orders do not: people go on buying long after they left.
LIVELY = ("message", "reply", "reaction", "mention", "join", "check_in", "share", "arrive", "invite", "follow")
LEAVING, MOVING = ("unfollow",), ("leave",)
EXACT = "('code', 'line')"
KEYS = "spread_keys"  # key → number of the person whose it is


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """All that is learned from. topics, incentives: names by number."""

    past: Past
    arcs: Arcs
    topics: tuple[str, ...]
    incentives: tuple[str, ...]
    moments: Moments

    @property
    def met(self) -> NDArray[np.bool_]:
        """Per arc whether the two had contact beside what sharing left behind."""
        pair = self.moments.pair
        return np.asarray((self.moments.shown > 0) | (np.diff(self.moments.talk.start)[pair] > 0))


def read(build: Build) -> Known:
    """Makes `spread_people` (person, person_id) on the engine and reads everything by these numbers."""
    scope = Scope.of(build)
    number_people(build)
    build.make(KEYS, "SELECT k.key, p.person FROM keys AS k JOIN spread_people AS p ON p.person_id = k.person_id")
    people = int(build.engine.table("SELECT count(*) AS people FROM spread_people")["people"][0].as_py())
    build.make("spread_entries", _entries(scope))
    seen, topics, incentives = _past(build)
    interests = _interests(build, scope, people, topics)
    tied, moments = _ties(build, scope, seen, interests, people)
    return Known(
        past=seen, arcs=tied, topics=topics, incentives=incentives, moments=moments,
    )  # fmt: skip


def number_people(build: Build) -> None:
    """Make `spread_people`: person_id and its number."""
    build.make(
        "spread_people",
        """
    SELECT person_id, CAST(row_number() OVER (ORDER BY person_id) - 1 AS INTEGER) AS person FROM (
        SELECT person_id FROM arrivals UNION SELECT person_a FROM ties UNION SELECT person_b FROM ties
    ) AS p
    """,
    )


def _entries(scope: Scope) -> str:
    """One row = one arrival that counts, in numbers; topic and incentive as the event tells them. Invitations into
    rooms follow other laws than what is passed on, and are left out."""
    d = scope.dialect
    columns = ("e.id AS event_id", "e.kind", "e.category", "e.props", MOMENT)
    return f"""
    SELECT a.ripple_id, p.person, {d.micros('a."at"')} AS micros, e.category,
        {d.json_text("e.props", "incentive")} AS incentive,
        CASE WHEN a.how = 'seed' THEN {ALONE} WHEN a.how IN {EXACT} THEN coalesce(q.person, {UNKNOWN})
            ELSE {UNKNOWN} END AS parent
    FROM arrivals AS a JOIN spread_people AS p ON p.person_id = a.person_id
    LEFT JOIN spread_people AS q ON q.person_id = a.parent_person_id
    LEFT JOIN {scope.done(*columns, where="e.kind IN ('share', 'arrive', 'invite')")} AS e ON e.event_id = a.event_id
    WHERE {d.size("a.flags")} = 0 AND coalesce(e.kind, '') <> 'invite'
    """


def _past(build: Build) -> tuple[Past, tuple[str, ...], tuple[str, ...]]:
    rows = build.engine.table("SELECT * FROM spread_entries ORDER BY ripple_id, micros, person")
    ripple = _codes(rows["ripple_id"])[0]
    count = int(ripple.max(initial=-1)) + 1
    category, topics = _codes(rows["category"].fill_null(""))
    incentive, names = _codes(rows["incentive"].fill_null(""))
    incentives = (NONE, *(name for name in names if name not in {"", NONE}))
    number = np.array([incentives.index(name or NONE) for name in names], dtype=np.int32)
    seen = past(
        ripple=ripple, person=rows["person"].to_numpy(), at=rows["micros"].to_numpy() / HOUR,
        parent_person=rows["parent"].to_numpy(),
        topic=_first(ripple, category, count, topics.index("") if "" in topics else -1),
        incentive=number[_first(ripple, incentive, count, names.index("") if "" in names else -1)]
        if count else np.empty(0, np.int32),
        now=build.as_of.timestamp() / 3600,
    )  # fmt: skip
    return seen, topics or ("",), incentives


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Numbers of distinct texts in order of the alphabet, and the texts."""
    if not len(column):
        return np.empty(0, np.int64), ()
    names, codes = np.unique(np.asarray(column.to_pylist(), dtype=object), return_inverse=True)
    return codes.reshape(-1).astype(np.int64), tuple(names.tolist())


def _first(ripple: NDArray[Any], code: NDArray[Any], ripples: int, unknown: int) -> NDArray[np.int64]:
    """Per ripple the code of its first entry that has one; `unknown` where none has."""
    result = np.full(ripples, unknown, dtype=np.int64)
    told = np.flatnonzero(code != unknown)[::-1]
    result[ripple[told]] = code[told]
    return result


def _pairs(scope: Scope) -> str:
    """One row = one pair a < b by numbers: since when it is known, SHOWN level beside talk. A pair that only an arrival
    shows is known from the arrival on: a tie known *because* somebody came says nothing on how likely that was."""
    counted = {kind: f"coalesce(t.counts['{kind}'], 0)" for kind in ("near", "follow", "invite", "together", "relate")}
    shown = " ".join(f"WHEN {counted[kind]} > 0 THEN {SHOWN_BY[kind]}" for kind in reversed(counted))
    return f"""
    SELECT least(a, b) AS a, greatest(a, b) AS b, min(since) AS since, max(shown) AS shown FROM (
        SELECT a.person AS a, b.person AS b, {scope.dialect.micros("t.first_at")} AS since,
            CASE {shown} ELSE 0 END AS shown
        FROM ties AS t JOIN spread_people AS a ON a.person_id = t.person_a
        JOIN spread_people AS b ON b.person_id = t.person_b
        UNION ALL
        SELECT b.parent, b.person, b.micros, 0 FROM spread_entries AS b WHERE b.parent >= 0 AND b.parent <> b.person
    ) AS p GROUP BY least(a, b), greatest(a, b)
    """


def _talk(scope: Scope) -> str:
    """One row = one act of talk between two people: the pair a < b by numbers, when."""
    codes = ", ".join(str(CODES[kind]) for kind in TALK)
    return f"""
    SELECT least(c.source, c.target) AS a, greatest(c.source, c.target) AS b,
        {scope.dialect.micros("c.moment")} AS micros
    FROM ({contacts.directed(scope)}) AS c WHERE c.kind IN ({codes})
    """


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pairs:
    """Pairs a < b in order. since: hours of the first contact. shown: level of moments.SHOWN. talk: acts per pair."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    since: NDArray[np.float64]
    shown: NDArray[np.int32]
    talk: Timeline
    people: int

    def number(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.int64]:
        """The number of each pair, -1 where it is none of these."""
        code = self.a * self.people + self.b
        wanted = np.minimum(one, other).astype(np.int64) * self.people + np.maximum(one, other)
        place = np.minimum(np.searchsorted(code, wanted), max(len(code) - 1, 0))
        return np.where(code[place] == wanted, place, -1) if len(code) else np.full(len(wanted), -1)


def _read_pairs(build: Build, scope: Scope, people: int) -> _Pairs:
    build.make("spread_pairs", _pairs(scope))
    build.make(contacts.PEOPLE, f"SELECT key, person AS number FROM {KEYS}")  # contacts by the numbers of here
    talked = build.engine.table(f"SELECT a, b, micros FROM ({_talk(scope)}) AS t ORDER BY a, b, micros")
    build.drop(contacts.PEOPLE)
    rows = build.engine.table("SELECT a, b, since, shown FROM spread_pairs ORDER BY a, b")
    found = _Pairs(
        a=rows["a"].to_numpy().astype(np.int64), b=rows["b"].to_numpy().astype(np.int64),
        since=rows["since"].to_numpy() / HOUR, shown=rows["shown"].to_numpy().astype(np.int32),
        talk=Timeline.of(np.empty(0, np.int64), np.empty(0), len(rows)), people=people,
    )  # fmt: skip
    number = found.number(talked["a"].to_numpy(), talked["b"].to_numpy())
    kept = number >= 0
    talk = Timeline.of(number[kept], talked["micros"].to_numpy()[kept] / HOUR, len(rows))
    return replace(found, talk=talk)


def _arcs(pairs: _Pairs) -> tuple[Arcs, NDArray[np.int64]]:
    """Both ways of each pair, and the number of the pair behind each arc."""
    source, target = np.concatenate([pairs.a, pairs.b]), np.concatenate([pairs.b, pairs.a])
    made = arcs(
        people=pairs.people, source=source, target=target, traits=np.empty((len(source), 0)),
        since=np.tile(pairs.since, 2),
    )  # fmt: skip
    return made, np.tile(np.arange(len(pairs.a)), 2)[np.lexsort((target, source))]


def _ties(build: Build, scope: Scope, seen: Past, interests: Interests, people: int) -> tuple[Arcs, Moments]:
    """All arcs, and what is known of pairs and people at each moment."""
    pairs = _read_pairs(build, scope, people)
    made, pair = _arcs(pairs)
    met = (pairs.shown > 0) | (np.diff(pairs.talk.start) > 0)
    circle = Timeline.of(np.concatenate([pairs.a[met], pairs.b[met]]), np.tile(pairs.since[met], 2), people)
    child = np.flatnonzero(seen.parent >= 0)
    brought = pairs.number(seen.person[child], seen.person[seen.parent[child]])
    acts, left, moved = _signs(build, scope, people)
    own = np.flatnonzero(seen.parent == ALONE)
    return made, Moments(
        pair=pair, shown=pairs.shown[pair], talk=pairs.talk, circle=circle, acts=acts, left=left, moved=moved,
        brought=Timeline.of(brought, seen.at[child], len(pairs.a)), interests=interests, now=seen.now,
        own=Timeline.of(seen.person[own], seen.at[own], people),
    )  # fmt: skip


def _signs(build: Build, scope: Scope, people: int) -> tuple[Timeline, Timeline, Timeline]:
    """Signs of life, of leaving the brand, of leaving a group: the first of each sort of each person on each day."""
    d, sorts = scope.dialect, (LIVELY, LEAVING, MOVING)
    listed = [", ".join(d.text(kind) for kind in kinds) for kinds in sorts]
    sort = " ".join(f"WHEN e.kind IN ({kinds}) THEN {number}" for number, kinds in enumerate(listed))
    rows = build.engine.table(f"""
        SELECT sort, person, min(micros) AS micros FROM (
            SELECT k.person, CASE {sort} END AS sort, {d.micros(AT)} AS micros
            FROM {EVENTS} AS e JOIN {KEYS} AS k ON k.key = e.actor_key
            WHERE e.kind IN ({", ".join(listed)}) AND {scope.happened()}
        ) AS m GROUP BY sort, person, {d.quotient("micros", 24 * HOUR)} ORDER BY person, micros
    """)
    number, person, hours = rows["sort"].to_numpy(), rows["person"].to_numpy(), rows["micros"].to_numpy() / HOUR
    lively, leaving, moving = (
        Timeline.of(person[mine], hours[mine], people) for mine in (number == place for place in range(len(sorts)))
    )
    return lively, leaving, moving


def _interests(build: Build, scope: Scope, people: int, topics: tuple[str, ...]) -> Interests:
    """Acts on things just after an arrival don't count: they follow from it, whatever the person cares for."""
    build.make("spread_acts", _acts(scope))
    rows = build.engine.table(
        "SELECT person, category, micros, CAST(weight AS DOUBLE) AS weight FROM spread_acts "
        "ORDER BY person, micros, category"
    )
    person, at, weight = rows["person"].to_numpy(), rows["micros"].to_numpy() / HOUR, rows["weight"].to_numpy()
    number = {topic: place for place, topic in enumerate(topics)}
    named = rows["category"].combine_chunks().dictionary_encode()  # millions of rows, a few names
    places = np.array([number.get(name, -1) for name in named.dictionary.to_pylist()], dtype=np.int64)
    topic = places[named.indices.to_numpy()] if len(named) else np.empty(0, np.int64)
    told = topic >= 0
    owner = person[told].astype(np.int64) * len(topics) + topic[told]
    return Interests(
        topics=len(topics), every=Timeline.of(person, at, people, weight),
        on=Timeline.of(owner, at[told], people * len(topics), weight[told]),
    )  # fmt: skip


def _acts(scope: Scope) -> str:
    kinds = ", ".join(scope.dialect.text(kind) for kind in ACTS)
    weight = " ".join(f"WHEN e.kind = '{kind}' THEN {weight}" for kind, weight in ACTS.items())
    micros = scope.dialect.micros(AT)
    return f"""
    SELECT e.person, e.category, min(e.micros) AS micros, sum(CASE {weight} END) AS weight FROM (
        SELECT k.person, e.kind, e.category, {micros} AS micros
        FROM {EVENTS} AS e JOIN {KEYS} AS k ON k.key = e.actor_key
        WHERE e.kind IN ({kinds}) AND e.category IS NOT NULL AND {scope.happened()}
    ) AS e
    LEFT JOIN (SELECT DISTINCT person, micros FROM spread_entries) AS a ON a.person = e.person
        AND e.micros - a.micros BETWEEN -{HOUR} AND {24 * HOUR}
    WHERE a.person IS NULL
    GROUP BY e.person, e.category, {scope.dialect.quotient("e.micros", 24 * HOUR)}
    """
