"""Sign-up chains (接龙) by API. There is no address to add an entry: members write theirs in the group."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from lianyi.action.operation import signups
from lianyi.action.operation.models import Signup
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of

api = Api()
RIGHT, SHOWN = "groups.moderate", 200
ONE = "signups/<int:signup_id>"


@api.add("GET", "signups", right="people.see", says="Sign-up chains, newest first, with who signed up.")
def all_signups(_request: HttpRequest) -> dict[str, Any]:
    """people, places: of members who wrote it themselves; the team and struck entries are not counted."""
    return {"signups": [signups.described(one) for one in Signup.objects.all()[:SHOWN]]}


@api.add(
    "POST", "signups", right=RIGHT, status=201, says="Open a sign-up chain in a live group; it is posted there.",
    body=(
        Parameter(name="group_key", says="the group", required=True),
        Parameter(name="title", says="what for", required=True),
        Parameter(name="closes_at", says="until when, an ISO time with its zone", required=True),
        Parameter(name="most", says="places; without it, no end", type="integer"),
    ),
)  # fmt: skip
def open_signup(request: HttpRequest) -> dict[str, Any]:
    """One at a time in a group."""
    return signups.described(opened(body_of(request, "group_key", "title", "closes_at"), user_of(request).name))


def opened(data: Mapping[str, Any], by: str) -> Signup:
    """As a body, a command or a form says it."""
    try:
        closes_at = datetime.fromisoformat(text_of(data, "closes_at"))
    except ValueError as error:
        raise ApiError(422, "closes_at: must be a time like 2026-12-01T20:00:00+08:00") from error
    most = data.get("most")
    if closes_at.tzinfo is None:
        raise ApiError(422, "closes_at: needs its zone, like +08:00")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int)):
        raise ApiError(422, "most: must be a whole number")
    made = signups.begin(
        text_of(data, "group_key"), title=text_of(data, "title"), closes_at=closes_at, most=most, by=by,
        now=queue.clock(),
    )  # fmt: skip
    audit.note(by, "signup.open", made.group_key, signup=made.pk)
    return made


@api.add("GET", ONE, right="people.see", says="One sign-up chain, with who signed up in their order.")
def one_signup(_request: HttpRequest, signup_id: int) -> dict[str, Any]:
    """Entries that count, wait, were taken back, struck or are of the team."""
    return signups.described(signups.by_id(signup_id))


@api.add("POST", f"{ONE}/close", right=RIGHT, says="Close it now; the list is posted in the group.")
def close_signup(request: HttpRequest, signup_id: int) -> dict[str, Any]:
    """By itself at closes_at."""
    return signups.described(closed(signup_id, user_of(request).name))


def closed(signup_id: int, by: str) -> Signup:
    """Closed, and written down."""
    found = signups.by_id(signup_id)
    signups.close(found, now=queue.clock())
    audit.note(by, "signup.close", found.group_key, signup=found.pk)
    return found


@api.add(
    "POST", f"{ONE}/strike", right=RIGHT, says="Take somebody's entry out; the reason stays beside it.",
    body=(
        Parameter(name="actor", says="whose, by key", required=True),
        Parameter(name="why", says="why", required=True),
    ),
)  # fmt: skip
def strike_entry(request: HttpRequest, signup_id: int) -> dict[str, Any]:
    """It is never put back by us; they can't sign up again in this chain."""
    data = body_of(request, "actor", "why")
    actor, why = text_of(data, "actor", limit=512), text_of(data, "why")
    return signups.described(struck(signup_id, actor, why, user_of(request).name))


def struck(signup_id: int, actor: str, why: str, by: str) -> Signup:
    """Struck, and written down."""
    found = signups.by_id(signup_id)
    signups.strike(found, actor, why=why, by=by)
    audit.note(by, "signup.strike", found.group_key, signup=found.pk, why=why)
    return found
