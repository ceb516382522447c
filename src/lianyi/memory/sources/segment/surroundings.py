"""What surrounded a call: what is kept of its context, and the campaign and channel that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from lianyi.memory.sources.segment.calls import NOTHING, Context, Page, may_be_deep, read_context
from lianyi.memory.sources.segment.frame import key_text, plain_text
from lianyi.memory.sources.segment.remembering import Remembered

WEB_LIBRARIES = ("analytics.js", "@segment/analytics-next", "lianyi.js")
APP_LIBRARIES = re.compile(r"analytics-(ios|android|swift|kotlin|react-native|flutter|csharp-xamarin)")
MEDIUMS = {"email": "email", "e-mail": "email", "newsletter": "email", "sms": "sms", "push": "push"}
# Larger contexts are read each time, so that nobody can fill the memory with them.
KNOWN_BYTES = 1024

_sorted = msgspec.json.Encoder(order="sorted").encode


class Surroundings(msgspec.Struct, frozen=True):
    """What a context says. beside: what every event of the call keeps of it in its props, json: the same as JSON with
    sorted names, without the name "context"; empty where nothing is kept. page: the open page. deep: it may be nested
    deeper than allowed.
    utm_channel: the channel that the visitor came through; channel: where the program that sent the call runs."""

    beside: Mapping[str, Any]
    page: Page | None = None
    json: bytes = b""
    deep: bool = False
    campaign: str | None = None
    utm_channel: str | None = None
    channel: str | None = None


NOWHERE = Surroundings(beside={})


def surroundings_of(context: msgspec.Raw) -> Surroundings:
    """What a call's context says. BadCall with the path of the wrong field."""
    if context is NOTHING:
        return NOWHERE
    raw = bytes(context)
    return _known[raw] if len(raw) <= KNOWN_BYTES else _read(raw)


def _read(raw: bytes) -> Surroundings:
    context = read_context(raw)
    if context is None:
        return NOWHERE
    page = context.page
    utm: Mapping[str, Any] = context.campaign or (_utm(page.url) if page is not None and page.url else {})
    name, source, medium = (plain_text(utm.get(part)) for part in ("name", "source", "medium"))
    through = MEDIUMS.get((medium or "").lower()) or (key_text(source.lower()) if source else None)
    library = context.library.name if context.library is not None else None
    kept = _kept(context)
    return Surroundings(
        beside={"context": kept} if kept else {},
        page=page,
        json=_sorted(kept) if kept else b"",
        deep=may_be_deep(raw),
        campaign=key_text(name) if name else None,
        utm_channel=through,
        channel="web" if page is not None else _program(library) if library else None,
    )


# Calls of one visitor, and all calls of a server, come with the same context; reading it costs as much as the rest.
_known = Remembered(_read, 8192)


def _kept(context: Context) -> dict[str, Any]:
    """What is kept: page, browser, language, program; never addresses or advertising ids."""
    kept = {
        "url": context.page.url if context.page is not None else None,
        "user_agent": context.userAgent,
        "locale": context.locale,
        "timezone": context.timezone,
        "library": context.library.name if context.library is not None else None,
        "app": context.app,
        "os": context.os,
        "campaign": context.campaign,
    }
    return {name: value for name, value in kept.items() if value}


def _utm(url: str) -> Mapping[str, str]:
    if "utm_" not in url:
        return {}
    try:
        query = dict(parse_qsl(urlsplit(url).query, max_num_fields=100))
    except ValueError:
        return {}
    utm = {name[4:]: value for name, value in query.items() if name.startswith("utm_")}
    return {"name" if name == "campaign" else name: value for name, value in utm.items()}


def _program(name: str) -> str | None:
    if name in WEB_LIBRARIES:
        return "web"
    return "app" if APP_LIBRARIES.match(name) else None
