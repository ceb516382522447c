"""Channels by API: kinds, accounts, check, test. Secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from lianyi.action.channels import accounts, asking, checking, comparing
from lianyi.action.channels.kinds import Setting, kinds
from lianyi.action.channels.models import Account
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of

api = Api()
_SETTINGS = Parameter(name="settings", says="as GET channel-kinds lists them; what is left out stays", type="object")
_PACE = (
    Parameter(name="per_second", says="at most so many messages a second; null: as the kind says", type="number"),
    Parameter(name="at_once", says="at most so many at once; null: as the kind says", type="integer"),
)


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name, "title": setting.title, "help": setting.help, "type": setting.type,
        "default": setting.default, "required": setting.required, "choices": [name for name, _title in setting.choices],
    }  # fmt: skip


@api.add("GET", "channel-kinds", right="", says="Kinds of channels, and what must be set for each.")
def channel_kinds(_request: HttpRequest) -> dict[str, Any]:
    """Titles and help in the language of the one who asks."""
    return {
        "kinds": [
            {"name": kind.name, "title": kind.title, "says": kind.says, "keys": list(kind.namespaces),
             "keyed": kind.keyed, "settings": [_setting(each) for each in kind.settings]}
            for kind in kinds().values()
        ]
    }  # fmt: skip


@api.add("GET", "channels", right="people.see", says="Channels with state, last success, last error and pace.")
def channels(_request: HttpRequest) -> dict[str, Any]:
    """A secret is "(set)" or ""."""
    return {"channels": [accounts.described(account) for account in Account.objects.all()]}


@api.add(
    "POST", "channels", right="channels.edit", says="Set up a channel.", status=201,
    body=(
        Parameter(name="name", says="small letters, digits, - and _; stays for good", required=True),
        Parameter(name="kind", says="see GET channel-kinds", required=True), _SETTINGS, *_PACE,
    ),
)  # fmt: skip
def add_channel(request: HttpRequest) -> dict[str, Any]:
    """422 names the setting that is wrong."""
    data = body_of(request, "name", "kind")
    account = accounts.add(
        text_of(data, "name", limit=50), text_of(data, "kind"), _object(data, "settings"), by=user_of(request),
        now=timezone.now(), per_second=data.get("per_second"), at_once=data.get("at_once"),
    )  # fmt: skip
    return {"channel": accounts.described(account)}


@api.add("GET", "channels/<str:channel>", right="people.see", says="One channel.")
def one_channel(_request: HttpRequest, channel: str) -> dict[str, Any]:
    """404 lists the channels."""
    return {"channel": accounts.described(accounts.by_name(channel))}


@api.add(
    "PATCH", "channels/<str:channel>", right="channels.edit", says="Change a channel, turn it off or on.",
    body=(_SETTINGS, *_PACE, Parameter(name="on", says="false: nothing is sent through it", type="boolean")),
)  # fmt: skip
def change_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """What is not given stays as it was."""
    data, account, user, now = body_of(request), accounts.by_name(channel), user_of(request), timezone.now()
    unknown = sorted(set(data) - {"settings", "per_second", "at_once", "on"})
    if unknown:
        raise ApiError(422, f"{unknown[0]}: can't be changed; there are settings, per_second, at_once, on")
    on = data.get("on")
    if on is not None and not isinstance(on, bool):
        raise ApiError(422, "on: must be true or false")
    if set(data) - {"on"}:
        pace = {name: data.get(name, getattr(account, name)) for name in ("per_second", "at_once")}
        accounts.change(account, _object(data, "settings"), by=user, now=now, pace=pace)
    if on is not None:
        accounts.turn(account, on=on, by=user, now=now)
    return {"channel": accounts.described(account)}


@api.add("DELETE", "channels/<str:channel>", right="channels.edit", says="Forget a channel and its secrets.")
def remove_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """What waits for it can't be sent any more."""
    accounts.remove(accounts.by_name(channel), by=user_of(request))
    return {}


@api.add("POST", "channels/<str:channel>/check", right="channels.edit", says="Try a channel without sending.")
def check_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """ok is null for a step that shows only when something is sent."""
    found = checking.check(accounts.by_name(channel), by=user_of(request), now=timezone.now())
    return {"ok": checking.worked(found), "check": [one.data() for one in found]}


@api.add(
    "POST", "channels/<str:channel>/compare", right="channels.edit",
    says="Compare customers, tags and groups with the platform's own lists, and mend what callbacks lost.",
)  # fmt: skip
def compare_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """It begins within seconds; `comparing` of the channel says how far it is."""
    return {"comparing": comparing.ask_for(accounts.by_name(channel), by=user_of(request), now=timezone.now())}


@api.add("GET", "wecom-interfaces", right="", says="What a channel of kind wecom_mass may be asked, with its fields.")
def wecom_interfaces(_request: HttpRequest) -> dict[str, Any]:
    """Codes, moments, statistics, hand-overs; `changes`: it changes something at WeCom."""
    return {"interfaces": asking.interfaces()}


@api.add(
    "POST", "channels/<str:channel>/ask", right="channels.edit", says="Ask WeCom something in a channel's name.",
    body=(Parameter(name="interface", says="see GET wecom-interfaces", required=True),
          Parameter(name="fields", says="by name; lists as arrays or parted by commas", type="object")),
)  # fmt: skip
def ask_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """`rows`, or what WeCom answers; 403 says what it refuses and where to mend it."""
    data = body_of(request, "interface")
    name, fields = text_of(data, "interface"), _object(data, "fields")
    return {"answer": asking.asked(accounts.by_name(channel), name, fields, by=user_of(request))}


@api.add(
    "POST", "channels/<str:channel>/test", right="channels.edit", says="Send one test message.",
    body=(Parameter(name="to", says="an address as the channel knows it", required=True),
          Parameter(name="text", says="instead of the usual words")),
)  # fmt: skip
def test_channel(request: HttpRequest, channel: str) -> dict[str, Any]:
    """fate: sent, failed or unknown."""
    data = body_of(request, "to")
    outcome = checking.send_test(
        accounts.by_name(channel), text_of(data, "to"), by=user_of(request), now=timezone.now(),
        text=text_of(data, "text", limit=2000),
    )  # fmt: skip
    return {"outcome": asdict(outcome)}


@api.add("POST", "channel-key", right="channels.edit", says="Encrypt the secrets of all channels with a new key.")
def rotate_key(request: HttpRequest) -> dict[str, Any]:
    """The old key is thrown away."""
    return {"channels": accounts.rotate(by=user_of(request))}


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise ApiError(422, f"{name}: must be an object")
    return value
