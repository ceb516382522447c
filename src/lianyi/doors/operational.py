"""Where the operational database is: SQLite in the workspace, or PostgreSQL by address. Read here without Django.

LIANYI_DATABASE: postgresql://user:password@host:port/name, for several machines; without it, ops.sqlite3 in the
workspace folder.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from lianyi.errors import InputError

log = logging.getLogger(__name__)

PATIENCE = 0.2
RETRY = 1.0
# So long the first who asks waits for a server to answer the call.
FIRST = 2.0
SCHEMES = {"postgresql", "postgres"}


def address() -> str:
    """LIANYI_DATABASE; "" means SQLite in the workspace."""
    return os.environ.get("LIANYI_DATABASE", "").strip()


def for_django(folder: Path) -> dict[str, Any]:
    """Django's DATABASES["default"]. InputError where LIANYI_DATABASE is no address of a PostgreSQL database."""
    given = address()
    if not given:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "ops.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: what will write takes its turn at the start; none dies with "database is locked".
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(given)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in SCHEMES or not name:
        shown = f"{parts.scheme}://…" if parts.scheme else "a text without scheme"
        raise InputError(f"LIANYI_DATABASE is {shown}; write postgresql://user:password@host:5432/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


class Connection(Protocol):
    """What both drivers' connections can do."""

    def execute(self, query: str, parameters: Sequence[Any] = (), /) -> Any:
        """Run a query; the result has fetchone() and fetchall()."""

    def close(self) -> None:
        """Give it back."""


class Reader:
    """Reads the operational database beside Django, for answers that must not wait for it. One thread uses it.

    what: what is read, for the log. reopen: a file is opened for each query, so that it is noticed when another lies
    there. While the database can't be read, `problem` says why, and it is tried again a
    second later; a server far away is then dialled in a thread, so that nobody waits for it.
    """

    def __init__(self, folder: Path, what: str, *, reopen: bool = False) -> None:
        self._folder = folder
        self._what = what
        self._reopen = reopen and not address()
        self._connection: Connection | None = None
        self._dialling: Future[Connection] | None = None
        self._failed_at = float("-inf")
        self.problem: str | None = None

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any] | None:
        """The rows of a query with ? for parameters; None where the database can't be read now."""
        try:
            connection = self._connected()
            if connection is None:
                return None
            found: list[Any] = connection.execute(self._spelled(query), tuple(parameters)).fetchall()
        except Exception as error:
            if not isinstance(error, self._errors()):
                raise
            self._give_up(error)
            return None
        self.problem = None
        if self._reopen:
            self.close()
        return found

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection | None:
        if self._connection is not None:
            return self._connection
        if self._dialling is not None:
            if not self._dialling.done():
                return None
            dialled, self._dialling = self._dialling, None
            self._connection = dialled.result()
        elif time.monotonic() - self._failed_at < RETRY:
            return None
        elif not address():
            self._connection = self._open()
        else:
            self._dialling = Future()
            threading.Thread(target=self._dial, args=(self._dialling,), name="dial", daemon=True).start()
            with contextlib.suppress(TimeoutError):
                self._connection, self._dialling = self._dialling.result(FIRST if self.problem is None else 0), None
        return self._connection

    def _dial(self, wanted: Future[Connection]) -> None:
        try:
            wanted.set_result(self._open())
        except BaseException as error:  # noqa: BLE001  given to who asks for the result
            wanted.set_exception(error)

    def _open(self) -> Connection:
        if not address():
            place = f"{(self._folder / 'ops.sqlite3').absolute().as_uri()}?mode=ro"
            return sqlite3.connect(place, uri=True, timeout=PATIENCE, isolation_level=None)
        import psycopg

        made = psycopg.connect(
            address(), autocommit=True, connect_timeout=5, tcp_user_timeout=1000,
            options="-c default_transaction_read_only=on -c statement_timeout=500",
        )  # fmt: skip
        return cast("Connection", made)

    def _spelled(self, query: str) -> str:
        return query.replace("?", "%s") if address() else query

    def _errors(self) -> tuple[type[Exception], ...]:
        if not address():
            return (sqlite3.Error,)
        import psycopg

        return (psycopg.Error,)

    def _give_up(self, error: Exception) -> None:
        self._failed_at = time.monotonic()
        self.close()
        place = urlsplit(address()).hostname or str(self._folder / "ops.sqlite3")
        problem = f"{self._what} can't be read from {place}: {error}"
        if problem != self.problem:
            log.warning(problem, extra={"action": "operational.unreadable"})
        self.problem = problem
