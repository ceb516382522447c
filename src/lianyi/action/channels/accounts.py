"""Accounts at providers: set up, changed, turned off, opened for sending.

What senders need: names(), address_of(), limits(), and `async with opened(name) as channel`.
"""

from __future__ import annotations

import asyncio
import secrets as random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from lianyi.action.channels.contract import Channel, Limits
from lianyi.action.channels.keyring import Keyring
from lianyi.action.channels.kinds import Configured, Finding, Kind, kind_of
from lianyi.action.channels.models import Account
from lianyi.action.channels.watching import Watched
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound, RefusedError

SEAL = "_seal"
# How long a process may go on with what it knows of an account: addresses are asked for by the ten thousand.
KNOWN_SECONDS = 2.0
By = User | str


# --- for senders ----------------------------------------------------------------------------------------------------


def names(*, on: bool = True) -> list[str]:
    """The accounts that may be used now; all of them with on=False."""
    found = Account.objects.filter(is_on=True) if on else Account.objects.all()
    return list(found.values_list("name", flat=True))


def address_of(name: str, keys_of_person: Sequence[str]) -> str | None:
    """By which address this account can write to a person, None where it can't. The keys that come first are preferred
    among equals."""
    kind, settings = _known(name)
    for namespace in kind.namespaces:
        for key in keys_of_person:
            if not namespace or key.startswith(f"{namespace}:"):
                address = kind.address(key, settings)
                if address:
                    return address
    return None


def word_of(name: str) -> str:
    """What the account is called in consents and in the log's `channel`: email, sms, wecom, wechat, matrix …"""
    return _known(name)[0].word


def limits(name: str) -> Limits:
    """How fast the account may be written to."""
    account = by_name(name)
    kind = kind_of(account.kind)
    return Limits(
        per_second=account.per_second or kind.per_second, at_once=account.at_once or kind.at_once, keyed=kind.keyed
    )


def opened(name: str) -> AbstractAsyncContextManager[Channel]:
    """The channel of an account, for one event loop: `async with opened(name) as channel`. RefusedError where it is
    turned off."""
    return _Opening(name)


class _Opening(AbstractAsyncContextManager[Channel]):
    """Reads the account when it is made, or in a thread where a loop runs already (the database is not for loops)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.channel: Watched | None = None
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self.account: Configured | None = _configured(name)
        else:
            self.account = None

    async def __aenter__(self) -> Channel:
        account = self.account
        if account is None:
            account = await asyncio.to_thread(_in_thread, _configured, self.name)
        self.channel = Watched(account.name, await kind_of(account.kind).door().open(account))
        return self.channel.as_channel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.channel is not None:
            await self.channel.close()


def _in_thread(ask: Callable[[str], Configured], name: str) -> Configured:
    try:
        return ask(name)
    finally:
        connection.close()


def _configured(name: str) -> Configured:
    account = by_name(name)
    if not account.is_on:
        raise RefusedError(f"channel {name} is turned off; turn it on again under Settings, Channels")
    return configured(account)


def configured(account: Account) -> Configured:
    """The account with its secrets, as its channel gets it."""
    folder = Path(django_settings.WORKSPACE)
    secrets = Keyring(folder).unseal(account.sealed)
    seal = secrets.pop(SEAL)
    return Configured(
        name=account.name, kind=account.kind, settings={**account.settings, **secrets}, seal=seal, folder=folder
    )


_known_accounts: dict[str, tuple[float, Kind, Mapping[str, Any]]] = {}


def _known(name: str) -> tuple[Kind, Mapping[str, Any]]:
    found = _known_accounts.get(name)
    if found is None or time.monotonic() - found[0] > KNOWN_SECONDS:
        account = by_name(name)
        found = time.monotonic(), kind_of(account.kind), account.settings
        _known_accounts[name] = found
    return found[1], found[2]


# --- for those who set them up ----------------------------------------------------------------------------------------


def by_name(name: str) -> Account:
    """NotFound lists the accounts."""
    account = Account.objects.filter(name=name).first()
    if account is None:
        there = ", ".join(names(on=False)) or "none yet"
        raise NotFound(f"no channel {name!r}; there are {there}")
    return account


def add(
    name: str, kind: str, settings: Mapping[str, Any], *, by: By, now: datetime,
    per_second: float | None = None, at_once: int | None = None,
) -> Account:  # fmt: skip
    """A new account. InputError names the setting that is wrong, or says that the name is taken."""
    said = kind_of(kind)
    values, secrets = said.read(settings, {})
    account = Account(
        name=name.strip(), kind=kind, settings=values, by=_name(by), created_at=now, changed_at=now,
        read_next_at=now if said.reads_every and said.reads(values) else None,
    )  # fmt: skip
    _set_pace(account, per_second, at_once)
    keyring = Keyring(Path(django_settings.WORKSPACE))
    try:
        account.full_clean(validate_unique=False)
        with keyring.steady(), transaction.atomic():
            account.sealed = keyring.seal({**secrets, SEAL: random.token_hex(32)})
            account.save(force_insert=True)
            audit.note(by, "channel.add", account.name, kind=kind)
    except ValidationError as error:
        raise InputError(
            "; ".join(f"{field}: {' '.join(says)}" for field, says in error.message_dict.items())
        ) from error
    except IntegrityError as error:
        says = gettext("there is a channel {name} already; choose another name").format(name=repr(name))
        raise InputError(f"name: {says}") from error
    _known_accounts.pop(account.name, None)
    return account


def change(
    account: Account, settings: Mapping[str, Any], *, by: By, now: datetime, pace: Mapping[str, Any] | None = None
) -> None:
    """Change some settings; what is not given stays. A secret that is given empty stays as well. pace: per_second and
    at_once, None for what is usual."""
    keyring = Keyring(Path(django_settings.WORKSPACE))
    old = keyring.unseal(account.sealed)
    values, secrets = kind_of(account.kind).read(settings, {**account.settings, **old})
    changed = sorted(
        {name for name in values if values[name] != account.settings.get(name)}
        | {name for name in secrets if secrets[name] != old.get(name)}
    )
    account.settings = values
    kind = kind_of(account.kind)
    account.read_next_at = (account.read_next_at or now) if kind.reads_every and kind.reads(values) else None
    if pace is not None:
        _set_pace(account, pace.get("per_second"), pace.get("at_once"))
    account.changed_at, account.check_found, account.checked_at = now, None, None
    with keyring.steady(), transaction.atomic():
        account.sealed = keyring.seal({**secrets, SEAL: old[SEAL]})
        account.save(update_fields=[
            "settings", "sealed", "read_next_at", "per_second", "at_once", "changed_at", "check_found", "checked_at",
        ])  # fmt: skip
        audit.note(by, "channel.change", account.name, settings=changed)
    _known_accounts.pop(account.name, None)


def turn(account: Account, *, on: bool, by: By, now: datetime) -> None:
    """Turn off: nothing is sent through it, and what waits for it goes on waiting."""
    if Account.objects.filter(pk=account.pk).exclude(is_on=on).update(is_on=on, changed_at=now):
        audit.note(by, "channel.on" if on else "channel.off", account.name)
    account.refresh_from_db()


def remove(account: Account, *, by: By) -> None:
    """Forget an account and its secrets."""
    with transaction.atomic():
        audit.note(by, "channel.remove", account.name, kind=account.kind)
        account.delete()
    _known_accounts.pop(account.name, None)


def rotate(*, by: By) -> int:
    """Encrypt all secrets anew with a new key and throw the old keys away; returns of how many accounts."""
    keyring = Keyring(Path(django_settings.WORKSPACE))
    with keyring.rotated(), transaction.atomic():
        accounts = list(Account.objects.select_for_update())
        for account in accounts:
            account.sealed = keyring.seal(keyring.unseal(account.sealed))
            account.save(update_fields=["sealed"])
        audit.note(by, "channel.rotate", "", accounts=len(accounts))
    return len(accounts)


def secrets_set(account: Account) -> set[str]:
    """Which of its secrets are set; what they are is never told."""
    kept = Keyring(Path(django_settings.WORKSPACE)).unseal(account.sealed)
    return {name for name, value in kept.items() if value and name != SEAL}


def check_of(account: Account) -> list[Finding] | None:
    """What its last self-check found; None where it was never checked."""
    return None if account.check_found is None else [Finding(**step) for step in account.check_found]


def described(account: Account, *, now: datetime | None = None) -> dict[str, Any]:
    """The account as plain data for API and command line, without its secrets."""
    kind = kind_of(account.kind)
    here = secrets_set(account)
    secret = {each.name: "(set)" if each.name in here else "" for each in kind.settings if each.type == "secret"}
    pace = limits(account.name)
    steps = check_of(account)
    found = None if steps is None else [one.data() for one in steps]
    return {
        "name": account.name, "kind": account.kind, "on": account.is_on, "state": state(account, now or timezone.now()),
        "settings": {**account.settings, **secret}, "per_second": pace.per_second, "at_once": pace.at_once,
        "keyed": pace.keyed, "last_success": account.heard_at, "last_error_at": account.failed_at,
        "last_error": account.failure, "sent_this_hour": this_hour(account, now or timezone.now())[0],
        "failed_this_hour": this_hour(account, now or timezone.now())[1],
        "checked_at": account.checked_at, "check": found, "listening": listening(account),
        "comparing": comparing(account),
    }  # fmt: skip


def listening(account: Account) -> dict[str, Any] | None:
    """Rooms, lag and last error of an account that reads what people say; None for one that does not."""
    kind = kind_of(account.kind)
    given = kind.listening if kind.reads(account.settings) else None
    return given(Path(django_settings.WORKSPACE), account.name) if given else None


def comparing(account: Account) -> dict[str, Any] | None:
    """How far an account was compared with its platform's own lists; None for a kind that has none to compare with."""
    given = kind_of(account.kind).comparing
    return given(Path(django_settings.WORKSPACE), account.name) if given else None


def state(account: Account, _now: datetime) -> str:
    """off, failing (the last word of its provider, or of the check, was no), working, or new."""
    if not account.is_on:
        return "off"
    refused = any(step["ok"] is False for step in account.check_found or ())
    if refused or (account.failed_at and (not account.heard_at or account.failed_at > account.heard_at)):
        return "failing"
    return "working" if account.heard_at else "new"


def this_hour(account: Account, now: datetime) -> tuple[int, int]:
    """Messages of the hour that runs: sent, failed."""
    if account.hour is None or now - account.hour >= timedelta(hours=1):
        return 0, 0
    return account.sent, account.failed


def _set_pace(account: Account, per_second: Any, at_once: Any) -> None:
    if per_second is not None and (isinstance(per_second, bool) or not isinstance(per_second, int | float)
                                   or not 0.01 <= per_second <= 100_000):  # fmt: skip
        raise InputError(f"per_second: {per_second!r} is not a number from 0.01 to 100000; leave it out for no limit")
    if at_once is not None and (
        isinstance(at_once, bool) or not isinstance(at_once, int) or not 1 <= at_once <= 10_000
    ):
        raise InputError(f"at_once: {at_once!r} is not a whole number from 1 to 10000")
    account.per_second, account.at_once = per_second, at_once


def _name(by: By) -> str:
    return by.name if isinstance(by, User) else by
