"""Rewards settle by themselves: every rule that runs or may still take back, some minutes after the last time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from lianyi.action.rewards import settling
from lianyi.action.rewards.models import Rule
from lianyi.workspace import Workspace

EVERY = timedelta(minutes=10)
# Refunds come late: so long after its end a rule still takes back.
AFTER = timedelta(days=120)


class Settling:
    """One round settles one rule. Two at once do no harm: each movement is posted once, by its key."""

    name = "rewards"

    def due(self, now: datetime) -> bool:
        """Whether a rule waits."""
        return self._waiting(now).exists()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Settle the rule that has waited longest. It is marked first, so that others take another one."""
        rule = self._waiting(now).order_by("settled_at").first()
        if rule is None or stop():
            return False
        mine = Rule.objects.filter(pk=rule.pk, settled_at=rule.settled_at)
        if mine.update(settled_at=now):
            settling.settle(workspace, rule, now=now)
        return True

    def _waiting(self, now: datetime) -> QuerySet[Rule]:
        old = Q(settled_at__isnull=True) | Q(settled_at__lt=now - EVERY)
        return Rule.objects.filter(old, starts_at__lte=now, ends_at__gt=now - AFTER)
