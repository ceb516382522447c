"""The greeting of a new customer in WeCom (send_welcome_msg): within 20 seconds, once, or never."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lianyi.action.channels.calling import Broken
from lianyi.action.channels.wechat_platform import Platform
from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks.wecom import CHANNEL, SOURCE, Welcome

SECONDS = 18.0


async def greet(
    platform: Platform, waits: Welcome, *, account: str, settings: Mapping[str, Any], now: datetime
) -> Event:
    """Send it; the event says whether it went out (`sent`) or why not (`failed`). A call that broke is not tried again:
    the code may have been used."""
    asked = {"welcome_code": waits.code, "text": {"content": settings["welcome"]}}
    reason = ""
    try:
        async with asyncio.timeout(SECONDS):
            said = await platform.post("/cgi-bin/externalcontact/send_welcome_msg", asked)
            reason = said.outcome().reason if said.code else ""
    except TimeoutError:
        reason = f"no answer within {SECONDS:.0f} seconds"
    except Broken as broken:
        reason = str(broken)
    props = {"account": account, "purpose": "welcome", **({"reason": reason[:300]} if reason else {})}
    return Event(
        id=f"{SOURCE}:{settings['corp_id']}/{waits.call_id}/welcome", at=now, kind="failed" if reason else "sent",
        source=SOURCE, channel=CHANNEL, target_key=f"wecom:{waits.customer}", props=props,
    )  # fmt: skip
