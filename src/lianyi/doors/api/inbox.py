"""The inbox by API: what needs a person, what was done about it, how soon; who is on duty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from lianyi.action.inbox import duty, measuring, working
from lianyi.action.inbox.models import Item
from lianyi.action.team.models import User
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace

api = Api()
ONE, RIGHT = "inbox/<int:item_id>", "inbox.answer"


@api.add(
    "GET", "inbox", right="people.see", says="What needs a person: what is late first, then what is due next; counts.",
    query=(
        Parameter(name="state", says="open (default), snoozed, closed or all"),
        Parameter(name="kind", says="message, complaint, question, burst, sensitive or moderation"),
        Parameter(name="whose", says="a sign-in name, me, or nobody; without it, all"),
        Parameter(name="group", says="only of this group: its group_key"),
        Parameter(name="limit", says="at most so many, 100", type="integer"),
    ),
)  # fmt: skip
def whole_inbox(request: HttpRequest) -> dict[str, Any]:
    """minutes_left: until its target, negative when late; null without one."""
    now, whose = queue.clock(), request.GET.get("whose", "")
    mine = {"": None, "nobody": "", "me": user_of(request).name}.get(whose, whose)
    found = working.listed(
        now, state=request.GET.get("state", "open"), kind=request.GET.get("kind", ""), whose=mine,
        group_key=request.GET.get("group", ""),
    )  # fmt: skip
    limit = whole_number(request, "limit", default=100, most=1_000)
    return {"counts": working.counts(now), "items": [working.described(one, now) for one in found[:limit]]}


@api.add("GET", ONE, right="people.see", says="One thing in the inbox, its steps, and how it can be answered.")
def one_item(_request: HttpRequest, item_id: int) -> dict[str, Any]:
    """route.live false: an answer is kept and nothing is said."""
    return working.described(working.by_id(item_id), queue.clock(), whole=True)


@api.add(
    "POST", f"{ONE}/reply", right=RIGHT, says="Answer through the channel that can; what goes out closes it.",
    body=(
        Parameter(name="text", says="the answer", required=True),
        Parameter(name="once", says="your id of this answer: twice the same is given once"),
    ),
)  # fmt: skip
def reply_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """fate of the step: sent, dry (kept only), failed, unknown."""
    return _did(request, item_id, "reply", body_of(request, "text"))


@api.add("POST", f"{ONE}/note", right=RIGHT, says="A note for the team.",
         body=(Parameter(name="text", says="the note", required=True),))  # fmt: skip
def note_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Nobody outside sees it."""
    return _did(request, item_id, "note", body_of(request, "text"))


@api.add("POST", f"{ONE}/assign", right=RIGHT, says="Give it to a member.",
         body=(Parameter(name="to", says="a sign-in name; empty = to nobody"),))  # fmt: skip
def assign_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Whoever answers what nobody has has it from then on."""
    return _did(request, item_id, "assign", body_of(request))


@api.add("POST", f"{ONE}/snooze", right=RIGHT, says="Put it off.",
         body=(Parameter(name="until", says="an ISO time with its zone", required=True),))  # fmt: skip
def snooze_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Its target stays what it was."""
    return _did(request, item_id, "snooze", body_of(request, "until"))


@api.add("POST", f"{ONE}/done", right=RIGHT, says="It needs nobody any more.",
         body=(Parameter(name="answered", says="true: it was answered elsewhere", type="boolean"),))  # fmt: skip
def done_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Without `answered` nothing is known of an answer. What waits for a decision is decided under moderation."""
    return _did(request, item_id, "done", body_of(request))


@api.add("POST", f"{ONE}/reopen", right=RIGHT, says="It waits again.")
def reopen_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """When it was answered first stays known."""
    return _did(request, item_id, "reopen", {})


def _did(request: HttpRequest, item_id: int, act: str, data: Mapping[str, Any]) -> dict[str, Any]:
    item = acted(item_id, act, data, user_of(request).name)
    return working.described(item, queue.clock(), whole=True)


def acted(item_id: int, act: str, data: Mapping[str, Any], by: str) -> Item:
    """What a body, a command or a form asks for, done."""
    item, now = working.by_id(item_id), queue.clock()
    if act == "reply":
        text = text_of(data, "text", limit=working.LONGEST)
        working.reply(workspace(), item, text, by=by, now=now, once=text_of(data, "once", limit=100))
    elif act == "note":
        working.note(item, text_of(data, "text", limit=working.LONGEST), by=by, now=now)
    elif act == "assign":
        working.assign(item, text_of(data, "to"), by=by, now=now)
    elif act == "snooze":
        working.snooze(item, _moment(text_of(data, "until")), by=by, now=now)
    elif act == "done":
        if data.get("answered") not in {None, True, False}:
            raise ApiError(422, "answered: must be true or false")
        working.done(item, by=by, now=now, answered=data.get("answered") is True)
    elif act == "reopen":
        working.reopen(item, by=by, now=now)
    item.refresh_from_db()
    return item


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(422, "until: must be a time like 2026-12-01T20:00:00+08:00") from error


@api.add(
    "GET", "inbox/figures", right="people.see", says="How soon things were answered, by kind, group and member.",
    query=(Parameter(name="days", says="of what was said in so many days, 28", type="integer"),),
)  # fmt: skip
def inbox_figures(request: HttpRequest) -> dict[str, Any]:
    """share: of what is known, in time, with its 95 % interval; null = not known."""
    return measuring.figures(queue.clock(), days=whole_number(request, "days", default=measuring.DAYS, most=366))


@api.add("GET", "duty", right="people.see", says="The weekly rota, targets in minutes, and who is on duty now.")
def duty_now(_request: HttpRequest) -> dict[str, Any]:
    """Times are in the brand's zone."""
    return duty.described(workspace().settings.timezone, queue.clock())


@api.add(
    "PUT", "duty", right="duty.edit", says="Set the weekly rota, targets, or both.",
    body=(
        Parameter(name="shifts", says="the whole rota: objects with member, days (1 to 7), begins, ends (HH:MM), "
                                      "group_key (without it, all groups)", type="array"),
        Parameter(name="targets", says="minutes by kind; null = none", type="object"),
    ),
)  # fmt: skip
def set_duty(request: HttpRequest) -> dict[str, Any]:
    """Time counts towards a target while somebody is on duty; without a rota, always. What waits keeps its time."""
    planned(body_of(request), user_of(request))
    return duty.described(workspace().settings.timezone, queue.clock())


def planned(data: Mapping[str, Any], by: User | str) -> None:
    """A rota and targets as a body, a file or a form says them."""
    shifts, targets = data.get("shifts"), data.get("targets")
    if not isinstance(shifts, list | None) or not isinstance(targets, dict | None):
        raise ApiError(422, "shifts must be a list, targets an object")
    wanted = []
    for one in shifts or ():
        if not isinstance(one, dict) or not isinstance(one.get("days"), list):
            raise ApiError(422, "shifts: each must be an object with member, days, begins, ends")
        texts = {name: text_of(one, name, limit=512) for name in ("member", "begins", "ends", "group_key")}
        wanted.append(duty.Wanted(days=one["days"], **texts))
    if shifts is not None:
        duty.set_shifts(wanted, by=by)
    if targets is not None:
        duty.set_targets(targets, by=by)
