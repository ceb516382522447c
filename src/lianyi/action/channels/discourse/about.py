"""What a Discourse forum is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, is_url


def _is_secret(value: str) -> str | Promise:
    return "" if re.fullmatch(r"[!-~]{12,200}", value) else _("12 to 200 letters, digits and signs without spaces")


def _person(key: str, _settings: Mapping[str, Any]) -> str | None:
    return key.partition(":")[2] or None


KIND = Kind(
    name="discourse",
    title=_("Discourse forum"),
    says=_("The forum tells by webhooks what is written and liked; answers and private messages go out in the name of "
           "a user of yours."),
    word="discourse",
    namespaces=("discourse",),
    module="lianyi.action.channels.discourse.channel",
    address=_person,
    # Discourse allows 60 calls a minute to one key of the API.
    per_second=0.9,
    at_once=1,
    test_hint="ann / #12 (topic)",
    settings=(
        Setting(name="url", title=_("Address of the forum"), required=True, check=is_url,
                help=_("Like https://forum.example.cn")),
        Setting(name="key", title=_("Key of the API"), type="secret", required=True,
                help=_("Admin → Advanced → API keys, for the one user below.")),
        Setting(name="user", title=_("Name of the user who writes"), required=True),
        Setting(name="webhook_secret", title=_("Secret of the webhook"), type="secret", check=_is_secret,
                help=_("Admin → Advanced → Webhooks: address https://YOUR-SERVER/callbacks/NAME, JSON, events of "
                       "posts, users and likes, and this secret. Empty: nothing is taken.")),
    ),
)  # fmt: skip
