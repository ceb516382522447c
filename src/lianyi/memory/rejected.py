"""What could not be used, as it lies in the workspace's folder `rejects`: rows of files and events of the collector."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path

import msgspec

from lianyi.errors import NotFound
from lianyi.memory.draining import REJECTS

# Of one rejected event as text; more would hide the others.
VALUE = 2_000
# A cell may have been rejected for its very size; Python's limit of 128 KiB would make its row unreadable.
MAX_CELL = 1 << 30


@dataclass(frozen=True, kw_only=True)
class RejectedFile:
    """One file of rejected rows (of an import: CSV) or events (of the collector: JSON lines). rows: how many it holds;
    at: when it was written."""

    name: str
    rows: int
    size: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """One row that could not be used: where it stood, which value is wrong and why."""

    line: str
    column: str
    value: str
    reason: str


def files(folder: Path) -> list[RejectedFile]:
    """All files of a workspace, the newest first."""
    return sorted(map(_described, _found(folder)), key=lambda file: (file.at, file.name), reverse=True)


def _described(path: Path) -> RejectedFile:
    stat = path.stat()
    return RejectedFile(
        name=path.name, rows=_count(path, stat.st_mtime_ns), size=stat.st_size,
        at=datetime.fromtimestamp(stat.st_mtime, UTC),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _count(path: Path, _changed: int) -> int:
    """Counted once for each state of a file: the page of data asks at every visit, and a file may hold millions."""
    return sum(1 for _ in rows(path))


def named(folder: Path, name: str) -> Path:
    """The file of that name. NotFound lists what there is; a name that leads out of the folder is none."""
    known = {path.name: path for path in _found(folder)}
    if name not in known:
        raise NotFound(f"no file of rejected rows {name[:80]!r}; there are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _found(folder: Path) -> list[Path]:
    return [path for path in (folder / REJECTS).glob("*") if path.suffix in {".csv", ".jsonl"}]


def first(paths: Sequence[Path], most: int) -> list[RejectedRow]:
    """The first rejected rows of these files."""
    return list(islice((row for path in paths for row in rows(path)), most))


def rows(path: Path) -> Iterator[RejectedRow]:
    """The rejected rows of one file, as it holds them."""
    return _events(path) if path.suffix == ".jsonl" else _rows(path)


def _rows(path: Path) -> Iterator[RejectedRow]:
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield RejectedRow(
                line=row.get("_line") or "", column=row.get("_column") or "", value=row.get("_value") or "",
                reason=row.get("_reason") or "",
            )  # fmt: skip


class _Event(msgspec.Struct):
    reason: str
    event: msgspec.Raw


def _events(path: Path) -> Iterator[RejectedRow]:
    decoder = msgspec.json.Decoder(_Event)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            event = decoder.decode(line)
            text = bytes(event.event).decode(errors="backslashreplace")
            yield RejectedRow(line=str(number), column="", value=text[:VALUE], reason=event.reason)
