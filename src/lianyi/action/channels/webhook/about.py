"""What a webhook account is made of."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, Text, is_url
from lianyi.action.channels.webhook.signing import is_secret


def _networks(value: str) -> Text:
    try:
        for word in value.replace(",", " ").split():
            ipaddress.ip_network(word, strict=False)
    except ValueError:
        return _("write addresses or networks parted by commas, like 10.0.0.5, 192.168.0.0/16")
    return ""


def _address(_key: str, settings: Mapping[str, Any]) -> str | None:
    return str(settings["url"])


KIND = Kind(
    name="webhook",
    title="Webhook",
    says=_("Calls an address of your own with each message, signed as Standard Webhooks says."),
    word="webhook",
    namespaces=("",),
    module="lianyi.action.channels.webhook.channel",
    address=_address,
    keyed=True,
    at_once=16,
    test_hint="https://hooks.example.cn/lianyi",
    settings=(
        Setting(name="url", title=_("Address"), required=True, check=is_url,
                help=_("Like https://hooks.example.cn/lianyi")),
        Setting(name="secret", title=_("Signing secret"), type="secret", required=True, check=is_secret,
                help=_("whsec_ and 24 to 64 bytes in Base64; the receiver verifies with the same.")),
        Setting(name="old_secret", more=True, title=_("Former signing secret"), type="secret", check=is_secret,
                help=_("While receivers change over, messages are signed with both.")),
        Setting(name="allowed", more=True, title=_("Internal addresses that may be called"), check=_networks,
                help=_("Empty: none. Addresses inside networks are refused otherwise, whatever name leads to them.")),
    ),
)  # fmt: skip
