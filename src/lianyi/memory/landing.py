"""One landing: events on their way into the log, freed of those that are there already."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.memory.datafile import new_name, write_sorted
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import SCHEMA
from lianyi.memory.seen import Hashes, Runs, SeenIds, repeats

# What is buffered before a sorted file is written; bounds the memory of an import of any size, beside the buffer that
# is being written meanwhile.
BUFFER_BYTES = 96 * 1024 * 1024
BUFFER_ROWS = 600_000


@dataclass(frozen=True, kw_only=True)
class Landed:
    """How many events were new, and how many the log (or this landing) held already."""

    new: int = 0
    duplicate: int = 0

    def __add__(self, other: Landed) -> Landed:
        return Landed(new=self.new + other.new, duplicate=self.duplicate + other.duplicate)


def hash_sql(salt: str) -> str:
    """Columns `high` and `low`: the two halves of the salted MD5 of `id` (one row per event).

    They are what md5_number_upper and md5_number_lower give, which take seven times as long.
    """
    number = f"md5_number({literal(salt)} || id)"
    high = f"CAST({number} & CAST({2**64 - 1} AS UHUGEINT) AS UBIGINT)"
    return f"{high} AS high, CAST({number} >> 64 AS UBIGINT) AS low"


class Landing:
    """Made by Lake.landing. Rows must be valid (events.check); `add` may be called any number of times."""

    def __init__(
        self, *, folder: Path, seen: SeenIds, engine: DuckDB, received_at: datetime, already_landed: bool
    ) -> None:
        self.already_landed = already_landed
        self.landed = Landed()
        self._folder = folder
        self._seen = seen
        self._received_at = received_at
        for left in seen.folder.glob("landing-*"):  # by a process that was killed; the lock is ours now
            shutil.rmtree(left)
        self._scratch = Path(tempfile.mkdtemp(prefix="landing-", dir=seen.folder))
        self._own = Runs(folder=self._scratch)
        self._met = Runs(folder=self._scratch)
        self._buffer: list[pa.Table] = []
        self._buffered = 0
        self._files: list[tuple[str, int]] = []
        self._twins: Counter[str] = Counter()
        self._engine = engine
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._writing: Future[None] | None = None

    def add(self, table: pa.Table, *, number_duplicates: bool = False) -> Landed:
        """Take rows of SCHEMA (received_at may be missing or NULL) and return how many were new.

        number_duplicates: rows that share an id within this landing are different events that look the same (a file
        without ids): the second becomes `<id>#2`, the third `<id>#3`, so that adding the file again changes nothing.
        """
        if self.already_landed:
            return self._count(Landed(duplicate=table.num_rows))
        table = conform(table, received_at=self._received_at)
        if number_duplicates:
            table, hashes = self._numbered(table)
        else:
            hashes = self._hash(table)
        fresh = ~(repeats(hashes) | self._own.contains(hashes) | self._seen.contains(hashes))
        kept = table
        if not fresh.all():
            kept, hashes = table.filter(pa.array(fresh)), hashes.take(fresh)
        self._own.add(hashes)
        self._buffer.append(kept)
        self._buffered += kept.nbytes  # of tables of many chunks that is no cheap question, so each is asked once
        if self._buffered >= BUFFER_BYTES or sum(t.num_rows for t in self._buffer) >= BUFFER_ROWS:
            self._write()
        return self._count(Landed(new=kept.num_rows, duplicate=table.num_rows - kept.num_rows))

    def finish(self) -> list[tuple[str, int]]:
        """Write what is buffered; returns path and rows of every file, durable but not yet committed."""
        self._write()
        self._written()
        return self._files

    def hashes(self) -> list[Hashes]:
        """Hashes of the ids of all new rows, in sorted runs; gone after close."""
        return self._own.runs

    def discard(self, *, keep: set[str]) -> None:
        """Remove the files written, but for those that a commit already names."""
        if self._writing is not None:
            wait([self._writing])
        for path, _rows in self._files:
            if path not in keep:
                (self._folder / path).unlink(missing_ok=True)

    def close(self) -> None:
        """Free the memory."""
        self._writer.shutdown()
        self._engine.drop("fresh")
        self._buffer = []
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _count(self, landed: Landed) -> Landed:
        self.landed = self.landed + landed
        return landed

    def _hash(self, table: pa.Table) -> Hashes:
        self._engine.register("fresh", table.select(["id"]))
        result = self._engine.table(f"SELECT {hash_sql(self._seen.salt)} FROM fresh")
        return Hashes(result["high"].to_numpy(), result["low"].to_numpy())

    def _numbered(self, table: pa.Table) -> tuple[pa.Table, Hashes]:
        """Give the later of equal rows a number, until no id of this landing stands twice."""
        hashes = self._hash(table)
        # All ids met count, also those that the log holds already: a number must not depend on how a file is cut.
        twins = repeats(hashes) | self._met.contains(hashes)
        self._met.add(hashes.take(~twins))
        if not twins.any():
            return table, hashes
        ids = table["id"].to_pylist()
        for row in np.flatnonzero(twins):
            self._twins[ids[row]] += 1
            ids[row] = f"{ids[row]}#{self._twins[ids[row]] + 1}"
        table = table.set_column(SCHEMA.get_field_index("id"), "id", pa.array(ids, pa.string()))
        return table, self._hash(table)

    def _write(self) -> None:
        """Begin to write what is buffered, while the next rows come in; one file at a time, which bounds the memory."""
        self._written()
        table = pa.concat_tables(self._buffer) if self._buffer else None
        self._buffer, self._buffered = [], 0
        if table is None or not table.num_rows:
            return
        name = new_name()
        self._files.append((name, table.num_rows))
        self._writing = self._writer.submit(write_sorted, table, self._folder / name)

    def _written(self) -> None:
        """Wait for the file that is being written; what went wrong there is raised here."""
        if self._writing is not None:
            self._writing.result()


def conform(table: pa.Table, *, received_at: datetime) -> pa.Table:
    """The table with exactly the columns of SCHEMA: missing ones NULL, received_at filled where it is not given."""
    columns = []
    for field in SCHEMA:
        if field.name in table.column_names:
            column = table[field.name].cast(field.type)
        else:
            column = pa.nulls(table.num_rows, field.type)
        if field.name == "received_at" and column.null_count:
            column = pc.fill_null(column, pa.scalar(received_at, field.type))
        columns.append(column)
    return pa.Table.from_arrays(columns, names=SCHEMA.names)
