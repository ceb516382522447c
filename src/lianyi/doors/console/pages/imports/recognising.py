"""What a file seems to be: candidates, a look at its first rows, and for tables the mapping to review."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lianyi.action.work.models import Upload
from lianyi.doors.console.pages.imports.mapping import parsed
from lianyi.errors import LianyiError
from lianyi.memory.sources.recognising import Candidate, candidates, remembered
from lianyi.memory.sources.source import Head
from lianyi.memory.sources.tabular.choosing import choice
from lianyi.memory.sources.tabular.mapping import Mapping
from lianyi.workspace import Workspace

TABLE = "table"
SAMPLE = 6


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one sees of a file. columns and rows: of a table; lines: of other text. mapping: of a table, else None.

    problem: why it can't be looked at. archive: it holds other files, each of which is recognised for itself.
    """

    candidates: Sequence[Candidate] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    lines: Sequence[str] = ()
    encoding: str = ""
    mapping: Mapping | None = None
    why: str = ""
    archive: bool = False
    problem: str = ""
    sample: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> Candidate | None:
        """The surest candidate."""
        return self.candidates[0] if self.candidates else None


def look(ws: Workspace, upload: Upload) -> Look:
    """Look at the head of an uploaded file."""
    path = Path(upload.path)
    if not path.is_file():
        return Look(problem="gone")
    if path.suffix.lower() == ".zip" or (
        zipfile.is_zipfile(path) and path.suffix.lower() not in {".xlsx", ".xlsm", ".ods"}
    ):
        return Look(archive=True)
    head = Head(
        path=path,
        name=upload.name,
        mappings=remembered(ws.folder / "mappings"),
        encoding_given=upload.options.get("encoding"),
    )
    try:
        return _look(head, upload)
    except LianyiError as error:
        return Look(problem=str(error))


def _look(head: Head, upload: Upload) -> Look:
    found = candidates(head) if head.size else []
    named = upload.format or (found[0].source.name if found else TABLE)
    grid = head.grid if named == TABLE or not found else None
    chosen = choice(head, whole=True) if grid is not None else None
    mapping = parsed(upload.mapping) if upload.mapping else chosen.mapping if chosen else None
    plain = grid is not None and not grid.broken
    return Look(
        candidates=found,
        columns=grid.columns if grid and plain else (),
        rows=[list(row) for row in grid.rows[:SAMPLE]] if grid and plain else (),
        lines=[] if plain else head.lines[:12],
        encoding=head.encoding.name if head.encoding else "",
        mapping=mapping,
        why=chosen.why if chosen else "",
        sample={name: next(iter(grid.column(name)), "") for name in grid.columns} if grid and plain else {},
        problem=(grid.broken or "") if grid else "",
    )
