"""What kinds of jobs there are, and the function that does each: workspace, job and progress in, a JSON result out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lianyi.action.work.models import Job
from lianyi.insight import refresh as refreshing
from lianyi.workspace import Workspace

Say = Callable[[str, float | None], None]
Work = Callable[[Workspace, Job, Say], Any]


def refresh(workspace: Workspace, job: Job, say: Say) -> dict[str, Any]:
    """Rebuild tables. Arguments: tables (none = all)."""

    def progress(step: refreshing.Progress) -> None:
        say(" ".join(part for part in (step.table, step.message) if part), step.done / step.total)

    report = workspace.refresh(*job.arguments.get("tables", []), progress=progress)
    return {
        "seconds": round(report.seconds, 2),
        "tables": {name: {"rows": state.rows, "seconds": state.seconds} for name, state in report.states.items()},
    }


KINDS: Mapping[str, Work] = {"refresh": refresh}
