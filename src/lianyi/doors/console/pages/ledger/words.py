"""What the ledger's dimensions and kinds are called, and where the members of a dimension have a page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.insight.ledger.accounts import ACCOUNTS

DIMENSIONS: Mapping[str, Text] = {
    "campaign": gettext_lazy("Campaign"),
    "journey": gettext_lazy("Journey"),
    "step": gettext_lazy("Step"),
    "content": gettext_lazy("Content"),
    "channel": gettext_lazy("Channel"),
    "category": gettext_lazy("Category"),
    "ripple": gettext_lazy("Ripple"),
    "generation": gettext_lazy("Generation"),
    "sharer": gettext_lazy("Sharer"),
    "community": gettext_lazy("Community"),
    "group": gettext_lazy("Group"),
    "person": gettext_lazy("Person"),
    "member": gettext_lazy("Team member"),
    "booked_by": gettext_lazy("How it came to be booked"),
    "currency": gettext_lazy("Currency"),
}
BOOKED_BY: Mapping[str, Text] = {
    "named": gettext_lazy("it says so itself"),
    "arrival": gettext_lazy("the buyer came through a share"),
    "click": gettext_lazy("the buyer clicked in a message"),
    "none": gettext_lazy("belongs to nothing"),
}
KINDS: Mapping[str, Text] = {
    "order": gettext_lazy("Orders"),
    "refund": gettext_lazy("Refunds"),
    "cost": gettext_lazy("Costs entered"),
    "reward": gettext_lazy("Rewards"),
}
CONTRAS: Mapping[str, Text] = {
    "customers": gettext_lazy("Customers"),
    "stock": gettext_lazy("Inventory"),
    "providers": gettext_lazy("Providers"),
    "people": gettext_lazy("People rewarded"),
    "media": gettext_lazy("Media"),
    "team": gettext_lazy("Team"),
    "others": gettext_lazy("Others"),
}
_PAGES = {"ripple": "ripple", "sharer": "person", "person": "person", "community": "community"}


def chinese() -> bool:
    """Whether the page speaks Chinese."""
    return (get_language() or "").startswith("zh")


def account_title(account: str) -> str:
    """What an account is called; a contra account by who stands on the other side."""
    if account.startswith("contra."):
        return str(CONTRAS.get(account.removeprefix("contra."), account))
    known = ACCOUNTS.get(account)
    return account if known is None else known.zh if chinese() else known.en


def title_of(dimension: str, row: Mapping[str, Any]) -> str:
    """What a member of a dimension is called."""
    member: str = row["member"]
    if member == "":
        return _("none")
    if dimension == "all":
        return _("Everything")
    if dimension == "booked_by":
        return str(BOOKED_BY.get(member, member))
    name = row.get("name_zh" if chinese() else "name_en") or row.get("name_en")
    return str(name or member)


def address_of(dimension: str, member: str) -> str:
    """The page of the ledger about one member."""
    return f"{reverse('ledger_one')}?{urlencode({'by': dimension, 'member': member})}"


def sums_of(dimension: str, member: str) -> dict[str, Any] | None:
    """The sums of one member for a page that is about more than its money; None where the ledger has no entry of it."""
    ws = workspace()
    state = ws.states().get("ledger_splits")
    total = ws.ledger.member(dimension, member) if state else None
    return {"total": total, "address": address_of(dimension, member), "state": state} if total else None


def page_of(dimension: str, member: str) -> str:
    """The page of the thing itself, "" where it has none."""
    if member == "":
        return ""
    if dimension == "campaign":
        from lianyi.action.campaigns.models import Campaign

        found = Campaign.objects.filter(name=member).values_list("pk", flat=True).first()
        return reverse("campaign", args=[found]) if found else ""
    return reverse(_PAGES[dimension], args=[member]) if dimension in _PAGES else ""
