"""Pages on tags."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.conditions import matching
from lianyi.doors.console.facts import tag_counts
from lianyi.doors.console.pages.tags import own
from lianyi.doors.console.rights import member, needs
from lianyi.doors.console.tag_rules import rules
from lianyi.errors import InputError, LianyiError, NotFound, RefusedError
from lianyi.insight.conditions import vocabulary
from lianyi.insight.people.tags import shipped_rules
from lianyi.memory.events import KINDS

SAMPLE = 6


@needs("people.see")
@require_safe
def tags(request: HttpRequest) -> HttpResponse:
    """All tags: by rule with their conditions and counts, then manual ones."""
    ws = workspace()
    counts, error = tag_counts(ws), ""
    try:
        found = rules(ws.folder)
    except LianyiError as unreadable:
        found, error = shipped_rules(), str(unreadable)
    mine = {entry.get("tag") for entry in own.entries(ws.folder)} if not error else set()
    names = {rule.tag for rule in found}
    listed: list[dict[str, Any]] = [
        {"rule": rule, "count": counts.get(rule.tag, 0) if counts else None, "own": rule.tag in mine} for rule in found
    ]
    listed.sort(key=lambda row: (not row["own"], -(row["count"] or 0), row["rule"].tag))
    context = {
        "rules": listed,
        "others": [(tag, count) for tag, count in counts.items() if tag not in names],
        "off": [rule for rule in shipped_rules() if rule.tag not in names],
        "state": ws.states().get("person_tags"),
        "error": error,
    }
    return render(request, "tags/page.html", context)


@needs("tags.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, tag: str = "") -> HttpResponse:
    """Write a rule: a new one, or another version of one that is there."""
    ws, error = workspace(), ""
    entry = _entry(request, tag) if request.method == "POST" else _known(tag)
    if request.method == "POST":
        try:
            own.put(ws.folder, entry)
        except (InputError, RefusedError) as refused:
            error = str(refused)
        else:
            audit.note(member(request), "tags.save", entry["tag"], when=entry["when"])
            queue.add(
                "refresh", {"tables": ["person_tags"]} if "person_tags" in ws.states() else {}, by=member(request).name
            )
            messages.success(request, _("Saved. The tags are being worked out anew."))
            return redirect("tags")
    context = {
        "entry": entry,
        "tag": tag,
        "error": error,
        "mine": tag in {one.get("tag") for one in own.entries(ws.folder)},
    }
    return render(request, "tags/rule.html", context, status=422 if error else 200)


def _entry(request: HttpRequest, tag: str) -> dict[str, Any]:
    data = {name: request.POST.get(name, "").strip() for name in ("tag", "zh", "en", "when", "about_zh", "about_en")}
    data["tag"] = tag or data["tag"] or data["en"] or data["zh"]
    return {name: value for name, value in data.items() if value or name in {"tag", "when"}}


def _known(tag: str) -> dict[str, Any]:
    """The rule as it is, to begin with."""
    if not tag:
        return {"tag": "", "when": ""}
    for one in rules(workspace().folder):
        if one.tag == tag:
            return {
                "tag": one.tag,
                "zh": one.zh,
                "en": one.en,
                "when": one.condition,
                "about_zh": one.about_zh,
                "about_en": one.about_en,
            }
    raise Http404(_("There is no such tag rule."))


@needs("people.see")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Read a condition while it is written: how it is understood, how many fulfil it, and some of them (HTMX)."""
    text = request.POST.get("when", "").strip()
    if not text:
        return HttpResponse("")
    ws = workspace()
    try:
        found = matching(ws, text, rules(ws.folder), for_tag=True)
        people = ws.rows(
            f"SELECT person_id, name FROM people WHERE {found.sql} ORDER BY last_seen DESC, person_id LIMIT {SAMPLE}",
        )
        count = ws.rows(f"SELECT count(*) AS n FROM people WHERE {found.sql}")[0]["n"]
    except (InputError, RefusedError) as error:
        return render(request, "tags/check.html", {"error": str(error)})
    context = {"count": count, "people": people, "total": ws.states()["people"].rows, "state": ws.states()["people"]}
    return render(request, "tags/check.html", context)


@needs("tags.edit")
@require_POST
def turn(request: HttpRequest, tag: str) -> HttpResponse:
    """Turn a shipped rule off or on again, or remove a rule of one's own."""
    ws, shipped = workspace(), tag in {one.tag for one in shipped_rules()}
    try:
        (own.off if request.POST.get("off") and shipped else own.remove)(ws.folder, tag)
    except NotFound as error:
        raise Http404(_("There is no such tag rule.")) from error
    audit.note(member(request), "tags.remove" if request.POST.get("off") else "tags.save", tag)
    queue.add("refresh", {"tables": ["person_tags"]} if "person_tags" in ws.states() else {}, by=member(request).name)
    messages.success(request, _("Saved. The tags are being worked out anew."))
    return redirect("tags")


@needs("people.see")
@require_safe
def words(request: HttpRequest) -> HttpResponse:
    """Which words a condition may use, with what they mean."""
    return render(request, "tags/words.html", {"columns": vocabulary.COLUMNS.items(), "kinds": KINDS.values()})
