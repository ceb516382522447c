"""Discourse's API: a private message to a user, or an answer in a topic. At most once: it knows no keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import callbacks, reaching
from lianyi.action.channels.calling import Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.faults import Fault
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.probing import skewed

LONGEST = 32_000
BUSY = 429
# No such user or topic; the post is not taken as it is.
HOPELESS = frozenset({400, 404, 422})
KEY = Fault(
    setting="key",
    says=_("The forum refuses the key or the user: {error}."),
    mend=_("Forum: Admin → Advanced → API keys: a key that is not revoked, for the user who is named here."),
)
OTHER_USER = Fault(
    setting="user",
    says=_("The key acts as {who}, and not as {user}."),
    mend=_("Forum: Admin → Advanced → API keys: make the key for {user}, or enter {who} here."),
)
REFUSED = Fault(
    setting="webhook_secret",
    says=_("The last call of the forum, at {refused} UTC, was refused: {why}."),
    mend=_("Forum: Admin → Advanced → Webhooks: the secret there must be the same as here."),
)


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Forum(account)


class Forum:
    """One forum."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        given = account.settings
        self._url = given["url"].rstrip("/")
        headers = {"Api-Key": given["key"], "Api-Username": given["user"], "Accept": "application/json"}
        self._http: httpx.AsyncClient = client(headers=headers)

    async def deliver(self, message: Message) -> Outcome:
        """To a user by name, or to `#` and the number of a topic."""
        if len(message.text) > LONGEST:
            return failed(f"the text has {len(message.text)} characters; Discourse allows {LONGEST}", permanent=True)
        asked: dict[str, Any] = {"raw": message.text}
        if message.to.startswith("#"):
            asked["topic_id"] = message.to.removeprefix("#")
        else:
            title = message.subject or message.text.strip().partition("\n")[0][:80]
            asked |= {"title": title, "target_recipients": message.to, "archetype": "private_message"}
        try:
            answer = await call(self._http, "POST", f"{self._url}/posts.json", data=asked)
        except Broken as broken:
            return broken.outcome()
        if answer.status == 200:
            return Outcome(fate=Fate.SENT, provider_id=str(answer.fields.get("id", "")))
        if answer.status == BUSY:
            extras = answer.fields.get("extras")
            asked_for = extras.get("wait_seconds") if isinstance(extras, dict) else None
            wait = float(asked_for) if isinstance(asked_for, int | float) else answer.retry_after or 30.0
            return failed(_error(answer), retry_after=wait)
        return failed(_error(answer), permanent=answer.status in HOPELESS)

    async def ask(self, path: str) -> Answer:
        """A question that changes nothing."""
        return await call(self._http, "GET", f"{self._url}/{path}")

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()


def _error(answer: Answer) -> str:
    errors = answer.fields.get("errors")
    return f"{answer.status} {'; '.join(map(str, errors)) if isinstance(errors, list) else ''}".strip()[:200]


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, key, user, and what the forum's webhook said."""
    forum = Forum(account)

    async def look(found: list[Finding]) -> None:
        found += _known(account, await forum.ask("session/current.json"))

    return [*await reaching.looked(account.settings["url"], look, forum.close), *_heard(account)]


def _known(account: Configured, answer: Answer) -> list[Finding]:
    me = answer.fields.get("current_user")
    if answer.status != 200 or not isinstance(me, dict):
        return [KEY.finding("login", {"error": _error(answer)})]
    user, who = account.settings["user"], str(me.get("username", ""))
    if user.lower() != who.lower():
        return [OTHER_USER.finding("login", {"user": user, "who": who})]
    says = _("The token is of {user}.")
    return [*skewed(str(answer.headers.get("date", ""))),
            Finding(step="login", ok=True, says=says, values={"user": who})]  # fmt: skip


def _heard(account: Configured) -> list[Finding]:
    if not account.settings["webhook_secret"]:
        return []
    return callbacks.heard_of(account, lambda _step: REFUSED)
