"""Write keys: who may send events, and under which name. Kept by action.team, read here without Django."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

# A new key works, and a revoked one stops, within so many seconds.
REREAD_SECONDS = 3.0
QUERY = "SELECT key_hash, source FROM team_writekey WHERE revoked_at IS NULL"


class WriteKeys(Protocol):
    """Finds the source that a write key stands for."""

    def source_of(self, key: str) -> str | None:
        """The name of the source; None where the key is unknown or revoked."""


class TableOfKeys:
    """The keys in table `team_writekey` of ops.sqlite3, read again every few seconds; only hashes are stored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sources: Mapping[str, str] = {}
        self._read_at = float("-inf")
        self.problem: str | None = None

    def source_of(self, key: str) -> str | None:
        """The name of the source; None where the key is unknown or revoked."""
        if time.monotonic() - self._read_at >= REREAD_SECONDS:
            self._read()
        return self._sources.get(hashlib.sha256(key.encode()).hexdigest())

    def _read(self) -> None:
        """Read the table; while it can't be read the keys known so far stay valid, and the problem is reported."""
        self._read_at = time.monotonic()
        try:
            with closing(
                sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.2)
            ) as database:
                self._sources = dict(database.execute(QUERY))
        except sqlite3.Error as error:
            problem = f"write keys can't be read from {self._path}: {error}"
            if problem != self.problem:
                log.warning(problem, extra={"action": "writekeys.unreadable"})
            self.problem = problem
        else:
            self.problem = None
