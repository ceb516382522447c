"""What a Matrix account is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, is_url, within
from lianyi.action.channels.matrix import listening


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
    reads_every=15,
    reads=lambda values: bool(values.get("read")),
    listening=listening.described,
    test_hint="@you:example.cn",
    settings=(
        Setting(name="url", title=_("Homeserver"), required=True, check=is_url, help=_("Like https://matrix.example.cn")),
        Setting(name="token", title=_("Access token of the bot"), type="secret", required=True,
                help=_("From the bot's settings in its Matrix client, or by its login.")),
        Setting(name="read", title=_("Read too"), type="switch", default=False,
                help=_("What is said in the rooms that the bot is in becomes events: messages, replies, reactions, "
                       "who comes and goes. Encrypted rooms are shown but can't be read.")),
        Setting(name="join", more=True, title=_("Accept invitations"), type="switch", default=False,
                help=_("While it reads, the bot joins each room that it is invited to, by anybody.")),
        Setting(name="history", more=True, title=_("Past of a room"), type="number", default=1000,
                check=within(0, 1_000_000),
                help=_("So many events from before the bot's first look are fetched for each room; 0 for none.")),
        Setting(name="notice", more=True, title=_("As notices"), type="switch", default=False,
                help=_("Clients show notices more quietly, and other bots never answer them.")),
        Setting(name="room_name", more=True, title=_("Name of the room with a person"),
                help=_("Empty: clients show the bot's name.")),
    ),
)  # fmt: skip
