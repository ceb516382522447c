"""What providers say later: messages that a member of staff must confirm over there are asked about now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from django.db.models import QuerySet

from lianyi.action.channels import accounts
from lianyi.action.channels.contract import Channel, Fate, Outcome, Reporting
from lianyi.action.contacts.models import Contact, Line, State
from lianyi.errors import LianyiError
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=5)
# After so long nobody will confirm it any more.
GIVES_UP = timedelta(days=40)
MOST = 1_000


def due(now: datetime) -> bool:
    """Whether any account wants to be asked."""
    return bool(_channels(now))


def ask(ws: Workspace, *, now: datetime) -> int:  # noqa: ARG001  the events are told by telling.tell_rest
    """Ask each provider about its open messages; returns of how many there is final news."""
    found = 0
    for channel in _channels(now):
        line, _ = Line.objects.get_or_create(channel=channel)
        # Whoever changes it asks; another worker sees the new time.
        if Line.objects.filter(pk=line.pk, results_at=line.results_at).update(results_at=now + EVERY):
            found += _ask(channel, now)
    return found


def _channels(now: datetime) -> list[str]:
    names = _open().filter(given_at__gt=now - GIVES_UP).order_by().values_list("channel", flat=True).distinct()
    later = set(Line.objects.filter(results_at__gt=now).values_list("channel", flat=True))
    return [name for name in names if name not in later]


def _ask(channel: str, now: datetime) -> int:
    rows = dict(_open().filter(channel=channel).order_by("given_at").values_list("provider_id", "pk")[:MOST])
    try:
        found = asyncio.run(_results(accounts.opened(channel), list(rows)))
    except (LianyiError, OSError) as error:
        log.warning("channel %s does not tell: %s", channel, error, extra={"action": "channel.results"})
        return 0
    for provider_id, outcome in found.items():
        state = {Fate.SENT: State.SENT, Fate.FAILED: State.FAILED}.get(outcome.fate)
        if state is not None:
            _open().filter(pk=rows[provider_id]).update(
                state=state, reason=outcome.reason[:500], ended_at=now, told=False,
                sent_at=(outcome.at or now) if state is State.SENT else None,
            )  # fmt: skip
    return len(found)


async def _results(opening: AbstractAsyncContextManager[Channel], provider_ids: Sequence[str]) -> Mapping[str, Outcome]:
    async with opening as opened:
        return await opened.results(provider_ids) if isinstance(opened, Reporting) else {}


def _open() -> QuerySet[Contact]:
    return Contact.objects.filter(state=State.UNKNOWN).exclude(provider_id="")
