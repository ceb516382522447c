"""What people do with an official account, as its callbacks say it. Source `wechat_account`.

These events open the windows in which the account may answer (action.channels.wechat_service): 48 hours after a
message, a minute after a click, a scan or a subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks.calls import Call, tidy

SOURCE = "wechat_account"
CHANNEL = "wechat"
SCENE = "qrscene_"
# What a message holds besides text; never fetched here.
PARTS = ("MediaId", "MediaId16K", "ThumbMediaId", "Format", "Recognition", "Title", "Description", "Url", "Label")


def events(call: Call, app: str) -> list[Event]:
    """What one callback says."""
    person = call.value("FromUserName") or call.value("OpenID")
    if not person:
        return []
    kind = call.value("MsgType")
    return [_happening(call, app, person) if kind == "event" else _message(call, app, person, kind)]


def _message(call: Call, app: str, person: str, kind: str) -> Event:
    props = {"type": kind if kind != "text" else "", **{part: call.value(part) for part in PARTS}}
    # The platform repeats a message under the same MsgId, and says that nothing else is sure to be the same.
    number = call.value("MsgId")
    return _event(call, app, person, "message", part=f"message/{number}" if number else "",
                  text=call.value("Content") or None, props=props)  # fmt: skip


def _happening(call: Call, app: str, person: str) -> Event:
    what, key = call.value("Event").lower(), call.value("EventKey")
    account = f"account:{app}"
    if what == "subscribe":
        props = {"scene": key.removeprefix(SCENE)}
        return _event(call, app, person, "follow", object_key=account, props=props)
    if what == "unsubscribe":
        return _event(call, app, person, "unfollow", object_key=account)
    if what == "scan":
        return _event(call, app, person, "arrive", object_key=account, props={"scene": key})
    if what == "click":
        return _event(call, app, person, "click", object_key=f"menu:{key}"[:500])
    if what == "view":
        return _event(call, app, person, "view", object_key=f"page:{key}"[:500])
    if what == "location":  # where somebody is is nothing that anybody here needs
        return _event(call, app, person, "notice", props={"change": "location"})
    return _event(call, app, person, "notice", props={"change": what, "said": call.rest()})


def _event(call: Call, app: str, person: str, kind: str, *, part: str = "", **fields: Any) -> Event:
    props: Mapping[str, Any] = fields.pop("props", {})
    return Event(
        id=f"{SOURCE}:{app}/{part or call.id}", at=call.at, kind=kind, source=SOURCE, channel=CHANNEL,
        actor_key=f"openid:{person}", props=tidy(props), **fields,
    )  # fmt: skip
