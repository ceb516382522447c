"""Until there is an owner, every page leads to the page that makes one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from lianyi.action.team.models import User
from lianyi.doors.console.headers import View


def first_run(get_response: View) -> View:
    """Middleware: while nobody is enrolled, lead to /start. Asked once; users are never deleted, so it can't come
    back."""
    enrolled = False

    def answer(request: HttpRequest) -> HttpResponse:
        nonlocal enrolled
        enrolled = enrolled or User.objects.exists()
        if not enrolled and request.path != reverse("first_run"):
            return redirect("first_run")
        return get_response(request)

    return answer
