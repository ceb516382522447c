"""Listening by API: topics, complaints, what is flagged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi import listening as room
from lianyi.action.campaigns import hot
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace

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


@api.add(
    "GET", "listening/bursts", right="people.see", says="When a room or a topic suddenly was spoken of, newest first.",
    query=(Parameter(name="kind", says=f"one of {', '.join(room.BURSTS)}"), LIMIT, OFFSET),
)  # fmt: skip
def bursts(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `bursts`."""
    ws = built("bursts")
    found = room.bursts(ws, kind=request.GET.get("kind", ""), limit=_limit(request), offset=_offset(request))
    return {"as_of": ws.states()["bursts"].as_of, "bursts": found}


@api.add(
    "POST", "listening/draft", right="journeys.edit", status=201,
    says="From a hot topic to a draft: an audience of those who said its words, a text, a campaign to be checked.",
    body=(
        Parameter(name="name", says="of all three", required=True),
        Parameter(name="words", says="one of which somebody said within 30 days", type="array", required=True),
        Parameter(name="channel", says="name of a channel account; by default the first"),
        Parameter(name="language", says="of the text: zh-hans or en; by default zh-hans"),
    ),
)  # fmt: skip
def draft(request: HttpRequest) -> dict[str, Any]:
    """campaign is null where the brand has no channel yet."""
    data, user = body_of(request, "name", "words"), user_of(request)
    words, language = data["words"], text_of(data, "language") or "zh-hans"
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ApiError(422, "words: must be a list of texts")
    if language not in hot.TEXTS:
        raise ApiError(422, f"language: {language!r}; write one of {', '.join(hot.TEXTS)}")
    for right in hot.RIGHTS:
        if not user.may(right):
            raise ApiError(403, f"you lack the right {right}")
    made = hot.draft(
        workspace(), text_of(data, "name"), words, by=user.name, now=queue.clock(), language=language,
        channel=text_of(data, "channel"),
    )  # fmt: skip
    audit.note(
        user, "audience.define", made.audience.name, audience=made.audience.pk, condition=made.audience.condition
    )
    audit.note(user, "content.make", made.content.name, content=made.content.pk)
    if made.campaign:
        audit.note(user, "campaign.draft", made.campaign.name)
    return {
        "audience": {"id": made.audience.pk, "name": made.audience.name, "condition": made.audience.condition},
        "content": {"id": made.content.pk, "name": made.content.name},
        "campaign": {"id": made.campaign.pk, "name": made.campaign.name} if made.campaign else None,
    }
