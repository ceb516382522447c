"""Pages of audiences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from lianyi.action.audiences import conditions, counting, defining, exporting, members
from lianyi.action.audiences.models import Audience, Version
from lianyi.action.team import audit
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.audiences import rows
from lianyi.doors.console.pages.audiences.choices import choices
from lianyi.doors.console.pages.audiences.figures import flows, sizes
from lianyi.doors.console.pages.people.export import cell, streamed, written
from lianyi.doors.console.rights import member, needs
from lianyi.errors import BadRule, InputError, LianyiError, NotFound, RefusedError
from lianyi.workspace import Workspace

SHOWN = 50
SAMPLE = 8
# Names of products are not translated, but for the one that has a name in both languages.
PLATFORMS = (("oceanengine", gettext_lazy("Ocean Engine")), ("meta", "Meta"), ("google", "Google"))
REFUSED = (InputError, RefusedError, NotFound)


def _language() -> str:
    return "zh" if (get_language() or "").startswith("zh") else "en"


@needs("people.see")
@require_safe
def audiences(request: HttpRequest) -> HttpResponse:
    """All audiences with their sizes; ?archived=1 those that are followed no more."""
    ws, archived = workspace(), request.GET.get("archived") == "1"
    found = list(Audience.objects.filter(archived=archived))
    context = {
        "audiences": found, "archived": archived, "state": ws.states().get("people"), "events": ws.lake.rows(),
        "others": Audience.objects.filter(archived=not archived).count(),
    }  # fmt: skip
    return render(request, "audiences/page.html", context)


# --- the builder --------------------------------------------------------------------------------------------------


@needs("audiences.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def build(request: HttpRequest, audience_id: int = 0) -> HttpResponse:
    """Define an audience, or give one another condition."""
    ws = workspace()
    one = get_object_or_404(Audience, pk=audience_id, kind=Audience.Kind.LIVE) if audience_id else None
    if "people" not in ws.states():
        return redirect("audiences")
    if request.method == "POST":
        return _save(request, ws, one)
    line = one.condition if one else request.GET.get("condition", "")
    context = {"audience": one, "name": one.name if one else "", "about": one.about if one else ""}
    return render(request, "audiences/build.html", context | _builder(ws, line))


def _save(request: HttpRequest, ws: Workspace, one: Audience | None) -> HttpResponse:
    name, about, line = (request.POST.get(field, "") for field in ("name", "about", "condition"))
    user, now = member(request), ws.clock()
    try:
        if one is None:
            one = defining.define(ws, name, line, by=user.name, now=now, about=about)
            audit.note(user, "audience.define", one.name, audience=one.pk, condition=one.condition)
        else:
            defining.change(ws, one, by=user.name, now=now, name=name, condition=line, about=about)
            audit.note(user, "audience.change", one.name, audience=one.pk, condition=one.condition)
    except REFUSED as error:
        context = {"audience": one, "name": name, "about": about, "error": str(error)}
        return render(request, "audiences/build.html", context | _builder(ws, line), status=422)
    messages.success(request, _("Saved. Who is in is worked out now."))
    return redirect("audience", one.pk)


def _builder(ws: Workspace, line: str) -> dict[str, Any]:
    try:
        shown = rows.built(line)
    except BadRule as error:
        return {"built": rows.built(""), "line": line, "unreadable": str(error), **choices(ws)}
    return {"built": shown, "line": line, **choices(ws)}


@needs("people.see")
@require_POST
def edit(request: HttpRequest) -> HttpResponse:
    """The builder while it is filled in (HTMX): its rows and the same as text. With `from=text` the text was edited."""
    ws = workspace()
    if request.POST.get("from") == "text":
        return render(request, "audiences/rows.html", _builder(ws, request.POST.get("condition", "")))
    shown = rows.read(request.POST)
    context: dict[str, Any] = {"built": shown, **choices(ws)}
    try:
        context["line"] = shown.line
    except BadRule as error:
        context |= {"line": request.POST.get("condition", ""), "unreadable": str(error)}
    return render(request, "audiences/rows.html", context)


@needs("people.see")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """How many people fulfil the condition now, and some of them with the reason (HTMX)."""
    ws, line = workspace(), request.POST.get("condition", "").strip()
    if not line:
        return render(request, "audiences/check.html", {"empty": True})
    now = ws.clock()
    try:
        one = conditions.asked(ws, line)
        found = conditions.sample(ws, one, now, size=SAMPLE, language=_language())
    except REFUSED as error:
        return render(request, "audiences/check.html", {"error": str(error)})
    context = {
        "count": found.count, "total": ws.states()["people"].rows, "now": now,
        "people": _named(ws, list(found.reasons), found.reasons),
    }  # fmt: skip
    return render(request, "audiences/check.html", context)


def _named(ws: Workspace, ids: list[str], reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    names = {
        row["person_id"]: row["name"] for row in ws.look_up("people", ids, columns=["person_id", "name"]).to_pylist()
    }
    return [
        {"person_id": one, "name": names.get(one), "known": one in names, "why": reasons.get(one, "")} for one in ids
    ]


# --- lists --------------------------------------------------------------------------------------------------------


@needs("audiences.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def gather(request: HttpRequest) -> HttpResponse:
    """Make a list from pasted keys or a file."""
    ws, error = workspace(), ""
    if request.method == "POST":
        user = member(request)
        try:
            made, found = defining.make_list(
                ws, request.POST.get("name", ""), _keys(request), by=user.name, now=ws.clock(),
                about=request.POST.get("about", ""),
            )  # fmt: skip
        except REFUSED as refused:
            error = str(refused)
        else:
            audit.note(user, "audience.gather", made.name, audience=made.pk, people=found.people)
            _say_put(request, found, out=False)
            return redirect("audience", made.pk)
    return render(
        request, "audiences/gather.html", {"error": error, "sent": request.POST}, status=422 if error else 200
    )


def _keys(request: HttpRequest) -> str:
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("keys", "")
    try:
        return upload.read().decode("utf-8-sig")  # type: ignore[no-any-return]
    except UnicodeDecodeError as error:
        raise InputError(_("the file is not UTF-8 text; save it as CSV UTF-8")) from error


def _say_put(request: HttpRequest, found: defining.Put, *, out: bool) -> None:
    said = ngettext("%(n)s person taken out.", "%(n)s people taken out.", found.people) if out else ngettext(
        "%(n)s person put in.", "%(n)s people put in.", found.people
    )  # fmt: skip
    messages.success(request, said % {"n": f"{found.people:,}"})
    if found.unknown:
        shown = ", ".join(found.unknown[:5])
        messages.warning(
            request, _("%(n)s keys belong to nobody: %(keys)s …") % {"n": f"{len(found.unknown):,}", "keys": shown}
        )


@needs("audiences.edit")
@require_POST
def put(request: HttpRequest, audience_id: int) -> HttpResponse:
    """Put people into a list, or take them out."""
    one, ws, out = get_object_or_404(Audience, pk=audience_id), workspace(), bool(request.POST.get("out"))
    try:
        found = defining.put(ws, one, _keys(request), now=ws.clock(), out=out)
    except REFUSED as error:
        messages.error(request, str(error))
    else:
        audit.note(member(request), "audience.put", one.name, audience=one.pk, people=found.people, out=out)
        _say_put(request, found, out=out)
    return redirect("audience", audience_id)


# --- one audience -------------------------------------------------------------------------------------------------


@needs("people.see")
@require_safe
def audience(request: HttpRequest, audience_id: int) -> HttpResponse:
    """Who is in and why, size over time, who came and went, versions."""
    one, ws = get_object_or_404(Audience, pk=audience_id), workspace()
    context: dict[str, Any] = {
        "audience": one,
        "versions": list(one.versions.all()),
        "used_by": conditions.used_by(one.name),
    }
    if one.build:
        ids = members.of(ws, one).ids().slice(0, SAMPLE).to_pylist()
        context["people"] = _named(ws, ids, _why(ws, one, ids))
        changes = list(one.changes.order_by("-id")[:SHOWN])
        names = {row["person_id"]: row["name"] for row in _named(ws, [row.person_id for row in changes], {})}
        context["changes"] = [{"change": row, "name": names.get(row.person_id)} for row in changes]
        history = list(one.sizes.all())
        context |= {"sizes": sizes(history), "flows": flows(history), "purposes": _purposes(ws), "platforms": PLATFORMS}
    return render(request, "audiences/audience.html", context)


def _why(ws: Workspace, one: Audience, ids: list[str]) -> Mapping[str, str]:
    if not one.live or not ids:
        return {}
    now = ws.clock()
    try:
        found = conditions.asked(ws, one.condition, name=one.name)
    except LianyiError:  # said on the page by audience.problem
        return {}
    return conditions.reasons(ws, found, ids, _language(), now)


def _purposes(ws: Workspace) -> list[str]:
    found = ws.rows(
        "SELECT DISTINCT c.purpose FROM (SELECT unnest(consents) AS c FROM people) AS u ORDER BY 1 LIMIT 50"
    )
    return [row["purpose"] for row in found if row["purpose"]]


@needs("audiences.edit")
@require_POST
def act(request: HttpRequest, audience_id: int) -> HttpResponse:
    """Count anew, freeze, archive, follow again, an older version again, remove; by the button's name."""
    one, ws, user = get_object_or_404(Audience, pk=audience_id), workspace(), member(request)
    what, now = request.POST.get("act", ""), ws.clock()
    try:
        if what == "count" and one.live:
            counting.recount(ws, one, now, next_due=now)
        elif what == "freeze":
            made = defining.freeze(ws, one, request.POST.get("name", ""), by=user.name, now=now)
            audit.note(user, "audience.freeze", made.name, audience=made.pk)
            return redirect("audience", made.pk)
        elif what == "archive":
            defining.archive(one)
        elif what == "restore":
            defining.restore(ws, one, now)
        elif what == "version":
            older = get_object_or_404(Version, audience=one, number=_whole(request.POST.get("number", "")))
            defining.change(ws, one, by=user.name, now=now, condition=older.condition)
        elif what == "remove":
            audit.note(user, "audience.remove", one.name, audience=one.pk)
            defining.remove(ws, one)
            messages.success(request, _("The audience is gone."))
            return redirect("audiences")
        if what in {"archive", "restore", "version"}:
            name = "audience.change" if what == "version" else f"audience.{what}"
            audit.note(user, name, one.name, audience=one.pk, condition=one.condition)
    except REFUSED as error:
        messages.error(request, str(error))
    return redirect("audience", audience_id)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


# --- taking it out ------------------------------------------------------------------------------------------------


@needs("people.export")
@require_GET
def export(request: HttpRequest, audience_id: int) -> HttpResponseBase:
    """The members with their main columns, as CSV that is safe to open in a spreadsheet program."""
    one, ws = get_object_or_404(Audience, pk=audience_id), workspace()
    ids = members.of(ws, one).ids()
    audit.note(member(request), "audience.export", one.name, audience=one.pk, people=one.count)
    response = StreamingHttpResponse(streamed(_lines(ws, ids)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = _named_file(one, f"{timezone.localtime():%Y%m%d-%H%M}.csv")
    return response


def _lines(ws: Workspace, ids: pa.Array) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + written([exporting.COLUMNS])
    for some in exporting.rows(ws, ids):
        yield written([[cell(row[name]) for name in exporting.COLUMNS] for row in some])


@needs("people.export")
@require_POST
def match(request: HttpRequest, audience_id: int) -> HttpResponseBase:
    """Hashes of contacts of members who have consented to the purpose."""
    one, ws = get_object_or_404(Audience, pk=audience_id), workspace()
    how: dict[str, Any] = {name: request.POST.get(name, "") for name in ("platform", "contact", "purpose")}
    try:
        made = exporting.match(ws, one, **how)
    except REFUSED as error:
        messages.error(request, str(error))
        return redirect("audience", audience_id)
    audit.note(
        member(request), "audience.match", one.name, audience=one.pk, members=made.members, people=made.people, **how
    )
    response = HttpResponse("".join(f"{line}\n" for line in made.hashes), content_type="text/plain; charset=us-ascii")
    response.headers["Content-Disposition"] = _named_file(one, f"{how['platform']}-{how['contact']}.txt")
    return response


def _named_file(one: Audience, ending: str) -> str:
    return f"attachment; filename=\"audience-{one.pk}-{ending}\"; filename*=UTF-8''{quote(one.name, safe='')}-{ending}"
