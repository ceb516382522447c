"""Signing in programs: `Authorization: Bearer <token>`. A token acts for its user, with that user's rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lianyi.action.team.models import Token, digest

View = Callable[[HttpRequest], HttpResponse]
PREFIX = "/api/"


def bearer(get_response: View) -> View:
    """Middleware: under /api/ a good token stands for its user, and no CSRF token is needed (no cookie is trusted
    then)."""

    def answer(request: HttpRequest) -> HttpResponse:
        token = token_of(request)
        if token:
            _used(token)
            request.user = token.user
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001  # Django's switch
        return get_response(request)

    return answer


def token_of(request: HttpRequest) -> Token | None:
    """The good token that the request shows, of a user who is active."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not request.path.startswith(PREFIX) or scheme.lower() != "bearer":
        return None
    good = Token.objects.select_related("user").filter(revoked_at=None, user__is_active=True)
    return good.filter(key_hash=digest(secret.strip())).first()


def _used(token: Token) -> None:
    """Keep when it was last used, to the minute: a write for every call would be waste."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
