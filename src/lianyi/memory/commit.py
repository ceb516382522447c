"""Group commit: many callers wait, one thread writes, one fsync serves them all.

While the disk is busy with one group the next one gathers. The thread never acknowledges before COMMIT has returned;
when COMMIT fails, the whole group is told so and nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lianyi.errors import InboxFailed, InboxFull
from lianyi.memory.parcel import Packed, is_columns, joined

if TYPE_CHECKING:
    from lianyi.memory.inbox import Limits

log = logging.getLogger(__name__)

# A group that unpacked holds this much is written at once; its rows must stay far below SQLite's limit of 1 GB.
GROUP_BYTES = 4 * 1024 * 1024
# After a group of several the next one gathers a little longer: fewer fsyncs, at a price nobody notices.
GATHER_SECONDS = 0.001
LOOK_SECONDS = 1.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSERT = "INSERT INTO parcel (received_at, events, bytes, body) VALUES (?, ?, ?, ?)"

Answer = Exception | None


@dataclass(frozen=True)
class Put:
    """One waiting caller: its events, and whom to tell."""

    parcel: Packed
    received_at: datetime
    future: Future[None] | asyncio.Future[None]
    loop: asyncio.AbstractEventLoop | None = None


class GroupCommit:
    """Writes puts to the inbox's file in a thread of its own, which starts with the first put."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, folder: Path, limits: Limits) -> None:
        self._connect = connect
        self._folder = folder
        self._limits = limits
        self.writer = Writer(connect, folder)
        self._queue: queue.SimpleQueue[Put | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._door = threading.Lock()  # nothing may be put behind the end mark of a thread that ends
        self._gathered = 0  # bytes in memory; changed under _count
        self._count = threading.Lock()
        self._refusal: InboxFull | None = None
        self._looked = 0.0

    async def put(self, parcel: Packed, received_at: datetime) -> None:
        """Return when the events are durable. InboxFull, InboxFailed."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._submit(Put(parcel, received_at, future, loop))
        await future

    def put_now(self, parcel: Packed, received_at: datetime) -> None:
        """The same for callers without an event loop."""
        future: Future[None] = Future()
        self._submit(Put(parcel, received_at, future))
        future.result()

    def close(self) -> None:
        """Write what is waiting, then end the thread."""
        with self._door:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _submit(self, put: Put) -> None:
        if self._refusal is not None and time.monotonic() - self._looked < LOOK_SECONDS:
            raise self._refusal
        with self._count:
            if self._gathered + put.parcel.unpacked > self._limits.memory:
                raise InboxFull("the disk is too slow for what comes in; send it again in a moment")
            self._gathered += put.parcel.unpacked
        with self._door:
            self._queue.put(put)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
                self._thread.start()

    # --- in the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with contextlib.closing(self.writer) as writer:
            several = False
            while (first := self._queue.get()) is not None:
                if several:
                    time.sleep(GATHER_SECONDS)
                group, more = self._gather(first)
                several = len(group) > 1
                answer = self._try(group, writer)
                with self._count:
                    self._gathered -= sum(put.parcel.unpacked for put in group)
                _tell(group, answer)
                if not more:
                    return

    def _try(self, group: Sequence[Put], writer: Writer) -> Answer:
        try:
            return self._refused() or writer.write(group)
        except Exception as error:  # edge of the thread: without an answer the callers would wait forever
            log.exception("the inbox could not write", extra={"action": "inbox.failed"})
            return InboxFailed(f"{self._folder}: {type(error).__name__}: {error}")

    def _gather(self, first: Put) -> tuple[list[Put], bool]:
        """All that waits up to GROUP_BYTES; False with it when the end was met."""
        group, size = [first], first.parcel.unpacked
        while size < GROUP_BYTES:
            try:
                put = self._queue.get_nowait()
            except queue.Empty:
                break
            if put is None:
                return group, False
            group.append(put)
            size += put.parcel.unpacked
        return group, True

    def _refused(self) -> InboxFull | None:
        """Why nothing more can be taken, looked up about every second."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._refusal = self._look()
            self._looked = time.monotonic()
        return self._refusal

    def _look(self) -> InboxFull | None:
        free = shutil.disk_usage(self._folder).free
        if free < self._limits.free:
            return InboxFull(f"{self._folder}: only {free:,} bytes are free; {self._limits.free:,} are kept in reserve")
        try:
            with contextlib.closing(self._connect()) as connection:
                (waiting,) = connection.execute("SELECT coalesce(sum(bytes), 0) FROM parcel").fetchone()
        except sqlite3.Error:
            return None  # the write that follows meets the same error and reports it
        if waiting > self._limits.backlog:
            return InboxFull(
                f"{self._folder}: {waiting:,} bytes of events wait to be landed, {self._limits.backlog:,} are allowed; "
                "look into the log of `lianyi serve` for why the worker does not land them"
            )
        return None


class Writer:
    """Writes groups; opens the file anew after an error, because nothing is sure about a handle that failed."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: Path) -> None:
        self._connect = connect
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def write(self, group: Sequence[Put]) -> InboxFull | InboxFailed | None:
        """Write one group, a row for each kind of body; None when it is durable."""
        from lianyi.memory.inbox import failure

        received_at = (min(put.received_at for put in group) - EPOCH) // timedelta(microseconds=1)
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(INSERT, [(received_at, *row) for row in _rows(group)])
            self._connection.execute("COMMIT")  # returns after its fsync
        except sqlite3.Error as error:
            self.close()
            return failure(error, self._path)
        return None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _rows(group: Sequence[Put]) -> Iterator[tuple[int, int, bytes]]:
    """Events, bytes and body of each row that the group becomes."""
    for columns in (False, True):
        parcels = [put.parcel for put in group if is_columns(put.parcel.body) is columns]
        if parcels:
            body = joined([parcel.body for parcel in parcels])
            yield sum(parcel.events for parcel in parcels), len(body), body


def _tell(group: Sequence[Put], answer: Answer) -> None:
    """Wake all callers; those of one event loop in a single step."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for put in group:
        if isinstance(put.future, Future):
            _settle_one(put.future, answer)
        elif put.loop is not None:
            by_loop.setdefault(put.loop, []).append(put.future)
    for loop, futures in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, futures, answer)


def _settle(futures: Sequence[asyncio.Future[None]], answer: Answer) -> None:
    for future in futures:
        if not future.done():  # cancelled: the caller hung up
            _settle_one(future, answer)


def _settle_one(future: Future[None] | asyncio.Future[None], answer: Answer) -> None:
    if answer is None:
        future.set_result(None)
    else:
        future.set_exception(answer)
