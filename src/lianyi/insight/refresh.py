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
from lianyi.insight.tables import EVENTS, Build, Table, catalogue, with_dependents
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
            made[name] = _make(tables[name], build, store.path(name, version), lake_version)
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


def _make(table: Table, build: Build, path: Path, lake_version: int) -> State:
    began = time.perf_counter()
    parts = table.build(build)
    order = " ORDER BY " + ", ".join(table.order) if table.order else ""
    last_step, count = "", 0
    for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
        build.engine.run(sql + order, into=table.name, path=path, part=part, row_group=table.row_group)
        last_step, count = sql, part + 1
    build.clear()
    if table.listed:
        roll.write(table, path)
    rows = build.engine.table(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py()
    return State(
        name=table.name,
        version=path.name,
        rows=rows,
        as_of=build.as_of,
        lake_version=lake_version,
        seconds=round(time.perf_counter() - began, 3),
        size=sum(file.stat().st_size for file in path.glob("*.parquet")),
        sql=_script(build, last_step, count),
        parts=count,
    )


def _script(build: Build, last_step: str, parts: int) -> str:
    """The SQL that made a table, for people to read: its steps, then the last one; of a table that is made range by
    range what holds for all of them."""
    steps = [f"CREATE TABLE {name} AS {sql.strip()};" for name, sql in build.steps.items()]
    return (for_all if parts > 1 else unmarked)("\n\n".join([*steps, last_step.strip()]))
