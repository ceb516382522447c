"""Where insight tables lie: whole versions in folders, switched in one step, so readers see one consistent set.

tables/current.json             which version of each table is valid, with its as-of time and how it was made
tables/<name>/<version>/*.parquet
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from lianyi.memory.seen import replace_text


@dataclass(frozen=True, kw_only=True)
class State:
    """One table as it stands: version (folder), rows, as_of, the log's version it speaks for, seconds it took, bytes,
    the SQL that made it, and in how many parts: with more than one the SQL ran for each range from :from up to but
    without :to."""

    name: str
    version: str
    rows: int
    as_of: datetime
    lake_version: int
    seconds: float
    size: int
    sql: str
    parts: int = 1


class Store:
    """The tables of one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._read: tuple[int, Mapping[str, State]] = 0, {}

    @property
    def stamp(self) -> int:
        """Changes whenever the tables do; cheap to ask."""
        try:
            return (self.folder / "current.json").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def states(self) -> Mapping[str, State]:
        """The valid version of each table."""
        stamp = self.stamp
        if stamp != self._read[0]:
            self._read = stamp, self._states()
        return self._read[1]

    def _states(self) -> Mapping[str, State]:
        try:
            rows = json.loads((self.folder / "current.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return MappingProxyType(
            {name: State(**{**row, "as_of": datetime.fromisoformat(row["as_of"])}) for name, row in rows.items()}
        )

    def path(self, name: str, version: str) -> Path:
        """The folder of one version of a table."""
        return self.folder / name / version

    def files(self, state: State) -> list[Path]:
        """The Parquet files of a table's valid version."""
        return sorted(self.path(state.name, state.version).glob("*.parquet"))

    def switch(self, new: Mapping[str, State]) -> None:
        """Make these versions valid, all at once."""
        rows = {
            name: {**asdict(state), "as_of": state.as_of.isoformat()}
            for name, state in {**self._states(), **new}.items()
        }
        replace_text(self.folder / "current.json", json.dumps(rows, ensure_ascii=False, indent=1))

    def clear(self) -> None:
        """Forget every table: there is nothing left to speak of."""
        replace_text(self.folder / "current.json", "{}")
        self.sweep(keep=0)

    def sweep(self, *, keep: int) -> None:
        """Delete versions beside the valid one, but for the newest `keep` of each table (readers may hold them)."""
        valid = {name: state.version for name, state in self.states().items()}
        for folder in (path for path in self.folder.iterdir() if path.is_dir()):
            versions = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.name)
            old = [path for path in versions if path.name != valid.get(folder.name)]
            for path in old[: len(old) - keep] if keep else old:
                shutil.rmtree(path)
