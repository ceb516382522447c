"""The log: a Delta table of events. Append exactly once, compact, erase by right.

Files are written by us, sorted by actor_key, and committed as Delta add actions without column statistics:
reading one person's timeline then touches one or two row groups of each file, and no identifier of a person ever
stands in the table's own log, so that an erasure leaves none behind.
"""

from __future__ import annotations

import fcntl
import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from lianyi.errors import Busy
from lianyi.memory.datafile import ROW_GROUP, sync
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import SCHEMA
from lianyi.memory.landing import Landing
from lianyi.memory.seen import Hashes, SeenIds

log = logging.getLogger(__name__)

ENGINE_MB = 256
# Two changes of a folder may bear the same time where clocks of file systems are coarse; after so long none can follow.
SETTLED = 1_000_000_000
CONFIGURATION = {
    "delta.logRetentionDuration": "interval 1 hours",
    "delta.deletedFileRetentionDuration": "interval 1 hours",
    "delta.enableExpiredLogCleanup": "true",
    "delta.checkpointInterval": "50",
}
# The log's schema allows NULL everywhere: Delta would otherwise need its invariants feature, which DuckDB and Spark
# readers treat differently. What is required is checked before landing.
DELTA_SCHEMA = pa.schema([pa.field(field.name, field.type, nullable=True) for field in SCHEMA])


@contextmanager
def held(path: Path, *, wait: float, does: str = "writes to the log") -> Iterator[None]:
    """Hold a lock file; Busy when another process, which `does` something, keeps it longer than `wait` seconds."""
    with path.open("w") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(f"{path} is held by another process that {does}; try again later") from None
                time.sleep(0.02)
        yield


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One Parquet file of the log: path relative to the table, rows, bytes."""

    path: str
    rows: int
    size: int


class Lake:
    """The log of one workspace, at folder/lake, with the set of ids seen at folder/index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "lake"
        self.path.mkdir(parents=True, exist_ok=True)
        self._table: DeltaTable | None = None
        self._known: int | None = None
        self._hashing: DuckDB | None = None

    def version(self) -> int:
        """The number of the newest commit; 0 where nothing was ever landed."""
        return self.table().version()

    def transaction_version(self, app_id: str) -> int | None:
        """The version up to which an application's transactions have landed."""
        return self.table().transaction_version(app_id)

    def files(self) -> list[str]:
        """The Parquet files of the current version, as absolute paths."""
        return [str(self.path / file.path) for file in self.data_files()]

    def data_files(self) -> list[DataFile]:
        """The files of the current version with their rows and bytes."""
        # pa.table() would import pandas to find out that this is no data frame
        actions = pa.RecordBatchReader.from_stream(self.table().get_add_actions(flatten=True)).read_all()
        columns = (actions[name].to_pylist() for name in ("path", "num_records", "size_bytes"))
        return [DataFile(path=path, rows=rows or 0, size=size) for path, rows, size in zip(*columns, strict=True)]

    def rows(self) -> int:
        """How many events the log holds."""
        return sum(file.rows for file in self.data_files())

    def table(self) -> DeltaTable:
        """The Delta table, brought up to its newest version, made where there is none."""
        changed = self._changed()
        if self._table is None:
            try:
                self._table = DeltaTable(self.path)
            except TableNotFoundError:
                self._table = DeltaTable.create(self.path, DELTA_SCHEMA, mode="ignore", configuration=CONFIGURATION)
        elif changed is None or changed != self._known:
            self._table.update_incremental()
        self._known = changed
        return self._table

    def _changed(self) -> int | None:
        """When the folder of commits last changed (nanoseconds); None where that is so lately that another commit might
        bear the same time. A page asks for the version nine times, and each look at the commits takes milliseconds."""
        try:
            changed = (self.path / "_delta_log").stat().st_mtime_ns
        except FileNotFoundError:
            return None
        return changed if abs(time.time_ns() - changed) > SETTLED else None

    def seen(self) -> SeenIds:
        """The set of ids, completed from files that a crash kept out of it."""
        seen = SeenIds(self.folder / "index")
        files = self.data_files()
        missing = [str(self.path / file.path) for file in files if file.path not in seen.covered]
        if missing:
            hashes = self._hashes_of(missing, seen.salt)
            new = hashes.take(~seen.contains(hashes)).sorted()
            seen.save([new], covered=[file.path for file in files])
        return seen

    def lock(self, *, wait: float = 60.0) -> AbstractContextManager[None]:
        """Hold the right to write to the log; Busy when another process keeps it longer than `wait` seconds."""
        return held(self.folder / "landing.lock", wait=wait)

    def merging(self, *, wait: float = 60.0) -> AbstractContextManager[None]:
        """Hold the right to have files in the folder that no commit names yet, without the right to write to the log.
        Who has both takes this one first."""
        return held(self.folder / "merging.lock", wait=wait)

    @contextmanager
    def landing(self, *, received_at: datetime, transaction: tuple[str, int], wait: float = 60.0) -> Iterator[Landing]:
        """Land events in one transaction: leaving the block commits all, an exception leaves no trace.

        transaction: (application id, version). The same or a lower version of one application lands only once.
        """
        app_id, version = transaction
        with self.lock(wait=wait):
            landed = self.transaction_version(app_id)
            seen = self.seen()
            landing = Landing(
                folder=self.path,
                seen=seen,
                engine=self._engine(),
                received_at=received_at,
                already_landed=landed is not None and landed >= version,
            )
            try:
                yield landing
                files = landing.finish()
                if not landing.already_landed:
                    self.commit(added=files, transaction=Transaction(app_id, version))
                    seen.save(landing.hashes(), covered=seen.covered | {path for path, _ in files})
            except BaseException:
                landing.discard(keep=self._committed())
                raise
            finally:
                landing.close()

    def commit(
        self,
        *,
        added: Sequence[tuple[str, int]],
        removed: Sequence[DataFile] = (),
        transaction: Transaction | None = None,
    ) -> None:
        """Commit files (path, rows) that lie in the table's folder, and take others out, in one Delta transaction."""
        now = int(time.time() * 1000)  # file times in the table's own log, not a fact of the product
        actions: list[AddAction | RemoveAction] = [
            AddAction(path, (self.path / path).stat().st_size, {}, now, not removed, json.dumps({"numRecords": rows}))
            for path, rows in added
        ]
        # Positions, since the names would not fit on a line: path, data_change, deletion_timestamp, size, partitions.
        actions += [RemoveAction(file.path, False, now, file.size, {}) for file in removed]  # noqa: FBT003
        self.table().create_write_transaction(
            actions,
            "append",
            DELTA_SCHEMA,
            commit_properties=CommitProperties(app_transactions=[transaction] if transaction else None),
            post_commithook_properties=PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=True),
        )
        # The inbox forgets what has landed, so the commit must outlast a power cut, not only a killed process.
        journal = self.path / "_delta_log"
        for path in (journal / f"{self.version():020d}.json", journal, self.path):
            sync(path)

    def sorted_copy(self, files: Sequence[str], *, name: str, where: str = "TRUE") -> tuple[str, int]:
        """Write the rows of these files to a new file sorted by person and time; returns its path and rows."""
        sources = ", ".join(literal(file) for file in files)
        with DuckDB(memory_mb=2048) as engine:
            engine.run(
                f'COPY (SELECT * FROM read_parquet([{sources}]) WHERE {where} ORDER BY actor_key, "at") '
                f"TO {literal(str(self.path / name))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
            rows = engine.table(f"SELECT count(*) AS n FROM read_parquet([{literal(str(self.path / name))}])")["n"][
                0
            ].as_py()
        sync(self.path / name)
        return name, rows

    def sweep(self, *, hours: int) -> None:
        """Delete files that no version of the last `hours` hours needs, and files that a crash left behind."""
        self.table().vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False, full=True)

    def _engine(self) -> DuckDB:
        """The engine that landings hash ids with, one at a time under the lock; a new one each second would cost more
        than the hashing does."""
        if self._hashing is None:
            self._hashing = DuckDB(memory_mb=ENGINE_MB, ordered=True)
        return self._hashing

    def _committed(self) -> set[str]:
        return {file.path for file in self.data_files()}

    def _hashes_of(self, files: Sequence[str], salt: str) -> Hashes:
        from lianyi.memory.landing import hash_sql

        sources = ", ".join(literal(file) for file in files)
        with DuckDB(memory_mb=2048) as engine:
            table = engine.table(f"SELECT {hash_sql(salt)} FROM read_parquet([{sources}])")
        return Hashes(table["high"].to_numpy(), table["low"].to_numpy())
