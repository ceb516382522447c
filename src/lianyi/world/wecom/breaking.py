"""What may be set wrong at WeCom, one thing at a time: to see what a self-check says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lianyi.world.wecom.server import Platform

HOUR = 3600.0


def _secret(platform: Platform) -> None:
    platform.secret += "-changed"


def _corp(platform: Platform) -> None:
    platform.corp.corp += "x"


def _ip(platform: Platform) -> None:
    platform.trusted = frozenset({"203.0.113.7"})


def _permission(platform: Platform) -> None:
    below = "externalcontact/"
    platform.forbidden = frozenset({
        "agent/get", "message/send", *(below + path for path in (
            "get_groupmsg_list_v2", "add_msg_template", "groupchat/list", "groupchat/get", "batch/get_by_user"))
    })  # fmt: skip


def _range(platform: Platform) -> None:
    platform.corp.colleagues.clear()
    platform.corp.messages.agent |= {"allow_partys": {"partyid": []}}


def _domain(platform: Platform) -> None:
    platform.corp.messages.agent |= {"redirect_domain": "elsewhere.example.cn"}


def _app(platform: Platform) -> None:
    platform.corp.messages.agent |= {"close": 1}


def _clock(platform: Platform) -> None:
    clock = platform.clock
    platform.clock = lambda: clock() + HOUR


# secret: another one; corp: another id; ip: this server is not trusted; permission: interfaces are forbidden; range:
# nobody is visible; domain: of another server; app: turned off; clock: an hour ahead.
BREAKS: Mapping[str, Callable[[Platform], None]] = {
    "secret": _secret, "corp": _corp, "ip": _ip, "permission": _permission, "range": _range, "domain": _domain,
    "app": _app, "clock": _clock,
}  # fmt: skip
