"""The inbox: a durable queue between the doors and the log. What was acknowledged survives any crash.

One SQLite file in WAL mode. `put` returns after the fsync that made its events durable; many waiting puts share one
(group commit, see memory.commit). Events wait packed (memory.parcel) in rows numbered by a sequence that never repeats.
`land` moves them into the log in the order of the sequence, in a Delta transaction named by the inbox's own id and a
version that it writes down here before (`begin`), and deletes them afterwards; a crash between the two is noticed by
that version. An inbox put back from a backup knows nothing of later landings, so none of its rows are taken as landed.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lianyi.errors import Busy, InboxFailed, InboxFull, WorkspaceError
from lianyi.memory.commit import GroupCommit
from lianyi.memory.events import Event
from lianyi.memory.parcel import Parcel
from lianyi.memory.traces import Traces

FILE_NAME = "inbox.sqlite3"
LAYOUT = 2
SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS parcel (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,  -- microseconds since 1970, UTC
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    body BLOB NOT NULL             -- events, see memory.parcel
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO state VALUES
    ('layout', {LAYOUT}), ('landed', 0), ('duplicates', 0), ('rejected', 0), ('landed_at', NULL);
COMMIT;
"""
# Layout 1 knew JSON alone. The table has another name since, so that a worker of an older version, which may still be
# at work while the first server of the new one starts, fails loudly instead of taking columns for broken JSON.
FROM_LAYOUT_1 = ("ALTER TABLE batch RENAME TO parcel", "UPDATE state SET value = 2 WHERE name = 'layout'")
# Freed pages beyond this are given back to the file system.
SLACK_BYTES = 64 * 1024 * 1024
# Pages of the journal (4 KB each) after which it begins anew.
LONG_JOURNAL = 16_384
# Landed rows are deleted in steps of so many bytes; the pause between two is when puts get their turn.
STEP_BYTES = 4 * 1024 * 1024
STEP_PAUSE = 0.005


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When the inbox takes nothing more: bytes that wait to be landed, bytes that must stay free on the disk, bytes
    in memory that wait for their fsync."""

    backlog: int = 8 * 1024**3
    free: int = 256 * 1024**2
    memory: int = 128 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits to be landed: events, bytes, and since when the oldest of them does."""

    events: int
    bytes: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Portion:
    """One row of the queue: events received together. `body`: see memory.parcel."""

    sequence: int
    received_at: datetime
    events: int
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One landing: its version among the log's transactions of this inbox, and the last sequence that it takes."""

    version: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """Totals since the inbox was made: events new in the log, duplicates, rejected ones; when it last landed."""

    landed: int
    duplicates: int
    rejected: int
    landed_at: datetime | None


class Inbox:
    """The queue in a folder. Any number of processes may put; reading and writing is safe from any thread."""

    def __init__(self, folder: Path, *, limits: Limits | None = None) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        folder.mkdir(parents=True, exist_ok=True)
        self._commit = GroupCommit(self._connect, folder=folder, limits=limits or Limits())
        self._prepare()

    # --- in -----------------------------------------------------------------------------------------------------

    async def put(self, events: Sequence[Event], *, received_at: datetime) -> None:
        """Keep the events; returns when they are on the disk. InboxFull: try later; InboxFailed: nothing was kept."""
        parcel = Parcel()
        parcel.add(events)
        await self.put_parcel(parcel, received_at=received_at)

    async def put_parcel(self, parcel: Parcel, *, received_at: datetime) -> None:
        """Like `put`, for events that were packed one by one."""
        if parcel.events:
            await self._commit.put(parcel.packed(), received_at)

    def put_now(self, events: Sequence[Event], *, received_at: datetime) -> None:
        """Like `put`, for callers without an event loop."""
        parcel = Parcel()
        parcel.add(events)
        if parcel.events:
            self._commit.put_now(parcel.packed(), received_at)

    def close(self) -> None:
        """Finish what is under way and stop the writer. The inbox can be used again afterwards."""
        self._commit.close()

    # --- out ----------------------------------------------------------------------------------------------------

    def identity(self) -> str:
        """The application id of this inbox in the log's transactions."""
        with self._connection() as connection:
            return f"inbox-{_state(connection, 'identity')}"

    def waiting(self) -> Waiting:
        """How much waits to be landed."""
        with self._connection() as connection:
            events, size, since = connection.execute(
                "SELECT coalesce(sum(events), 0), coalesce(sum(bytes), 0), min(received_at) FROM parcel"
            ).fetchone()
        return Waiting(events=events, bytes=size, since=None if since is None else _moment(since))

    def backlog(self) -> int:
        """How many events wait to be landed."""
        return self.waiting().events

    def done(self) -> Done:
        """What has been landed so far."""
        with self._connection() as connection:
            state = dict(connection.execute("SELECT name, value FROM state"))
        return Done(
            landed=state["landed"],
            duplicates=state["duplicates"],
            rejected=state["rejected"],
            landed_at=None if state["landed_at"] is None else _moment(state["landed_at"]),
        )

    def last_of(self, events: int) -> int | None:
        """The sequence up to which about so many events wait, at least one row; None where nothing waits."""
        last = total = 0
        with self._connection() as connection:
            for sequence, count in connection.execute("SELECT sequence, events FROM parcel ORDER BY sequence"):
                if last and total + count > events:
                    break
                last, total = sequence, total + count
        return last or None

    def take(self, last: int) -> Iterator[Portion]:
        """The rows up to sequence `last`, in order; they stay until `forget`."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT sequence, received_at, events, body FROM parcel WHERE sequence <= ? ORDER BY sequence", (last,)
            )
            for sequence, received_at, events, body in rows:
                yield Portion(sequence=sequence, received_at=_moment(received_at), events=events, body=body)

    def forget(self, last: int, *, now: datetime, landed: int = 0, duplicates: int = 0, rejected: int = 0) -> None:
        """Delete the rows up to sequence `last`, which the log holds now, and add to the totals.

        In steps, because whoever puts waits while one deletes; a crash between two of them is made good by the next
        landing, which knows from the log what had landed.
        """
        with self._connection() as connection:
            for number, until in enumerate(_steps(connection, last)):
                if number:
                    time.sleep(STEP_PAUSE)
                with _transaction(connection):
                    connection.execute("DELETE FROM parcel WHERE sequence <= ?", (until,))
            with _transaction(connection):
                for name, count in (("landed", landed), ("duplicates", duplicates), ("rejected", rejected)):
                    connection.execute("UPDATE state SET value = value + ? WHERE name = ?", (count, name))
                connection.execute("UPDATE state SET value = ? WHERE name = 'landed_at'", (_micros(now),))
                connection.execute("DELETE FROM state WHERE name IN ('attempt', 'attempt_last')")
            _shrink(connection)

    def attempt(self) -> Attempt | None:
        """The landing that was begun and not forgotten: under way, or cut short by a crash."""
        with self._connection() as connection:
            version, last = _state(connection, "attempt"), _state(connection, "attempt_last")
        return None if version is None or last is None else Attempt(version=int(version), last=int(last))

    def begin(self, attempt: Attempt) -> None:
        """Write down that a landing begins; `forget` ends it."""
        rows = (("attempt", attempt.version), ("attempt_last", attempt.last))
        with self._connection() as connection, _transaction(connection):
            connection.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)

    # --- erasure ------------------------------------------------------------------------------------------------

    def purge(self, traces: Traces) -> int:
        """Erase a person: events of theirs and on them go, traces in events of others are replaced. Returns how many
        events went. No byte of them, nor of anything landed before, is left in the file or its journal."""
        from lianyi.memory.purging import purged

        gone = 0
        with self._connection() as connection:
            with _transaction(connection):
                for sequence, body in connection.execute("SELECT sequence, body FROM parcel").fetchall():
                    rest = purged(body, traces)
                    if rest is None:
                        continue
                    gone += rest.removed
                    if rest.count:
                        connection.execute(
                            "UPDATE parcel SET body = ?, events = ?, bytes = ? WHERE sequence = ?",
                            (rest.body, rest.count, len(rest.body), sequence),
                        )
                    else:
                        connection.execute("DELETE FROM parcel WHERE sequence = ?", (sequence,))
            if not _truncate_journal(connection, patience=30.0):
                raise Busy(f"{self.path}: a reader holds the journal; what was erased still stands in it, try again")
        return gone

    # --- the file -----------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with self._connection() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
                connection.executescript(SCHEMA)
            if _state(connection, "identity") is None:
                connection.execute("INSERT OR IGNORE INTO state VALUES ('identity', ?)", (uuid.uuid4().hex,))
            if _state(connection, "layout") == 1:
                _upgrade(connection)
            layout = _state(connection, "layout")
        if layout != LAYOUT:
            raise WorkspaceError(
                f"{self.path} has layout {layout}, this Lianyi knows layout {LAYOUT}; "
                "land its events with the version that wrote them, then update"
            )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30.0, isolation_level=None, check_same_thread=False)
        # FULL: in WAL mode every commit is fsynced, which is what an acknowledgement promises.
        connection.execute("PRAGMA synchronous = FULL")
        # Deleted events are overwritten with zeros, so that the file never holds more people than the queue does.
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        # Landing keeps the journal short (_shrink); whoever puts has to do it only where nobody lands, at 1 GB.
        connection.execute("PRAGMA wal_autocheckpoint = 262144")
        return connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise failure(error, self.path) from error


def failure(error: sqlite3.Error, path: Path) -> InboxFull | InboxFailed:
    """SQLite's error as one of ours: full disks are for waiting, everything else is for the administrator."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return InboxFull(f"{path}: the disk is full; free some space, nothing that was acknowledged is lost")
    return InboxFailed(f"{path}: {error}; check the disk and the rights of the folder, then restart `lianyi serve`")


def _upgrade(connection: sqlite3.Connection) -> None:
    with _transaction(connection):
        if _state(connection, "layout") == 1:  # nobody else has done it meanwhile
            for step in FROM_LAYOUT_1:
                connection.execute(step)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _steps(connection: sqlite3.Connection, last: int) -> list[int]:
    """Sequences that part the rows up to `last` into steps of about STEP_BYTES."""
    steps, size = [], 0
    rows = connection.execute("SELECT sequence, bytes FROM parcel WHERE sequence <= ? ORDER BY sequence", (last,))
    for sequence, count in rows.fetchall():
        size += count
        if size >= STEP_BYTES:
            steps.append(sequence)
            size = 0
    return steps if size == 0 else [*steps, last]


def _shrink(connection: sqlite3.Connection) -> None:
    """Keep the journal short; once the queue is empty, let no deleted event linger in it, and give space back."""
    if connection.execute("SELECT 1 FROM parcel LIMIT 1").fetchone():
        # PASSIVE hinders nobody but never gets to the end while others write; RESTART then has little left to do, and
        # those who put wait for that alone.
        _busy, frames, _moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if frames > LONG_JOURNAL:
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        return
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    if free * size > SLACK_BYTES:
        connection.execute("PRAGMA incremental_vacuum").fetchall()
    _truncate_journal(connection, patience=0.0)


def _truncate_journal(connection: sqlite3.Connection, *, patience: float) -> bool:
    """Move the journal into the file and empty it; False where others kept it busy for `patience` seconds."""
    connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _state(connection: sqlite3.Connection, name: str) -> str | int | None:
    row = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
