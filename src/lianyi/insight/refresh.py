"""Rebuild insight tables from the log: whole, in order, into new versions that become valid all at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lianyi.errors import InputError
from lianyi.insight import roll
from lianyi.insight.ranges import for_all, unmarked
from lianyi.insight.store import State, Store
from lianyi.insight.tables import EVENTS, Build, Table, catalogue, of_kinds, with_dependents
from lianyi.memory.engine import Engine
from lianyi.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a refresh stands: table `done` of `total`, its name, and a line for people."""

    table: str
    done: int
    total: int
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class _Empty:
    """The file of a table without rows, as this process has made it."""

    name: str
    content: bytes


# A table that has nothing to be made from costs its planning all the same: on a brand that only has orders, a third of
# a refresh. What it is without rows depends on nothing but its code, so it is made once in a process. One dict
# operation at a time: safe between threads.
_EMPTY: dict[tuple[str, Callable[[Build], Any]], _Empty] = {}


@dataclass(frozen=True, kw_only=True)
class RefreshReport:
    """What a refresh made: the new states by table, in the order of their making, and seconds in all."""

    states: Mapping[str, State]
    seconds: float


def refresh(
    *,
    engine: Engine,
    store: Store,
    event_files: Sequence[str],
    lake_version: int,
    settings: Settings,
    parameters: Mapping[str, Any],
    as_of: datetime,
    names: Sequence[str] = (),
    progress: Callable[[Progress], None] = lambda _progress: None,
) -> RefreshReport:
    """Rebuild the named tables and what depends on them (all where none is named), then switch.

    An exception leaves the old versions valid and removes what was begun.
    """
    began = time.perf_counter()
    tables = catalogue()
    todo = with_dependents(tables, names)
    if not event_files:
        raise InputError("there are no events yet; add a file first: lianyi add FILE")
    engine.register(EVENTS, event_files)
    _register_inputs(engine, store, tables, todo)
    version = f"{as_of:%Y%m%dT%H%M%S}-{lake_version:08d}-{time.time_ns():x}"
    made: dict[str, State] = {}
    kept: dict[str, Any] = {}
    sources = _sources(engine, store)
    try:
        for done, name in enumerate(todo):

            def say(message: str, name: str = name, done: int = done) -> None:
                progress(Progress(table=name, done=done, total=len(todo), message=message))

            say("")
            previous = _previous(engine, store, tables[name])
            build = Build(
                engine=engine, as_of=as_of, settings=settings, parameters=parameters, say=say, previous=previous,
                kept=kept,
            )  # fmt: skip
            without = _without_rows(tables[name], sources)
            made[name] = _make(tables[name], build, store.path(name, version), lake_version, without=without)
            sources[name] = made[name].rows
        store.switch(made)
    finally:
        store.sweep(keep=1)
    return RefreshReport(states=made, seconds=time.perf_counter() - began)


def _register_inputs(engine: Engine, store: Store, tables: Mapping[str, Table], todo: Sequence[str]) -> None:
    """Tables that are read but not rebuilt come from their valid versions."""
    states = store.states()
    needed = {source for name in todo for source in tables[name].inputs} - set(todo) - {EVENTS}
    for name in sorted(needed):
        if name not in states:
            raise InputError(f"table {name} has never been built; run `lianyi refresh` without names once")
        engine.register(name, store.files(states[name]))


def _previous(engine: Engine, store: Store, table: Table) -> str | None:
    """The relation with the table's valid version, where it reads that and there is one."""
    state = store.states().get(table.name)
    if not table.remembers or state is None:
        return None
    name = f"previous_{table.name}"
    engine.register(name, store.files(state))
    return name


def _sources(engine: Engine, store: Store) -> dict[str, int]:
    """Rows of what tables may be made from: valid versions of tables, and kinds of events (1 = there are some)."""
    kinds = engine.table(f"SELECT DISTINCT kind FROM {EVENTS}")["kind"].to_pylist()
    return {name: state.rows for name, state in store.states().items()} | dict.fromkeys(of_kinds(*kinds), 1)


def _without_rows(table: Table, sources: Mapping[str, int]) -> _Empty | None:
    """The table as it is without rows, where nothing is there to make any from and this process has made it so."""
    if not table.rows_from or any(sources.get(name) for name in table.rows_from):
        return None
    return _EMPTY.get((table.name, table.build))


def _make(table: Table, build: Build, path: Path, lake_version: int, *, without: _Empty | None) -> State:
    began = time.perf_counter()
    sql, count = _run(table, build, path) if without is None else _write_empty(table, build, path, without)
    if table.listed:
        roll.write(table, path)
    rows = build.engine.table(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py() if without is None else 0
    if rows == 0 and count == 1 and table.rows_from:
        file = next(path.glob("*.parquet"))
        _EMPTY[table.name, table.build] = _Empty(name=file.name, content=file.read_bytes())
    return State(
        name=table.name,
        version=path.name,
        rows=rows,
        as_of=build.as_of,
        lake_version=lake_version,
        seconds=round(time.perf_counter() - began, 3),
        size=sum(file.stat().st_size for file in path.glob("*.parquet")),
        sql=sql,
        parts=count,
    )


def _run(table: Table, build: Build, path: Path) -> tuple[str, int]:
    """Make the table; returns its SQL for people to read and the number of its parts."""
    parts = table.build(build)
    last_step, count = "", 0
    for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
        build.engine.run(table.sorted(sql), into=table.name, path=path, part=part, row_group=table.row_group)
        last_step, count = sql, part + 1
    build.clear()
    return _script(build, last_step, count), count


def _write_empty(table: Table, build: Build, path: Path, empty: _Empty) -> tuple[str, int]:
    path.mkdir(parents=True, exist_ok=True)
    file = path / empty.name
    file.write_bytes(empty.content)
    build.engine.register(table.name, [file])
    return f"-- There is nothing to make it from: no {', no '.join(table.rows_from)}.", 1


def _script(build: Build, last_step: str, parts: int) -> str:
    """The SQL that made a table, for people to read: its steps, then the last one; of a table that is made range by
    range what holds for all of them."""
    steps = [f"CREATE TABLE {name} AS {sql.strip()};" for name, sql in build.steps.items()]
    return (for_all if parts > 1 else unmarked)("\n\n".join([*steps, last_step.strip()]))
