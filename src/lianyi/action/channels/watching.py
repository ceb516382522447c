"""What a channel said of its messages, kept with the account: last success, last error, how many this hour."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from lianyi.action.channels.contract import Channel, Fate, Message, Outcome, Reporting
from lianyi.action.channels.models import Account

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


@dataclass(kw_only=True)
class Tally:
    """What came of messages since it was written down last."""

    sent: int = 0
    failed: int = 0
    heard_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""

    def add(self, outcome: Outcome, now: datetime) -> None:
        """Count one. A refusal of one address is an answer of a provider that works."""
        if outcome.fate is Fate.FAILED:
            self.failed += 1
        else:
            self.sent += 1
        if outcome.fate is Fate.FAILED and not outcome.permanent:
            self.failed_at, self.failure = now, outcome.reason[:300]
        elif outcome.fate is not Fate.UNKNOWN or outcome.provider_id:
            self.heard_at = now


def keep(name: str, tally: Tally, *, now: datetime) -> None:
    """Add a tally to the account's figures."""
    hour = now - timedelta(hours=1)
    row = Account.objects.filter(name=name)
    if not row.filter(hour__gt=hour).update(sent=F("sent") + tally.sent, failed=F("failed") + tally.failed):
        row.update(hour=now, sent=tally.sent, failed=tally.failed)
    if tally.heard_at:
        row.update(heard_at=tally.heard_at)
    if tally.failed_at:
        row.update(failed_at=tally.failed_at, failure=tally.failure)


class Watched:
    """A channel that is counted. Its figures are written every few seconds, in a thread, and at the end."""

    def __init__(self, name: str, inner: Channel) -> None:
        self.name, self.inner, self.keyed = name, inner, inner.keyed
        self._tally = Tally()
        self._written = time.monotonic()
        self._writing: asyncio.Task[None] | None = None

    def as_channel(self) -> Channel:
        """With `results` where the channel has them: senders ask by isinstance."""
        return WatchedReporting(self.name, self.inner) if isinstance(self.inner, Reporting) else self

    async def deliver(self, message: Message) -> Outcome:
        """See Channel."""
        outcome = await self.inner.deliver(message)
        self._tally.add(outcome, timezone.now())
        if time.monotonic() - self._written > EVERY_SECONDS and self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return outcome

    async def close(self) -> None:
        """See Channel."""
        try:
            await self.inner.close()
        finally:
            if self._writing is not None:
                await self._writing
            await self._write()

    async def _write(self) -> None:
        tally, self._tally, self._written = self._tally, Tally(), time.monotonic()
        try:
            if tally.sent or tally.failed:
                await asyncio.to_thread(_write_down, self.name, tally)
        finally:
            self._writing = None


class WatchedReporting(Watched):
    """The same, of a channel that tells later."""

    async def results(self, provider_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """See Reporting."""
        assert isinstance(self.inner, Reporting)  # noqa: S101  as_channel has looked
        return await self.inner.results(provider_ids)


def _write_down(name: str, tally: Tally) -> None:
    try:
        keep(name, tally, now=timezone.now())
    except DatabaseError as error:  # figures for people to look at; sending goes on without
        log.warning("figures of channel %s were not written: %s", name, error, extra={"action": "channel.tally"})
    finally:
        connection.close()
