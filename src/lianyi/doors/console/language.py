"""In whose words and hours a page speaks: the user's language, else the cookie's, else the brand's; the brand's
zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from lianyi.doors.console import brand
from lianyi.doors.console.headers import View

COOKIE = "language"


def choose(request: HttpRequest) -> str:
    """The language code for this request."""
    known = {code for code, _ in settings.LANGUAGES}
    for wish in (getattr(request.user, "language", ""), request.COOKIES.get(COOKIE, "")):
        if wish in known:
            return str(wish)
    return brand.brand().language


def language(get_response: View) -> View:
    """Middleware: speak the language chosen while the page is made."""

    def answer(request: HttpRequest) -> HttpResponse:
        with translation.override(choose(request)), timezone.override(ZoneInfo(brand.brand().timezone)):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "en")
            return response

    return answer
