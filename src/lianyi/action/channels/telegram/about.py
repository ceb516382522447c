"""What a Telegram bot is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels import polling
from lianyi.action.channels.kinds import Kind, Setting, Text, is_url

API = "https://api.telegram.org"


def _is_token(value: str) -> str | Promise:
    right = re.fullmatch(r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}", value)
    return "" if right else _("the token looks like 123456:ABC-DEF…; @BotFather gives it")


def _is_secret(value: str) -> str | Promise:
    return "" if re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value) else _("16 to 256 letters, digits, _ and -")


def _person(key: str, _settings: Mapping[str, Any]) -> str | None:
    """telegram:123; channels (telegram:channel5) are nobody who can be written to."""
    user = key.partition(":")[2]
    return user if user.isascii() and user.isdecimal() else None


def _whole(settings: Mapping[str, Any]) -> Text:
    if settings["read"] == "webhook" and not settings["webhook_secret"]:
        return _("webhook_secret: is needed where updates come by webhook")
    return ""


KIND = Kind(
    name="telegram",
    title=_("Telegram bot"),
    says=_("Writes to people who began a chat with the bot and to groups that it is in, and tells what is said there."),
    word="telegram",
    namespaces=("telegram",),
    module="lianyi.action.channels.telegram.channel",
    address=_person,
    # Telegram allows about 30 messages a second to all people together.
    per_second=25.0,
    at_once=4,
    whole=_whole,
    reads_every=15,
    reads=lambda values: values.get("read") == "poll",
    listening=polling.described,
    test_hint="123456789 / -100123… / @channel",
    settings=(
        Setting(name="token", title=_("Token of the bot"), type="secret", required=True, check=_is_token),
        Setting(name="read", title=_("Read what is said"), type="choice", default="off",
                choices=(("off", _("no")), ("poll", _("ask Telegram every 15 seconds")),
                         ("webhook", _("Telegram calls https://YOUR-SERVER/callbacks/NAME"))),
                help=_("In groups a bot sees everything only after /setprivacy → Disable at @BotFather.")),
        Setting(name="webhook_secret", more=True, title=_("Secret of the webhook"), type="secret", check=_is_secret,
                help=_("The same as secret_token in setWebhook.")),
        Setting(name="url", more=True, title=_("Address of the Bot API"), default=API, check=is_url,
                help=_("Another one where you run a Bot API server of your own.")),
    ),
)  # fmt: skip
