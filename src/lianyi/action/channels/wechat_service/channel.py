"""Customer-service messages (message/custom/send). At most once: the interface knows no keys.

The platform takes them for 48 hours after the person wrote or paid, and for a minute after a menu click, a scan or a
subscription. When that was stands in the log, so what it would refuse is refused here, with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lianyi.action.channels import callbacks
from lianyi.action.channels.calling import Broken, failed
from lianyi.action.channels.contract import Channel, Message, Outcome
from lianyi.action.channels.faults import WECHAT
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.probing import Probe, examined
from lianyi.action.channels.wechat_platform import Platform, Said, card, sent, unsendable

LONGEST = 2048
LONG, SHORT = timedelta(hours=48), timedelta(minutes=1)
# By kind of event of the person in channel wechat.
WINDOWS: Mapping[str, timedelta] = {
    "message": LONG, "reply": LONG, "order": LONG, "click": SHORT, "follow": SHORT, "arrive": SHORT,
}  # fmt: skip
Heard = Callable[[str], Sequence[tuple[str, datetime]]]


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """A token is fetched by the first message."""
    return Service(account, heard=_from_log(account))


def _from_log(account: Configured) -> Heard:
    """What a person did in WeChat, by the log: kind and time of each event."""
    import lianyi

    workspace = lianyi.open(account.folder)

    def heard(openid: str) -> list[tuple[str, datetime]]:
        keys = {f"openid:{openid}", f"openid:{account.settings['app_id']}/{openid}"}
        rows = workspace.look_up("events", keys, columns=["kind", "at", "channel"]).to_pylist()
        return [(row["kind"], row["at"]) for row in rows if row["channel"] == "wechat"]

    return heard


def open_until(events: Sequence[tuple[str, datetime]]) -> datetime | None:
    """Until when the platform takes messages for someone who did this; None where it never did."""
    return max((at + WINDOWS[kind] for kind, at in events if kind in WINDOWS), default=None)


class Service:
    """One official account."""

    keyed = False

    def __init__(
        self, account: Configured, *, heard: Heard, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.platform = platform_of(account.settings)
        self._heard = heard
        self._clock = clock

    async def deliver(self, message: Message) -> Outcome:
        """To one person, by their openid."""
        text = message.text
        if why := unsendable(message):
            return failed(why, permanent=True)
        if len(text.encode()) > LONGEST:
            return failed(f"the text has {len(text.encode())} bytes; WeChat allows {LONGEST}", permanent=True)
        until = open_until(await asyncio.to_thread(self._heard, message.to))
        if until is None or until <= self._clock():
            when = f"it closed at {until:%Y-%m-%d %H:%M} UTC" if until else "the person never wrote to the account"
            return failed(f"outside the 48 hours after the person's last message: {when}", permanent=True)
        asked: dict[str, Any] = {"touser": message.to}
        if link := card(message):
            article = {"title": link["title"], "description": link["text"], "url": link["url"],
                       "picurl": link["picture"]}  # fmt: skip
            asked |= {"msgtype": "news", "news": {"articles": [article]}}
        else:
            asked |= {"msgtype": "text", "text": {"content": text}}
        try:
            said = await self.platform.post("/cgi-bin/message/custom/send", asked)
        except Broken as broken:
            return broken.outcome()
        return said.outcome() if said.code else sent(message.key)

    async def close(self) -> None:
        """Give connections back."""
        await self.platform.close()


def platform_of(settings: Mapping[str, Any]) -> Platform:
    """WeChat in the name of the account. stable_token gives every process the same token; the older interface would
    make the token of the others void."""

    async def fetch(platform: Platform) -> Said:
        asked = {"grant_type": "client_credential", "appid": settings["app_id"], "secret": settings["secret"]}
        return await platform.call("POST", "/cgi-bin/stable_token", asked)

    return Platform(settings["url"], fetch)


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, secret, allowed address."""
    probe = Probe(path="/cgi-bin/openapi/quota/get", data={"cgi_path": "/cgi-bin/message/custom/send"})
    found = await examined(platform_of(account.settings), (probe,), WECHAT)
    return [*found, *await callbacks.findings(account)]
