"""Application messages (message/send). At most once: the interface knows no keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lianyi.action.channels import callbacks
from lianyi.action.channels.callbacks import public_host
from lianyi.action.channels.calling import Broken, failed
from lianyi.action.channels.contract import Channel, Message, Outcome
from lianyi.action.channels.faults import OFF, OTHER_DOMAIN, UNSEEN, WECOM
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.probing import Probe, examined
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
    """Name, port, secret, trusted address, visible range and domain of the app; then what comes back."""
    probe = Probe(path=f"/cgi-bin/agent/get?agentid={account.settings['agent_id']}", method="GET", judge=_judged)
    found = await examined(platform_of(account.settings), (probe,), WECOM)
    return [*found, *await callbacks.findings(account)]


def _judged(said: Mapping[str, Any]) -> list[Finding]:
    """What the app says of itself: turned off, seen by nobody, another domain than this server's."""
    found = []
    if said.get("close"):
        found.append(OFF.finding("app", {}))
    ranges = [said.get(name) for name in ("allow_userinfos", "allow_partys", "allow_tags")]
    if any(isinstance(one, dict) for one in ranges) and not any(
        value for one in ranges if isinstance(one, dict) for value in one.values()
    ):
        found.append(UNSEEN.finding("range", {}))
    trusted, ours = str(said.get("redirect_domain") or ""), public_host()
    if trusted and ours and trusted.partition(":")[0] != ours:
        found.append(OTHER_DOMAIN.finding("domain", {"trusted": trusted, "ours": ours}))
    return found
