"""Which right a page needs. Every page says so, or says that it is open; a test walks all addresses and checks it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from lianyi.action.team.models import User
from lianyi.action.team.rights import RIGHTS

Page = Callable[..., HttpResponseBase]


def needs(right: str) -> Callable[[Page], Page]:
    """Decorator: only users with the right see the page; others get 403. Nobody signed in: Django leads to the
    login."""
    said = RIGHTS[right]

    def decorate(view: Page) -> Page:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not member(request).may(right):
                raise PermissionDenied(said.says)
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]  # read by the test that walks all addresses
        return guarded

    return decorate


def open_to_members(view: Page) -> Page:
    """Decorator: any signed-in member may see this (own account, components)."""
    view.right = ""  # type: ignore[attr-defined]
    return view


def member(request: HttpRequest) -> User:
    """The signed-in user; LoginRequiredMiddleware has made sure that there is one."""
    return cast("User", request.user)
