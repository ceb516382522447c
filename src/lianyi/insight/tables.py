"""The catalogue of insight tables: name, what one row means, inputs, key; refresh order by topology.

A room of this floor offers its tables as `TABLES: tuple[Table, ...]` in its `__init__`; they are listed here once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any, Self

from lianyi.errors import NotFound
from lianyi.memory.engine import ROW_GROUP, Engine
from lianyi.settings import Settings

EVENTS = "events"
# Rows that lie together in tables that pages look into: less to decode for one person, for a few more bytes.
LOOKED_INTO = 8_192


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column means, in English and Chinese, with its unit ('' when it has none)."""

    en: str
    zh: str
    unit: str = ""


class Sorted(str):
    """SQL of rows that stand in the table's order when sorted `by` these terms, which are quicker to sort by: whole
    numbers that rise with the names they stand for. A key of two long names takes twice the time of all the rest."""

    by: str

    def __new__(cls, sql: str, *, by: str) -> Self:
        """The SQL itself, with its terms."""
        made = super().__new__(cls, sql)
        made.by = by
        return made


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a table may use while it is built: the engine with its inputs registered by name, and nothing else.

    as_of: the moment for which the tables speak; windows such as "60 days" end here. parameters: per room, e.g.
    {"tags": rules}. say(message): one line of progress for a person. previous: the relation with the table as it stood
    before, for tables that remember; None the first time. kept: what one table of a refresh made from its inputs and
    another needs again; whoever finds nothing there makes it anew, whoever needs it last takes it out.
    """

    engine: Engine
    as_of: datetime
    settings: Settings
    parameters: Mapping[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _message: None
    previous: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    steps: dict[str, str] = field(default_factory=dict)

    def make(self, name: str, sql: str) -> None:
        """Make a relation for the steps after it. What is made one after the other is in memory one after the other."""
        self.engine.run(sql, into=name)
        self.made.append(name)
        self.steps[name] = sql

    def drop(self, *names: str) -> None:
        """Drop relations that no later step needs."""
        for name in names:
            self.engine.drop(name)

    def clear(self) -> None:
        """Drop all that was made on the way, so that it takes no memory from the next table."""
        self.drop(*self.made)
        self.made.clear()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One insight table.

    one_row: "one row = …" in English and Chinese. inputs: names of tables it reads (`events` is the log). key: columns
    that are unique together. order: columns by which the file is sorted, so that look-ups by them read little.
    build: registers what it needs on the engine and returns the SQL whose rows are the table, or gives several whose
    rows are its parts: each is run, sorted and written by itself before the next is asked for, so that a part fits
    into memory.
    parameters: names in Build.parameters that it reads. remembers: it reads its own previous version (Build.previous).
    listed: columns kept beside the files for lists of its rows, see roll. searched: those of them in lower case too.
    row_group: rows that lie together in the file, all of which a look-up of one by the first column of order decodes.
    rows_from: inputs without whose rows it has none itself, and whole kinds of events as "events:share": while all of
    them are empty, so is it, and a refresh needs not ask.
    """

    name: str
    en: str
    zh: str
    inputs: tuple[str, ...]
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    build: Callable[[Build], str | Iterable[str]]
    order: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    remembers: bool = False
    row_group: int = ROW_GROUP
    listed: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    rows_from: tuple[str, ...] = ()

    def sorted(self, sql: str) -> str:
        """The SQL of a part, in the order in which it is written."""
        by = sql.by if isinstance(sql, Sorted) else ", ".join(self.order)
        return f"{sql} ORDER BY {by}" if by else sql


def of_kinds(*kinds: str) -> tuple[str, ...]:
    """Kinds of events as Table.rows_from names them."""
    return tuple(f"{EVENTS}:{kind}" for kind in kinds)


def catalogue() -> Mapping[str, Table]:
    """All tables by name, in an order in which each comes after its inputs."""
    from lianyi.insight import (
        activity,
        communities,
        conversations,
        demand,
        effects,
        groups,
        ledger,
        listening,
        offers,
        people,
        picture,
        ripples,
        ties,
        value,
    )  # fmt: skip

    rooms = (
        people, activity, ties, communities, ripples, value, effects, demand, ledger, picture, conversations, groups,
        listening, offers,
    )  # fmt: skip
    return in_order(table for room in rooms for table in room.TABLES)


def in_order(tables: Iterable[Table]) -> Mapping[str, Table]:
    """The tables by name, each after its inputs. ValueError names a circle or an input that nobody makes."""
    by_name = {table.name: table for table in tables}
    for table in by_name.values():
        missing = set(table.inputs) - set(by_name) - {EVENTS}
        if missing:
            raise ValueError(f"table {table.name} reads {', '.join(sorted(missing))}, which nobody makes")
    try:
        # lists, not sets: the order must be the same in every process
        graph = {name: [source for source in table.inputs if source != EVENTS] for name, table in by_name.items()}
        names = TopologicalSorter(graph).static_order()
        return {name: by_name[name] for name in names}
    except CycleError as error:
        raise ValueError(f"tables depend on each other in a circle: {' -> '.join(error.args[1])}") from error


def with_dependents(tables: Mapping[str, Table], names: Sequence[str]) -> tuple[str, ...]:
    """The named tables and all that are derived from them, in refresh order; all tables where none is named."""
    unknown = [name for name in names if name not in tables]
    if unknown:
        raise NotFound(f"no table {unknown[0]!r}; there are {', '.join(tables)}")
    stale = set(names) if names else set(tables)
    for name, table in tables.items():
        if stale & set(table.inputs):
            stale.add(name)
    return tuple(name for name in tables if name in stale)
