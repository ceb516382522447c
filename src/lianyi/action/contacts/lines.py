"""How each channel account goes: its pace, and the breaker that rests it when it fails again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lianyi.action.channels.contract import Fate, Outcome
from lianyi.action.contacts.models import Line

# Tries that must fail one after the other before an account is rested, for how long at first and at most.
BREAKS_AFTER = 10
RESTS = timedelta(seconds=60)
RESTS_AT_MOST = timedelta(hours=1)
# Of one message: how often it is tried, and how long between two tries.
MOST_TRIES = 8
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=2)


def closed(now: datetime) -> list[str]:
    """Accounts that rest."""
    return list(Line.objects.filter(closed_until__gt=now).values_list("channel", flat=True))


def is_probing(channel: str) -> bool:
    """Whether the account has failed when it was tried last, so that a few messages must show whether it works."""
    return Line.objects.filter(channel=channel, trips__gt=0).exists()


def went_well(channel: str) -> None:
    """A message was taken, or refused by an account that works."""
    Line.objects.filter(channel=channel).exclude(failures=0, trips=0).update(
        failures=0, trips=0, closed_until=None, reason=""
    )


def failed(channel: str, outcomes: int, *, now: datetime, reason: str, retry_after: float | None = None) -> bool:
    """So many tries failed in a row for reasons of the account. True: it rests now."""
    line, _ = Line.objects.get_or_create(channel=channel)
    line.failures += outcomes
    until = None
    if retry_after is not None:
        until = now + timedelta(seconds=retry_after)
    elif line.failures >= BREAKS_AFTER or line.trips:
        until = now + min(RESTS * 2 ** min(line.trips, 10), RESTS_AT_MOST)
        line.trips, line.failures = line.trips + 1, 0
    if until is not None:
        line.closed_until = max(until, line.closed_until or until)
    line.reason = reason[:300]
    line.save()
    return until is not None


def next_try(attempts: int, chance: random.Random) -> timedelta | None:
    """How long to wait before the next try after so many; None: no more. Doubles each time, and half of it is chance,
    so that messages which failed together do not come back together."""
    if attempts >= MOST_TRIES:
        return None
    wait = min(FIRST_WAIT * (1 << max(attempts - 1, 0)), LONGEST_WAIT)
    return wait * (0.5 + chance.random())


def is_fault_of_account(outcome: Outcome) -> bool:
    """Whether a try says that the account fails, rather than this one address."""
    return (outcome.fate is Fate.FAILED and not outcome.permanent) or (
        outcome.fate is Fate.UNKNOWN and not outcome.provider_id
    )


@dataclass(kw_only=True)
class Pace:
    """Spreads messages evenly over time: at most so many a second, None = no limit."""

    per_second: float | None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _next: float = field(default=0.0)

    async def wait(self) -> None:
        """Until the next message may go."""
        if self.per_second is None:
            return
        now = self.clock()
        turn = max(self._next, now)
        self._next = turn + 1.0 / self.per_second
        if turn > now:
            await self.sleep(turn - now)
