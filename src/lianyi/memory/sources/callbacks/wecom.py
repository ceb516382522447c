"""WeCom's callbacks about customers, groups and tags as events. Source `wecom`.

A callback that says too little (a group changed, but not who) becomes a `notice`, so that nothing that was said is lost
and a comparison with the platform knows where to look. Unknown events are notices too: Tencent adds new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks.calls import Call, tidy

SOURCE = "wecom"
CHANNEL = "wecom"
# How WeCom spells a customer's id: 32 characters. Ids of colleagues are chosen by the corporation.
CUSTOMER_ID = 32
REMOVED = 1


@dataclass(frozen=True)
class Welcome:
    """A customer who waits for a greeting: the code is good once, for 20 seconds."""

    code: str
    customer: str
    call_id: str


def member_key(member: str) -> str:
    """The key of somebody in a group: a customer, or a colleague."""
    customer = len(member) == CUSTOMER_ID and member.startswith(("wm", "wo"))
    return f"wecom:{member}" if customer else f"wecom_user:{member}"


def events(call: Call, corp: str) -> list[Event]:
    """What one callback says."""
    made = _READERS.get(call.value("Event"), _unknown)(call, corp)
    return made or _unknown(call, corp)


def welcome(call: Call) -> Welcome | None:
    """Whom to greet, where the callback allows it."""
    code, customer = call.value("WelcomeCode"), call.value("ExternalUserID")
    if call.value("Event") != "change_external_contact" or not code or not customer:
        return None
    return Welcome(code, customer, call.id)


def _event(call: Call, corp: str, kind: str, part: str = "", **fields: Any) -> Event:
    props: Mapping[str, Any] = fields.pop("props", {})
    return Event(
        id=f"{SOURCE}:{corp}/{call.id}{part}", at=call.at, kind=kind, source=SOURCE, channel=CHANNEL,
        props=tidy({"change": call.value("ChangeType"), **props}), **fields,
    )  # fmt: skip


def _contact(call: Call, corp: str) -> list[Event]:
    change = call.value("ChangeType")
    user, customer = call.value("UserID"), call.value("ExternalUserID")
    if not user or not customer:
        return []
    theirs, ours = f"wecom:{customer}", f"wecom_user:{user}"
    if change in {"add_external_contact", "add_half_external_contact"}:
        props = {"state": call.value("State"), "half": change == "add_half_external_contact" or None}
        return [_event(call, corp, "follow", actor_key=theirs, target_key=ours, props=props)]
    if change == "del_follow_user":
        return [_event(call, corp, "unfollow", actor_key=theirs, target_key=ours)]
    if change == "del_external_contact":
        props = {"why": call.value("Source")}
        return [_event(call, corp, "unfollow", actor_key=ours, target_key=theirs, props=props)]
    props = {"why": call.value("FailReason"), "state": call.value("State")}
    return [_event(call, corp, "notice", actor_key=theirs, target_key=ours, props=props)]


def _chat(call: Call, corp: str) -> list[Event]:
    chat = call.value("ChatId")
    if not chat:
        return []
    group, detail = f"group:wecom/{chat}", call.value("UpdateDetail")
    props = {
        "detail": detail, "join_scene": call.number("JoinScene"), "quit_scene": call.number("QuitScene"),
        "count": call.number("MemChangeCnt"), "last_version": call.value("LastMemVer"),
        "version": call.value("CurMemVer"),
    }  # fmt: skip
    members = call.members("MemChangeList")
    if detail == "add_member" and members:
        return _moves(call, corp, "join", group, members, props)
    if detail == "del_member" and members:
        how = "removed" if call.number("QuitScene") == REMOVED else "left"
        return _moves(call, corp, "leave", group, members, {**props, "how": how})
    return [_event(call, corp, "notice", group_key=group, props=props)]


def _moves(
    call: Call, corp: str, kind: str, group: str, members: list[str], props: Mapping[str, Any]
) -> list[Event]:  # fmt: skip
    return [
        _event(call, corp, kind, f"/{number}", actor_key=member_key(member), group_key=group, props=props)
        for number, member in enumerate(members, 1)
    ]


def _tag(call: Call, corp: str) -> list[Event]:
    props = {"type": call.value("TagType"), "strategy": call.value("StrategyId")}
    object_key = f"wecom_tag:{call.value('Id')}"[:500] if call.value("Id") else None
    return [_event(call, corp, "notice", object_key=object_key, props=props)]


def _unknown(call: Call, corp: str) -> list[Event]:
    customer = call.value("ExternalUserID")
    actor = f"wecom:{customer}" if customer else None
    return [_event(call, corp, "notice", actor_key=actor, props={"said": call.rest()})]


_READERS: Mapping[str, Callable[[Call, str], list[Event]]] = {
    "change_external_contact": _contact, "change_external_chat": _chat, "change_external_tag": _tag,
}  # fmt: skip
