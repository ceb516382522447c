"""Groups and conversations by API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi import groups as room
from lianyi import listening
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, built, whole_number
from lianyi.insight.groups.fixing import ACTS

api = Api()
ONE = "groups/<path:group_key>"
OFFSET = Parameter(name="offset", says="how many to leave out", type="integer")


@api.add(
    "GET", "groups", right="people.see", says="Groups with their health, what most needs an act first.",
    query=(
        Parameter(name="sort", says=f"one of {', '.join(room.SORTS)}; by default fix"),
        Parameter(name="verdict", says=f"one of {', '.join(room.VERDICTS)}"), OFFSET,
        Parameter(name="limit", says="1 to 1000, by default 100", type="integer"),
    ),
)  # fmt: skip
def groups(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `groups`."""
    ws = built("groups")
    found = room.listed(
        ws, sort=request.GET.get("sort") or "fix", verdict=request.GET.get("verdict", ""),
        limit=whole_number(request, "limit", default=100, most=1000), offset=_offset(request),
    )  # fmt: skip
    return {"as_of": ws.states()["groups"].as_of, "groups": found}


@api.add(
    "GET", f"{ONE}/people", right="people.see", says="People of a group, the most active first.",
    query=(
        Parameter(name="role", says="staff, core, answerer, newcomer, member or silent"), OFFSET,
        Parameter(name="limit", says="1 to 200, by default 50", type="integer"),
    ),
)  # fmt: skip
def group_people(request: HttpRequest, group_key: str) -> dict[str, Any]:
    """Rows of table `group_people`."""
    limit = whole_number(request, "limit", default=room.PEOPLE, most=200)
    role = request.GET.get("role", "")
    return {"people": room.people(built("groups"), group_key, role=role, offset=_offset(request), limit=limit)}


@api.add(
    "GET", f"{ONE}/threads", right="people.see", says="Conversations of a group, newest first.",
    query=(
        Parameter(name="unanswered", says="1: questions without an answer only"), OFFSET,
        Parameter(name="limit", says="1 to 200, by default 50", type="integer"),
    ),
)  # fmt: skip
def threads(request: HttpRequest, group_key: str) -> dict[str, Any]:
    """Rows of table `threads`."""
    limit = whole_number(request, "limit", default=room.THREADS, most=200)
    unanswered = request.GET.get("unanswered") == "1"
    found = room.threads(built("threads"), group_key, unanswered=unanswered, offset=_offset(request), limit=limit)
    return {"threads": found}


@api.add(
    "GET", f"{ONE}/conversation", right="people.see", says="The messages of one conversation, with who answers whom.",
    query=(Parameter(name="thread", says="id of the thread", required=True),),
)  # fmt: skip
def conversation(request: HttpRequest, group_key: str) -> dict[str, Any]:
    """Rows of table `reply_links`."""
    return {"messages": room.conversation(built("threads"), group_key, request.GET.get("thread", ""))}


@api.add("GET", ONE, right="people.see", says="Everything known of one group.")
def group(_request: HttpRequest, group_key: str) -> dict[str, Any]:
    """Verdict with its parts, what to fix with the suggested act, weeks, people, open questions, theme and noise."""
    one = asdict(room.group(built("groups"), group_key))
    one["theme"] = listening.of_group(built("groups"), group_key)
    one["fixes"] = [{**fix, **asdict(ACTS[fix["part"]])} for fix in one["fixes"]]
    return one


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("offset", "0")
    if not text.isdecimal() or len(text) > 9:
        raise ApiError(422, f"offset: {text!r} is no whole number")
    return int(text)
