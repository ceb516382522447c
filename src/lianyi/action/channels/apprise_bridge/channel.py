"""Delivery by Apprise. It answers yes or no; a no is tried again, so a message may come twice (at least once)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import apprise
from django.utils.translation import gettext_noop as _

from lianyi.action.channels.calling import failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.errors import InputError


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """InputError where Apprise does not know the address."""
    return Bridge(account)


class Bridge:
    """One service."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self.services = apprise.Apprise()
        if not self.services.add(account.settings["service"]):
            raise InputError("service: Apprise knows no service of this address; see its list of notification services")

    async def deliver(self, message: Message) -> Outcome:
        """To the one receiver that the address names."""
        with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
            done = await self.services.async_notify(body=message.text, title=message.subject)
            why = " ".join(said.getvalue().split())
        return Outcome(fate=Fate.SENT) if done else failed(why or "the service refused it")

    async def close(self) -> None:
        """Nothing is kept open."""


async def check(account: Configured) -> Sequence[Finding]:
    """Whether Apprise can read the address; the rest shows only when something is sent."""
    Bridge(account)
    says = _("Apprise knows the service; send a test message to see whether it takes one.")
    return [Finding(step="settings", ok=True, says=says)]
