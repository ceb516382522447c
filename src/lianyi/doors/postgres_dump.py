"""The operational database on PostgreSQL, dumped and restored by its own programs, which must be on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lianyi.errors import InputError, LianyiError


def dump(address: str, target: Path) -> None:
    """Write a dump of one consistent moment."""
    _run(address, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def restore(address: str, source: Path) -> None:
    """Fill an empty database; all of it or nothing."""
    _run(address, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
         f"--dbname={unquote(urlsplit(address).path.lstrip('/'))}", str(source))  # fmt: skip


def _run(address: str, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise InputError(f"{program} is not on the PATH; install PostgreSQL's client programs of the server's version")
    # By the environment and not by the command line, which everybody on this machine can read.
    done = subprocess.run(  # noqa: S603
        [found, *arguments], env={**os.environ, **_variables(address)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LianyiError(f"{program} ended with {done.returncode}: {done.stderr.strip()}")


def _variables(address: str) -> dict[str, str]:
    parts = urlsplit(address)
    said = {
        "PGHOST": unquote(parts.hostname or ""), "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }  # fmt: skip
    options = {
        f"PG{name.upper()}": value for name, value in parse_qsl(parts.query) if name in {"sslmode", "sslrootcert"}
    }
    return {name: value for name, value in {**said, **options}.items() if value}
