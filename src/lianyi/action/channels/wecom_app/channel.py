"""Application messages (message/send). At most once: the interface knows no keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext_noop as _

from lianyi.action.channels import callbacks, reaching
from lianyi.action.channels.calling import Broken, failed
from lianyi.action.channels.contract import Channel, Message, Outcome
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.wechat_platform import Platform, Said, card, sent, unsendable

# Bytes that a text may have.
LONGEST = 2048


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """A token is fetched by the first message."""
    return App(account)


def platform_of(settings: Mapping[str, Any]) -> Platform:
    """WeCom in the name of the app."""
    path = f"/cgi-bin/gettoken?corpid={quote(settings['corp_id'])}&corpsecret={quote(settings['secret'])}"

    async def fetch(platform: Platform) -> Said:
        return await platform.call("GET", path)

    return Platform(settings["url"], fetch)


class App:
    """One app of one corporation."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self.agent = account.settings["agent_id"]
        self.platform = platform_of(account.settings)

    async def deliver(self, message: Message) -> Outcome:
        """To one member, by their user id."""
        text = f"{message.subject}\n{message.text}" if message.subject else message.text
        if len(text.encode()) > LONGEST:
            return failed(f"the text has {len(text.encode())} bytes; WeCom allows {LONGEST}", permanent=True)
        if not message.to or "|" in message.to or message.to == "@all":
            return failed("a message goes to one member", permanent=True)
        if why := unsendable(message):
            return failed(why, permanent=True)
        asked: dict[str, Any] = {"touser": message.to, "agentid": self.agent}
        if link := card(message):
            shown = {"title": link["title"], "description": link["text"] or link["title"], "url": link["url"]}
            asked |= {"msgtype": "textcard", "textcard": shown}
        else:
            asked |= {"msgtype": "text", "text": {"content": text}}
        try:
            said = await self.platform.post("/cgi-bin/message/send", asked)
        except Broken as broken:
            return broken.outcome()
        if said.code:
            return said.outcome()
        if said.data.get("invaliduser") or said.data.get("unlicenseduser"):
            return failed("the app can't see such a member (可见范围)", permanent=True)
        return sent(str(said.data.get("msgid", "")))

    async def close(self) -> None:
        """Give connections back."""
        await self.platform.close()


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, the app's secret, and whether this server's address is trusted."""
    platform = platform_of(account.settings)
    found = await examined(platform, "/cgi-bin/agent/get", {"agentid": account.settings["agent_id"]})
    return [*found, *callbacks.findings(account)]


async def examined(platform: Platform, path: str, data: dict[str, Any]) -> list[Finding]:
    """Whether the platform answers, gives a token, and lets us ask something that changes nothing."""
    parts = urlsplit(platform.url)
    found = await reaching.reaches(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    if not reaching.worked(found):
        return found
    try:
        said = await platform.post(path, data)
    except Broken as broken:
        return [*found, Finding(step="tls", ok=False, says=reaching.ANSWERS_BUT, values={"error": str(broken)})]
    finally:
        await platform.close()
    if said.code:
        values = {"error": said.outcome().reason}
        return [*found, Finding(step="login", ok=False, says=_("The platform refuses: {error}."), values=values)]
    return [*found, Finding(step="login", ok=True, says=_("The platform knows the account and lets this server call."))]
