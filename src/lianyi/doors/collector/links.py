"""Codes as redirects need them: kept by action.codes, read here without Django, one look-up per request."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

COLUMNS = "token, campaign, channel, sharer_key, target, landing, carry, retired_at IS NOT NULL"
BY_TOKEN = f"SELECT {COLUMNS} FROM codes_code WHERE token = ?"
BY_SAME = f"SELECT {COLUMNS} FROM codes_code WHERE same = ? AND retired_at IS NULL"
PAGE = "SELECT page, disclosure, asks_first FROM codes_landing WHERE campaign = ?"
PATIENCE = 0.2
RETRY = 1.0


@dataclass(frozen=True, kw_only=True)
class Link:
    """One code: see action.codes.models.Code."""

    token: str
    campaign: str
    channel: str
    sharer_key: str
    target: str
    landing: bool
    carry: bool
    retired: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a campaign's page says, by language; see action.codes.models.Landing."""

    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    disclosure: Mapping[str, str] = field(default_factory=dict)
    asks_first: bool = False


class TableOfLinks:
    """The codes in ops.sqlite3. A look-up by the primary key takes some ten microseconds, less than a thread would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._failed_at = float("-inf")
        self.problem: str | None = None

    def link(self, token: str) -> Link | None:
        """The code with this token."""
        return self._link(BY_TOKEN, token)

    def same(self, name: str) -> Link | None:
        """The code that is the same as one that would be made, see action.codes.issuing.Wanted.same."""
        return self._link(BY_SAME, name)

    def page(self, campaign: str) -> Page:
        """The page of a campaign; an empty one where nobody has written it."""
        row = self._row(PAGE, campaign)
        if row is None:
            return Page()
        return Page(texts=json.loads(row[0]), disclosure=json.loads(row[1]), asks_first=bool(row[2]))

    def _link(self, query: str, value: str) -> Link | None:
        row = self._row(query, value)
        if row is None:
            return None
        token, campaign, channel, sharer_key, target, landing, carry, retired = row
        return Link(
            token=token, campaign=campaign, channel=channel, sharer_key=sharer_key, target=target,
            landing=bool(landing), carry=bool(carry), retired=bool(retired),
        )  # fmt: skip

    def _row(self, query: str, value: str) -> Any:
        """One row. While the table can't be read, every code is unknown and the problem is reported."""
        if self._connection is None and time.monotonic() - self._failed_at < RETRY:
            return None
        try:
            if self._connection is None:
                address = f"{self._path.absolute().as_uri()}?mode=ro"
                self._connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
            row = self._connection.execute(query, (value,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        self.problem = None
        return row

    def _give_up(self, error: sqlite3.Error) -> None:
        self._failed_at = time.monotonic()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        problem = f"codes can't be read from {self._path}: {error}"
        if problem != self.problem:
            log.warning(problem, extra={"action": "links.unreadable"})
        self.problem = problem
