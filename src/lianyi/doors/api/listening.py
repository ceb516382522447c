"""Listening by API: topics, complaints, what is flagged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi import listening as room
from lianyi.doors.api.endpoint import Api, Parameter, built, whole_number

api = Api()
OFFSET = Parameter(name="offset", says="how many to leave out", type="integer")
LIMIT = Parameter(name="limit", says="1 to 1000, by default 100", type="integer")
FAR = 10**9


def _limit(request: HttpRequest) -> int:
    return whole_number(request, "limit", default=room.LIST, most=1000)


def _offset(request: HttpRequest) -> int:
    return whole_number(request, "offset", default=0, least=0, most=FAR)


@api.add(
    "GET", "listening/topics", right="people.see", says="What people talk about, in what tone, how far it spreads.",
    query=(
        Parameter(name="kind", says=f"one of {', '.join(room.KINDS)}; by default all of these"),
        Parameter(name="sort", says=f"one of {', '.join(room.SORTS)}; by default messages"), LIMIT, OFFSET,
    ),
)  # fmt: skip
def topics(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `topics`, and everything together."""
    ws = built("complaints")
    found = room.topics(
        ws,
        kind=request.GET.get("kind", ""),
        sort=request.GET.get("sort") or "messages",
        limit=_limit(request),
        offset=_offset(request),
    )
    return {"as_of": ws.states()["topics"].as_of, "all": room.whole(ws), "topics": found}


@api.add(
    "GET", "listening/topic", right="people.see", says="One topic: its days, who talks of it, its complaints.",
    query=(
        Parameter(name="kind", says=f"one of {', '.join(room.KINDS)}", required=True),
        Parameter(name="topic", says="its name as `listening/topics` gives it", required=True),
    ),
)  # fmt: skip
def topic(request: HttpRequest) -> dict[str, Any]:
    """Rows of tables `listening`, `topic_people` and `complaints`."""
    return asdict(room.topic(built("complaints"), request.GET.get("kind", ""), request.GET.get("topic", "")))


@api.add(
    "GET", "listening/complaints", right="people.see", says="Complaints of the last 28 days, newest first.",
    query=(Parameter(name="all", says="1: also those that staff have answered"), LIMIT, OFFSET),
)  # fmt: skip
def complaints(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `complaints`."""
    ws = built("complaints")
    found = room.complaints(
        ws, unanswered=request.GET.get("all") != "1", limit=_limit(request), offset=_offset(request)
    )
    return {"as_of": ws.states()["complaints"].as_of, "counts": room.counts(ws), "complaints": found}


@api.add(
    "GET", "listening/flagged", right="people.see", says="Adverts, copies, floods and sensitive words, newest first.",
    query=(
        Parameter(name="why", says=f"one of {', '.join(room.WHYS)}"),
        Parameter(name="group", says="only in this room: its group_key"), LIMIT, OFFSET,
    ),
)  # fmt: skip
def flagged(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `flagged`."""
    ws = built("complaints")
    found = room.flagged(
        ws,
        why=request.GET.get("why", ""),
        group_key=request.GET.get("group", ""),
        limit=_limit(request),
        offset=_offset(request),
    )
    return {"as_of": ws.states()["flagged"].as_of, "flagged": found}
