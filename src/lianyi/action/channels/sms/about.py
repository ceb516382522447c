"""What an SMS account is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, Text, is_url
from lianyi.action.channels.sms.definition import parsed, shipped
from lianyi.errors import InputError

OWN = "own"


def _definition(value: str) -> Text:
    try:
        parsed(value)
    except InputError as error:
        return str(error)
    return ""


def _whole(settings: Mapping[str, Any]) -> Text:
    """What the provider needs must be there."""
    if settings["provider"] == OWN and not settings["definition"]:
        return _("definition: write how your provider is called")
    definition = parsed(settings["definition"]) if settings["provider"] == OWN else shipped()[settings["provider"]]
    missing = [name for name in definition.needs if not settings[name]]
    says = gettext("is missing; {provider} needs {settings}")
    needs = ", ".join(definition.needs)
    return f"{missing[0]}: {says.format(provider=settings['provider'], settings=needs)}" if missing else ""


def _phone(key: str, _settings: Mapping[str, Any]) -> str | None:
    digits = key.partition(":")[2]
    return digits if re.fullmatch(r"[0-9]{7,15}", digits) else None


KIND = Kind(
    name="sms",
    title=_("SMS"),
    says=_("Through Aliyun, Tencent Cloud or any provider with an HTTP interface."),
    word="sms",
    namespaces=("phone",),
    module="lianyi.action.channels.sms.channel",
    address=_phone,
    whole=_whole,
    at_once=8,
    per_second=50.0,
    test_hint="8613800138000",
    settings=(
        Setting(name="provider", title=_("Provider"), type="choice", default="aliyun",
                choices=(*((name, one.title) for name, one in shipped().items()), (OWN, _("Another, defined below")))),
        Setting(name="access_key", title="AccessKey ID / SecretId"),
        Setting(name="secret", title="AccessKey Secret / SecretKey", type="secret"),
        Setting(name="sign_name", title=_("Signature 【…】"), help=_("The sender's approved name, without brackets.")),
        Setting(name="template", more=True, title=_("Template"),
                help=_("Used where a content names none; it must have one variable, for the text.")),
        Setting(name="variable", more=True, title=_("Its variable"), default="text"),
        Setting(name="app", more=True, title=_("Application id"), help=_("Tencent Cloud: SdkAppId.")),
        Setting(name="region", more=True, title=_("Region"), default="ap-guangzhou", help=_("Tencent Cloud.")),
        Setting(name="url", more=True, title=_("Another address of the provider"), check=is_url,
                help=_("Empty: the public one.")),
        Setting(name="definition", more=True, title=_("Definition of another provider (YAML)"),
                type="long", check=_definition,
                help=_("How it is called and what its answers mean, see the how-to.")),
    ),
)  # fmt: skip
