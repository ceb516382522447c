"""Operation of groups by API: rules with welcomes, cases of moderation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi.action.operation import deciding, hearing, rules
from lianyi.action.operation.models import Ruleset
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.insight.listening.judging import Message

api = Api()
CASE = "moderation/<int:case_id>"
RIGHT = "groups.moderate"


def ruleset_data(row: Ruleset) -> dict[str, Any]:
    """A version of rules as JSON."""
    names = ("group_key", "version", "text_version", "says", "welcome", "measures", "account", "posted_id", "by",
             "made_at")  # fmt: skip
    return {name: getattr(row, name) for name in names}


@api.add(
    "GET", "moderation", right="people.see", says="Messages with something against them, newest first, and counts.",
    query=(
        Parameter(name="state", says="open (default), all, or one of waiting, dry, acting, done, failed, noted, fine"),
        Parameter(name="group", says="only in this group: its group_key"),
        Parameter(name="limit", says="at most so many, 100", type="integer"),
    ),
)  # fmt: skip
def cases(request: HttpRequest) -> dict[str, Any]:
    """open: waits for a person."""
    state = request.GET.get("state", "open")
    found = deciding.listed(state="" if state == "all" else state, group_key=request.GET.get("group", ""))
    limit = whole_number(request, "limit", default=100, most=1_000)
    return {"counts": deciding.counts(), "cases": [deciding.described(case) for case in found[:limit]]}


@api.add(
    "POST", f"{CASE}/do", right=RIGHT,
    says="It is noise: acted on now where its group is live, else noted; the text becomes an example.",
    body=(Parameter(name="measure", says="warn, remove, mute or expel instead of what the rules ask for"),),
)  # fmt: skip
def do(request: HttpRequest, case_id: int) -> dict[str, Any]:
    """state acting with an error: it is tried again by itself."""
    measure = text_of(body_of(request), "measure")
    case = deciding.do(
        workspace(), deciding.by_id(case_id), by=user_of(request).name, now=queue.clock(), measure=measure
    )
    return deciding.described(case)


@api.add("POST", f"{CASE}/fine", right=RIGHT, says="It was fine: undo what was done; the filter learns from the text.")
def fine(request: HttpRequest, case_id: int) -> dict[str, Any]:
    """Later messages like it are judged more mildly."""
    case = deciding.fine(workspace(), deciding.by_id(case_id), by=user_of(request).name, now=queue.clock())
    return deciding.described(case)


@api.add(
    "POST", "moderation/try", right="people.see", says="What would stand against a text; nothing is kept or done.",
    body=(
        Parameter(name="text", says="the message", required=True),
        Parameter(name="group_key", says="whose rules; those of all groups without it"),
        Parameter(name="newcomer", says="as if a newcomer wrote it", type="boolean"),
    ),
)  # fmt: skip
def try_text(request: HttpRequest) -> dict[str, Any]:
    """chance: that it is an advert, by the model and kept examples; signs: cues of one that it has. Only both count."""
    data = body_of(request, "text")
    return tried(text_of(data, "text", limit=100_000), text_of(data, "group_key"), data.get("newcomer") is True)


def tried(text: str, group_key: str, newcomer: bool) -> dict[str, Any]:  # noqa: FBT001
    """A verdict of the newest filter."""
    ruleset = rules.current(group_key)
    held = rules.rules_of(ruleset) if ruleset else rules.Rules()
    judge = hearing.filter_of(workspace())
    (found,) = judge.judge([Message(text=text, limits=hearing.limits_of(held, newcomer=newcomer))])
    (advert,) = judge.adverts([text])
    return {**asdict(advert), "reasons": [asdict(one) for one in found]}


@api.add(
    "GET", "moderation/rules", right="people.see", says="The rules that hold, by group; group_key \"\" = all others.",
    query=(Parameter(name="group", says="all versions of this group instead, the newest first: its group_key"),),
)  # fmt: skip
def all_rules(request: HttpRequest) -> dict[str, Any]:
    """In their newest versions."""
    group = request.GET.get("group")
    rows = rules.all_current() if group is None else rules.versions(group)
    return {"rules": [ruleset_data(row) for row in rows]}


@api.add(
    "POST", "moderation/rules", right=RIGHT, status=201,
    says="A new version of a group's rules; posted there once live, if the text is new.",
    body=(
        Parameter(name="says", says="the text by language, zh and en", type="object", required=True),
        Parameter(name="account", says="the channel that acts; needed for mode live"),
        Parameter(name="group_key", says="the group; without it, all groups without rules of their own"),
        Parameter(name="welcome", says="what newcomers read: {who}, {group}, {rules} filled in", type="object"),
        Parameter(name="measures", says="mode (off, dry, live), limits, exempt; else as usual", type="object"),
    ),
)  # fmt: skip
def publish(request: HttpRequest) -> dict[str, Any]:
    """Another text asks members to agree anew; other measures do not."""
    return ruleset_data(published(body_of(request, "says"), user_of(request).name))


def published(data: Mapping[str, Any], by: str) -> Ruleset:
    """Rules as a body, a file or a form says them."""
    given = (data.get(name) for name in ("says", "welcome", "measures"))
    says, welcome, measures = ({} if one is None else one for one in given)
    for name, texts in (("says", says), ("welcome", welcome)):
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ApiError(422, f"{name}: must be an object with a text per language")
    if not isinstance(measures, dict):
        raise ApiError(422, "measures: must be an object")
    row = rules.publish(
        text_of(data, "group_key"), says=says, welcome=welcome, measures=measures, account=text_of(data, "account"),
        by=by, now=queue.clock(),
    )  # fmt: skip
    audit.note(by, "moderation.rules", row.group_key or "*", version=row.version, mode=row.measures["mode"])
    return row
