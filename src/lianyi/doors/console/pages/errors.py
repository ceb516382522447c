"""Pages for when something is wrong. Each says what happened and what one can do now."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, text: str, *, detail: str = "") -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"status": status, "message": detail or title}}, status=status)
    context = {"status": status, "title": title, "text": text, "detail": detail}
    # HTMX swaps only what it asked for; an error inside a part of a page becomes a toast (see console.js).
    template = "errors/part.html" if getattr(request, "htmx", False) else "errors/page.html"
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; asked under a name that is not ours, it says how to make it so."""
    if isinstance(exception, DisallowedHost):
        text = _(
            "The console is not served under this name. Whoever runs it sets LIANYI_URL (behind https) or LIANYI_HOSTS "
            "to the name or address that people use, and starts it again."
        )
        return _page(request, 400, _("Unknown address"), text, detail=request.META.get("HTTP_HOST", ""))
    return _page(request, 400, _("This request can't be read"), _("Go back, check what you entered and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the role lacks a right; the page names it."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str | Promise) else ""
    text = _("Your role does not include this. Ask an owner of the team if you need it.")
    return _page(request, 403, _("Not allowed for your role"), text, detail=str(said))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    text = _("The address is mistyped, or what was here has been merged, removed or erased.")
    return _page(request, 404, _("Nothing here"), text, detail=said)


def broken(request: HttpRequest) -> HttpResponse:
    """500: our mistake."""
    text = _("The mistake is ours and has been written to the server's log. What you saved before is safe.")
    return _page(request, 500, _("Something broke"), text)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 by CSRF: mostly a page left open over a sign-out."""
    text = _("This page was open for too long, or cookies are blocked. Reload it and try again.")
    return _page(request, 403, _("This form has expired"), text, detail=reason)
