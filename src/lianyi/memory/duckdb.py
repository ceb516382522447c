"""DuckDB behind the four methods of Engine. The only place where duckdb is imported."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Self

import duckdb
import pyarrow as pa

from lianyi.memory.dialect import Name
from lianyi.memory.engine import ROW_GROUP, literal

# Level 3, the default, takes a third more time to write and saves a hundredth of the bytes of our tables.
LEVEL = 1

SPILL = "lianyi-spill-"

_WORD = re.compile(r"\w+")
# Words of queries that ask which relations there are.
_ASKING = {"show", "describe", "summarize", "pragma", "information_schema", "duckdb_views", "duckdb_tables",
           "duckdb_columns", "pg_catalog", "sqlite_master"}  # fmt: skip

Relation = duckdb.DuckDBPyRelation
QueryError = duckdb.Error


@dataclass
class _Offers:
    """Views to be made when they are named, of one database and all its cursors: SQL by name in small letters."""

    views: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


class DuckDB:
    """An engine in this process. Spills to a folder of its own, which `close` removes.

    memory_mb: what it may hold before it spills. threads: 0 = all cores. ordered: keep the order of rows where no
    ORDER BY says otherwise (costs memory on large results). spill: where the spill folder is made, if one is needed.
    """

    dialect: Name = "duckdb"

    def __init__(
        self, *, memory_mb: int = 4096, threads: int = 0, ordered: bool = False, spill: Path | None = None
    ) -> None:
        # DuckDB makes the folder when it first spills; the finalizer also runs for engines that nobody closes.
        self._spill = (spill or Path(tempfile.gettempdir())) / f"{SPILL}{os.getpid()}-{secrets.token_hex(8)}"
        self._spill.parent.mkdir(parents=True, exist_ok=True)
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._spill, ignore_errors=True)
        self._origin: DuckDB | None = None
        # What bears a name: views and tables are of the database, Arrow data of this session.
        self._made: set[str] = set()
        self._given: set[str] = set()
        self._offers = _Offers()
        options: dict[str, Any] = {
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(self._spill),
            "preserve_insertion_order": ordered,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads:
            options["threads"] = threads
        self._connection = duckdb.connect(":memory:", config=options)
        # GLOBAL: `apart` gives cursors, which are sessions of their own and would begin with the defaults
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._connection.execute("SET enable_progress_bar = false")

    def register(self, name: str, data: pa.Table | pa.RecordBatchReader | Sequence[str | Path]) -> None:
        """See Engine.register. Parquet columns that some files lack are read as NULL."""
        self.drop(name)
        if isinstance(data, pa.Table | pa.RecordBatchReader):
            self._connection.register(name, data)
            self._given.add(name)
            return
        files = ", ".join(literal(str(path)) for path in data)
        self._connection.execute(
            f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{files}], union_by_name = false)'
        )
        self._made.add(name)

    def offer(self, name: str, files: Sequence[str | Path], *, numbered: bool = False) -> None:
        """A view of Parquet files that is made when a query first names it: to make one opens a file, and of a hundred
        tables a query reads two. numbered: with two columns more, number of the file in the list, number of the row in
        it."""
        listed = ", ".join(literal(str(path)) for path in files)
        columns = "*, file_index, file_row_number" if numbered else "*"
        self._offers.views[name.lower()] = (
            f'CREATE VIEW "{name}" AS SELECT {columns} FROM read_parquet([{listed}], union_by_name = false)'
        )
        self._made.add(name)

    def offer_empty(self, name: str, schema: pa.Schema) -> None:
        """The same, of no rows with these columns. In SQL: to take Arrow data, DuckDB loads pandas."""
        columns = ", ".join(f'CAST(NULL AS {_sql_type(field.type)}) AS "{field.name}"' for field in schema)
        self._offers.views[name.lower()] = f'CREATE VIEW "{name}" AS SELECT {columns} WHERE FALSE'
        self._made.add(name)

    def make_named(self, sql: str) -> None:
        """Make the offered views whose names stand in a text of SQL; all of them where it asks what there is."""
        if not self._offers.views:
            return
        words = {word.lower() for word in _WORD.findall(sql)}
        with self._offers.lock:
            named = self._offers.views.keys() if words & _ASKING else words & self._offers.views.keys()
            for name in list(named):
                self._connection.execute(self._offers.views[name])
                del self._offers.views[name]

    def run(
        self,
        sql: str,
        *,
        into: str | None = None,
        path: Path | None = None,
        part: int = 0,
        row_group: int = ROW_GROUP,
    ) -> None:
        """See Engine.run."""
        self.make_named(sql)
        if into is None:
            self._connection.execute(sql)
        elif path is None:
            self.drop(into)
            self._connection.execute(f'CREATE TABLE "{into}" AS {sql}')
            self._made.add(into)
        else:
            path.mkdir(parents=True, exist_ok=True)
            file = path / f"part-{part:03}.parquet"
            self._connection.execute(
                f"COPY ({sql}) TO {literal(str(file))} "
                f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {LEVEL}, ROW_GROUP_SIZE {row_group})"
            )
            self.register(into, sorted(path.glob("part-*.parquet")))

    def keep_footers(self) -> None:
        """Keep what is known of Parquet files in memory. For readers that ask the same files often, files that never
        change; half of a look-up's time went into reading their footers anew."""
        self._connection.execute("SET GLOBAL parquet_metadata_cache = true")

    def table(self, name_or_sql: str) -> pa.Table:
        """See Engine.table."""
        return self.relation(name_or_sql).to_arrow_table()

    def relation(self, name_or_sql: str, parameters: Sequence[Any] = ()) -> Relation:
        """A lazy relation: the rows of a relation, or of a query with `?` parameters."""
        sql = name_or_sql if " " in name_or_sql.strip() else f'SELECT * FROM "{name_or_sql.strip()}"'
        self.make_named(sql)
        return self._connection.sql(sql, params=list(parameters) or None)

    def apart(self) -> DuckDB:
        """The same database for another thread: it sees views and tables, not registered Arrow data."""
        twin = object.__new__(DuckDB)
        twin._spill = self._spill
        twin._made = self._made
        twin._given = set()
        twin._offers = self._offers
        twin._origin = self._origin or self  # as long as a twin lives, so does the database's spill folder
        twin._connection = self._connection.cursor()
        twin._connection.execute("SET enable_progress_bar = false")
        return twin

    def drop(self, name: str) -> None:
        """See Engine.drop."""
        # A name is a view, a table or registered Arrow data; each has its own way to go. Trying is ten times as quick
        # as asking the catalogue which it is, and knowing that we made nothing of the name is quicker still: a refresh
        # drops eight hundred names.
        if name in self._given:
            self._given.discard(name)
            self._connection.unregister(name)
        if name not in self._made:
            return
        self._made.discard(name)
        for kind in ("VIEW", "TABLE"):
            with suppress(duckdb.CatalogException):  # it is the other kind
                self._connection.execute(f'DROP {kind} IF EXISTS "{name}"')

    def close(self) -> None:
        """Free the memory and remove the spill folder."""
        self._connection.close()
        if self._origin is None:
            self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _sql_type(type_: pa.DataType) -> str:
    """The type of a column of the log in SQL."""
    if pa.types.is_timestamp(type_):
        return "TIMESTAMP WITH TIME ZONE"
    return {pa.string(): "VARCHAR"}.get(type_) or str(type_).replace("decimal128", "DECIMAL")


def sweep_spills(folder: Path) -> None:
    """Remove spill folders of processes that are gone: killed, they could not do it themselves."""
    for path in folder.glob(f"{SPILL}*"):
        process = path.name.removeprefix(SPILL).partition("-")[0]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            shutil.rmtree(path, ignore_errors=True)
