"""Rejected rows in a file that people can open, mend and add again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from lianyi.memory.sources.source import Reject

MARKS = ("_line", "_column", "_value", "_reason")
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.,]+%?\Z")


class RejectFile:
    """Collects rejects on disk; `close` writes them as CSV: the file's own columns, then MARKS.

    The columns are known only at the end, since rows may differ in theirs; so they wait in a spool beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._columns: dict[str, None] = {}
        self._spool = path.with_suffix(".spool")
        self._file: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            if kind is None:
                self._write()
            self._spool.unlink(missing_ok=True)

    def add(self, rejects: Iterable[Reject]) -> None:
        """Take rejects, in the order of the file."""
        for reject in rejects:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._spool.open("wb")
            self.count += 1
            self._columns.update(dict.fromkeys(name for name in reject.row if name not in MARKS))
            marks = (str(reject.line), reject.column, reject.value, reject.reason)
            self._file.write(msgspec.json.encode((dict(reject.row), marks)) + b"\n")

    def _write(self) -> None:
        draft = self.path.with_suffix(".new")
        # with a byte order mark Excel opens it as UTF-8
        with draft.open("w", encoding="utf-8-sig", newline="") as file, self._spool.open("rb") as spool:
            writer = csv.writer(file)
            writer.writerow([*self._columns, *MARKS])
            for line in spool:
                row, marks = msgspec.json.decode(line)
                writer.writerow([safe(row.get(name, "")) for name in self._columns] + [safe(mark) for mark in marks])
        draft.replace(self.path)


def safe(cell: str) -> str:
    """The cell so that no spreadsheet runs it as a formula; reading takes the ' off again."""
    cell = cell.replace("\x00", "")
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell
