"""Secrets at rest: encrypted by keys in `channels.key` beside the database, readable by its owner only.

One key a line (Fernet: AES-128-CBC with HMAC-SHA-256), the newest first: it encrypts, all of them decrypt. Whoever has
a copy of the database alone has no password of ours.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from lianyi.errors import WorkspaceError

FILE_NAME = "channels.key"


class Keyring:
    """The keys of one workspace."""

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name
        self._read: MultiFernet | None = None

    def read(self) -> Keyring:
        """Read the keys now and keep them: for many seals in a row, in a process that sees no rotation."""
        self._read = self._keys()
        return self

    def seal(self, secrets: Mapping[str, Any]) -> str:
        """The secrets as a text that only this workspace can read."""
        return self._keys().encrypt(json.dumps(dict(secrets)).encode()).decode("ascii")

    def unseal(self, sealed: str) -> dict[str, Any]:
        """What `seal` was given. WorkspaceError where the keys are not the ones it was sealed with."""
        if not sealed:
            return {}
        try:
            data: dict[str, Any] = json.loads(self._keys().decrypt(sealed.encode("ascii")))
        except InvalidToken as error:
            raise WorkspaceError(
                f"{self.path} does not hold the key of these secrets; put the file back from the backup of this "
                f"workspace, or enter the secrets of each channel anew"
            ) from error
        return data

    @contextmanager
    def steady(self) -> Iterator[None]:
        """No rotation goes on inside: what is sealed in it can be read after it is saved in it."""
        self._keys()  # made first, where there is none
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def rotated(self) -> Iterator[None]:
        """Add a new key, by which the caller seals everything anew inside the block; at its end the old ones go.

        A crash inside leaves old and new: everything can still be read, and it can be done again.
        """
        with self._locked(fcntl.LOCK_EX):
            new = Fernet.generate_key().decode("ascii")
            self._write([new, *self._lines()])
            yield
            self._write([new])

    def _keys(self) -> MultiFernet:
        return self._read or MultiFernet([Fernet(line) for line in self._lines()])

    def _lines(self) -> list[str]:
        if not self.path.exists():
            with self._locked(fcntl.LOCK_EX):
                if not self.path.exists():  # another process may have been quicker
                    self._write([Fernet.generate_key().decode("ascii")])
        lines = self.path.read_text(encoding="ascii").split()
        if not lines:
            raise WorkspaceError(f"{self.path} is empty; put it back from a backup, or delete it and enter the secrets "
                                 f"of each channel anew")  # fmt: skip
        return lines

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with (self.path.parent / f"{FILE_NAME}.lock").open("w") as lock:
            fcntl.flock(lock, how)
            yield

    def _write(self, lines: list[str]) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
