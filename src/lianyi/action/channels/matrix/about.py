"""What a Matrix account is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, is_url


def _user(key: str, _settings: Mapping[str, Any]) -> str | None:
    """matrix:@ann:example.cn; a bare name is of no server and can't be written to."""
    user = key.partition(":")[2]
    return user if user.startswith("@") and ":" in user else None


KIND = Kind(
    name="matrix",
    title="Matrix",
    says=_("A bot on your homeserver writes to people in a room of their own, and into rooms it is in."),
    word="matrix",
    namespaces=("matrix",),
    module="lianyi.action.channels.matrix.channel",
    address=_user,
    keyed=True,
    at_once=8,
    test_hint="@you:example.cn",
    settings=(
        Setting(name="url", title=_("Homeserver"), required=True, check=is_url, help=_("Like https://matrix.example.cn")),
        Setting(name="token", title=_("Access token of the bot"), type="secret", required=True,
                help=_("From the bot's settings in its Matrix client, or by its login.")),
        Setting(name="notice", more=True, title=_("As notices"), type="switch", default=False,
                help=_("Clients show notices more quietly, and other bots never answer them.")),
        Setting(name="room_name", more=True, title=_("Name of the room with a person"),
                help=_("Empty: clients show the bot's name.")),
    ),
)  # fmt: skip
