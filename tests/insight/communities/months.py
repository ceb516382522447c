"""A simulated brand refreshed month by month, and what is true of its communities at each refresh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pyarrow as pa

from lianyi import world
from lianyi.insight.tables import EVENTS, Build, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from lianyi.world.settings import MONTH

Sets = Mapping[object, frozenset[int]]
# A community of fewer people is not counted: one person coming or going is another community then.
COUNTED = 8


@dataclass(frozen=True, kw_only=True)
class Month:
    """One refresh. found: id → true people in it. true: number → people who belong on that day."""

    number: int
    found: Sets
    true: Sets


@dataclass(frozen=True, kw_only=True)
class Continuity:
    """How many true communities went on from one refresh to the next, and how many of them kept the id of what was
    found for them."""

    continuing: int
    kept: int
    lost: Sequence[tuple[int, object]]

    @property
    def share(self) -> float:
        return self.kept / max(self.continuing, 1)


def live(settings: world.WorldSettings, tables: Sequence[str], months: Sequence[int]) -> Iterator[tuple[int, DuckDB]]:
    """The engine with these tables built as of the end of each month, each seeing its own previous version."""
    made = world.generate(settings)
    log = pa.concat_tables(list(made.events()))
    with DuckDB(memory_mb=2048, threads=1) as engine:
        engine.register("whole_log", log)
        for month in months:
            end = settings.end - timedelta(days=settings.days - month * MONTH)
            refresh(engine, end, tables)
            yield month, engine


def refresh(engine: DuckDB, as_of: datetime, names: Sequence[str]) -> None:
    """Build the tables as a refresh does, from the events up to as_of."""
    moment = f"TIMESTAMPTZ '{as_of.isoformat()}'"
    engine.run(f'SELECT * FROM whole_log WHERE "at" <= {moment}', into=EVENTS)
    for name in needed(names):
        table = catalogue()[name]
        previous = f"previous_{name}" if table.remembers and _has(engine, f"previous_{name}") else None
        build = Build(engine=engine, as_of=as_of, settings=Settings(memory_mb=2048, threads=1), previous=previous)
        built = table.build(build)
        parts = [built] if isinstance(built, str) else built
        for number, sql in enumerate(parts):
            engine.run(f"SELECT * FROM ({sql}) AS t", into=f"part_{number}_{name}")
            last = number
        union = " UNION ALL ".join(f"SELECT * FROM part_{number}_{name}" for number in range(last + 1))
        engine.run(union, into=name)
        build.clear()
        if table.remembers:
            engine.run(f"SELECT * FROM {name}", into=f"previous_{name}")


def _has(engine: DuckDB, name: str) -> bool:
    found = engine.table(f"SELECT count(*) AS n FROM information_schema.tables WHERE table_name = '{name}'")
    return bool(found["n"][0].as_py())


def needed(names: Sequence[str]) -> list[str]:
    """The tables and all they read, in order."""
    tables, wanted, todo = catalogue(), set(), list(names)
    while todo:
        name = todo.pop()
        if name != EVENTS and name not in wanted:
            wanted.add(name)
            todo += tables[name].inputs
    return [name for name in tables if name in wanted]


def people_of(truth: world.Truth, engine: DuckDB) -> dict[str, int]:
    """Person id → true person, where the keys are all of one."""
    own = {row["key"]: row["person"] for row in truth.keys.to_pylist() if row["kind"] == "own"}
    keys = engine.table("SELECT key, person_id FROM keys").to_pylist()
    return {row["person_id"]: own[row["key"]] for row in keys if row["key"] in own}


def found_sets(engine: DuckDB, true: Mapping[str, int]) -> Sets:
    """Communities as found: id → true people."""
    sets: dict[object, set[int]] = defaultdict(set)
    rows = engine.table(
        "SELECT community_id, person_id FROM community_people WHERE height = 1 AND how = 'ties' AND weight IS NOT NULL"
    )
    for row in rows.to_pylist():
        if row["person_id"] in true:
            sets[row["community_id"]].add(true[row["person_id"]])
    return {name: frozenset(people) for name, people in sets.items()}


def true_sets(truth: world.Truth, day: int) -> Sets:
    """Communities as they are on a day: number → people."""
    sets: dict[object, set[int]] = defaultdict(set)
    for row in truth.memberships.to_pylist():
        if row["since"] <= day and (row["until"] is None or row["until"] > day):
            sets[row["community"]].add(row["person"])
    return {name: frozenset(people) for name, people in sets.items() if len(people) >= COUNTED}


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard."""
    return len(one & other) / len(one | other) if one or other else 0.0


def best(true: frozenset[int], found: Sets) -> tuple[object, float]:
    """The found community that is most like a true one, and how like."""
    return max(
        ((name, likeness(true, people)) for name, people in found.items()),
        key=lambda pair: pair[1],
        default=(None, 0.0),
    )


def continuity(months: Sequence[Month], truth: world.Truth, *, recognised: float = 0.5) -> Continuity:
    """Of the true communities that live on through a month without a split or merger, and were found in both
    refreshes (likeness at least `recognised`): how many kept their id."""
    fates = {
        (row["month"], name)
        for row in truth.happenings.to_pylist()
        if row["what"] in {"split", "merged", "faded"}
        for name in (row["community"], row["other"])
    }
    continuing, kept, lost = 0, 0, []
    for before, after in pairwise(months):
        for name in set(before.true) & set(after.true):
            if any((month, name) in fates for month in range(before.number - 1, after.number + 1)):
                continue
            (old, like), (new, liker) = best(before.true[name], before.found), best(after.true[name], after.found)
            if like >= recognised and liker >= recognised:
                continuing += 1
                kept += old == new
                if old != new:
                    lost.append((after.number, name))
    return Continuity(continuing=continuing, kept=kept, lost=lost)
