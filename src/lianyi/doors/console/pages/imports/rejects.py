"""The files of rows that an import could not use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lianyi.action.work.models import Job
from lianyi.workspace import Workspace

SHOWN = 20


def files(ws: Workspace, job: Job | None) -> list[Path]:
    """The reject files of a job, all of them inside the workspace's own folder."""
    reports: Sequence[dict[str, Any]] = (job.result or {}).get("files", []) if job else []
    names = [Path(report["rejects_file"]).name for report in reports if report.get("rejects_file")]
    return [path for name in names if (path := ws.folder / "rejects" / name).is_file()]
