"""Writing a rule, and what is refused: paying for sharing, for heads, for a third level.

Sources: 微信外部链接内容管理规范 (a reward for the act of sharing: the link, the domain, then the account are blocked);
禁止传销条例 7 (pay by head count, entry fee, share of the sales of a downline). One level, for a paid order of the
invited that was not given back, is what remains plainly lawful; the trade's "two levels" is a habit, not a safe
harbour, so the second is off unless it is switched on, and there is no code for a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from lianyi.action.rewards.models import Rule
from lianyi.errors import InputError, RefusedError

COUNTS = ("order", "check_in")
MAX_SHARE = 5_000
MAX_AMOUNT = 10**12
_WHY_NOT = {
    "share": "sharing itself", "arrive": "arrivals", "click": "clicks", "view": "views", "follow": "followers",
    "join": "people who join", "invite": "people who are invited", "identify": "people who sign up",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A rule as it is asked for; see models.Rule. levels: 1, or 2 where `second` is set on purpose."""

    name: str
    campaign: str
    currency: str
    per_person: int
    budget: int
    starts_at: datetime
    ends_at: datetime
    counts: str = "order"
    fixed: int = 0
    share: int = 0
    second: int = 0
    levels: int = 1
    least: int = 0
    new_only: bool = True
    days: int = 30
    hold_days: int = 15
    disclosure: Mapping[str, str] = field(default_factory=dict)


def start(wanted: Wanted, *, by: str, now: datetime) -> Rule:
    """Make a rule that runs. RefusedError: the law or a platform forbids it; InputError: something is missing."""
    refuse(wanted)
    for problem in problems(wanted):
        raise InputError(problem)
    data = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__ if name != "levels"}
    try:
        with transaction.atomic():
            return Rule.objects.create(**{**data, "disclosure": dict(wanted.disclosure)}, by=by, created_at=now)
    except IntegrityError as error:
        raise InputError(f"name: there is a rule {wanted.name!r} already; choose another name") from error


def refuse(wanted: Wanted) -> None:
    """RefusedError names the rule that forbids it."""
    if wanted.counts in _WHY_NOT:
        raise RefusedError(
            f"a reward for {_WHY_NOT[wanted.counts]} is induced sharing or pay by head count: WeChat blocks the links "
            f"and 禁止传销条例 7 forbids it; reward a paid order (order) or a service that was used (check_in)"
        )
    if wanted.levels > 2:
        raise RefusedError(
            f"level {wanted.levels}: rewards end at the second level, and the second is off by default; depth of a "
            "ripple is measured, never paid (禁止传销条例 7, 刑法 224-1)"
        )
    if wanted.second and wanted.levels < 2:
        raise RefusedError(
            "second: a reward for who brought the one who brought is off unless levels = 2 says that it is meant; have "
            "it looked at by a lawyer first (禁止传销条例 7)"
        )
    if wanted.share > MAX_SHARE:
        raise RefusedError(f"share: more than {MAX_SHARE / 100:g} % of a purchase is no reward but a scheme; pay less")


def problems(wanted: Wanted) -> list[str]:
    """What is missing or does not fit."""
    found = []
    if not wanted.name.strip() or len(wanted.name) > 100:
        found.append("name: a rule needs a name of at most 100 characters")
    if not wanted.campaign.strip() or len(wanted.campaign) > 200:
        found.append("campaign: name the campaign whose links count")
    if wanted.counts not in COUNTS:
        found.append(f"counts: {wanted.counts!r} is not one of {', '.join(COUNTS)}")
    if len(wanted.currency) != 3 or not wanted.currency.isupper():
        found.append("currency: write an ISO 4217 code such as CNY")
    amounts = ("fixed", "share", "second", "least", "per_person", "budget", "days", "hold_days")
    found += [f"{name}: must be 0 or more" for name in amounts if not 0 <= getattr(wanted, name) <= MAX_AMOUNT]
    if not (wanted.fixed or wanted.share):
        found.append("fixed, share: say how much, a fixed amount or a share of the purchase")
    if wanted.share and wanted.counts != "order":
        found.append("share: a service has no value to take a share of; use fixed")
    if not 0 < wanted.per_person <= wanted.budget:
        found.append("per_person, budget: both must be above 0, and one person's cap within the budget; 0 is no limit")
    if wanted.ends_at <= wanted.starts_at:
        found.append("ends_at: must be after starts_at")
    if not any(text.strip() for text in wanted.disclosure.values()):
        found.append("disclosure: what is rewarded must be said beforehand on the campaign's page; write it")
    return found


def close(rule: Rule, *, now: datetime) -> None:
    """No new rewards from now on; what was granted stays, and still comes back with a refund."""
    if not Rule.objects.filter(pk=rule.pk, closed_at__isnull=True).update(closed_at=now):
        raise InputError("this rule is closed already")
    rule.refresh_from_db()
