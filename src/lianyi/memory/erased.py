"""Who was erased, without saying who: keyed hashes of their keys, so that a backup from before can be brought back
without bringing them back.

One line of `erased.jsonl` is one erasure: when, and a hash of each key. `erased.key` makes the hashes; whoever has both
files and guesses a key can see that it was erased, so they are as private as a backup is. A copy of the list is kept
beside the backups, in every place that had one (`last-backup.json` says where), where it outlives the workspace.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from lianyi.memory.datafile import sync

log = logging.getLogger(__name__)

LIST, KEY, LAST = "erased.jsonl", "erased.key", "last-backup.json"


def together(*lists: Path) -> str:
    """All erasures of some lists, each once: a copy of a workspace may know of others than the one it was made of."""
    lines = [line for path in lists if path.exists() for line in path.read_text(encoding="ascii").splitlines()]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines) if line.strip())


class Erasures:
    """The list of one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / LIST

    def key(self) -> bytes:
        """The secret of the hashes, made where there is none."""
        path = self.folder / KEY
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return bytes.fromhex(path.read_text(encoding="ascii"))
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        sync(path)
        return bytes.fromhex(path.read_text(encoding="ascii"))

    def name(self) -> str:
        """The list's name beside backups, where several workspaces may have theirs."""
        return f"erased-{hashlib.sha256(self.key()).hexdigest()[:12]}.jsonl"

    def hashed(self, keys: Collection[str]) -> dict[str, str]:
        """Hash → key."""
        secret = self.key()
        return {hashlib.blake2b(key.encode(), key=secret, digest_size=20).hexdigest(): key for key in keys}

    def note(self, keys: Collection[str], *, at: datetime) -> None:
        """Write one erasure down, on the disk when this returns, and beside the backups."""
        line = json.dumps({"at": at.isoformat(), "keys": sorted(self.hashed(keys))})
        with self.path.open("a", encoding="ascii") as file:
            file.write(line + "\n")
        sync(self.path)
        self.copy_beside_backups()

    def copy_beside_backups(self) -> None:
        """Have the list, be it empty, in each place that had a backup; a warning where one can't be reached."""
        last = self.folder / LAST
        if not last.exists():
            return
        said = json.loads(last.read_text(encoding="utf-8"))
        for place in map(Path, said.get("places", [said["place"]])):
            try:
                draft = place / (self.name() + ".new")
                draft.write_text(together(place / self.name(), self.path), encoding="ascii")
                sync(draft)
                draft.replace(place / self.name())
            except OSError as error:
                log.warning(
                    "%s could not be copied beside the backups in %s (%s); copy it there, so that a restored backup "
                    "keeps erased people out",
                    self.path, place, error, extra={"action": "erased.copy"},
                )  # fmt: skip

    def since(self, moment: datetime) -> set[str]:
        """The hashes of all keys erased after a moment."""
        if not self.path.exists():
            return set()
        rows = [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines() if line.strip()]
        return {one for row in rows if datetime.fromisoformat(row["at"]) > moment for one in row["keys"]}
