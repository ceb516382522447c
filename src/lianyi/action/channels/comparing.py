"""Comparison of an account with its platform's own lists: asked for, or done while somebody watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

from lianyi.action.channels import accounts
from lianyi.action.channels.models import Account
from lianyi.action.channels.wecom_mass import comparing, progress
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError
from lianyi.workspace import Workspace


def ask_for(account: Account, *, by: User | str, now: datetime) -> dict[str, Any]:
    """The worker begins within seconds; returns how far it is. InputError for an account without lists, or one that is
    off; Busy while it is being compared."""
    _comparable(account)
    if not account.is_on:
        raise InputError(f"{account.name} is off; turn it on before it is compared")
    comparing.ask_for(account, Path(django_settings.WORKSPACE), now)
    audit.note(by, "channel.compare", account.name)
    return accounts.comparing(account) or {}


def compare(
    account: Account, workspace: Workspace, *, by: User | str, now: datetime,
    shown: Callable[[progress.Progress], None],
) -> dict[str, Any]:  # fmt: skip
    """The whole comparison, here and now, or the rest of one that was cut off. shown: told after each batch."""
    _comparable(account)
    audit.note(by, "channel.compare", account.name)
    comparing.compare(accounts.configured(account), workspace, now, stop=lambda: False, shown=shown)
    return accounts.comparing(account) or {}


def _comparable(account: Account) -> None:
    if accounts.comparing(account) is None:
        raise InputError(f"{account.name}: kind {account.kind} has no lists to compare with; wecom_mass has")
