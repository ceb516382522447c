"""Every component of the design system on one page, in every state: to look at, to test, to copy from."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lianyi.doors.console.icons import ICONS
from lianyi.doors.console.rights import open_to_members


@open_to_members
def components(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "components/page.html", {"icons": list(ICONS)})
