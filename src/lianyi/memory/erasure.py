"""Erasure of a person by right: no trace of the person is left in any file of the log.

What goes: every event that the person did, and every statement on the person (tags, notes, links, consents). What
others did to the person stays theirs, without the person. Files that held any of it are written anew and the old ones
deleted at once. What a trace is: see traces.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lianyi.memory.datafile import ROW_GROUP, new_name, sync
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import SCHEMA
from lianyi.memory.lake import Lake
from lianyi.memory.traces import REFERENCES, Traces


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an erasure did: events removed, events of others that were cleaned, files written anew."""

    removed: int
    cleaned: int
    files: int


def rooms_of(lake: Lake, keys: Collection[str]) -> frozenset[str]:
    """The groups in which the person acted."""
    files = lake.files()
    if not files:
        return frozenset()
    with DuckDB(memory_mb=1024) as engine:
        engine.register("events", files)
        found = engine.table(
            "SELECT DISTINCT e.group_key FROM events e "
            f"WHERE e.group_key IS NOT NULL AND e.actor_key IN ({_list(keys)})"
        )
    return frozenset(found["group_key"].to_pylist())


def erase(lake: Lake, traces: Traces) -> Erased:
    """Erase the person from the log; nothing is kept but salted hashes of event ids. Busy while files are merged."""
    with lake.merging(), lake.lock():
        seen = lake.seen()
        touched = {str(lake.path / file.path): file for file in lake.data_files()}
        removed = cleaned = rewritten = 0
        for path in _hits(list(touched), traces):
            new, gone, changed = _rewrite(lake, path, traces)
            lake.commit(added=[new] if new[1] else [], removed=[touched[path]])
            removed, cleaned, rewritten = removed + gone, cleaned + changed, rewritten + 1
        seen.save([], covered=[file.path for file in lake.data_files()])
        lake.sweep(hours=0)
    return Erased(removed=removed, cleaned=cleaned, files=rewritten)


def _rewrite(lake: Lake, path: str, traces: Traces) -> tuple[tuple[str, int], int, int]:
    """Write one file without the person: (its name and rows), events removed, events cleaned."""
    touched = _touched(traces)
    source = f"read_parquet([{literal(path)}])"
    name = new_name(Path(path).name)
    with DuckDB(memory_mb=2048) as engine:
        rows = engine.table(f"SELECT * FROM {source} e WHERE {touched}").to_pylist()
        mine = [row for row in rows if traces.owns(row)]
        rest = [traces.cleaned(row) for row in rows if not traces.owns(row)]
        changed = sum(row not in rows for row in rest) if len(rest) < 1000 else len(rest)
        engine.register(
            "rest",
            pa.Table.from_pylist(rest, schema=pa.schema([field.with_nullable(nullable=True) for field in SCHEMA])),
        )
        engine.run(
            f"COPY (SELECT * FROM {source} e WHERE NOT coalesce({touched}, FALSE) UNION ALL SELECT * FROM rest "
            f'ORDER BY actor_key, "at") TO {literal(str(lake.path / name))} '
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )
        count = engine.table(f"SELECT count(*) AS n FROM read_parquet([{literal(str(lake.path / name))}])")["n"][
            0
        ].as_py()
    sync(lake.path / name)
    if not count:
        (lake.path / name).unlink()
    return (name, count), len(mine), changed


def _hits(files: list[str], traces: Traces) -> list[str]:
    """The files with a trace of the person."""
    if not files:
        return []
    sources = ", ".join(literal(file) for file in files)
    with DuckDB(memory_mb=2048) as engine:
        found = engine.table(
            f"SELECT DISTINCT e.filename FROM read_parquet([{sources}], filename = true) e WHERE {_touched(traces)}"
        )
    return sorted(found["filename"].to_pylist())


def _touched(traces: Traces) -> str:
    """SQL condition: the event `e` holds a trace of the person (never NULL)."""
    keys = _list(traces.keys)
    aimed = f"coalesce(e.target_key IN ({keys}), FALSE)"
    conditions = [f"coalesce(e.actor_key IN ({keys}), FALSE)", aimed]
    pattern = literal(traces.pattern)
    conditions += [f"coalesce(regexp_matches(e.{name}, {pattern}), FALSE)" for name in (*REFERENCES, "text", "props")]
    if traces.name_pattern:
        near = f"({aimed} OR coalesce(e.group_key IN ({_list(traces.rooms)}), FALSE))" if traces.rooms else aimed
        names = literal(traces.name_pattern)
        conditions += [f"({near} AND coalesce(regexp_matches(e.{name}, {names}), FALSE))" for name in ("text", "props")]
    return "(" + " OR ".join(conditions) + ")"


def _list(values: Collection[str]) -> str:
    return ", ".join(literal(value) for value in sorted(values))
