"""Rewards that a journey asks for: what the person has earned by a rule, and nothing that they have not."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

import lianyi
from lianyi.action.rewards import settling
from lianyi.action.rewards.models import Rule
from lianyi.errors import NotFound
from lianyi.workspace import Workspace


def grant(
    rule: str, *, person_id: str, key: str, by: str, now: datetime, workspace: Workspace | None = None
) -> int:  # fmt: skip
    """Post what this person has earned by the rule so far and has not got yet; returns how many grants that made. A
    journey can't give more than the rule: each purchase pays once, whoever asks (key and by are the journey's own, for
    its log). NotFound names the rules that there are."""
    found = Rule.objects.filter(name=rule).first()
    if found is None:
        known = ", ".join(Rule.objects.order_by("name").values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"there is no reward rule {rule!r} (asked by {by} for {key}); there are: {known}")
    ws = workspace or lianyi.open(settings.WORKSPACE)
    return settling.settle(ws, found, now=now, only=person_id).granted
