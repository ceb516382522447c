"""Long work by API: refreshing, importing, how far a job is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.action.work.models import Job, Upload
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, require, user_of, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.imports import rejects
from lianyi.doors.console.pages.imports.mapping import parsed
from lianyi.doors.console.uploads import discard as throw_away
from lianyi.doors.console.uploads import keep, text_encoding
from lianyi.errors import NotFound
from lianyi.insight.tables import with_dependents
from lianyi.memory import rejected as rejected_rows
from lianyi.memory.sources.registry import source_named, sources

api = Api()


def described(job: Job) -> dict[str, Any]:
    """A job as JSON."""
    names = (
        "id",
        "kind",
        "state",
        "progress",
        "message",
        "by",
        "created_at",
        "started_at",
        "ended_at",
        "result",
        "error",
    )
    return {name: getattr(job, name) for name in names}


@api.add(
    "POST", "refresh", right="data.refresh", says="Have tables made anew from the log.", status=202,
    body=(Parameter(name="tables", says="names; none = all", type="array"),),
)  # fmt: skip
def refresh(request: HttpRequest) -> dict[str, Any]:
    """Answers with the job."""
    names, user = body_of(request).get("tables") or [], user_of(request)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError(422, "tables: must be a list of names")
    with_dependents(workspace().tables(), names)  # NotFound lists what there is
    job = queue.add("refresh", {"tables": names} if names else {}, by=user.name)
    audit.note(user, "data.refresh", ", ".join(names))
    return {"job": described(job)}


@api.add("GET", "formats", right="data.see", says="The formats of files that are recognised.")
def formats(_request: HttpRequest) -> dict[str, Any]:
    """Names for `format`."""
    return {
        "formats": [
            {"name": one.name, "en": one.en, "zh": one.zh, "suffixes": one.suffixes} for one in sources().values()
        ]
    }


IMPORT = (
    Parameter(name="format", says="name of a format; without it the file is recognised"),
    Parameter(name="label", says="tells two shops of one platform apart"),
    Parameter(name="mapping", says="YAML of a mapping, for tables"),
    Parameter(name="encoding", says="where it is not detected rightly"),
    Parameter(name="room", says="of chats that do not name it"),
    Parameter(name="dry_run", says="1 = only check"),
)


@api.add(
    "POST",
    "import",
    right="data.import",
    says="Import a file (multipart, field `file`).",
    body=IMPORT,
    upload=True,
    status=202,
)
def import_file(request: HttpRequest) -> dict[str, Any]:
    """Answers with the upload and its job."""
    user, file, form = user_of(request), request.FILES.get("file"), request.POST
    if not isinstance(file, UploadedFile):
        raise ApiError(422, "file: is missing; send it as multipart/form-data")
    if form.get("format"):
        source_named(form["format"])
    if form.get("mapping"):
        parsed(form["mapping"])
    if form.get("encoding"):
        text_encoding(form["encoding"])
    upload = keep(file, by=user.name)
    upload.format, upload.label, upload.mapping = (
        form.get("format", ""),
        form.get("label", "")[:60],
        form.get("mapping", ""),
    )
    upload.options = {name: form[name] for name in ("encoding", "room") if form.get(name)}
    kind = "check" if form.get("dry_run") else "import"
    job = queue.add(kind, {"upload": str(upload.pk)}, by=user.name)
    setattr(upload, f"{kind}_job", job)
    upload.save()
    audit.note(user, "import.run" if kind == "import" else "import.upload", upload.name)
    return _upload(upload)


@api.add(
    "GET", "import", right="data.import", says="The files uploaded lately, newest first, with their jobs.",
    query=(Parameter(name="limit", says="1 to 200, by default 50", type="integer"),),
)  # fmt: skip
def imports(request: HttpRequest) -> dict[str, Any]:
    """Files that have landed or are thrown away are gone from the disk, not from this list."""
    limit = whole_number(request, "limit", default=50, most=200)
    return {"imports": [_upload(one) for one in Upload.objects.select_related("check_job", "import_job")[:limit]]}


@api.add("GET", "import/<uuid:upload_id>", right="data.import", says="How an import stands.")
def import_state(_request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """The upload and its jobs."""
    return _upload(get_object_or_404(Upload, pk=upload_id))


@api.add("POST", "import/<uuid:upload_id>/run", right="data.import", says="Import a file after its check.", status=202)
def import_run(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """Answers with the upload and its job."""
    upload, user = get_object_or_404(Upload, pk=upload_id, import_job=None), user_of(request)
    upload.import_job = queue.add("import", {"upload": str(upload.pk)}, by=user.name)
    upload.save()
    audit.note(user, "import.run", upload.name)
    return _upload(upload)


@api.add(
    "GET", "import/<uuid:upload_id>/rejects", right="data.import",
    says="The rows that an import or check could not use, as CSV with the reasons, to mend and add again.",
    query=(Parameter(name="file", says="which, from 1 (by default): an archive may have several", type="integer"),),
)  # fmt: skip
def rejected(request: HttpRequest, upload_id: UUID) -> FileResponse:
    """404 where no row was rejected."""
    upload = get_object_or_404(Upload.objects.select_related("check_job", "import_job"), pk=upload_id)
    files = rejects.files(workspace(), upload.import_job or upload.check_job)
    number = whole_number(request, "file", default=1, most=10_000)
    if number > len(files):
        raise NotFound(f"there is no file {number} of rejected rows; there are {len(files)}")
    audit.note(user_of(request), "import.rejects", upload.name)
    name = f"{Path(upload.name).stem}-rejects.csv"
    content = files[number - 1].open("rb")
    return FileResponse(content, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@api.add("DELETE", "import/<uuid:upload_id>", right="data.import", says="Forget an uploaded file.")
def discard(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """Its jobs that are not over are stopped; what has landed stays."""
    upload = get_object_or_404(Upload, pk=upload_id)
    for job in (upload.check_job, upload.import_job):
        if job and not job.is_over:
            queue.cancel(job.pk, now=queue.clock())
    throw_away(upload)
    audit.note(user_of(request), "import.discard", upload.name)
    return {}


def _upload(upload: Upload) -> dict[str, Any]:
    return {
        "import": {
            "id": str(upload.pk),
            "name": upload.name,
            "size": upload.size,
            "format": upload.format,
            "label": upload.label,
        },
        "check": described(upload.check_job) if upload.check_job else None,
        "job": described(upload.import_job) if upload.import_job else None,
    }


@api.add(
    "GET", "rejects", right="data.import",
    says="All files of rows and events that could not be used, the newest first.",
)  # fmt: skip
def rejected_files(_request: HttpRequest) -> dict[str, Any]:
    """Of imports (CSV, to mend and add again) and of the collector (JSON lines)."""
    return {"rejects": [asdict(file) for file in rejected_rows.files(workspace().folder)]}


@api.add("GET", "rejects/<str:name>", right="data.import", says="One file of rejected rows, as it is.")
def rejected_file(request: HttpRequest, name: str) -> FileResponse:
    """404 lists the names."""
    path = rejected_rows.named(workspace().folder, name)
    audit.note(user_of(request), "import.rejects", name)
    kind = "text/csv" if path.suffix == ".csv" else "application/x-ndjson"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=f"{kind}; charset=utf-8")


@api.add("DELETE", "rejects/<str:name>", right="data.import", says="Throw a file of rejected rows away.")
def discard_rejected(request: HttpRequest, name: str) -> dict[str, Any]:
    """Adding the file that it came from makes it again."""
    rejected_rows.named(workspace().folder, name).unlink()
    audit.note(user_of(request), "import.discard", name)
    return {}


@api.add(
    "GET", "jobs", right="data.see", says="The latest jobs, newest first.",
    query=(Parameter(name="limit", says="1 to 200, by default 20", type="integer"),),
)  # fmt: skip
def jobs(request: HttpRequest) -> dict[str, Any]:
    """state: waiting, running, done, failed or cancelled."""
    return {
        "jobs": [described(one) for one in Job.objects.all()[: whole_number(request, "limit", default=20, most=200)]]
    }


@api.add("GET", "jobs/<int:job_id>", right="data.see", says="How a job stands.")
def job(_request: HttpRequest, job_id: int) -> dict[str, Any]:
    """state: waiting, running, done, failed or cancelled."""
    return {"job": described(get_object_or_404(Job, pk=job_id))}


@api.add(
    "POST",
    "jobs/<int:job_id>/cancel",
    right="data.see",
    says="Stop a job in a safe state; who may start one of its kind may stop it, and nobody an erasure that runs.",
)
def cancel(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """Answers with the job as it stands now."""
    found, user = get_object_or_404(Job, pk=job_id), user_of(request)
    require(user, queue.RIGHTS.get(found.kind, "data.refresh"))
    queue.cancel(found.pk, now=queue.clock())
    audit.note(user, "job.cancel", str(found.pk), kind=found.kind)
    found.refresh_from_db()
    return {"job": described(found)}
