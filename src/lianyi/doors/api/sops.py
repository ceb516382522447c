"""SOPs by API: what is said in groups by itself, from templates, copied to many groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from lianyi.action.operation import sops
from lianyi.action.operation.models import Sop
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of
from lianyi.doors.console.brand import workspace

api = Api()
RIGHT = "groups.moderate"


@api.add("GET", "sops", right="people.see", says="What is said in groups by itself, with the ends of its runs.")
def all_sops(_request: HttpRequest) -> dict[str, Any]:
    """By name."""
    return {"sops": [sops.described(sop) for sop in Sop.objects.all()]}


@api.add(
    "GET", "sops/templates", right="people.see", says="Templates to begin from, by name.",
    query=(Parameter(name="language", says="zh or en; without it, the asker's"),),
)  # fmt: skip
def sop_templates(request: HttpRequest) -> dict[str, Any]:
    """new_group, new_member, festival, conversion, periodic."""
    language = request.GET.get("language") or get_language() or "en"
    return {"templates": sops.templates()["zh" if language.startswith("zh") else "en"]}


@api.add(
    "POST", "sops", right=RIGHT, status=201, says="Make an SOP, or change the one of this name; groups are added.",
    body=(
        Parameter(name="name", says="its name", required=True),
        Parameter(name="account", says="the channel that speaks", required=True),
        Parameter(name="template", says="begin from this one: what is not given is taken from it"),
        Parameter(name="language", says="of the template, zh or en"),
        Parameter(name="trigger", says="word, new_member, new_group, periodic or festival"),
        Parameter(name="steps", says="objects with text and after (minutes)", type="array"),
        Parameter(name="words", says="of trigger word", type="array"),
        Parameter(name="days", says="weekdays 1 to 7, or names of festivals", type="array"),
        Parameter(name="clock", says="HH:MM of periodic and festival"),
        Parameter(name="goal", says="kind (message, reply, reaction, agreed, order) and count", type="object"),
        Parameter(name="rest_minutes", says="pause between two answers to words", type="integer"),
        Parameter(name="groups", says="keys of groups that it is copied to", type="array"),
    ),
)  # fmt: skip
def keep_sop(request: HttpRequest) -> dict[str, Any]:
    """{who}, {group} and {rules} in a text are filled in. Said only in groups whose rules are live."""
    return sops.described(kept(body_of(request, "name", "account"), user_of(request).name))


def kept(data: Mapping[str, Any], by: str) -> Sop:
    """An SOP as a body, a file or a form says it."""
    given = dict(data)
    if name := text_of(given, "template"):
        given = {**sops.template(name, text_of(given, "language") or get_language() or "en"), **given}
    lists = {name: given.get(name) or [] for name in ("steps", "words", "days", "groups")}
    goal, rest = given.get("goal") or {}, given.get("rest_minutes", 10)
    if not all(isinstance(one, list) for one in lists.values()) or not isinstance(goal, dict):
        raise ApiError(422, "steps, words, days and groups must be lists, goal an object")
    texts = [*lists["words"], *lists["groups"]]
    if not all(isinstance(one, str) for one in texts) or not all(isinstance(one, dict) for one in lists["steps"]):
        raise ApiError(422, "words and groups must hold texts, steps objects")
    if isinstance(rest, bool) or not isinstance(rest, int) or not 0 <= rest <= 100_000:
        raise ApiError(422, "rest_minutes: must be a whole number from 0 to 100000")
    wanted = sops.Wanted(
        name=text_of(given, "name"), trigger=text_of(given, "trigger"), account=text_of(given, "account"),
        clock=text_of(given, "clock"), steps=lists["steps"], words=lists["words"], days=lists["days"],
        groups=lists["groups"], goal=goal, rest_minutes=rest,
    )  # fmt: skip
    sop = sops.keep(workspace(), wanted, by=by, now=queue.clock())
    audit.note(by, "sop.keep", sop.name, sop=sop.pk, groups=len(sop.groups))
    return sop


@api.add(
    "POST", "sops/<int:sop_id>/copy", right=RIGHT, says="Let an SOP hold in more groups.",
    body=(Parameter(name="groups", says="keys of groups", type="array", required=True),),
)  # fmt: skip
def copy_sop(request: HttpRequest, sop_id: int) -> dict[str, Any]:
    """Those it has already are left as they are."""
    groups = body_of(request, "groups")["groups"]
    if not isinstance(groups, list) or not all(isinstance(one, str) for one in groups):
        raise ApiError(422, "groups: must be a list of texts")
    return sops.described(copied(sop_id, groups, user_of(request).name))


def copied(sop_id: int, groups: list[str], by: str) -> Sop:
    """Copied to groups, and written down."""
    sop = sops.by_id(sop_id)
    fresh = sops.copy(sop, groups, now=queue.clock())
    audit.note(by, "sop.copy", sop.name, sop=sop.pk, groups=fresh)
    return sop


@api.add(
    "POST", "sops/<int:sop_id>/turn", right=RIGHT, says="Turn an SOP on or off; off ends its runs.",
    body=(Parameter(name="on", says="true or false", type="boolean", required=True),),
)  # fmt: skip
def turn_sop(request: HttpRequest, sop_id: int) -> dict[str, Any]:
    """What it said stays said."""
    data = body_of(request)
    if not isinstance(data.get("on"), bool):
        raise ApiError(422, "on: must be true or false")
    return sops.described(turned(sop_id, data["on"], user_of(request).name))


def turned(sop_id: int, on: bool, by: str) -> Sop:  # noqa: FBT001
    """Turned on or off, and written down."""
    sop = sops.by_id(sop_id)
    sops.turn(sop, on=on, now=queue.clock())
    audit.note(by, "sop.on" if on else "sop.off", sop.name, sop=sop.pk)
    return sop
