"""Write keys: who may send events, and under which name. Kept by action.team, read here without Django."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lianyi.doors.operational import Reader

# A new key works, and a revoked one stops, within so many seconds.
REREAD_SECONDS = 3.0
QUERY = "SELECT key_hash, source FROM team_writekey WHERE revoked_at IS NULL"


class WriteKeys(Protocol):
    """Finds the source that a write key stands for."""

    def source_of(self, key: str) -> str | None:
        """The name of the source; None where the key is unknown or revoked."""


class TableOfKeys:
    """The keys in table `team_writekey` of the operational database, read again every few seconds; only hashes are
    stored."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder, "write keys", reopen=True)
        self._sources: Mapping[str, str] = {}
        self._read_at = float("-inf")

    @property
    def problem(self) -> str | None:
        """Why the table can't be read at the moment; None when all is well."""
        return self._reader.problem

    def source_of(self, key: str) -> str | None:
        """The name of the source; None where the key is unknown or revoked. While the table can't be read, the keys
        known so far stay valid."""
        if time.monotonic() - self._read_at >= REREAD_SECONDS:
            self._read_at = time.monotonic()
            rows = self._reader.rows(QUERY)
            if rows is not None:
                self._sources = dict(rows)
        return self._sources.get(hashlib.sha256(key.encode()).hexdigest())
