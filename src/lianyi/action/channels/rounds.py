"""Looks at what comes back by itself: mailboxes of bounces, each every few minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from lianyi.action.channels import accounts
from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)


class Returns:
    """A round, see action.rounds."""

    name = "returns"

    def due(self, now: datetime) -> bool:
        """Whether an account's mailbox wants to be looked at."""
        return Account.objects.filter(is_on=True, read_next_at__lte=now).exists()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Look at each that is due; one that fails keeps no other from being read."""
        for account in Account.objects.filter(is_on=True, read_next_at__lte=now):
            if stop():
                break
            again = now + timedelta(seconds=kind_of(account.kind).reads_every)
            mine = Account.objects.filter(pk=account.pk, read_next_at=account.read_next_at)
            if mine.update(read_next_at=again):
                _read(account, workspace, now)
        return False


def _read(account: Account, workspace: Workspace, now: datetime) -> None:
    try:
        kind_of(account.kind).door().read(accounts.configured(account), workspace, now)
    except Exception as error:  # edge: a provider's answer may break anything; the account says so to its owner
        reason = f"what came back can't be read: {error}"[:300]
        log.exception("channel %s: %s", account.name, reason, extra={"action": "channel.unread"})
        Account.objects.filter(pk=account.pk).update(failed_at=now, failure=reason)
