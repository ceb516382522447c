"""Table `keys`: every key that the log names, and whose it is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.people.identity.components import Ints, components
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table
from lianyi.memory.engine import Engine
from lianyi.memory.keys import is_role_sql, namespace_sql, strength_sql

LINKS = "identity_links"
_SEEN, _MEMBERS, _SHARED = "identity_seen_keys", "identity_members", "identity_shared_keys"


def person_id_sql(key: str) -> str:
    """SQL for the person id whose anchor is `key`: 'p' and 64 bits of the key's MD5 in hex."""
    return f"'p' || substr(md5({key}), 1, 16)"


def seen_keys(scope: Scope) -> str:
    """One row = one key, numbered from 0 by (first_at, key): the smallest number of a person's keys is the anchor."""
    return f"""
    WITH named AS (
        SELECT e.actor_key AS name, e."at" AS moment FROM {EVENTS} AS e
        WHERE e.actor_key IS NOT NULL AND {scope.happened()}
        UNION ALL
        SELECT e.target_key, e."at" FROM {EVENTS} AS e
        WHERE e.target_key IS NOT NULL AND e.actor_key IS DISTINCT FROM e.target_key AND {scope.happened()}
    ), seen AS (
        SELECT name, min(moment) AS first_at, max(moment) AS last_at, count(*) AS events FROM named GROUP BY name
    )
    SELECT name, first_at, last_at, events, row_number() OVER (ORDER BY first_at, name) - 1 AS number FROM seen
    """


def build(build: Build) -> str:
    """Number the keys, join the accepted links to components, and return the SQL of the table."""
    engine, scope = build.engine, Scope.of(build)
    build.make(_SEEN, seen_keys(scope))
    engine.register(_MEMBERS, _members(engine))
    build.made.append(_MEMBERS)
    build.make(_SHARED, f"SELECT DISTINCT shared_key AS name FROM {LINKS} WHERE shared_key IS NOT NULL")
    return f"""
    SELECT k.name AS key, {person_id_sql("coalesce(anchor.name, k.name)")} AS person_id,
        {person_id_sql("k.name")} AS key_id, {namespace_sql("k.name")} AS namespace,
        {strength_sql("k.name")} AS strength, k.first_at, k.last_at, k.events,
        coalesce(m.verified, FALSE) AS verified, s.name IS NOT NULL OR {is_role_sql("k.name", scope.dialect)} AS shared
    FROM {_SEEN} AS k
    LEFT JOIN {_MEMBERS} AS m ON m.number = k.number
    LEFT JOIN {_SEEN} AS anchor ON anchor.number = m.anchor
    LEFT JOIN {_SHARED} AS s ON s.name = k.name
    """


def _members(engine: Engine) -> pa.Table:
    """One row = one key of a person of several keys: its number, the anchor's, and if a link is verified."""
    links = engine.table(
        f"""
        SELECT x.number AS a, y.number AS b, l.verified FROM {LINKS} AS l
        JOIN {_SEEN} AS x ON x.name = l.key_a JOIN {_SEEN} AS y ON y.name = l.key_b
        WHERE l.accepted
        """
    )
    a, b = _ints(links["a"]), _ints(links["b"])
    numbers = int(max(a.max(initial=-1), b.max(initial=-1))) + 1
    anchor = components(numbers, a, b)
    verified = np.zeros(numbers, dtype=np.bool_)
    checked = links["verified"].to_numpy()
    verified[a[checked]] = True
    verified[b[checked]] = True
    linked = np.unique(np.concatenate([a, b]))
    return pa.table({"number": linked, "anchor": anchor[linked], "verified": verified[linked]})


def _ints(column: pa.ChunkedArray) -> Ints:
    result: Ints = pc.cast(column, pa.int64()).to_numpy()
    return result


KEYS = Table(
    name="keys",
    en="one row = one key (identifier) that the log names, and the person whom it belongs to",
    zh="一行 = 日志中出现的一个标识及其所属用户",
    inputs=(EVENTS, LINKS),
    key=("key",),
    order=("key",),
    row_group=LOOKED_INTO,
    build=build,
    columns={
        "key": Column(en="namespace:value", zh="标识"),
        "person_id": Column(
            en="whose it is; made from the person's first key, so rebuilds give the same", zh="用户编号"
        ),
        "key_id": Column(
            en="the person id that this key alone gives; finds people by ids given out before a merge",
            zh="由该标识单独生成的编号，用于查找合并前的用户编号",
        ),
        "namespace": Column(en="the part before the colon", zh="命名空间"),
        "strength": Column(en="strong, contact, device or name", zh="强度"),
        "first_at": Column(en="first event that names it", zh="首次出现"),
        "last_at": Column(en="last event that names it", zh="最近出现"),
        "events": Column(en="events in which it acts or is acted on", zh="事件数", unit="events"),
        "verified": Column(en="a verified link holds it to the person", zh="是否已验证"),
        "shared": Column(en="several people share it, so it links nobody", zh="是否为共用标识"),
    },
)
