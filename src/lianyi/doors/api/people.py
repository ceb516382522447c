"""People by API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from lianyi.acquaintances import OPPORTUNITIES
from lianyi.action import forgetting
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.api.jobs import described
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.people import columns, search
from lianyi.doors.console.pages.people.export import lines, streamed
from lianyi.persons import Person, resolve

api = Api()
PERSON = "people/<str:person_id>"
WHY = Parameter(name="why", says="the reason, kept in the history")
SEARCH = (
    Parameter(
        name="q", says="a part of the name, or a key such as a phone number, an e-mail address or namespace:value"
    ),
    Parameter(name="tag", says="a tag that the person must have; may be repeated", type="array"),
    Parameter(name="consumption", says="none, low, mid, high or top"),
    Parameter(name="channel", says="a channel on which the person was seen"),
    Parameter(name="seen", says="seen within so many days: 1, 7, 30 or 90", type="integer"),
    Parameter(name="condition", says="a condition in the words of tag rules"),
    Parameter(name="sort", says=f"one of {', '.join(sorted(columns.SORTS))}"),
    Parameter(name="dir", says="down (default) or up"),
    Parameter(name="page", says=f"from 1; a page has {search.PAGE} people", type="integer"),
    Parameter(name="col", says="a column to give; may be repeated", type="array"),
)


@api.add("GET", "people", right="people.see", says="Find people.", query=SEARCH)
def people(request: HttpRequest) -> dict[str, Any]:
    """The same search as the console's list."""
    ws, wanted = built("people"), search.read(request.GET)
    found = search.find(ws, wanted, columns.chosen(request.GET.getlist("col")))
    return {
        "as_of": ws.states()["people"].as_of,
        "total": found.total,
        "page": found.number,
        "pages": found.pages,
        "people": found.rows,
    }


@api.add("GET", "people.csv", right="people.export", says="All people found, as CSV.", query=SEARCH)
def export_all(request: HttpRequest) -> StreamingHttpResponse:
    """The same file as the console's; `page` does not matter."""
    ws, wanted = built("people"), search.read(request.GET)
    shown = columns.chosen(request.GET.getlist("col"))
    audit.note(user_of(request), "people.export", **wanted.noted, columns=list(shown))
    return StreamingHttpResponse(streamed(lines(ws, wanted, shown)), content_type="text/csv; charset=utf-8")


@api.add(
    "GET", "suggestions", right="people.merge", says="Pairs who may be one person, the surest first.",
    query=(Parameter(name="limit", says="at most so many, 1 to 1000", type="integer"),),
)  # fmt: skip
def suggestions(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `merge_suggestions` with the names; nobody is merged by it."""
    ws = workspace()
    state = ws.states().get("merge_suggestions")
    found = ws.suggestions(limit=whole_number(request, "limit", default=200, most=1000))
    return {"as_of": state.as_of if state else None, "suggestions": found}


@api.add("GET", PERSON, right="people.see", says="Everything known of one person, by id or key.")
def person(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Profile, keys, tags with evidence."""
    return shown(workspace().person(person_id))


def shown(one: Person) -> dict[str, Any]:
    """A person as JSON."""
    return {
        "person_id": one.person_id,
        "as_of": one.as_of,
        "profile": {**one.profile, "attributes": one.attributes},
        "keys": one.keys,
        "tags": one.tags,
    }


@api.add(
    "GET", f"{PERSON}/timeline", right="people.see", says="What the person did and received, newest first.",
    query=(
        Parameter(name="limit", says="at most so many events, 1 to 1000", type="integer"),
        Parameter(name="before", says="only events before this time (ISO 8601 with zone)"),
        Parameter(name="before_id", says="with `before`: of the events of that time only those with a greater id"),
        Parameter(name="kind", says="only events of this kind; may be repeated", type="array"),
    ),
)  # fmt: skip
def timeline(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """One part of the timeline; go on with `before` and `before_id` = `at` and `id` of the last event."""
    limit, text = whole_number(request, "limit", default=100, most=1000), request.GET.get("before")
    try:
        before = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise ApiError(422, f"before: {text!r} is no time; write it like 2026-01-31T08:00:00+08:00") from error
    if before is not None and before.tzinfo is None:
        raise ApiError(422, f"before: {text!r} has no time zone; add one, e.g. +08:00")
    before_id = request.GET.get("before_id") or None
    if before_id and before is None:
        raise ApiError(422, "before_id: needs `before`, the time of the same event")
    kinds = request.GET.getlist("kind")
    return {"events": workspace().timeline(person_id, limit=limit, before=before, before_id=before_id, kinds=kinds)}


@api.add("GET", f"{PERSON}/ties", right="people.see", says="Whom the person is tied to, and what to do about it.")
def ties(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Ties, the strongest first, each with its evidence; opportunities, the largest gain first."""
    ws = workspace()
    one = ws.person(person_id)
    return {
        "person_id": one.person_id,
        "as_of": one.as_of,
        "ties": one.ties,
        "opportunities": ws.opportunities(one.person_id),
    }


@api.add(
    "GET", "opportunities", right="people.see", says="Ties worth a push now, the largest gain first.",
    query=(
        Parameter(name="kind", says=f"one of {', '.join(OPPORTUNITIES)}"),
        Parameter(name="limit", says="at most so many, 1 to 1000", type="integer"),
        Parameter(name="page", says="from 1; a page has `limit` rows", type="integer"),
    ),
)  # fmt: skip
def opportunities(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `tie_opportunities`."""
    limit = whole_number(request, "limit", default=100, most=1000)
    offset = limit * (whole_number(request, "page", default=1, most=1_000_000) - 1)
    kind = request.GET.get("kind", "")
    return {"opportunities": workspace().opportunities(kind=kind, limit=limit, offset=offset)}


def _id(key_or_id: str) -> str:
    """The person's id. The log of acts names people by it: a key is a phone number or an address, and acts stay when
    the person is erased."""
    return resolve(workspace(), key_or_id)


TAG = Parameter(name="tag", says="1 to 60 characters", required=True)


@api.add("POST", f"{PERSON}/tags", right="people.tag", says="Set a tag by hand.", body=(TAG, WHY), status=201)
def tag(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Answers with the tags as they are now."""
    data, user, person_id = body_of(request, "tag"), user_of(request), _id(person_id)
    workspace().tag(person_id, text_of(data, "tag"), by=user.name, why=text_of(data, "why"))
    audit.note(user, "person.tag", person_id, tag=data["tag"])
    return {"tags": workspace().person(person_id).tags}


@api.add("DELETE", f"{PERSON}/tags/<str:name>", right="people.tag", says="Take a manual tag back.")
def untag(request: HttpRequest, person_id: str, name: str) -> dict[str, Any]:
    """Answers with the tags as they are now."""
    user, person_id = user_of(request), _id(person_id)
    workspace().untag(person_id, name, by=user.name)
    audit.note(user, "person.untag", person_id, tag=name)
    return {"tags": workspace().person(person_id).tags}


@api.add(
    "POST",
    f"{PERSON}/notes",
    right="people.tag",
    says="Write a note.",
    body=(Parameter(name="text", says="the note", required=True),),
    status=201,
)
def note(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """The note becomes an event of the timeline."""
    user, person_id = user_of(request), _id(person_id)
    workspace().note(person_id, text_of(body_of(request, "text"), "text", limit=5000), by=user.name)
    audit.note(user, "person.note", person_id)
    return {}


WITH = Parameter(name="with", says="id or key of the other person", required=True)


@api.add("GET", f"{PERSON}/merge", right="people.merge", says="What a merge would do: nothing changes.", query=(WITH,))
def merge_preview(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Both people, the keys together, and clashes."""
    return workspace().merge_preview(person_id, request.GET.get("with", ""))


@api.add(
    "POST",
    f"{PERSON}/merge",
    right="people.merge",
    says="Merge two people; valid with the next refresh, which is started.",
    body=(WITH, WHY),
    status=202,
)
def merge(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Answers with the refresh."""
    data, user = body_of(request, "with"), user_of(request)
    person_id, other = _id(person_id), _id(text_of(data, "with"))
    workspace().merge(person_id, other, by=user.name, why=text_of(data, "why"))
    audit.note(user, "person.merge", person_id, other=other, why=data.get("why", ""))
    return {"job": described(queue.add("refresh", {}, by=user.name))}


@api.add(
    "POST",
    f"{PERSON}/split",
    right="people.merge",
    says="Take a person apart; valid with the next refresh, which is started.",
    body=(Parameter(name="parts", says="lists of keys; without it every key becomes a person", type="array"), WHY),
    status=202,
)
def split(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Answers with the parts and the refresh."""
    data, user, person_id = body_of(request), user_of(request), _id(person_id)
    parts = data.get("parts")
    if parts is not None and not (
        isinstance(parts, list)
        and all(isinstance(part, list) and all(isinstance(key, str) for key in part) for part in parts)
    ):
        raise ApiError(422, "parts: must be a list of lists of keys")
    made = workspace().unmerge(person_id, parts=parts, by=user.name, why=text_of(data, "why"))
    audit.note(user, "person.split", person_id, keys=sum(map(len, made[1:])), why=data.get("why", ""))
    return {"parts": made, "job": described(queue.add("refresh", {}, by=user.name))}


@api.add("GET", f"{PERSON}/export", right="people.export", says="A copy of everything held on a person.")
def export(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Profile, keys, tags, all events; contacts, journeys, codes, rewards."""
    held = forgetting.export(workspace(), person_id)
    audit.note(user_of(request), "person.export", held["person_id"])
    return held


@api.add("DELETE", PERSON, right="people.erase", says="Erase a person for good.", status=202)
def erase(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Answers with the job that does it."""
    found, user = _id(person_id), user_of(request)
    audit.note(user, "person.erase", found)
    return {"job": described(queue.add("erase", {"key": found}, by=user.name))}
