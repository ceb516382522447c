"""The rules of stages: what holds in words, a text to change, whom that would move, versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lianyi.action.stages import keeping, trying
from lianyi.action.stages.models import Version
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.value.views import is_chinese
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.templatetags.said import kind_title
from lianyi.errors import LianyiError
from lianyi.insight.value.stages.rules import ACTIVITY, Line, Stages
from lianyi.memory.events import KINDS

LISTED = 30


@needs("people.see")
@require_http_methods(["GET", "HEAD", "POST"])
def stage_rules(request: HttpRequest) -> HttpResponse:
    """The rules that hold; ?version= another text to begin with; a text that is sent is tried, and nothing is kept."""
    if request.method == "POST":
        return _tried(request, _text(request))
    asked = request.GET.get("version", "")
    try:
        text = None if (number := whole(asked)) is None else keeping.numbered(number).text
    except LianyiError as error:
        return _page(request, error=str(error), status=404)
    trying.warm(workspace())
    return _page(request, text=text)


@needs("brand.edit")
@require_POST
def stage_rules_apply(request: HttpRequest) -> HttpResponse:
    """Make a text the rules, and have the stages worked out anew."""
    text, user, ws = _text(request), member(request), workspace()
    try:
        keeping.apply(
            ws.folder, text, by=user, now=queue.clock(), why=request.POST.get("why", ""),
            instead_of=request.POST.get("mark", ""),
        )  # fmt: skip
    except LianyiError as error:
        return _page(request, text=text, error=str(error), status=422)
    queue.add("refresh", {"tables": ["stage_moves"]} if "stage_moves" in ws.states() else {}, by=user.name)
    messages.success(request, _("Saved. The stages are being worked out anew."))
    return redirect("stage_rules")


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n")


def _tried(request: HttpRequest, text: str) -> HttpResponse:
    ws = workspace()
    try:
        new, old = keeping.read(text), keeping.current(ws.folder).stages
        found = trying.tried(ws, old, new, queue.clock())
    except LianyiError as error:
        return _page(request, text=text, error=str(error), status=422)
    titles = {None: _("no stage yet")} | _titles(old) | _titles(new)
    moves = [{**row, "title": f"{titles[row['from']]} → {titles[row['to']]}"} for row in found["moves"]]
    stages = [{**row, "title": titles[row["stage"]]} for row in found["stages"]]
    return _page(request, text=text, tried={**found, "moves": moves, "stages": stages, "silent": new.silent})


def _titles(stages: Stages) -> dict[str | None, str]:
    return {stage.stage: stage.zh if is_chinese() else stage.en for stage in stages.stages}


def _page(
    request: HttpRequest, *, text: str | None = None, error: str = "", tried: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    ws, kept = workspace(), None
    try:
        kept = keeping.current(ws.folder)
    except LianyiError as unreadable:
        error = error or str(unreadable)
    titles = _titles(kept.stages) if kept else {}
    context = {
        "kept": kept, "text": text if text is not None else kept.text if kept else "", "error": error, "tried": tried,
        "said": [{"title": titles[stage.stage], "lines": [_said(line, titles) for line in stage.when]}
                 for stage in kept.stages.stages] if kept else [],
        "versions": Version.objects.all()[:LISTED], "why": request.POST.get("why", ""),
    }  # fmt: skip
    return render(request, "value/rules.html", context, status=status)


def _kind(name: str) -> str:
    if name == ACTIVITY:
        return _("any sign of life")
    return kind_title(KINDS[name]) if name in KINDS else name


def _said(line: Line, titles: Mapping[str | None, str]) -> str:
    """One line of a rule in words."""
    parts = [*map(_kind, line.kinds), *(_("others: %(kind)s") % {"kind": _kind(kind)} for kind in line.received)]
    said = ("、" if is_chinese() else ", ").join(parts)
    if line.days > 1:
        said = _("%(what)s on %(days)s different days") % {"what": said, "days": line.days}
    if line.after:
        stage = titles[line.after]
        said += " · " + (
            _("more than %(days)s days after %(stage)s") % {"days": line.gap, "stage": stage} if line.gap
            else _("after %(stage)s") % {"stage": stage}
        )  # fmt: skip
    return said
