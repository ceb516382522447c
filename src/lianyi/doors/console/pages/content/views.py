"""The content library and its editor."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.content import keeping, performance, pictures, previewing
from lianyi.action.content.models import Content, Picture, Version
from lianyi.action.content.rendering import Rendered
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.headers import CONTENT_SECURITY_POLICY
from lianyi.doors.console.pages.content import form
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.settings import HERE
from lianyi.errors import InputError, LianyiError

# The page that shows a preview may frame it; the preview itself may run nothing and load pictures alone.
FRAMING = CONTENT_SECURITY_POLICY + "; frame-src 'self'"
STYLE = mark_safe((HERE / "static" / "console" / "preview.css").read_text(encoding="utf-8"))  # noqa: S308  # our own
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; sandbox"
)


@needs("people.see")
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """All contents, of one kind or all."""
    kind, archived = request.GET.get("kind", ""), request.GET.get("archived") == "1"
    found = list(keeping.shown(kind=kind if kind in form.KINDS else "", archived=archived)[:300])
    newest = {one.pk: one.current for one in found}
    sent: Counter[int] = Counter()
    for figures in performance.of(workspace(), [version.pk for version in newest.values()]):
        sent[figures.version] += figures.sent
    rows = [
        {
            "content": one, "version": newest[one.pk], "title": form.KINDS[one.kind], "sent": sent[newest[one.pk].pk]
        }
        for one in found
    ]  # fmt: skip
    context = {"rows": rows, "kinds": form.KINDS.items(), "kind": kind, "archived": archived}
    return render(request, "content/library.html", context)


@needs("content.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Write a content."""
    if kind not in form.KINDS:
        raise Http404(_("There is no such kind of content."))
    if request.method == "POST":
        return _saved(request, kind, None)
    return _editor(request, kind, None, body={"blocks": [{"type": "heading"}, {"type": "text"}]}, stand_ins="")


@needs("people.see")
@require_http_methods(["GET", "HEAD", "POST"])
def content(request: HttpRequest, content_id: int) -> HttpResponse:
    """One content: editor, preview, linter, versions, performance."""
    found = get_object_or_404(Content, pk=content_id)
    if request.method == "POST":
        return _saved(request, found.kind, found)
    version = _asked_version(request, found)
    language = _language(request, version)
    return _editor(
        request, found.kind, found, body=version.bodies.get(language, {}),
        stand_ins=form.stand_in_lines(version.variables, language), version=version, language=language,
    )  # fmt: skip


def _asked_version(request: HttpRequest, found: Content) -> Version:
    number = request.GET.get("version", "")
    return get_object_or_404(found.versions, number=whole(number)) if number.isdecimal() else found.current


def _language(request: HttpRequest, version: Version | None) -> str:
    asked = request.POST.get("language") or request.GET.get("language", "")
    if asked in form.LANGUAGES:
        return asked
    if version is not None:
        return version.fallback
    return "zh-hans" if (get_language() or "").startswith("zh") else "en"


def _editor(
    request: HttpRequest, kind: str, found: Content | None, *, body: Any, stand_ins: str,
    version: Version | None = None, language: str = "", error: str = "",
) -> HttpResponse:  # fmt: skip
    ws, language = workspace(), language or _language(request, version)
    versions = list(found.versions.all()) if found else []
    context = {
        "content": found, "kind": kind, "kind_title": form.KINDS[kind], "version": version, "versions": versions,
        "language": language, "languages": form.LANGUAGES.items(), "parts": form.shown_parts(kind, body),
        "blocks": form.shown_blocks(body.get("blocks", ())), "block_kinds": form.BLOCK_TITLES.items(),
        "stand_ins": stand_ins, "error": error, "name": request.POST.get("name", found.name if found else ""),
        "pictures": Picture.objects.all()[:60], "newest": versions[0].number if versions else 0,
        "performance": performance.of(ws, [one.pk for one in versions]) if versions else [],
        "person": request.POST.get("person", ""), "variables": previewing.known_names(ws),
    }  # fmt: skip
    answer = render(request, "content/editor.html", context, status=422 if error else 200)
    answer.headers["Content-Security-Policy"] = FRAMING
    return answer


def _saved(request: HttpRequest, kind: str, found: Content | None) -> HttpResponse:
    user, newest = member(request), found.current if found else None
    if not user.may("content.edit"):
        return HttpResponse(_("Your role may not write content."), status=403)
    language, body = _language(request, newest), form.body_of(kind, request.POST)
    try:
        written = _written(request, newest, language, body)
        if found is None:
            version = keeping.create(
                name=request.POST.get("name", ""), kind=kind, by=user.name, now=queue.clock(), **written
            )
        else:
            on = request.POST.get("on", "")
            version = keeping.edit(found, by=user.name, now=queue.clock(), on=whole(on), **written)
    except InputError as error:
        return _editor(
            request, kind, found, body=body, stand_ins=request.POST.get("stand_ins", ""), version=newest,
            language=language, error=str(error),
        )  # fmt: skip
    audit.note(
        user, "content.edit" if found else "content.make", version.content.name, content=version.content_id,
        version=version.number,
    )  # fmt: skip
    messages.success(request, _("Saved as version %(number)s.") % {"number": version.number})
    answer = redirect("content", version.content_id)
    answer.headers["Location"] += f"?language={language}"
    return answer


def _written(request: HttpRequest, newest: Version | None, language: str, body: dict[str, Any]) -> dict[str, Any]:
    """What is to be kept: this language as written, the others as they were."""
    bodies = {**(newest.bodies if newest else {}), language: body}
    before = newest.variables if newest else {}
    fallback = language if request.POST.get("is_fallback") or newest is None else newest.fallback
    variables = form.stand_ins_of(request.POST.get("stand_ins", ""), before, language)
    return {"bodies": bodies, "fallback": fallback, "variables": variables, "note": request.POST.get("note", "")}


@needs("people.see")
@require_POST
def blocks(request: HttpRequest) -> HttpResponse:
    """The blocks of an e-mail after one was added, moved or removed (HTMX)."""
    context = {
        "blocks": form.shown_blocks(form.blocks_of(request.POST)), "block_kinds": form.BLOCK_TITLES.items(),
        "can_edit": member(request).may("content.edit"),
    }  # fmt: skip
    return render(request, "content/blocks.html", context)


@needs("people.see")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """What the linter says of what is being written (HTMX)."""
    try:
        made, kind, language = _read(request)
        found = previewing.findings(
            workspace(), kind, {language: made["bodies"][language]}, made["variables"],
            channel=request.POST.get("channel", ""),
        )  # fmt: skip
    except InputError as error:
        return render(request, "content/findings.html", {"error": str(error)})
    chinese = (get_language() or "").startswith("zh")
    rows = [{"finding": one, "do": one.zh if chinese else one.en} for one in found]
    return render(request, "content/findings.html", {"rows": rows})


def _read(request: HttpRequest) -> tuple[dict[str, Any], str, str]:
    kind, language = request.POST.get("kind", ""), _language(request, None)
    if kind not in form.KINDS:
        raise InputError(f"kind: {kind!r} is no kind of content")
    stand_ins = form.stand_ins_of(request.POST.get("stand_ins", ""), {}, language)
    body = form.body_of(kind, request.POST)
    return keeping.checked(kind, {language: body}, language, stand_ins), kind, language


@needs("people.see")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What is being written, as the chosen person would see it: a page for the frame beside the editor."""
    context: dict[str, Any] = {"style": STYLE}
    try:
        made, kind, language = _read(request)
        said = previewing.preview(
            workspace(), kind, made["bodies"][language], made["variables"], language=language,
            person=request.POST.get("person", "").strip(),
        )  # fmt: skip
        if said.html and not request.POST.get("plain"):
            return _framed(HttpResponse(said.html))
        context |= {"said": said, "kind": kind, "picture": _shown_picture(said)}
    except LianyiError as error:
        context["error"] = str(error)
    return _framed(render(request, "content/preview.html", context))


def _shown_picture(said: Rendered) -> str:
    picture = str(said.props.get("picture") or "")
    return picture if "/" in picture or not picture else f"/pictures/{picture}"


def _framed(answer: HttpResponse) -> HttpResponse:
    answer.headers["Content-Security-Policy"] = FRAMED
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@needs("content.edit")
@require_POST
def archive(request: HttpRequest, content_id: int) -> HttpResponse:
    """Put a content away, or take it out again."""
    found, back = get_object_or_404(Content, pk=content_id), bool(request.POST.get("back"))
    keeping.archive(found, now=None if back else queue.clock())
    audit.note(member(request), "content.archive", found.name, content=found.pk, back=back)
    return redirect("content_library")


@needs("content.edit")
@require_POST
def picture(request: HttpRequest) -> HttpResponse:
    """Add a picture to the library."""
    file, user = request.FILES.get("file"), member(request)
    try:
        data = file.read() if file else b""
        kept = pictures.keep(
            workspace().folder, data, title=(file.name or "") if file else "", by=user.name, now=queue.clock()
        )
    except InputError as error:
        messages.error(request, str(error))
    else:
        audit.note(user, "picture.add", kept.name)
        messages.success(request, _("Added. Choose it in a field for pictures."))
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/content") else "content_library")
