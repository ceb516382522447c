"""Pages of the import wizard."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.action.work.models import Job, Upload
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.imports import mapping as form
from lianyi.doors.console.pages.imports import rejects
from lianyi.doors.console.pages.imports.recognising import TABLE, Look, look
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.uploads import discard as throw_away
from lianyi.doors.console.uploads import keep, text_encoding
from lianyi.errors import BadMapping, InputError
from lianyi.memory import rejected as rejected_rows
from lianyi.memory.events import KINDS
from lianyi.memory.sources.registry import sources
from lianyi.memory.sources.tabular.choosing import source_name
from lianyi.memory.sources.tabular.mapping import to_yaml


@needs("data.import")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Drop files; below, the imports so far."""
    if request.method == "POST":
        return _upload(request)
    uploads = Upload.objects.select_related("check_job", "import_job")[:50]
    return render(request, "imports/new.html", {"uploads": uploads, "formats": sources().values()})


def _upload(request: HttpRequest) -> HttpResponse:
    files = [file for file in request.FILES.getlist("file") if isinstance(file, UploadedFile)]
    if not files:
        return _told(request, _("Choose a file first."), status=422)
    kept = [keep(file, by=member(request).name) for file in files]
    for upload in kept:
        audit.note(member(request), "import.upload", upload.name, size=upload.size)
    address = reverse("import", args=[kept[0].pk]) if len(kept) == 1 else reverse("import_new")
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204, headers={"X-Next": address})
    return redirect(address)


def _told(request: HttpRequest, text: str, *, status: int) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=status, headers={"X-Said": quote(text)})
    messages.error(request, text)
    return redirect("import_new")


@needs("data.import")
@require_safe
def one(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """One file: how it is read, the check, the import."""
    upload = get_object_or_404(Upload.objects.select_related("check_job", "import_job"), pk=upload_id)
    return render(request, "imports/page.html", _context(upload))


def _context(upload: Upload) -> dict[str, Any]:
    ws, job = workspace(), upload.import_job or upload.check_job
    context: dict[str, Any] = {
        "upload": upload,
        "job": job,
        "step": _step(upload),
        "format": sources().get(upload.format),
    }
    if _step(upload) == "read":
        context |= _reading(look(ws, upload), upload)
    if job is not None and job.state == Job.State.DONE:
        files = rejects.files(ws, job)
        reports = [
            {**report, "format_source": sources().get(report["format"])} for report in (job.result or {})["files"]
        ]
        context |= {
            "reports": reports,
            "totals": _totals(reports),
            "reject_files": files,
            "rejected": rejected_rows.first(files, rejects.SHOWN),
        }
        context["kinds"] = _kinds(reports)
    return context


def _step(upload: Upload) -> str:
    """read → check → import."""
    if upload.import_job:
        return "import"
    return "check" if upload.check_job else "read"


def _reading(seen: Look, upload: Upload) -> dict[str, Any]:
    named = upload.format or (seen.best.source.name if seen.best else TABLE)
    return {
        "look": seen,
        "named": sources().get(named),
        "is_table": named == TABLE and not seen.archive,
        "formats": sources().values(),
        "rows": form.rows(seen.mapping),
        "kind": form.kind_of(seen.mapping),
        "all_kinds": KINDS.values(),
        "namespaces": form.PERSON_NAMESPACES,
        "yaml": upload.mapping or (to_yaml(seen.mapping) if seen.mapping else ""),
        "source": seen.mapping.source if seen.mapping else source_name(upload.name),
    }


def _totals(reports: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(report[name] for report in reports) for name in ("rows", "new", "duplicates", "rejects")}


def _kinds(reports: list[dict[str, Any]]) -> list[tuple[Any, int]]:
    counted: dict[str, int] = {}
    for report in reports:
        for kind, count in report["kinds"].items():
            counted[kind] = counted.get(kind, 0) + count
    return [(KINDS.get(kind, kind), count) for kind, count in sorted(counted.items(), key=lambda pair: -pair[1])]


@needs("data.import")
@require_POST
def read_as(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Keep how the file is to be read; then check it, or show the page again (another format was chosen)."""
    upload = get_object_or_404(Upload, pk=upload_id, import_job=None)
    before = upload.format
    try:
        text_encoding(request.POST.get("encoding", "").strip() or "utf-8")
    except InputError as error:
        return _told_of(request, upload, str(error))
    upload.format = request.POST.get("format", "") if request.POST.get("format") in sources() else ""
    upload.label = request.POST.get("label", "").strip()[:60]
    upload.options = {
        name: value for name in ("encoding", "room", "me") if (value := request.POST.get(name, "").strip()[:200])
    }
    if upload.format != before:
        upload.mapping = ""
    elif "at" in request.POST or "yaml" in request.POST:
        try:
            upload.mapping = to_yaml(_mapping(request, upload))
        except BadMapping as error:
            return _told_of(request, upload, str(error))
    if "look" in request.POST:
        upload.save()
        return redirect("import", upload.pk)
    upload.check_job = queue.add("check", {"upload": str(upload.pk)}, by=member(request).name)
    upload.save()
    return redirect("import", upload.pk)


def _told_of(request: HttpRequest, upload: Upload, error: str) -> HttpResponse:
    """The first step again, with what is wrong."""
    context = {**_context(upload), "mapping_error": error, "yaml": request.POST.get("yaml", "")}
    return render(request, "imports/page.html", context, status=422)


def _mapping(request: HttpRequest, upload: Upload) -> Any:
    if "use_yaml" in request.POST:
        return form.parsed(request.POST.get("yaml", ""))
    seen = look(workspace(), upload)
    return form.filled_in(request.POST, seen.mapping, source=source_name(upload.name), columns=seen.columns)


@needs("data.import")
@require_POST
def again(_request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Back to the first step: change how the file is read."""
    upload = get_object_or_404(Upload, pk=upload_id, import_job=None)
    if upload.check_job and not upload.check_job.is_over:
        queue.cancel(upload.check_job.pk, now=queue.clock())
    Upload.objects.filter(pk=upload.pk).update(check_job=None)
    return redirect("import", upload.pk)


@needs("data.import")
@require_POST
def run(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Import for real, after the check."""
    upload = get_object_or_404(Upload, pk=upload_id, import_job=None, check_job__state=Job.State.DONE)
    user = member(request)
    job = queue.add("import", {"upload": str(upload.pk)}, by=user.name)
    Upload.objects.filter(pk=upload.pk).update(import_job=job)
    audit.note(user, "import.run", upload.name, format=upload.format, label=upload.label)
    return redirect("import", upload.pk)


@needs("data.import")
@require_POST
def discard(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Forget an uploaded file; what has landed stays."""
    upload = get_object_or_404(Upload, pk=upload_id)
    for job in (upload.check_job, upload.import_job):
        if job and not job.is_over:
            queue.cancel(job.pk, now=queue.clock())
    throw_away(upload)
    audit.note(member(request), "import.discard", upload.name)
    messages.success(request, _("The file is discarded."))
    return redirect("import_new")


@needs("data.import")
@require_GET
def rejected(request: HttpRequest, upload_id: UUID, number: int) -> HttpResponseBase:
    """The rejected rows as CSV, to mend and add again."""
    upload = get_object_or_404(Upload.objects.select_related("check_job", "import_job"), pk=upload_id)
    files = rejects.files(workspace(), upload.import_job or upload.check_job)
    if not 0 <= number < len(files):
        raise Http404
    audit.note(member(request), "import.rejects", upload.name)
    name = f"{Path(upload.name).stem}-rejects.csv"
    return FileResponse(
        files[number].open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )
