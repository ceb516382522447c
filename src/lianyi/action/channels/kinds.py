"""Kinds of channels as data: what each is called, what must be set, whom it can write to.

A kind is a folder beside this file whose `about.py` holds KIND. Its `channel.py`, imported only when an account is
used, holds `open` and `check` (see Door). Kinds of other packages are found by the entry point group `lianyi.channels`,
each naming a KIND.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.contract import Channel
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace

Text = str | Promise
Type = Literal["text", "secret", "number", "switch", "choice", "long"]
GROUP = "lianyi.channels"
# What a text of one line may not hold.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One thing to set. check: says what is wrong with a value, "" where nothing is. A secret is kept encrypted and
    never shown again. choices: value and title, for the type choice. more: few need it."""

    name: str
    title: Text
    type: Type = "text"
    help: Text = ""
    default: Any = ""
    required: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    check: Callable[[Any], Text] | None = None
    more: bool = False

    def read(self, value: Any) -> Any:
        """The value as it is kept; InputError says what it may be."""
        if value in (None, ""):
            if self.required:
                raise InputError(f"{self.name}: {gettext('is missing')}; {self.help or self.title}")
            return self.default
        value = self._typed(value)
        wrong = self.check(value) if self.check else ""
        if wrong:
            raise InputError(f"{self.name}: {wrong}")
        return value

    def _typed(self, value: Any) -> Any:
        if self.type == "number":
            if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value).strip()):
                raise InputError(f"{self.name}: {gettext('must be a whole number')}")
            return int(value)
        if self.type == "switch":
            if str(value).lower() not in {"true", "false", "on", "off"}:
                raise InputError(f"{self.name}: {gettext('must be true or false')}")
            return str(value).lower() in {"true", "on"}
        if not isinstance(value, str):
            raise InputError(f"{self.name}: {gettext('must be a text')}")
        return self._text(value.strip())

    def _text(self, value: str) -> str:
        if len(value) > 4000 or (self.type != "long" and UNPRINTABLE.search(value)):
            raise InputError(f"{self.name}: {gettext('must be a text of one line and at most 4,000 characters')}")
        if self.type == "choice" and value not in dict(self.choices):
            says = gettext("{value} is none of {choices}")
            choices = ", ".join(dict(self.choices))
            raise InputError(f"{self.name}: {says.format(value=repr(value[:40]), choices=choices)}")
        return value


@dataclass(frozen=True, kw_only=True)
class Configured:
    """An account as its channel sees it. settings: with the secrets. seal: a secret of this account alone, by which the
    channel makes marks that nobody can forge. folder: the workspace's. groups: keys of the groups in which it is to
    act, known to a self-check only.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    seal: str
    folder: Path
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One step of a self-check. ok: None for what shows only when something is sent. says: a message that is translated
    when it is shown, with values for its holes. setting: what is broken where it is not ok: a setting of the account,
    or a name of faults.TITLES for what is set on the platform. mend: where to mend it, "" = at that setting of the
    account.
    """

    step: str
    ok: bool | None
    says: str
    values: Mapping[str, str] = field(default_factory=dict)
    setting: str = ""
    mend: str = ""

    def __str__(self) -> str:
        return gettext(self.says).format(**self.values)

    @property
    def mending(self) -> str:
        """Where to mend it, in the language of the one who asks; "" where it is a setting of the account."""
        return gettext(self.mend).format(**self.values) if self.mend else ""

    def data(self) -> dict[str, Any]:
        """For API and command line."""
        return {"step": self.step, "ok": self.ok, "says": str(self), "setting": self.setting, "mend": self.mending}


class Door(Protocol):
    """The module `channel` of a kind. `read` only where Kind.reads_every is set."""

    async def open(self, account: Configured) -> Channel:
        """Make the channel; connections may be opened later, by the first message."""

    async def check(self, account: Configured) -> Sequence[Finding]:
        """Try all that can be tried without sending: names, TLS, login, rights."""

    def read(self, account: Configured, workspace: Workspace, now: datetime) -> None:
        """Look at what came back (a mailbox of bounces) and make events of it."""


def _value(key: str, _settings: Mapping[str, Any]) -> str | None:
    return key.partition(":")[2] or None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of channel.

    namespaces: of the keys that it can write to, the best first; "" for a kind that writes to one address of the brand
    whoever it is about. address: from such a key and the settings, None where this account can't. word: the channel's
    name in consents and in the log's `channel` (email, sms …). keyed: see Channel. per_second, at_once: what is right
    for most providers. whole: says what is wrong with the settings together. reads_every: seconds between two calls of
    `read`, 0 = never; reads: whether these settings name anything to read.
    listening: how far an account (folder of the workspace, name) was read, for kinds that read what people say.
    comparing: the same of the comparison with the platform's own lists, for kinds that have them.
    test_hint: what an address looks like.
    """

    name: str
    title: Text
    says: Text
    word: str
    settings: tuple[Setting, ...]
    namespaces: tuple[str, ...]
    module: str
    keyed: bool = False
    per_second: float | None = None
    at_once: int = 8
    address: Callable[[str, Mapping[str, Any]], str | None] = _value
    whole: Callable[[Mapping[str, Any]], Text] | None = None
    reads_every: int = 0
    reads: Callable[[Mapping[str, Any]], bool] = bool
    listening: Callable[[Path, str], dict[str, Any]] | None = None
    comparing: Callable[[Path, str], dict[str, Any]] | None = None
    test_hint: Text = ""

    def door(self) -> Door:
        """The code behind it, imported now. InputError says which package is missing."""
        try:
            return cast("Door", importlib.import_module(self.module))
        except ImportError as error:
            raise InputError(
                f"channels of kind {self.name} need the package {error.name}; pip install 'lianyi[{self.name}]'"
            ) from error

    def setting(self, name: str) -> Setting:
        """One of its settings; InputError lists them."""
        for each in self.settings:
            if each.name == name:
                return each
        raise InputError(f"{name}: no such setting; {self.name} has {', '.join(one.name for one in self.settings)}")

    def read(self, given: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings and secrets as they are kept. A secret that is not given, or given empty, stays as it was."""
        for name in given:
            self.setting(name)
        values: dict[str, Any] = {}
        secrets: dict[str, Any] = {}
        for each in self.settings:
            if each.type == "secret":
                secrets[each.name] = each.read(given.get(each.name) or kept.get(each.name))
            else:
                values[each.name] = each.read(given[each.name] if each.name in given else kept.get(each.name))
        wrong = self.whole({**values, **secrets}) if self.whole else ""
        if wrong:
            raise InputError(str(wrong))
        return values, secrets


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by name, ours first."""
    here = importlib.import_module("lianyi.action.channels")
    folders = [each.name for each in pkgutil.iter_modules(here.__path__) if each.ispkg and each.name != "migrations"]
    found: list[Kind] = [importlib.import_module(f"{here.__name__}.{folder}.about").KIND for folder in folders]
    found.sort(key=lambda kind: _ORDER.get(kind.name, 99))
    found += [point.load() for point in importlib.metadata.entry_points(group=GROUP)]
    return {kind.name: kind for kind in found}


_ORDER = {
    name: place
    for place, name in enumerate(
        (
            "email",
            "sms",
            "wecom_app",
            "wecom_mass",
            "wechat_service",
            "matrix",
            "telegram",
            "discord",
            "discourse",
            "webhook",
            "apprise",
        )
    )
}


def kind_of(name: str) -> Kind:
    """NotFound lists the kinds."""
    found = kinds().get(name)
    if found is None:
        raise NotFound(f"no kind of channel {name!r}; there are {', '.join(kinds())}")
    return found


# --- what many kinds check ----------------------------------------------------------------------------------------


def is_host(value: str) -> Text:
    """Check of a host name or address, without port."""
    right = re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?", value)
    return "" if right else _("write the name of a host, like smtp.example.cn")


def is_url(value: str) -> Text:
    """Check of an http or https address."""
    right = re.fullmatch(r"https?://[^\s/@?#]+(/[^\s]*)?", value)
    return "" if right else _("write an address that starts with https://")


def is_mail(value: str) -> Text:
    """Check of an e-mail address."""
    right = re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", value)
    return "" if right else _("write an e-mail address, like shop@example.cn")


def within(low: int, high: int) -> Callable[[int], Text]:
    """Check of a number."""

    def check(value: int) -> Text:
        return "" if low <= value <= high else f"{value}: {low} – {high}"

    return check
