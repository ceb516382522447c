"""From tables to arrays: who had what when, who is tied to whom, who cares for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.ripples.learning.past import ALONE, UNKNOWN, Arcs, Past, arcs, past
from lianyi.insight.ripples.learning.spreading import Care
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import Build

HOUR = 3_600_000_000  # microseconds
NONE = "none"  # the incentive for which probabilities are stated
STRENGTHS = 12
UNTIED = STRENGTHS  # level of pairs that only an arrival shows
CARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)  # share of a person's acts that fall on the topic
ACTS = {"order": 8, "cart": 3, "collect": 3, "search": 1, "view": 1}
FEW_ACTS = 3
SHARING = ("share", "arrive", "invite")
EXACT = "('code', 'line')"


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """All that is learned from. topics, incentives: names by number; strengths: upper ends of strength per level."""

    past: Past
    arcs: Arcs
    care: Care
    topics: tuple[str, ...]
    incentives: tuple[str, ...]
    strengths: NDArray[np.float64]


def read(build: Build) -> Known:
    """Makes `spread_people` (person, person_id) on the engine and reads everything by these numbers."""
    scope = Scope.of(build)
    build.make("spread_people", _people())
    build.make("spread_pairs", _pairs(scope))
    people = int(build.engine.table("SELECT count(*) AS people FROM spread_people")["people"][0].as_py())
    build.make("spread_entries", _entries(scope))
    seen, topics, incentives = _past(build)
    tied, strengths = _arcs(build, people)
    return Known(
        past=seen, arcs=tied, care=_care(build, scope, people, topics), topics=topics, incentives=incentives,
        strengths=strengths,
    )  # fmt: skip


def _people() -> str:
    return """
    SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS person FROM (
        SELECT person_id FROM arrivals UNION SELECT person_a FROM ties UNION SELECT person_b FROM ties
    ) AS p
    """


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


def _contact(scope: Scope) -> str:
    """SQL condition on `ties AS t`: the pair had contact beside what sharing itself left behind."""
    d = scope.dialect
    listed = ", ".join(d.text(kind) for kind in SHARING)
    return f"{d.size(d.only('map_keys(t.counts)', 'k', f'k NOT IN ({listed})'))} > 0"


def _pairs(scope: Scope) -> str:
    """One row = one directed pair known only by sharing: since when."""
    tied = f"SELECT {{}} AS source, {{}} AS target, t.first_at AS since FROM ties AS t WHERE NOT {_contact(scope)}"
    return f"""
    SELECT source, target, min(since) AS since FROM (
        SELECT a.parent_person_id AS source, a.person_id AS target, a."at" AS since FROM arrivals AS a
        LEFT JOIN ties AS t ON t.person_a = least(a.parent_person_id, a.person_id)
            AND t.person_b = greatest(a.parent_person_id, a.person_id)
        WHERE a.how IN {EXACT} AND a.parent_person_id IS NOT NULL AND a.parent_person_id <> a.person_id
            AND t.person_a IS NULL
        UNION ALL {tied.format("t.person_a", "t.person_b")} UNION ALL {tied.format("t.person_b", "t.person_a")}
    ) AS p GROUP BY source, target
    """


def _arcs(build: Build, people: int) -> tuple[Arcs, NDArray[np.float64]]:
    """Both ways of each tie, and pairs that only an arrival shows. Each counts from its first contact on: a tie that is
    known because somebody came through it says nothing on how likely that was."""
    scope = Scope.of(build)
    d = scope.dialect
    both = build.engine.table(f"""
        SELECT a.person AS a, b.person AS b, CAST(t.strength AS DOUBLE) AS strength,
            {d.micros("t.first_at")} AS since FROM ties AS t
        JOIN spread_people AS a ON a.person_id = t.person_a JOIN spread_people AS b ON b.person_id = t.person_b
        WHERE {_contact(scope)} ORDER BY a, b
    """)
    shown = build.engine.table(f"""
        SELECT a.person AS a, b.person AS b, {d.micros("p.since")} AS since FROM spread_pairs AS p
        JOIN spread_people AS a ON a.person_id = p.source JOIN spread_people AS b ON b.person_id = p.target
        ORDER BY a, b
    """)
    strength = both["strength"].to_numpy()
    edges = np.quantile(strength, np.linspace(0, 1, STRENGTHS + 1)[1:]) if len(strength) else np.ones(STRENGTHS)
    level = np.searchsorted(edges[:-1], strength, side="left")
    one, other = both["a"].to_numpy(), both["b"].to_numpy()
    alone = np.full(len(shown), UNTIED)
    made = arcs(
        people=people,
        source=np.concatenate([one, other, shown["a"].to_numpy()]),
        target=np.concatenate([other, one, shown["b"].to_numpy()]),
        traits=np.concatenate([level, level, alone])[:, None],
        since=np.concatenate([both["since"], both["since"], shown["since"]]) / HOUR,
    )
    return made, edges


def _care(build: Build, scope: Scope, people: int, topics: tuple[str, ...]) -> Care:
    """Level 0: too few acts to know; 1 …: by the share of acts on the topic. Acts just after an arrival don't count:
    they follow from it, and would foretell it."""
    build.make("spread_acts", _acts(scope))
    rows = build.engine.table(
        "SELECT person, category, CAST(weight AS DOUBLE) AS weight FROM spread_acts ORDER BY person, category"
    )
    level = np.zeros((people, len(topics)), dtype=np.int32)
    if not rows.num_rows:
        return Care(level=level)
    person, weight = rows["person"].to_numpy(), rows["weight"].to_numpy()
    number = {topic: place for place, topic in enumerate(topics)}
    topic = np.array([number.get(name, -1) for name in rows["category"].to_pylist()])
    total = np.bincount(person, weight, people)
    level[total >= FEW_ACTS] = 1
    share = weight / total[person]
    told = (topic >= 0) & (total[person] >= FEW_ACTS)
    level[person[told], topic[told]] = 1 + np.searchsorted(CARES, share[told], side="right")
    return Care(level=level)


def _acts(scope: Scope) -> str:
    kinds = ", ".join(scope.dialect.text(kind) for kind in ACTS)
    weight = " ".join(f"WHEN e.kind = '{kind}' THEN {weight}" for kind, weight in ACTS.items())
    columns = ("e.kind", "e.category", MOMENT)
    return f"""
    SELECT p.person, e.category, sum(CASE {weight} END) AS weight
    FROM {scope.done(*columns, where=f"e.kind IN ({kinds}) AND e.category IS NOT NULL")} AS e
    JOIN spread_people AS p ON p.person_id = e.person_id
    LEFT JOIN (SELECT DISTINCT person, micros FROM spread_entries) AS a ON a.person = p.person
        AND {scope.dialect.micros("e.moment")} - a.micros BETWEEN -{HOUR} AND {24 * HOUR}
    WHERE a.person IS NULL GROUP BY p.person, e.category
    """
