"""What was said in the rooms of the log, room by room, as talk with ids and people beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.conversations.talk import AFTER, BEFORE, PIECE, Talk, read
from lianyi.insight.kernels import Longs
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.tables import Build

SAID, ASKED, TOLD, CALLED = "conversation_said", "conversation_asked", "conversation_told", "conversation_called"
# Links are made for so many days, and guessed for the newest messages only where there are more.
DAYS, MOST = 182, 600_000
# A platform on which this share of messages is declared to answer one: people use its replies, and nothing is guessed
# beside them.
TELLS = 0.08
MESSAGES_AT_ONCE = 100_000
KINDS = "('message', 'reply', 'share')"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of one room: its talk with context before and after; messages first..last are the piece. rows: the
    messages with ids and people, in the order of the talk. declared: see linking.link."""

    rows: pa.Table
    talk: Talk
    declared: Longs
    first: int
    last: int


def make(build: Build, scope: Scope) -> int:
    """Make SAID, and where links are to be guessed ASKED, TOLD and CALLED; the number of messages to guess for."""
    build.make(SAID, said(scope))
    asked = f"SELECT * FROM {SAID} WHERE NOT tells ORDER BY moment DESC, id LIMIT {MOST}"
    build.make(ASKED, asked)
    count = int(build.engine.table(f"SELECT count(*) AS n FROM {ASKED}")["n"][0].as_py())
    if count:
        build.make(TOLD, told(scope))
        build.make(CALLED, called(scope))
    return count


def said(scope: Scope) -> str:
    """One row = one thing said in a room lately: id, room, moment, who, text, what the platform says it answers and
    whose that is; tells: whether people use the platform's replies."""
    lately = f"{scope.day(AT)} > {scope.today - DAYS}"
    rows = scope.done(
        MOMENT, "e.id", "e.group_key", "e.text", "e.parent_id", "e.target_key", "e.kind",
        where=f"e.group_key IS NOT NULL AND e.kind IN {KINDS} AND {lately}",
    )  # fmt: skip
    return f"""
    SELECT s.id, s.group_key, s.moment, s.person_id, coalesce(s.text, '') AS text, t.person_id AS target,
        CASE WHEN s.kind = 'reply' THEN s.parent_id END AS parent_id,
        avg(CASE WHEN s.kind = 'reply' AND s.parent_id IS NOT NULL THEN 1e0 ELSE 0e0 END)
            OVER (PARTITION BY {scope.dialect.extract("s.group_key", "^[^/]*")}) >= {TELLS} AS tells
    FROM {rows} AS s LEFT JOIN keys t ON t.key = s.target_key
    """


def told(scope: Scope) -> str:
    """One row = one person whom a message names, according to the platform."""
    return f"""
    SELECT DISTINCT e.parent_id AS id, t.person_id FROM {scope.events} e JOIN keys t ON t.key = e.target_key
    WHERE e.kind = 'mention' AND e.parent_id IS NOT NULL AND {scope.happened()}
        AND {scope.day(AT)} > {scope.today - DAYS}
    """


def called(scope: Scope) -> str:
    """One row = one name (small letters) by which one person who speaks may be called: his names as traits, and what
    stands at the end of keys that are names."""
    d = scope.dialect
    tail = d.extract("k.key", "([^:/]+)$", 1)
    traits = " UNION ALL ".join(
        f"SELECT k.person_id, {d.json_text('e.props', name)} AS name FROM {scope.events} e JOIN keys k "
        f"ON k.key = e.actor_key WHERE e.kind = 'identify' AND {scope.happened()}"
        for name in ("name", "nickname")
    )
    return f"""
    SELECT DISTINCT n.person_id, lower(n.name) AS name FROM (
        SELECT k.person_id, {tail} AS name FROM keys k WHERE k.key LIKE 'name:%' OR k.key LIKE 'irc:%'
        UNION ALL {traits}
    ) AS n JOIN (SELECT DISTINCT person_id FROM {ASKED}) AS s ON s.person_id = n.person_id
    WHERE n.name IS NOT NULL AND length(n.name) BETWEEN 2 AND 40
    """


def pieces(build: Build) -> Iterator[Piece]:
    """All pieces of all rooms, room by room in order of time."""
    for condition in _shares(build):
        rows = build.engine.table(
            f"SELECT s.*, t.people FROM (SELECT * FROM {ASKED} WHERE {condition}) AS s LEFT JOIN ("
            f"SELECT id, {_list(build, 'person_id')} AS people FROM {TOLD} GROUP BY id) AS t ON t.id = s.id "
            "ORDER BY s.group_key, s.moment, s.id"
        )
        names = build.engine.table(
            f"SELECT DISTINCT s.group_key, c.name, c.person_id FROM {CALLED} c JOIN (SELECT DISTINCT group_key, "
            f"person_id FROM {ASKED} WHERE {condition}) AS s ON s.person_id = c.person_id "
            "ORDER BY s.group_key, c.name, c.person_id"
        ).to_pylist()
        rooms: dict[str, dict[str, str]] = {}
        for row in names:
            mine = rooms.setdefault(row["group_key"], {})
            # a name that two people of a room bear names neither
            mine[row["name"]] = "" if row["name"] in mine else row["person_id"]
        for begin, end in _runs(rows["group_key"]):
            room = rows.slice(begin, end - begin)
            yield from _cut(room, rooms.get(room["group_key"][0].as_py(), {}))


def _list(build: Build, column: str) -> str:
    return Scope.of(build).dialect.collect_distinct(column)


def _shares(build: Build) -> list[str]:
    """Conditions on SAID that part its rooms into shares of about MESSAGES_AT_ONCE messages, in order of keys."""
    counts = build.engine.table(f"SELECT group_key, count(*) AS n FROM {ASKED} GROUP BY group_key ORDER BY group_key")
    text = Scope.of(build).dialect.text
    shares: list[list[str]] = []
    room = 0
    for row in counts.to_pylist():
        if not shares or room + row["n"] > MESSAGES_AT_ONCE:
            shares.append([])
            room = 0
        shares[-1].append(row["group_key"])
        room += row["n"]
    return [f"group_key >= {text(share[0])} AND group_key <= {text(share[-1])}" for share in shares]


def _runs(column: Any) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of equal values."""
    values = column.combine_chunks().dictionary_encode()
    codes = (values.chunk(0) if isinstance(values, pa.ChunkedArray) else values).indices.to_numpy()
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    yield from pairwise(cuts)


def _cut(room: pa.Table, called: dict[str, str]) -> Iterator[Piece]:
    for begin in range(0, room.num_rows, PIECE):
        end = min(begin + PIECE, room.num_rows)
        low, high = max(0, begin - BEFORE), min(room.num_rows, end + AFTER)
        yield _piece(room.slice(low, high - low), called, begin - low, end - low)


def _piece(rows: pa.Table, called: dict[str, str], first: int, last: int) -> Piece:
    people = rows["person_id"].to_pylist()
    number = {person: place for place, person in enumerate(dict.fromkeys(people))}
    names = {name: number[person] for name, person in called.items() if person in number}
    told = [
        [number[other] for other in (*([target] if target else ()), *(named or ())) if other in number]
        for target, named in zip(rows["target"].to_pylist(), rows["people"].to_pylist(), strict=True)
    ]
    place = {one: at for at, one in enumerate(rows["id"].to_pylist())}
    # −2: the platform says what it answers, but that lies outside of the piece
    declared = [-1 if parent is None else place.get(parent, -2) for parent in rows["parent_id"].to_pylist()]
    declared = [answered if answered < at else -2 for at, answered in enumerate(declared)]
    talk = read(
        rows["moment"].cast(pa.int64()).to_numpy(),
        [number[person] for person in people],
        rows["text"].to_pylist(),
        names=names,
        told=told,
    )
    return Piece(rows=rows, talk=talk, declared=np.array(declared, dtype=np.int64), first=first, last=last)
