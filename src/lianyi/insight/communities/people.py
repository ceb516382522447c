"""Table `community_people`: who is in which community, now and at the refresh before, under ids that last."""

from __future__ import annotations

from hashlib import md5

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.communities.declared import declared_people
from lianyi.insight.communities.detection import find
from lianyi.insight.communities.heights import COMMUNITY, Seats, heights
from lianyi.insight.communities.identity import succession
from lianyi.insight.communities.personas import crowd
from lianyi.insight.kernels import Longs
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

FOUND = "community_found"
# Who was erased since the last refresh must not come back from it.
KNOWN = "person_id IN (SELECT person_id FROM keys)"
SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("community_id", pa.string()),
        ("height", pa.int32()),
        ("parent_id", pa.string()),
        ("weight", pa.float64()),
        ("was", pa.float64()),
        ("how", pa.string()),
        ("origin_id", pa.string()),
        ("heir_id", pa.string()),
    ]
)


def build(build: Build) -> str:
    """Find, match with what was found before, and add what was declared."""
    scope = Scope.of(build)
    build.say("who talks with whom, in which room")
    network = crowd(build, scope)
    build.say(f"communities among {network.nodes:,} personas and rooms, {len(network.source):,} ties")
    found = find(network.nodes, network.source, network.target, network.weight)
    before = _before(build)
    person = pa.chunked_array([*network.person.chunks, *before["person_id"].chunks], pa.string()).combine_chunks()
    coded = person.dictionary_encode()
    code = coded.indices.to_numpy().astype(np.int64)
    names = coded.dictionary.to_numpy(zero_copy_only=False)
    mine, theirs = code[: len(network.room)], code[len(network.room) :]
    build.say("the same communities as before")
    rows, above = [], np.empty(0, dtype=object)
    for seats in heights(found, network, mine, names):
        old = pc.equal(before["height"], seats.height).to_numpy()
        made, above = _named(seats, before.filter(pa.array(old)), theirs[old], names, above)
        rows.append(made)
    build.engine.register(FOUND, pa.concat_tables([SCHEMA.empty_table(), *rows]))
    build.made.append(FOUND)
    declared = declared_people(build, scope)
    moment = scope.dialect.time(build.as_of)
    columns = ", ".join(SCHEMA.names)
    return f"SELECT {columns}, {moment} AS moment FROM ({_ended(build, declared)}) AS p"


def _before(build: Build) -> pa.Table:
    """The found memberships of the last refresh."""
    if build.previous is None:
        return SCHEMA.empty_table()
    sql = (
        f"SELECT {', '.join(SCHEMA.names)} FROM {build.previous} WHERE weight IS NOT NULL AND how = 'ties' AND {KNOWN}"
    )
    return build.engine.table(sql).cast(SCHEMA)


def _ended(build: Build, declared: str) -> str:
    """Heights that are no longer there end, too; declared communities are compared by their ids."""
    rows = f"SELECT * FROM {FOUND}"
    if build.previous is None:
        return f"{rows} UNION ALL {declared}"
    gone = (
        f"SELECT person_id, community_id, height, parent_id, CAST(NULL AS DOUBLE) AS weight, weight AS was, how, "
        f"CAST(NULL AS STRING) AS origin_id, CAST(NULL AS STRING) AS heir_id FROM {build.previous} AS p "
        f"WHERE {KNOWN} AND weight IS NOT NULL AND how = 'ties' AND height NOT IN (SELECT height FROM {FOUND})"
    )
    same = (
        "SELECT coalesce(n.person_id, o.person_id) AS person_id, coalesce(n.community_id, o.community_id) AS "
        f"community_id, {COMMUNITY} AS height, CAST(NULL AS STRING) AS parent_id, n.weight, o.weight AS was, "
        "'declared' AS how, CAST(NULL AS STRING) AS origin_id, CAST(NULL AS STRING) AS heir_id "
        f"FROM ({declared}) AS n FULL JOIN (SELECT * FROM {build.previous} WHERE {KNOWN} AND weight IS NOT NULL "
        "AND how = 'declared') AS o ON o.person_id = n.person_id AND o.community_id = n.community_id"
    )
    return f"{rows} UNION ALL {gone} UNION ALL {same}"


def _named(
    seats: Seats, before: pa.Table, theirs: Longs, names: np.ndarray, above: np.ndarray
) -> tuple[pa.Table, np.ndarray]:
    """The rows of one height, and the ids of its communities by label."""
    olds = before["community_id"].combine_chunks().dictionary_encode()
    old_ids, old = olds.dictionary.to_numpy(zero_copy_only=False), olds.indices.to_numpy().astype(np.int64)
    next_ = succession(theirs, old, seats.person, seats.label, olds=len(old_ids), news=seats.count)
    ids = np.array(_ids(seats, next_.kept, [str(one) for one in old_ids]), dtype=object)
    parent = np.array([above[label] if label >= 0 else None for label in seats.parent], dtype=object)
    origin = np.array([old_ids[one] if one >= 0 else None for one in next_.came_from], dtype=object)
    heir = np.array([ids[one] if one >= 0 else None for one in next_.went_to], dtype=object)
    now = _key(seats.person, np.asarray(next_.kept)[seats.label], len(old_ids))
    was = _key(theirs, old, len(old_ids))
    order = np.argsort(was)
    place = np.minimum(np.searchsorted(was[order], now), max(len(was) - 1, 0))
    stays = (was[order][place] == now) & (now >= 0) if len(was) else np.zeros(len(now), dtype=bool)
    old_weight = before["weight"].to_numpy()[order]
    earlier = np.where(stays, old_weight[place] if len(was) else np.nan, np.nan)
    left = np.flatnonzero(~np.isin(was, now))
    return pa.concat_tables(
        [
            _table(
                names[seats.person],
                ids[seats.label],
                seats.height,
                parent[seats.label],
                seats.weight,
                earlier,
                origin[seats.label],
                None,
            ),
            _table(
                names[theirs[left]],
                old_ids[old[left]],
                seats.height,
                before["parent_id"].to_numpy(zero_copy_only=False)[left],
                None,
                before["weight"].to_numpy()[left],
                None,
                heir[old[left]],
            ),
        ]
    ), ids


def _key(person: Longs, old: Longs, count: int) -> Longs:
    return np.where(old >= 0, person * max(count, 1) + old, -1)


def _table(
    person: np.ndarray,
    community: np.ndarray,
    height: int,
    parent: np.ndarray,
    weight: np.ndarray | None,
    was: np.ndarray | None,
    origin: np.ndarray | None,
    heir: np.ndarray | None,
) -> pa.Table:
    rows = len(person)

    def texts(values: np.ndarray | None) -> pa.Array:
        return pa.nulls(rows, pa.string()) if values is None else pa.array(values, pa.string())

    def numbers(values: np.ndarray | None) -> pa.Array:
        return pa.nulls(rows, pa.float64()) if values is None else pa.array(values, pa.float64(), from_pandas=True)

    columns = (
        texts(person),
        texts(community),
        pa.array(np.full(rows, height, dtype=np.int32)),
        texts(parent),
        numbers(weight),
        numbers(was),
        pa.array(np.full(rows, "ties", dtype=object), pa.string()),
        texts(origin),
        texts(heir),
    )
    return pa.table(list(columns), schema=SCHEMA)


def _ids(seats: Seats, kept: Longs, old_ids: list[str]) -> list[str]:
    """The old id where a community goes on; else a new one, made from its anchor so that a rebuild gives it again."""
    taken = set(old_ids)
    ids = []
    for label, old in enumerate(kept.tolist()):
        if old >= 0:
            ids.append(old_ids[old])
            continue
        salt = 0
        while (made := community_id(f"{seats.height}/{seats.anchor[label]}/{salt}")) in taken:
            salt += 1
        taken.add(made)
        ids.append(made)
    return ids


def community_id(anchor: str) -> str:
    """`c` and 48 bits of the anchor's MD5."""
    return "c" + md5(anchor.encode(), usedforsecurity=False).hexdigest()[:12]


TABLE = Table(
    name="community_people",
    en="One row = one person in one community at one height of the hierarchy, at this refresh or the one before.",
    zh="每行 = 一个人在某一层级的一个社群中（本次或上次刷新时）。",
    inputs=(EVENTS, "keys", "profiles", "tie_rooms"),
    key=("community_id", "person_id"),
    order=("community_id", "person_id"),
    parameters=("communities",),
    remembers=True,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "community_id": Column(en="the community; keeps its id from refresh to refresh", zh="社群编号，刷新后不变"),
        "height": Column(
            en="0 part of a community, 1 community, 2 field of communities, 3 field of fields …",
            zh="层级：0 子社群，1 社群，2 领域，3 更大的领域……",
        ),
        "parent_id": Column(en="the community one height above, empty at the top", zh="上一层社群，顶层为空"),
        "weight": Column(
            en="how firmly they belong, 0 to 1; empty when they left since the last refresh",
            zh="归属强度 0–1；上次刷新后离开者为空",
        ),
        "was": Column(
            en="the weight at the refresh before; empty when they are new", zh="上次刷新时的强度，新成员为空"
        ),
        "how": Column(en="ties (found) or declared", zh="ties 由关系发现，declared 由运营声明"),
        "origin_id": Column(
            en="the community from which this one split off at this refresh", zh="本次由哪个社群分裂而来"
        ),
        "heir_id": Column(en="for ended ones: the community that took its people in", zh="已结束者：并入的社群"),
        "moment": Column(en="time of this refresh", zh="本次刷新时间"),
    },
    build=build,
)
