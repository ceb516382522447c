"""What kinds of jobs there are, and the function that does each: workspace, job and progress in, a JSON result out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lianyi.action.work import queue
from lianyi.action.work.models import Job, Upload
from lianyi.errors import InputError
from lianyi.insight import refresh as refreshing
from lianyi.memory.sources import importing
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


def check(workspace: Workspace, job: Job, say: Say) -> dict[str, Any]:
    """Read an uploaded file to its end and land nothing. Arguments: upload."""
    return {"files": _add(workspace, _upload(job), say, dry_run=True)}


def import_(workspace: Workspace, job: Job, say: Say) -> dict[str, Any]:
    """Land an uploaded file, delete it, and have the tables refreshed. Arguments: upload."""
    upload = _upload(job)
    files = _add(workspace, upload, say, dry_run=False)
    shutil.rmtree(Path(upload.path).parent, ignore_errors=True)
    if any(file["new"] for file in files):
        queue.add("refresh", {}, by=job.by)
    return {"files": files}


def _upload(job: Job) -> Upload:
    upload = Upload.objects.get(pk=job.arguments["upload"])
    if not Path(upload.path).is_file():
        raise InputError(
            f"{upload.name}: the uploaded file is gone (it was imported, discarded or erased); upload it again"
        )
    return upload


def _add(workspace: Workspace, upload: Upload, say: Say, *, dry_run: bool) -> list[dict[str, Any]]:
    path = Path(upload.path)

    def progress(step: importing.Progress) -> None:
        say(f"{step.rows:,}", step.bytes_done / max(step.bytes_total, 1))

    # In a folder of its own: the uploaded file may well be called mapping.yaml itself.
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        mapping = Path(folder) / "mapping.yaml"
        mapping.write_text(upload.mapping, encoding="utf-8")
        reports = workspace.add(
            path,
            format=upload.format or None,
            mapping=mapping if upload.mapping else None,
            label=upload.label or None,
            dry_run=dry_run,
            progress=progress,
            **upload.options,
        )
    return [report.to_data() for report in reports]


def erase(workspace: Workspace, job: Job, say: Say) -> dict[str, Any]:
    """Erase a person by right. Arguments: key. The result says how much went, and not whose it was."""
    say("", None)
    if "key" not in job.arguments:  # done before the server stopped; only the job's end was not written
        return {}
    from lianyi.action import forgetting  # its rooms name ours

    certificate = forgetting.erase(workspace, job.arguments["key"])
    Job.objects.filter(pk=job.pk).update(arguments={})  # the job's row must not keep whom it erased
    return {
        "rejects": certificate.rejects,
        "inbox": certificate.inbox,
        "log": msgspec.to_builtins(certificate.log, enc_hook=str),
    }


def plan(workspace: Workspace, job: Job, say: Say) -> dict[str, Any]:
    """Work out a kept plan. Arguments: plan."""
    from lianyi.action.plans import keeping  # its models name ours

    return keeping.work_out(workspace, job.arguments["plan"], say)


KINDS: Mapping[str, Work] = {"refresh": refresh, "check": check, "import": import_, "erase": erase, "plan": plan}
