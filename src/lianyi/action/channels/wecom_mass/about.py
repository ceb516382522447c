"""What an account of WeCom mass messages is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels import callbacks
from lianyi.action.channels.kinds import Kind, Setting, Text, within
from lianyi.action.channels.wecom_app.about import APP
from lianyi.action.channels.wecom_mass import progress

# Bytes that WeCom allows.
LONGEST_GREETING = 4000


def _greeting(settings: Mapping[str, Any]) -> Text:
    text = settings.get("welcome") or ""
    return _("welcome: too long, WeCom allows 4,000 bytes") if len(text.encode()) > LONGEST_GREETING else ""


KIND = Kind(
    name="wecom_mass",
    title=_("WeCom mass message"),
    says=_("To customers in WeCom. WeCom makes a task of it which the member of staff who knows the customer must "
           "confirm; a message counts as sent only when WeCom says that it was."),
    word="wecom",
    namespaces=("wecom",),
    module="lianyi.action.channels.wecom_mass.channel",
    # As many as are handed over together with the same text become one task.
    at_once=1000,
    test_hint="wmAbC…",
    whole=_greeting,
    reads_every=60,
    reads=lambda values: bool(values.get("compare_hours")),
    comparing=progress.described,
    settings=(
        *APP,
        Setting(name="sender", more=True, title=_("Member of staff who sends"),
                help=_("User id. Empty: who talked with the customer last.")),
        Setting(name="days", more=True, title=_("Days to wait for confirmation"), type="number",
                default=7, check=within(1, 30),
                help=_("A message that nobody confirmed in so many days counts as not sent.")),
        Setting(name="compare_hours", more=True, title=_("Hours between comparisons with WeCom's lists"), type="number",
                default=0, check=within(0, 720),
                help=_("Customers, their tags and groups are compared with what callbacks told, and mended. 0: only "
                       "when somebody asks for it.")),
        *callbacks.SETTINGS,
        Setting(name="welcome", more=True, title=_("Greeting of new customers"), type="long",
                help=_("Sent at once to whoever adds a member of staff. Needs callbacks. Empty: none.")),
    ),
)  # fmt: skip
