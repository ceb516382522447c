"""Where a token travels when it is not in a link: the fields that platforms hand back to whoever made a code.

Each carrier says how long its field may be, what to ask of the platform, and how the token is read out of what the
platform sends back. WeCom and WeChat facts: docs/howto/links-and-rewards.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lianyi.action.codes.tokens import as_token
from lianyi.errors import InputError

PARAMETER = "ly"


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """One kind of field. limit: bytes that it holds. most: how many codes of this kind a platform allows, None = no
    such limit. request: what to send to the platform (beside what is the brand's own, such as users)."""

    name: str
    en: str
    zh: str
    field: str
    limit: int
    most: int | None
    request: Callable[[str], Mapping[str, Any]]


CARRIERS: Mapping[str, Carrier] = {
    carrier.name: carrier
    for carrier in (
        Carrier(
            name="wecom_contact", en="WeCom contact way", zh="企业微信「联系我」活码", field="state", limit=30,
            most=500_000, request=lambda token: {"type": 2, "scene": 2, "state": token},
        ),
        Carrier(
            name="wecom_group", en="WeCom group join way", zh="企业微信群活码", field="state", limit=30, most=None,
            request=lambda token: {"scene": 2, "state": token},
        ),
        Carrier(
            name="wecom_acquisition", en="WeCom acquisition link", zh="企业微信获客链接", field="customer_channel",
            limit=64, most=None, request=lambda token: {"customer_channel": token},
        ),
        Carrier(
            name="official_account", en="official-account QR code", zh="公众号参数二维码", field="scene_str", limit=64,
            most=100_000,
            request=lambda token: {
                "action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": token}}
            },
        ),
        Carrier(
            name="official_account_passing", en="official-account QR code for 30 days", zh="公众号临时参数二维码",
            field="scene_str", limit=64, most=None,
            request=lambda token: {
                "action_name": "QR_STR_SCENE", "expire_seconds": 2_592_000,
                "action_info": {"scene": {"scene_str": token}},
            },
        ),
        Carrier(
            name="miniprogram_path", en="mini-program page path", zh="小程序页面路径", field="path", limit=1_024,
            most=None, request=lambda token: {"query": f"{PARAMETER}={token}"},
        ),
        Carrier(
            name="miniprogram_code", en="mini-program code", zh="小程序码", field="scene", limit=32, most=None,
            request=lambda token: {"scene": token},
        ),
    )
}  # fmt: skip


def request_for(carrier: str, token: str, *, path: str = "") -> dict[str, Any]:
    """What to ask of the platform for this code. path: of the mini-program's page, and the 获客 link itself."""
    found = _carrier(carrier)
    made = dict(found.request(token))
    if carrier == "miniprogram_path":
        made = {"path": f"{path}{'&' if '?' in path else '?'}{made['query']}"}
    elif carrier == "wecom_acquisition" and path:
        made["url"] = f"{path}{'&' if '?' in path else '?'}customer_channel={token}"
    size = len(str(made.get(found.field, token)).encode())
    if size > found.limit:
        raise InputError(f"{found.field}: has {size} bytes; {found.en} takes at most {found.limit}; shorten the path")
    return made


def room_left(carrier: str, used: int) -> None:
    """InputError where the platform's limit of codes of this kind is used up."""
    found = _carrier(carrier)
    if found.most is not None and used >= found.most:
        raise InputError(
            f"{found.en}: {used:,} of {found.most:,} codes are used; delete those of campaigns that are over"
        )


def token_in(value: str) -> str | None:
    """The token in what a platform sends back: a `state`, an EventKey (`qrscene_…` or bare), a path or a query."""
    text = value.strip()
    if "?" in text or "=" in text:
        query = parse_qs(urlsplit(text).query or text, max_num_fields=50)
        for name in (PARAMETER, "customer_channel", "scene", "state"):
            for found in query.get(name, ()):
                if token := as_token(found):
                    return token
        return None
    return as_token(text.removeprefix("qrscene_"))


def _carrier(name: str) -> Carrier:
    if name not in CARRIERS:
        raise InputError(f"carrier: {name!r} is none; there are {', '.join(CARRIERS)}")
    return CARRIERS[name]
