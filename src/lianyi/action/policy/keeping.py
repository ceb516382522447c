"""Versions of the policy: which holds, who changed it, a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import IntegrityError, transaction

from lianyi.action.policy.models import Version
from lianyi.action.policy.reading import read
from lianyi.action.policy.rules import Policy
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound

USUAL = Path(__file__).with_name("usual.yaml")


@dataclass(frozen=True, kw_only=True)
class Current:
    """The policy that holds. number: of its version, 0 = as shipped."""

    number: int
    text: str
    policy: Policy
    by: str = ""
    at: datetime | None = None


def current() -> Current:
    """The policy that holds now."""
    row = Version.objects.order_by("-number").first()
    if row is None:
        text = USUAL.read_text(encoding="utf-8")
        return Current(number=0, text=text, policy=_read(text))
    return _as_current(row)


def numbered(number: int) -> Current:
    """An earlier version; NotFound says which there are."""
    if number == 0:
        text = USUAL.read_text(encoding="utf-8")
        return Current(number=0, text=text, policy=_read(text))
    row = Version.objects.filter(number=number).first()
    if row is None:
        newest = Version.objects.order_by("-number").values_list("number", flat=True).first() or 0
        raise NotFound(f"there is no version {number} of the policy; there are 0 (as shipped) to {newest}")
    return _as_current(row)


def apply(text: str, *, by: User | str, now: datetime, why: str = "", instead_of: int | None = None) -> Current:
    """Make this the policy. BadRule lists what can't be read. instead_of: the version that whoever wrote this had
    before them; InputError where another one holds by now."""
    policy = _read(text)
    before = current()
    if instead_of is not None and instead_of != before.number:
        raise InputError(f"somebody applied version {before.number} meanwhile; look at it, then apply yours again")
    if policy == before.policy and text == before.text:
        return before
    name = by.name if isinstance(by, User) else by
    try:
        with transaction.atomic():
            row = Version.objects.create(number=before.number + 1, text=text, by=name, at=now, why=why.strip()[:300])
            audit.note(by, "policy.apply", str(row.number), why=why.strip()[:300])
    except IntegrityError as error:
        raise InputError("somebody applied another version at this moment; look at it, then apply again") from error
    return _as_current(row)


def _as_current(row: Version) -> Current:
    return Current(number=row.number, text=row.text, policy=_read(row.text), by=row.by, at=row.at)


@lru_cache(maxsize=32)
def _read(text: str) -> Policy:
    return read(text)
