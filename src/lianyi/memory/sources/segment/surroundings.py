"""What surrounded a call: what is kept of its context, and the campaign and channel that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lianyi.memory.sources.segment.calls import AnyCall, Context, ScreenView
from lianyi.memory.sources.segment.frame import key_text, plain_text

WEB_LIBRARIES = ("analytics.js", "@segment/analytics-next", "lianyi.js")
APP_LIBRARIES = re.compile(r"analytics-(ios|android|swift|kotlin|react-native|flutter|csharp-xamarin)")
MEDIUMS = {"email": "email", "e-mail": "email", "newsletter": "email", "sms": "sms", "push": "push"}


def kept(context: Context) -> Mapping[str, Any]:
    """What is kept of the surroundings: page, browser, language, program; never addresses or advertising ids."""
    kept: dict[str, Any] = {}
    if context.page is not None and context.page.url:
        kept["url"] = context.page.url
    if context.userAgent:
        kept["user_agent"] = context.userAgent
    if context.locale:
        kept["locale"] = context.locale
    if context.timezone:
        kept["timezone"] = context.timezone
    if context.library is not None and context.library.name:
        kept["library"] = context.library.name
    if context.app:
        kept["app"] = context.app
    if context.os:
        kept["os"] = context.os
    if context.campaign:
        kept["campaign"] = context.campaign
    return kept


def campaign_of(call: AnyCall) -> tuple[str | None, str | None]:
    """Campaign and channel: from the utm fields of context.campaign or of the page's address, else by the program."""
    context = call.context
    channel = "app" if isinstance(call, ScreenView) else None
    if context is None:
        return None, channel
    utm: Mapping[str, Any] = context.campaign or {}
    page = context.page
    if page is not None:
        channel = channel or "web"
        if not utm and page.url and "utm_" in page.url:
            utm = _utm(page.url)
    if context.library is not None and context.library.name and channel is None:
        channel = _program(context.library.name)
    name, source, medium = (plain_text(utm.get(part)) for part in ("name", "source", "medium"))
    if medium or source:
        channel = MEDIUMS.get((medium or "").lower()) or (key_text(source.lower()) if source else channel)
    return (key_text(name) if name else None), channel


@lru_cache(maxsize=1024)
def _utm(url: str) -> Mapping[str, str]:
    try:
        query = dict(parse_qsl(urlsplit(url).query, max_num_fields=100))
    except ValueError:
        return {}
    utm = {name[4:]: value for name, value in query.items() if name.startswith("utm_")}
    return {"name" if name == "campaign" else name: value for name, value in utm.items()}


@lru_cache(maxsize=256)
def _program(name: str) -> str | None:
    if name in WEB_LIBRARIES:
        return "web"
    return "app" if APP_LIBRARIES.match(name) else None
