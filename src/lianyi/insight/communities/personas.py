"""People in their rooms: the network in which communities are looked for.

Somebody who is in two rooms is often in two communities. So each person stands in the network once per room and once
outside of rooms (a persona, after Epasto, Lattanzi, Paes Leme, "Ego-splitting framework", KDD 2017; the rooms part the
circles of a person here, where there one looks for parts among the person's contacts). Ties join the personas of the
rooms in which they were seen. A room itself is a node as well, tied a little to all who are in it: it holds silent
members, and does not outweigh ties. See docs/methods/communities-life.md for what this gains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.insight.kernels import Doubles, Ints, Longs
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build

PERSONAS, TIED, ROOMS = "community_personas", "tie_rooms", "community_rooms"
# Personas of one person hold together this much, in median ties.
SELF = 0.3
# More people than this in a room say nothing on who belongs together; the ties in it still do.
LARGEST_ROOM = 2_000


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Nodes are personas, then rooms. person: id per persona; room: index in `rooms` per persona, -1 outside of rooms.
    source, target, weight: undirected ties among nodes, each once.
    """

    person: pa.ChunkedArray
    room: Longs
    rooms: list[str]
    source: Ints
    target: Ints
    weight: Doubles

    @property
    def nodes(self) -> int:
        """Personas and rooms."""
        return len(self.room) + len(self.rooms)


def rooms() -> str:
    """One row = one room that is neither empty nor larger than LARGEST_ROOM, numbered from 0."""
    return f"""
    SELECT group_key, CAST(row_number() OVER (ORDER BY group_key) - 1 AS BIGINT) AS room FROM (
        SELECT group_key FROM community_in_rooms GROUP BY group_key HAVING count(*) BETWEEN 3 AND {LARGEST_ROOM}
    ) AS r
    """


def in_rooms(scope: Scope) -> str:
    """One row = one person in one room they are in."""
    d = scope.dialect
    groups = d.explode("groups")
    return f"SELECT DISTINCT person_id, group_key FROM (SELECT person_id, {groups} AS group_key FROM profiles) AS p"


def personas() -> str:
    """One row = one persona, numbered from 0: a person in a room they are in, or in which a tie of theirs was seen;
    '' outside of rooms."""
    return f"""
    SELECT person_id, group_key, CAST(row_number() OVER (ORDER BY person_id, group_key) - 1 AS BIGINT) AS node FROM (
        SELECT i.person_id, i.group_key FROM community_in_rooms i JOIN {ROOMS} r ON r.group_key = i.group_key
        UNION SELECT person_a, group_key FROM {TIED} UNION SELECT person_b, group_key FROM {TIED}
    ) AS p
    """


def crowd(build: Build, scope: Scope) -> Crowd:
    """The network of personas."""
    build.make("community_in_rooms", in_rooms(scope))
    build.make(ROOMS, rooms())
    build.make(PERSONAS, personas())
    people = build.engine.table(
        f"SELECT p.person_id, p.group_key = '' AS outside, coalesce(r.room, -1) AS room "
        f"FROM {PERSONAS} p LEFT JOIN {ROOMS} r ON r.group_key = p.group_key ORDER BY p.node"
    )
    edges = build.engine.table(
        f"SELECT a.node AS a, b.node AS b, t.weight FROM {TIED} t "
        f"JOIN {PERSONAS} a ON a.person_id = t.person_a AND a.group_key = t.group_key "
        f"JOIN {PERSONAS} b ON b.person_id = t.person_b AND b.group_key = t.group_key ORDER BY 1, 2"
    )
    names = build.engine.table(f"SELECT group_key FROM {ROOMS} ORDER BY room")["group_key"].to_pylist()
    return _joined(people, edges, names)


def _joined(people: pa.Table, edges: pa.Table, names: list[str]) -> Crowd:
    """Ties, then persona to room, then the personas of one person to the one outside of rooms."""
    room = people["room"].to_numpy().astype(np.int64)
    weight = edges["weight"].to_numpy().astype(np.float64)
    unit = float(np.median(weight)) if len(weight) else 1.0
    inside = np.flatnonzero(room >= 0)
    outside = np.flatnonzero(people["outside"].to_numpy(zero_copy_only=False))
    person = people["person_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    alone = np.full(int(person.max(initial=-1)) + 1, -1)
    alone[person[outside]] = outside
    both = np.flatnonzero((room >= 0) & (alone[person] >= 0)) if len(person) else inside[:0]
    source = np.concatenate([edges["a"].to_numpy(), inside, both])
    target = np.concatenate([edges["b"].to_numpy(), len(room) + room[inside], alone[person[both]]])
    strength = np.concatenate([weight, np.full(len(inside), unit), np.full(len(both), SELF * unit)])
    return Crowd(
        person=people["person_id"],
        room=room,
        rooms=names,
        source=source.astype(np.int32),
        target=target.astype(np.int32),
        weight=strength,
    )
