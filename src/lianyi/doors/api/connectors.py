"""Ways in and out by API, and their self-checks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from lianyi.action.connectors import checking
from lianyi.action.connectors.ways import way, ways
from lianyi.doors.api.endpoint import Api, user_of
from lianyi.doors.console.brand import workspace

api = Api()


@api.add("GET", "connectors", right="data.see", says="Every way in and out with its state and last self-check.")
def connectors(_request: HttpRequest) -> dict[str, Any]:
    """Times are null for what never happened, lag_seconds where nobody can know it."""
    return {"connectors": [one.data() for one in ways(workspace(), now=timezone.now())]}


@api.add("POST", "connectors/check", right="channels.edit", says="Check every way in and out, all at once.")
def check_all(request: HttpRequest) -> dict[str, Any]:
    """It answers within about 30 seconds; nothing is sent."""
    return _checked(request)


@api.add("GET", "connectors/<str:connector>", right="data.see", says="One way in or out.")
def connector(_request: HttpRequest, connector: str) -> dict[str, Any]:
    """404 lists them."""
    return {"connector": way(workspace(), connector, now=timezone.now()).data()}


@api.add("POST", "connectors/<str:connector>/check", right="channels.edit", says="Check one way in or out.")
def check_one(request: HttpRequest, connector: str) -> dict[str, Any]:
    """`broken` names the settings that are wrong, `check` says where each is mended; nothing is sent."""
    return _checked(request, connector)


def _checked(request: HttpRequest, *names: str) -> dict[str, Any]:
    found = checking.check(workspace(), names, by=user_of(request), now=timezone.now())
    return {"ok": not any(one.broken for one in found), "connectors": [one.data() for one in found]}
