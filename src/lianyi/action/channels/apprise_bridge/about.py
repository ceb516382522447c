"""What an Apprise account is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, Text


def _url(value: str) -> Text:
    return "" if "://" in value else _("write an address of Apprise, like ntfy://topic")


def _address(_key: str, settings: Mapping[str, Any]) -> str | None:
    return str(settings["label"])


KIND = Kind(
    name="apprise",
    title="Apprise",
    says=_("A bridge to a hundred services of notifications, for messages to your own team: DingTalk, Feishu, Bark, "
           "Slack, ntfy … Needs the extra “apprise”."),
    word="notification",
    namespaces=("",),
    module="lianyi.action.channels.apprise_bridge.channel",
    address=_address,
    at_once=4,
    test_hint="team",
    settings=(
        Setting(name="service", title=_("Address of Apprise"), type="secret", required=True, check=_url,
                help=_("Like dingtalk://token or ntfy://topic; it holds the service's secrets, so it is kept as one.")),
        Setting(name="label", more=True, title=_("Called"), default="team", help=_("How the receiver is called here.")),
    ),
)  # fmt: skip
