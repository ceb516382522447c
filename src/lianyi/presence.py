"""The present of a workspace: kept open, made anew after a refresh, and brought up to the newest event when asked."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lianyi.errors import NotFound
from lianyi.insight.people import parameters
from lianyi.insight.present import Present
from lianyi.insight.present.building import TABLES, build
from lianyi.insight.present.view import FOLDER
from lianyi.memory.following import news

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


class Presence:
    """One workspace's present. opened: the stamp of the tables it speaks for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: tuple[str, Present] | None = None

    def now(self, ws: Workspace, now: datetime) -> tuple[Present, pa.Array | None]:
        """The present, and the numbers of the people touched since it was last asked for; None where everybody may
        have changed (it was opened, tables were refreshed, the log can't be followed)."""
        with self._lock:
            path, as_of = _place(ws)
            if self._open is None or self._open[0] != path.name or not path.exists():
                self._open = path.name, self._opened(ws, path, as_of)
            present = self._open[1]
            seen = news(ws.lake, present.since)
            if present.since is None:
                present.show(ws.lake.files())
                present.take_in(ws.files_since(as_of), version=seen.version, now=now)
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

    def _opened(self, ws: Workspace, path: Path, as_of: datetime) -> Present:
        if not path.exists():
            states = ws.states()
            files = {name: ws.store.files(states[name]) for name in TABLES if name in states}
            with ws.engine() as engine:
                build(path, engine=engine, files=files, log=ws.lake.files(), as_of=as_of)
            _sweep(path)
        rules = {name: rule.names for rule in parameters(ws.folder)["tags"] for name in rule.names}
        return Present(
            path, as_of=as_of, timezone=ws.settings.timezone, currency=ws.settings.currency, rules=rules,
            memory_mb=min(2048, ws.settings.memory_mb), threads=ws.settings.threads, spill=ws.folder / "spill",
        )  # fmt: skip


def _place(ws: Workspace) -> tuple[Path, datetime]:
    """Where the copy of the tables as they stand lies, and their as-of time."""
    states = ws.states()
    if not {"people", "keys"} <= set(states):
        raise NotFound("the tables are not built yet; run: lianyi refresh")
    versions = "|".join(f"{name} {states[name].version}" for name in TABLES if name in states)
    name = f"{states['people'].as_of:%Y%m%dT%H%M%S}-{sha256(versions.encode()).hexdigest()[:12]}.duckdb"
    return ws.folder / "cache" / FOLDER / name, states["people"].as_of


def _sweep(path: Path) -> None:
    """Delete copies of older tables, but for those made within the last minutes: another process may be opening one."""
    for other in path.parent.glob("*.duckdb*"):
        if other != path and time.time() - other.stat().st_mtime > 600:
            other.unlink(missing_ok=True)
