"""Delivery by a signed call. At least once: the receiver drops what it has seen, by the header `webhook-id`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import reaching
from lianyi.action.channels.calling import HOPELESS, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.kinds import Configured, Finding, is_url
from lianyi.action.channels.webhook import guard, signing
from lianyi.errors import InputError, RefusedError


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Webhook(account)


class Webhook:
    """One receiver."""

    keyed = True

    def __init__(self, account: Configured) -> None:
        self.settings = account.settings
        self._secrets = [secret for secret in (self.settings["secret"], self.settings["old_secret"]) if secret]
        self._allowed = guard.networks(self.settings["allowed"])
        # No proxy: it would resolve the name once more, behind the guard's back.
        self._http: httpx.AsyncClient = client(trust_env=False)

    async def deliver(self, message: Message) -> Outcome:
        """POST `{"type", "timestamp", "data"}`."""
        if is_url(message.to):
            return failed("the address of a webhook starts with https:// or http://", permanent=True)
        now = int(time.time())
        body = json.dumps(payload(message, now), ensure_ascii=False).encode("utf-8", "replace")
        headers = signing.headers(self._secrets, key=message.key, timestamp=now, body=body)
        parts = urlsplit(message.to)
        host, port = reaching.address(message.to)
        try:
            address = await guard.resolved(host, port, self._allowed)
            url = httpx.URL(message.to).copy_with(host=address)
            answer = await call(
                self._http, "POST", str(url), content=body, extensions={"sni_hostname": host},
                headers={**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "Lianyi"},
            )  # fmt: skip
        except RefusedError as error:
            return failed(str(error), permanent=True)
        except (InputError, ValueError) as error:
            return failed(str(error))
        except Broken as broken:
            return broken.outcome()
        if 200 <= answer.status < 300:
            return Outcome(fate=Fate.SENT, provider_id=message.key)
        if 300 <= answer.status < 400:
            return failed(f"{answer.status}: it leads to another address, which is not followed", permanent=True)
        return failed(
            f"the receiver answered {answer.status}", permanent=answer.status in HOPELESS,
            retry_after=answer.retry_after,
        )  # fmt: skip

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()


def payload(message: Message, now: int) -> dict[str, Any]:
    """What the receiver gets."""
    data: dict[str, Any] = {"key": message.key, "text": message.text, "props": dict(message.props)}
    data |= {name: value for name, value in (("subject", message.subject), ("html", message.html)) if value}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return {"type": str(message.props.get("type", "lianyi.message")), "timestamp": at, "data": data}


async def check(account: Configured) -> Sequence[Finding]:
    """Whether the address may be called and answers; nothing is sent."""
    host, port = reaching.address(account.settings["url"])
    found = await reaching.reaches(host, port)
    if reaching.worked(found):
        try:
            await guard.resolved(host, port, guard.networks(account.settings["allowed"]))
        except RefusedError as error:
            why = {"error": str(error)}
            return [*found, Finding(step="guard", ok=False, says="{error}", values=why, setting="allowed")]
        found.append(Finding(step="guard", ok=True, says=_("The address may be called.")))
    return found
