"""What an account of WeCom application messages is made of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels import callbacks
from lianyi.action.channels.kinds import Kind, Setting, is_url
from lianyi.action.channels.wechat_platform import WECOM

APP = (
    Setting(name="corp_id", title=_("Corporation id"), required=True, help=_("企业ID, on the page “My company”.")),
    Setting(name="secret", title=_("Secret of the app"), type="secret", required=True),
    Setting(name="url", more=True, title=_("Address of WeCom"), default=WECOM, check=is_url,
            help=_("Another one where WeCom runs in your own network.")),
)  # fmt: skip

KIND = Kind(
    name="wecom_app",
    title=_("WeCom application message"),
    says=_("To members of your own team in WeCom: tasks, reminders, alerts. It can't reach customers."),
    word="wecom",
    namespaces=("wecom_user",),
    module="lianyi.action.channels.wecom_app.channel",
    at_once=8,
    per_second=100.0,
    test_hint="zhangsan",
    settings=(
        *APP,
        Setting(name="agent_id", title=_("Agent id of the app"), type="number", required=True),
        *callbacks.SETTINGS,
    ),
)
