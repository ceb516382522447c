"""What the log states on keys: pairs linked by alias events, operators' merges and unmerges, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.people.identity.components import Ints
from lianyi.insight.people.identity.evidence import LEVELS, Evidence, Merge, Unmerge, rank_sql
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build
from lianyi.memory.engine import Engine, literal
from lianyi.memory.keys import NAMESPACES, is_role_sql, namespace_sql, strength_sql

PAIRS, ACTS, KEYS = "identity_pairs", "identity_acts", "identity_linked_keys"


def read(build: Build) -> Evidence:
    """All that the log states, with keys as numbers. Makes the relations PAIRS, ACTS and KEYS."""
    engine, scope = build.engine, Scope.of(build)
    engine.run(stated_pairs(scope), into="identity_stated_pairs")
    build.make(ACTS, operators_acts(scope))
    build.make(KEYS, linked_keys("identity_stated_pairs", ACTS, scope))
    build.make(PAIRS, numbered_pairs("identity_stated_pairs", KEYS))
    engine.drop("identity_stated_pairs")
    keys = engine.table(f"SELECT namespace, level, exclusive, role FROM {KEYS} ORDER BY number")
    pairs = engine.table(f"SELECT a, b, rank, stated_at, first_at FROM {PAIRS} ORDER BY a, b")
    merges, unmerges = _acts(engine)
    return Evidence(
        namespace=_ints(pc.dictionary_encode(keys["namespace"].combine_chunks()).indices),
        level=_ints(keys["level"]),
        exclusive=keys["exclusive"].to_numpy(),
        role=keys["role"].to_numpy(),
        a=_ints(pairs["a"]),
        b=_ints(pairs["b"]),
        rank=_ints(pairs["rank"]),
        at=_ints(pairs["stated_at"]),
        first_at=_ints(pairs["first_at"]),
        merges=merges,
        unmerges=unmerges,
    )


def parts_of(props: str | None) -> tuple[tuple[str, ...], ...]:
    """The parts that an unmerge's props name, each key in the first part that has it; () where there are no two."""
    found = msgspec.json.decode(props).get("parts") if props else None
    seen: set[str] = set()
    result = []
    for part in found if isinstance(found, list) else []:
        keys = [key for key in part if isinstance(key, str) and key not in seen] if isinstance(part, list) else []
        seen.update(keys)
        if keys:
            result.append(tuple(sorted(set(keys))))
    return tuple(result) if len(result) > 1 else ()


def _acts(engine: Engine) -> tuple[tuple[Merge, ...], tuple[Unmerge, ...]]:
    merges, unmerges = [], []
    rows = engine.table(
        f"SELECT event_id, stated_at, kind, key_a, key_b, props FROM {ACTS} ORDER BY stated_at, event_id"
    )
    times = _ints(rows["stated_at"]).tolist()
    acts = [{**row, "at": time} for row, time in zip(rows.to_pylist(), times, strict=True)]
    parts = {act["event_id"]: parts_of(act["props"]) for act in acts if act["kind"] == "unmerge"}
    named = {key for groups in parts.values() for group in groups for key in group}
    named |= {act[end] for act in acts if act["kind"] == "merge" for end in ("key_a", "key_b")}
    numbers = _numbers(engine, named)
    for act in acts:
        if act["kind"] == "merge":
            ends = {"a": numbers[act["key_a"]], "b": numbers[act["key_b"]]}
            merges.append(Merge(at=act["at"], id=act["event_id"], **ends))
        else:
            # a key that no link names can't be in anybody's way
            groups = tuple(tuple(numbers[key] for key in group if key in numbers) for group in parts[act["event_id"]])
            unmerges.append(Unmerge(at=act["at"], id=act["event_id"], parts=groups))
    return tuple(merges), tuple(unmerges)


def _numbers(engine: Engine, names: Iterable[str]) -> Mapping[str, int]:
    engine.register("identity_named_keys", pa.table({"name": pa.array(sorted(names), pa.string())}))
    rows = engine.table(f"SELECT k.name, k.number FROM {KEYS} AS k JOIN identity_named_keys AS n ON n.name = k.name")
    engine.drop("identity_named_keys")
    return dict(zip(rows["name"].to_pylist(), rows["number"].to_pylist(), strict=True))


def _ints(column: pa.ChunkedArray | pa.Array) -> Ints:
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("us", tz="UTC"))
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    result: Ints = pc.cast(array, pa.int64()).to_numpy(zero_copy_only=False)
    return result


def stated_pairs(scope: Scope) -> str:
    """One row = one pair of keys that alias events link, with the best of these events: verified first, then oldest."""
    return f"""
    WITH stated AS (
        SELECT least(e.actor_key, e.target_key) AS key_a, greatest(e.actor_key, e.target_key) AS key_b,
            e.id AS event_id, e."at" AS stated_at, e.source AS source,
            coalesce({scope.dialect.json_text("e.props", "verified")} = 'true', FALSE) AS verified,
            {scope.dialect.json_text("e.props", "how")} AS how
        FROM {EVENTS} AS e
        WHERE e.kind = 'alias' AND e.actor_key <> e.target_key AND {scope.happened()}
    ), placed AS (
        SELECT *,
            row_number() OVER (PARTITION BY key_a, key_b ORDER BY verified DESC, stated_at, event_id) AS place,
            min(stated_at) OVER (PARTITION BY key_a, key_b) AS first_at,
            max(stated_at) OVER (PARTITION BY key_a, key_b) AS last_at,
            count(*) OVER (PARTITION BY key_a, key_b) AS events
        FROM stated
    )
    SELECT key_a, key_b, event_id, stated_at, source, verified, how, first_at, last_at, events
    FROM placed WHERE place = 1
    """


def operators_acts(scope: Scope) -> str:
    """One row = one merge or unmerge of an operator."""
    return f"""
    SELECT e.id AS event_id, e."at" AS stated_at, e.kind AS kind, e.source AS source,
        least(e.actor_key, e.target_key) AS key_a, greatest(e.actor_key, e.target_key) AS key_b,
        {scope.dialect.json_text("e.props", "why")} AS how, e.props AS props
    FROM {EVENTS} AS e
    WHERE (e.kind = 'unmerge' OR (e.kind = 'merge' AND e.actor_key <> e.target_key)) AND {scope.happened()}
    ORDER BY e."at", e.id
    """


def linked_keys(pairs: str, acts: str, scope: Scope) -> str:
    """One row = one key that a pair or a merge names, numbered from 0 in the order of the keys' text."""
    exclusive = ", ".join(literal(name) for name, namespace in NAMESPACES.items() if namespace.exclusive)
    levels = " ".join(f"WHEN '{strength}' THEN {level}" for strength, level in LEVELS.items())
    return f"""
    WITH named AS (
        SELECT key_a AS name FROM {pairs} UNION SELECT key_b FROM {pairs}
        UNION SELECT key_a FROM {acts} WHERE kind = 'merge' UNION SELECT key_b FROM {acts} WHERE kind = 'merge'
    )
    SELECT name, row_number() OVER (ORDER BY name) - 1 AS number, {namespace_sql("name")} AS namespace,
        CASE {strength_sql("name")} {levels} END AS level,
        {namespace_sql("name")} IN ({exclusive}) AS exclusive, {is_role_sql("name", scope.dialect)} AS role
    FROM named
    """


def numbered_pairs(pairs: str, keys: str) -> str:
    """One row = one pair with the numbers of its keys (a < b) and its rank as evidence."""
    return f"""
    SELECT pair.*, left_key.number AS a, right_key.number AS b,
        {rank_sql("left_key.level", "right_key.level", "pair.verified")} AS rank
    FROM {pairs} AS pair
    JOIN {keys} AS left_key ON left_key.name = pair.key_a
    JOIN {keys} AS right_key ON right_key.name = pair.key_b
    """
