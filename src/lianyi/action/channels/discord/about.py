"""What a Discord bot is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels import polling
from lianyi.action.channels.kinds import Kind, Setting, is_url, within

API = "https://discord.com/api/v10"


def channel_ids(value: str) -> list[str]:
    """Ids parted by commas or spaces."""
    return value.replace(",", " ").split()


def _are_channels(value: str) -> str | Promise:
    wrong = [one for one in channel_ids(value) if not re.fullmatch(r"[0-9]{15,21}", one)]
    return _("write ids of channels parted by commas; turn on the developer mode to copy one") if wrong else ""


def _person(key: str, _settings: Mapping[str, Any]) -> str | None:
    user = key.partition(":")[2]
    return user if user.isascii() and user.isdecimal() else None


KIND = Kind(
    name="discord",
    title=_("Discord bot"),
    says=_("Writes to people on its servers and into channels, and reads the channels that you name."),
    word="discord",
    namespaces=("discord",),
    module="lianyi.action.channels.discord.channel",
    address=_person,
    # Discord allows 50 calls a second to a bot, and fewer to one channel.
    per_second=20.0,
    at_once=4,
    reads_every=30,
    reads=lambda values: bool(values.get("channels")),
    listening=polling.described,
    test_hint="123456789012345678 / #123456789012345678",
    settings=(
        Setting(name="token", title=_("Token of the bot"), type="secret", required=True,
                help=_("discord.com/developers → the application → Bot → Token.")),
        Setting(name="channels", title=_("Channels that are read"), check=_are_channels,
                help=_("Ids parted by commas. Empty: none. The bot needs the Message Content Intent.")),
        Setting(name="history", more=True, title=_("Past of a channel"), type="number", default=1000,
                check=within(0, 1_000_000),
                help=_("So many messages from before the first look are fetched for each channel; 0 for none.")),
        Setting(name="url", more=True, title=_("Address of Discord's API"), default=API, check=is_url),
    ),
)  # fmt: skip
