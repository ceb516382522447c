"""The contact policy: in words, as YAML, in its versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.contacts import looking
from lianyi.action.policy import keeping, reading, words
from lianyi.action.policy.models import Version
from lianyi.action.policy.rules import Policy
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.rights import member, needs
from lianyi.errors import BadRule, InputError, LianyiError, NotFound

VERSIONS = 50


def _said(policy: Policy) -> list[dict[str, Any]]:
    language = get_language() or "en"
    titles = {"transactional": _("What people are owed")}
    return [
        {"title": titles.get(name) or words.section(name, language), "sentences": sentences}
        for name, sentences in words.rules_in_words(policy, language).items()
        if sentences
    ]


@needs("people.see")
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The policy that holds, its versions, and a question to the gate about one person."""
    current = keeping.current()
    context = {
        "current": current, "sections": _said(current.policy), "versions": Version.objects.all()[:VERSIONS],
        "asked": {name: request.GET.get(name, "") for name in ("who", "channel", "purpose")}, **_asked(request),
    }  # fmt: skip
    return render(request, "policy/page.html", context)


def _asked(request: HttpRequest) -> dict[str, Any]:
    from lianyi.action.channels import accounts

    names, who = accounts.names(), request.GET.get("who", "").strip()
    if not who:
        return {"channels": names}
    try:
        decision, _policy = looking.would(
            workspace(), who, channel=request.GET.get("channel", ""), now=timezone.now(),
            purpose=request.GET.get("purpose", "").strip() or "marketing",
        )  # fmt: skip
    except LianyiError as error:
        return {"channels": names, "answer_error": str(error)}
    answer = looking.verdict_in_words(decision, zone=brand().timezone, language=get_language() or "en")
    return {"channels": names, "answer": answer, "verdict": str(decision.verdict)}


@needs("policy.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Write the policy as YAML and apply it."""
    current, error = keeping.current(), ""
    text, why = current.text, ""
    if request.method == "POST":
        text, why = request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("why", "")
        before = request.POST.get("instead_of", "")
        try:
            made = keeping.apply(
                text, by=member(request), now=timezone.now(), why=why,
                instead_of=int(before) if before.isdecimal() and len(before) < 9 else None,
            )  # fmt: skip
        except InputError as wrong:
            error = str(wrong)
        else:
            messages.success(request, _("Version %(number)d of the policy holds now.") % {"number": made.number})
            return redirect("policy")
    elif request.GET.get("version", "").isdecimal():
        text = _numbered(int(request.GET["version"][:8])).text
    context = {"current": current, "text": text, "why": why, "error": error}
    return render(request, "policy/edit.html", context, status=422 if error else 200)


@needs("people.see")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Read a policy while it is written: in words, or what is wrong (HTMX)."""
    try:
        found = reading.read(request.POST.get("text", "").replace("\r\n", "\n"))
    except BadRule as error:
        return render(request, "policy/check.html", {"error": str(error)})
    return render(request, "policy/check.html", {"sections": _said(found)})


@needs("people.see")
@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """An earlier version in words and as YAML."""
    found = _numbered(number)
    return render(request, "policy/version.html", {"found": found, "sections": _said(found.policy)})


def _numbered(number: int) -> keeping.Current:
    try:
        return keeping.numbered(number)
    except NotFound as error:
        raise Http404(str(error)) from error
