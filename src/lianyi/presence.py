"""The present of a workspace: kept open, made anew by a refresh, and brought up to the newest event when asked.

A refresh of a workspace whose present is asked for makes the new compact copy at its end; until that stands, the old
one answers, with all events since its tables laid over it. Where there is none yet, the first who asks makes it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lianyi.errors import Busy, NotFound
from lianyi.insight.people import parameters
from lianyi.insight.present import Present
from lianyi.insight.present.building import TABLES, build
from lianyi.insight.present.view import FOLDER
from lianyi.insight.store import Store
from lianyi.memory.following import news
from lianyi.memory.lake import held

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

log = logging.getLogger(__name__)
MOMENT = "%Y%m%dT%H%M%S.%f"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A compact copy: its file, which may not be there yet, and the as-of time of its tables."""

    path: Path
    as_of: datetime


def in_use(folder: Path, store: Store) -> Copy:
    """The copy that answers now: of the tables as they stand; of the tables before while that one is being made."""
    newest = _newest(folder, store)
    if newest.path.exists():
        return newest
    older = max(newest.path.parent.glob("*.duckdb"), key=lambda path: path.name, default=None)
    if older is None or not _being_made(folder):
        return newest
    moment = datetime.strptime(older.name.partition("-")[0], MOMENT).replace(tzinfo=UTC)
    return Copy(path=older, as_of=moment)


@contextmanager
def kept_up(ws: Workspace, say: Callable[[], None]) -> Iterator[None]:
    """While the tables are being refreshed: where the present has been asked for, its copy is made at the end. say:
    called before that begins."""
    if not any((ws.folder / "cache" / FOLDER).glob("*.duckdb")):
        yield
        return
    with _said_to_be_made(ws.folder, wait=600):
        yield
        say()
        newest = _newest(ws.folder, ws.store)
        try:
            _make(ws, newest)
        except FileNotFoundError:  # a person was erased meanwhile, and every copy with them
            log.info("the compact copy was cleared while it was being made", extra={"action": "present.cleared"})


class Presence:
    """One workspace's present. opened: the stamp of the tables it speaks for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: tuple[str, Present] | None = None

    def now(self, ws: Workspace, now: datetime) -> tuple[Present, pa.Array | None]:
        """The present, and the numbers of the people touched since it was last asked for; None where everybody may
        have changed (it was opened, tables were refreshed, the log can't be followed)."""
        with self._lock:
            copy = in_use(ws.folder, ws.store)
            if self._open is None or self._open[0] != copy.path.name or not copy.path.exists():
                self._open = copy.path.name, self._opened(ws, copy)
            present = self._open[1]
            seen = news(ws.lake, present.since)
            if present.since is None:
                present.show(ws.lake.files())
                present.take_in(ws.files_since(copy.as_of), version=seen.version, now=now)
                return present, None
            if not seen.complete:  # open it once more: what is laid over can't be continued
                self._open = None
        if not seen.complete:
            return self.now(ws, now)
        if not seen.files:
            return present, pa.array([], pa.int32())
        with self._lock:
            present.show(ws.lake.files())
            return present, present.take_in(seen.files, version=seen.version, now=now)

    def _opened(self, ws: Workspace, copy: Copy) -> Present:
        if not copy.path.exists():
            with _said_to_be_made(ws.folder, wait=0):
                _make(ws, copy)
        rules = {name: rule.names for rule in parameters(ws.folder)["tags"] for name in rule.names}
        return Present(
            copy.path, as_of=copy.as_of, timezone=ws.settings.timezone, currency=ws.settings.currency, rules=rules,
            memory_mb=min(2048, ws.settings.memory_mb), threads=ws.settings.threads, spill=ws.folder / "spill",
        )  # fmt: skip


def _make(ws: Workspace, copy: Copy) -> None:
    """Make it, where no other process has."""
    if copy.path.exists():
        return
    states = ws.states()
    files = {name: ws.store.files(states[name]) for name in TABLES if name in states}
    with ws.engine() as engine:
        build(copy.path, engine=engine, files=files, log=ws.lake.files(), as_of=copy.as_of)
    _sweep(copy.path)


def _newest(folder: Path, store: Store) -> Copy:
    """Where the copy of the tables as they stand lies."""
    states = store.states()
    if not {"people", "keys"} <= set(states):
        raise NotFound("the tables are not built yet; run: lianyi refresh")
    versions = "|".join(f"{name} {states[name].version}" for name in TABLES if name in states)
    as_of = states["people"].as_of.astimezone(UTC)
    name = f"{as_of.strftime(MOMENT)}-{sha256(versions.encode()).hexdigest()[:12]}.duckdb"
    return Copy(path=folder / "cache" / FOLDER / name, as_of=as_of)


def _lock(folder: Path) -> Path:
    place = folder / "cache" / f"{FOLDER}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


@contextmanager
def _said_to_be_made(folder: Path, *, wait: float) -> Iterator[None]:
    """Let others know that a copy is coming, so that the old one answers them. Who has none to answer with (copies are
    cleared by an erasure, also during a refresh) does not wait for another's."""
    with ExitStack() as stack:
        with suppress(Busy):
            stack.enter_context(held(_lock(folder), wait=wait))
        yield


def _being_made(folder: Path) -> bool:
    try:
        with held(_lock(folder), wait=0):
            return False
    except Busy:
        return True


def _sweep(path: Path) -> None:
    """Delete copies of older tables, but for those made within the last minutes: another process may be opening one."""
    for other in path.parent.glob("*.duckdb*"):
        if other != path and time.time() - other.stat().st_mtime > 600:
            other.unlink(missing_ok=True)
