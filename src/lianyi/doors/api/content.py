"""The content library by API: contents and versions, preview, linter, performance, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from lianyi.action.content import keeping, kinds, performance, pictures, previewing
from lianyi.action.content.models import Content, Picture, Version
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of
from lianyi.doors.console.brand import workspace

api = Api()
CONTENT = "contents/<int:content_id>"
BODIES = (
    Parameter(name="bodies", says="by language (zh-hans, en) the parts of its kind", type="object", required=True),
    Parameter(name="fallback", says="language of people whose own is not written; default: the first one"),
    Parameter(name="variables", says="by variable what stands in for an unknown value", type="object"),
    Parameter(name="note", says="what this version is about"),
)  # fmt: skip


def version_data(version: Version) -> dict[str, Any]:
    """A version as JSON."""
    names = ("id", "number", "bodies", "fallback", "variables", "note", "by", "created_at")
    return {name: getattr(version, name) for name in names}


def content_data(content: Content) -> dict[str, Any]:
    """A content with its newest version."""
    names = ("id", "name", "kind", "by", "created_at", "archived_at")
    return {**{name: getattr(content, name) for name in names}, "version": version_data(content.current)}


def _written(data: Mapping[str, Any]) -> dict[str, Any]:
    bodies = data["bodies"]
    if not isinstance(bodies, dict):
        raise ApiError(422, "bodies: must be an object with a body per language")
    variables = data.get("variables") or {}
    if not isinstance(variables, dict):
        raise ApiError(422, "variables: must be an object")
    fallback = text_of(data, "fallback") or next(iter(bodies), "")
    return {"bodies": bodies, "fallback": fallback, "variables": variables, "note": text_of(data, "note")}


@api.add(
    "GET", "contents", right="people.see", says="The content library, newest first.",
    query=(Parameter(name="kind", says=f"only this kind: {', '.join(kinds.PARTS)}"),
           Parameter(name="archived", says="1: those that are put away")),
)  # fmt: skip
def contents(request: HttpRequest) -> dict[str, Any]:
    """Each with its newest version."""
    found = keeping.shown(kind=request.GET.get("kind", ""), archived=request.GET.get("archived") == "1")
    return {"contents": [content_data(content) for content in found]}


@api.add(
    "POST", "contents", right="content.edit", says="A new content.", status=201,
    body=(Parameter(name="name", says="its name", required=True),
          Parameter(name="kind", says="its kind", required=True), *BODIES),
)  # fmt: skip
def make_content(request: HttpRequest) -> dict[str, Any]:
    """422 names all that is wrong with it."""
    data, user = body_of(request, "name", "kind", "bodies"), user_of(request)
    written = _written(data)
    version = keeping.create(
        name=text_of(data, "name"), kind=text_of(data, "kind"), by=user.name, now=queue.clock(), **written
    )
    audit.note(user, "content.make", version.content.name, content=version.content_id)
    return content_data(version.content)


@api.add("GET", CONTENT, right="people.see", says="One content with all its versions, findings and performance.")
def one_content(_request: HttpRequest, content_id: int) -> dict[str, Any]:
    """Findings are on the newest version; performance is of all."""
    content, ws = get_object_or_404(Content, pk=content_id), workspace()
    versions = list(content.versions.all())
    found = previewing.findings(ws, content.kind, versions[0].bodies, versions[0].variables)
    rows = performance.of(ws, [version.pk for version in versions])
    return {
        **content_data(content), "versions": [version_data(version) for version in versions],
        "findings": [asdict(one) for one in found], "performance": [asdict(row) for row in rows],
    }  # fmt: skip


@api.add(
    "PUT", CONTENT, right="content.edit", says="A new version of a content.",
    body=(*BODIES, Parameter(name="on", says="number of the version that was edited", type="integer")),
)  # fmt: skip
def edit_content(request: HttpRequest, content_id: int) -> dict[str, Any]:
    """422 where somebody else saved a version meanwhile."""
    content, user = get_object_or_404(Content, pk=content_id), user_of(request)
    data = body_of(request, "bodies")
    on = data.get("on") if isinstance(data.get("on"), int) else None
    version = keeping.edit(content, by=user.name, now=queue.clock(), on=on, **_written(data))
    audit.note(user, "content.edit", content.name, content=content.pk, version=version.number)
    return content_data(content)


@api.add(
    "POST", f"{CONTENT}/archive", right="content.edit", says="Put a content away, or take it out again.",
    body=(Parameter(name="back", says="true: take it out again", type="boolean"),),
)  # fmt: skip
def archive_content(request: HttpRequest, content_id: int) -> dict[str, Any]:
    """What was sent of it can still be looked at."""
    content, user = get_object_or_404(Content, pk=content_id), user_of(request)
    back = body_of(request).get("back") is True
    keeping.archive(content, now=None if back else queue.clock())
    audit.note(user, "content.archive", content.name, content=content.pk, back=back)
    return content_data(content)


@api.add(
    "POST", "contents/preview", right="people.see", says="How a content reads for a person, and what the linter says.",
    body=(Parameter(name="kind", says="its kind", required=True), *BODIES,
          Parameter(name="language", says="zh-hans or en"), Parameter(name="person", says="id or key; empty: nobody"),
          Parameter(name="channel", says="sms: also what short messages must say")),
)  # fmt: skip
def preview_content(request: HttpRequest) -> dict[str, Any]:
    """Nothing is kept."""
    data, ws = body_of(request, "kind", "bodies"), workspace()
    written, kind = _written(data), text_of(data, "kind")
    made = keeping.checked(kind, written["bodies"], written["fallback"], written["variables"])
    language = text_of(data, "language") or made["fallback"]
    spoken = language if language in made["bodies"] else made["fallback"]
    said = previewing.preview(
        ws, kind, made["bodies"][spoken], made["variables"], language=spoken, person=text_of(data, "person")
    )
    found = previewing.findings(ws, kind, made["bodies"], made["variables"], channel=text_of(data, "channel"))
    return {"rendered": asdict(said), "findings": [asdict(one) for one in found]}


@api.add("GET", "pictures", right="people.see", says="The pictures of the library, newest first.")
def all_pictures(_request: HttpRequest) -> dict[str, Any]:
    """Each is at /pictures/<name> for everybody who knows the name."""
    names = ("name", "title", "width", "height", "bytes", "by", "created_at")
    return {"pictures": list(Picture.objects.values(*names)[:500])}


@api.add(
    "POST", "pictures", right="content.edit", says="Add a picture (PNG, JPEG, GIF, WebP).", upload=True, status=201
)
def add_picture(request: HttpRequest) -> dict[str, Any]:
    """It is written anew, without what cameras note in it."""
    user, file = user_of(request), request.FILES.get("file")
    if file is None:
        raise ApiError(422, "file: send the picture as multipart field `file`")
    if (file.size or 0) > pictures.MAX_BYTES:
        raise ApiError(413, f"file: at most {pictures.MAX_BYTES:,} bytes are allowed")
    picture = pictures.keep(
        workspace().folder, file.read(), title=request.POST.get("title", "") or file.name or "", by=user.name,
        now=queue.clock(),
    )  # fmt: skip
    audit.note(user, "picture.add", picture.name)
    return {"name": picture.name, "width": picture.width, "height": picture.height}
