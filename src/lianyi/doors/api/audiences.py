"""Audiences by API: look at a condition, define, see who is in and why, who entered and left, take them out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from lianyi.action.audiences import conditions, counting, defining, exporting, members
from lianyi.action.audiences.models import Audience
from lianyi.action.audiences.telling import changes_told, described, worked_out
from lianyi.action.team import audit
from lianyi.doors.api.endpoint import (
    Api,
    ApiError,
    Parameter,
    body_of,
    built,
    require,
    text_of,
    user_of,
    whole_number,
)
from lianyi.doors.console.brand import workspace

api = Api()
ONE = "audiences/<int:audience_id>"
LOOK = 50
CONDITION = Parameter(name="condition", says="who is in, in the language of conditions", required=True)
LANGUAGE = Parameter(name="language", says="of reasons: en or zh")
KEYS = Parameter(name="keys", says="keys, addresses, numbers or ids, one a line", required=True)


def _one(audience_id: int) -> Audience:
    return get_object_or_404(Audience, pk=audience_id)


def _language(request: HttpRequest) -> str:
    return "zh" if request.GET.get("language") == "zh" else "en"


@api.add("GET", "audiences", right="people.see", says="All audiences with their conditions and counts.",
         query=(Parameter(name="archived", says="1: those that are archived"),))  # fmt: skip
def audiences(request: HttpRequest) -> dict[str, Any]:
    """count is null until an audience is worked out, which takes a moment."""
    found = Audience.objects.filter(archived=request.GET.get("archived") == "1")
    return {"audiences": [described(one) for one in found]}


@api.add("POST", "audiences/check", right="people.see", body=(CONDITION, LANGUAGE),
         says="How many people fulfil a condition now, some of them, and why.")  # fmt: skip
def check_audience(request: HttpRequest) -> dict[str, Any]:
    """422 says where the condition can't be read."""
    ws, data = built("people"), body_of(request, "condition")
    now = ws.clock()
    one = conditions.asked(ws, text_of(data, "condition", limit=4000))
    language = "zh" if data.get("language") == "zh" else "en"
    found = conditions.sample(ws, one, now, language=language)
    return {"condition": one.text, "people": found.count, "as_of": now, "sample": dict(found.reasons)}


@api.add("POST", "audiences", right="audiences.edit", status=201, says="Define a live audience, or make a list.",
         body=(Parameter(name="name", says="its name", required=True),
               Parameter(name="condition", says="of a live audience"),
               Parameter(name="keys", says="of a list: one a line"),
               Parameter(name="about", says="what it is for")))  # fmt: skip
def define(request: HttpRequest) -> dict[str, Any]:
    """With condition a live audience, with keys a list; `unknown` are keys that nobody has."""
    ws, data, user = built("people"), body_of(request, "name"), user_of(request)
    name, about, now = text_of(data, "name"), text_of(data, "about", limit=500), ws.clock()
    if data.get("keys"):
        made, found = defining.make_list(
            ws, name, text_of(data, "keys", limit=1 << 20), by=user.name, now=now, about=about
        )
        audit.note(user, "audience.gather", made.name, audience=made.pk, people=found.people)
        return {"audience": described(made), "people": found.people, "unknown": found.unknown}
    if not data.get("condition"):
        raise ApiError(422, "condition: is missing (or keys, for a list)")
    made = defining.define(ws, name, text_of(data, "condition", limit=4000), by=user.name, now=now, about=about)
    audit.note(user, "audience.define", made.name, audience=made.pk, condition=made.condition)
    return {"audience": described(worked_out(ws, made, now))}


@api.add("GET", ONE, right="people.see", says="One audience with its versions and its size over time.")
def one_audience(_request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """sizes: the newest thousand hours and recounts."""
    return {"audience": described(_one(audience_id), whole=True)}


@api.add("PATCH", ONE, right="audiences.edit", says="Rename, describe, give another condition, archive.",
         body=(Parameter(name="name", says="another name"), Parameter(name="condition", says="becomes a new version"),
               Parameter(name="about", says="what it is for"),
               Parameter(name="archived", says="true: follow it no more", type="boolean")))  # fmt: skip
def change(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """422 where another audience asks for it by the name it had."""
    ws, data, user, one = workspace(), body_of(request), user_of(request), _one(audience_id)
    given = {name: text_of(data, name, limit=4000) for name in ("name", "condition", "about") if name in data}
    if given:
        defining.change(ws, one, by=user.name, now=ws.clock(), **given)
        audit.note(user, "audience.change", one.name, audience=one.pk, condition=one.condition)
    if isinstance(data.get("archived"), bool) and data["archived"] != one.archived:
        if data["archived"]:
            defining.archive(one)
        else:
            defining.restore(ws, one, ws.clock())
        audit.note(user, "audience.archive" if one.archived else "audience.restore", one.name, audience=one.pk)
    return {"audience": described(worked_out(ws, one, ws.clock()))}


@api.add("DELETE", ONE, right="audiences.edit", says="Delete an audience with its versions and changes.")
def remove(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """422 where another audience asks for it."""
    one = _one(audience_id)
    audit.note(user_of(request), "audience.remove", one.name, audience=one.pk)
    defining.remove(workspace(), one)
    return {}


@api.add("POST", f"{ONE}/count", right="audiences.edit", says="Work a live audience out anew.")
def count(_request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """Done by itself after a refresh; this is for who will not wait."""
    ws, one = built("people"), _one(audience_id)
    if one.live:
        counting.recount(ws, one, ws.clock(), next_due=ws.clock())
    return {"audience": described(one)}


@api.add("GET", f"{ONE}/members", right="people.see",
         says="The ids of the members, sorted. More than 50 need people.export.",
         query=(Parameter(name="limit", says="1 to 100000, by default 50", type="integer"),
                Parameter(name="after", says="the last id seen")))  # fmt: skip
def audience_members(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """The last id, given as `after`, goes on."""
    ws, one = built("people"), _one(audience_id)
    limit = whole_number(request, "limit", default=LOOK, most=100_000)
    if limit > LOOK:
        require(user_of(request), "people.export")
        audit.note(user_of(request), "audience.export", one.name, audience=one.pk, people=limit)
    found = members.of(ws, worked_out(ws, one, ws.clock()))
    after = request.GET.get("after", "")
    ids = [person_id for person_id in found.ids().to_pylist() if person_id > after][:limit]
    return {"count": found.count, "as_of": found.as_of, "members": ids}


@api.add("GET", f"{ONE}/changes", right="people.see", says="Who entered and who left, oldest first.",
         query=(Parameter(name="after", says="the seq of the last one seen", type="integer"),
                Parameter(name="limit", says="1 to 10000, by default 50", type="integer")))  # fmt: skip
def audience_changes(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """Kept for three months."""
    limit = whole_number(request, "limit", default=LOOK, most=10_000)
    after = request.GET.get("after", "0")
    if not after.isdecimal() or len(after) > 18:
        raise ApiError(422, f"after: {after[:40]!r} is not a number")
    return {"changes": changes_told(_one(audience_id), int(after), limit)}


@api.add("GET", f"{ONE}/why/<str:person_id>", right="people.see", query=(LANGUAGE,),
         says="Why a person is in, or what the condition found where not.")  # fmt: skip
def why(request: HttpRequest, audience_id: int, person_id: str) -> dict[str, Any]:
    """why is empty for a list: somebody put the person in."""
    ws, one = built("people"), _one(audience_id)
    found = ws.person(person_id).person_id
    said = conditions.why(ws, one.condition, found, _language(request)) if one.live else ""
    inside = members.of(ws, worked_out(ws, one, ws.clock())).holds([found])
    return {"person_id": found, "in": found in inside, "why": said}


@api.add("POST", f"{ONE}/people", right="audiences.edit", says="Put people into a list, or take them out.",
         body=(KEYS, Parameter(name="out", says="true: take them out", type="boolean")))  # fmt: skip
def put(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """unknown: keys that nobody has."""
    ws, data, user, one = built("people"), body_of(request, "keys"), user_of(request), _one(audience_id)
    out = data.get("out") is True
    found = defining.put(ws, one, text_of(data, "keys", limit=1 << 20), now=ws.clock(), out=out)
    audit.note(user, "audience.put", one.name, audience=one.pk, people=found.people, out=out)
    return {"audience": described(one), **asdict(found)}


@api.add("POST", f"{ONE}/freeze", right="audiences.edit", status=201, says="A list of everybody who is in now.",
         body=(Parameter(name="name", says="of the list", required=True),))  # fmt: skip
def freeze(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """The list stays as it is while the audience goes on."""
    ws, user, one = built("people"), user_of(request), _one(audience_id)
    name = text_of(body_of(request, "name"), "name")
    made = defining.freeze(ws, worked_out(ws, one, ws.clock()), name, by=user.name, now=ws.clock())
    audit.note(user, "audience.freeze", made.name, audience=made.pk)
    return {"audience": described(made)}


@api.add("POST", f"{ONE}/match", right="people.export",
         says="SHA-256 of the contacts of members who have consented to a purpose, for an advertising platform.",
         body=(Parameter(name="platform", says="meta, google or oceanengine", required=True),
               Parameter(name="contact", says="phone or email", required=True),
               Parameter(name="purpose", says="what they must have consented to", required=True)))  # fmt: skip
def match(request: HttpRequest, audience_id: int) -> dict[str, Any]:
    """Kept in the log of acts with purpose and counts."""
    ws, data, user, one = (
        built("people"),
        body_of(request, "platform", "contact", "purpose"),
        user_of(request),
        _one(audience_id),
    )
    how: dict[str, Any] = {name: text_of(data, name) for name in ("platform", "contact", "purpose")}
    made = exporting.match(ws, worked_out(ws, one, ws.clock()), **how)
    audit.note(user, "audience.match", one.name, audience=one.pk, members=made.members, people=made.people, **how)
    return asdict(made)
