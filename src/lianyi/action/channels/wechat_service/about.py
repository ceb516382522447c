"""What an account of customer-service messages is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels import callbacks
from lianyi.action.channels.kinds import Kind, Setting, is_url
from lianyi.action.channels.wechat_platform import WECHAT


def _openid(key: str, settings: Mapping[str, Any]) -> str | None:
    """openid:oAbc…, or openid:<app id>/oAbc… where the brand has several accounts."""
    app, slash, openid = key.partition(":")[2].rpartition("/")
    return None if slash and app != settings["app_id"] else openid or None


KIND = Kind(
    name="wechat_service",
    title=_("WeChat customer-service message"),
    says=_("From your official account, to people who wrote to it in the last 48 hours; others are refused."),
    word="wechat",
    namespaces=("openid",),
    module="lianyi.action.channels.wechat_service.channel",
    address=_openid,
    at_once=8,
    test_hint="oAbC…",
    settings=(
        Setting(name="app_id", title="AppID", required=True, help="wx…"),
        Setting(name="secret", title="AppSecret", type="secret", required=True),
        Setting(name="url", more=True, title=_("Address of WeChat"), default=WECHAT, check=is_url),
        *callbacks.SETTINGS,
    ),
)
