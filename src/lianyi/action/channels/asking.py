"""What a platform's interfaces are asked by hand: who asked what stands in the log of acts, not what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.action.channels import accounts
from lianyi.action.channels.accounts import By
from lianyi.action.channels.models import Account
from lianyi.action.channels.wecom_mass.interfaces import INTERFACES, Interface, ask, interface_of
from lianyi.action.team import audit
from lianyi.errors import InputError

KIND = "wecom_mass"


def described(interface: Interface) -> dict[str, Any]:
    """One interface as plain data."""
    return {
        "name": interface.name, "title": str(interface.title), "changes": interface.changes,
        "fields": [
            {"name": each.name, "title": str(each.title), "type": each.type, "required": each.required,
             "most": each.most}
            for each in interface.fields
        ],
    }  # fmt: skip


def interfaces() -> list[dict[str, Any]]:
    """All of them, in their order."""
    return [described(each) for each in INTERFACES.values()]


def asked(account: Account, name: str, given: Mapping[str, Any], *, by: By) -> dict[str, Any]:
    """Ask one in the name of an account. InputError names the field that is wrong; RefusedError says what the platform
    refuses and where to mend it."""
    if account.kind != KIND:
        raise InputError(f"{account.name}: kind {account.kind} has no such interfaces; {KIND} has")
    interface = interface_of(name)
    interface.read(given)
    audit.note(by, "channel.ask", account.name, interface=name, changes=interface.changes)
    return ask(accounts.configured(account), name, given)
