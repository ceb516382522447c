"""The rows that an import could not use: a look at the first ones, and the whole file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lianyi.action.work.models import Job
from lianyi.workspace import Workspace

SHOWN = 20
_WHY = ("_line", "_column", "_value", "_reason")


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """One row that could not be used."""

    line: str
    column: str
    value: str
    reason: str


def files(ws: Workspace, job: Job | None) -> list[Path]:
    """The reject files of a job, all of them inside the workspace's own folder."""
    reports: Sequence[dict[str, Any]] = (job.result or {}).get("files", []) if job else []
    names = [Path(report["rejects_file"]).name for report in reports if report.get("rejects_file")]
    return [path for name in names if (path := ws.folder / "rejects" / name).is_file()]


def first(paths: Sequence[Path]) -> list[Rejected]:
    """The first rejected rows."""
    found: list[Rejected] = []
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = islice(csv.DictReader(file), SHOWN - len(found))
            found += [Rejected(**{name[1:]: row.get(name) or "" for name in _WHY}) for row in rows]
    return found
