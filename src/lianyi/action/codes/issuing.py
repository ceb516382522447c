"""Giving codes out. The same campaign, channel, sharer and target asked for twice is the same code."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from lianyi.action.codes import tokens
from lianyi.action.codes.models import Code as Row
from lianyi.action.codes.same import same_name
from lianyi.action.content.rendering import base_url, checked_url
from lianyi.errors import InputError, NotFound
from lianyi.memory.keys import namespace_of
from lianyi.workspace import Workspace

PORTION = 500
STRENGTHS = ("strong", "contact", "device", "name")


@dataclass(frozen=True, kw_only=True)
class Code:
    """What is given out: the token, and the address that carries it."""

    token: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a code is for."""

    campaign: str
    channel: str
    target: str
    landing: bool = True
    carry: bool = False

    def same(self, sharer_key: str) -> str:
        """What makes two codes the same one, as a hash."""
        return same_name(
            campaign=self.campaign, channel=self.channel, sharer_key=sharer_key, target=self.target,
            landing=self.landing, carry=self.carry,
        )  # fmt: skip


def url_of(row: Row) -> str:
    """The address of a code: its redirect, or the campaign's page."""
    return address(row.token, landing=row.landing)


def address(token: str, *, landing: bool) -> str:
    """The address of a token."""
    return f"{base_url()}/{'s' if landing else 'r'}/{token}"


def issue(
    *, campaign: str, channel: str, sharer: str | None, target: str, by: str, now: datetime, landing: bool = True,
    carry: bool = False, sharer_key: str = "",
) -> Code:  # fmt: skip
    """One code. sharer: a person id, None for the brand itself; sharer_key: the key by which the log knows them (see
    `keys_of`), looked for where it is not given. landing=False: straight to the target, and the chain ends there."""
    wanted = _checked(Wanted(campaign=campaign, channel=channel, target=target, landing=landing, carry=carry))
    if sharer and not sharer_key:
        sharer_key = keys_of(_workspace(), [sharer]).get(sharer, "")
        if not sharer_key:
            raise InputError(f"sharer: nobody is known as {sharer!r}; name a person id")
    row = _rows(wanted, [(sharer or "", sharer_key)], by=by, now=now)[sharer_key]
    return Code(token=row.token, url=url_of(row))


def for_people(
    ws: Workspace, *, campaign: str, channel: str, target: str, person_ids: Iterable[str], by: str, now: datetime,
    landing: bool = True, carry: bool = False,
) -> dict[str, str]:  # fmt: skip
    """A code for each of these people: person id → address. Who has no key any more (erased, merged) gets none."""
    wanted = _checked(Wanted(campaign=campaign, channel=channel, target=target, landing=landing, carry=carry))
    made: dict[str, str] = {}
    people = iter(person_ids)
    while some := list(islice(people, PORTION)):
        keys = keys_of(ws, some)
        rows = _rows(wanted, list(keys.items()), by=by, now=now)
        made |= {person: url_of(rows[key]) for person, key in keys.items()}
    return made


def for_visitor(parent: Row, visitor: str, *, now: datetime) -> Row:
    """The code of somebody who came through `parent`: same campaign, channel and target, one step further. A visitor
    has one code per campaign, channel and target, whichever code they came through first."""
    key = f"anon:{visitor}"
    if parent.sharer_key == key:
        return parent
    wanted = Wanted(
        campaign=parent.campaign, channel=parent.channel, target=parent.target, landing=True, carry=parent.carry
    )
    return _rows(wanted, [("", key)], by="visitor", now=now, parent=parent)[key]


def keys_of(ws: Workspace, person_ids: Sequence[str]) -> dict[str, str]:
    """By person the key under which arrivals name them as the sharer: an account before a phone or an address, so that
    no contact stands in the table of codes where it can be avoided."""
    found = ws.look_up("people", list(person_ids), columns=["person_id", "keys"]).to_pylist()
    ranked = {
        row["person_id"]: sorted(row["keys"], key=lambda key: (STRENGTHS.index(namespace_of(key).strength), key))
        for row in found
    }
    return {person: keys[0] for person, keys in ranked.items() if keys}


def code_of(token: str) -> Row:
    """One code. NotFound where there is none."""
    row = Row.objects.filter(token=tokens.as_token(token) or "").first()
    if row is None:
        raise NotFound(f"there is no code {token[:40]!r}")
    return row


def issued(*, campaign: str = "", visitors: bool = False) -> QuerySet[Row]:
    """Codes given out by the team, newest first; with `visitors`, theirs as well."""
    found = Row.objects.all() if visitors else Row.objects.exclude(by="visitor")
    return found.filter(campaign=campaign) if campaign else found


def retire(rows: QuerySet[Row], *, now: datetime) -> int:
    """From now on these codes lead nowhere; returns how many did before."""
    return rows.filter(retired_at__isnull=True).update(retired_at=now)


def forget(person_ids: Collection[str], keys: Collection[str], *, now: datetime) -> int:
    """Codes of a person who is erased lead nowhere and name nobody; not even the hash that made them the same code is
    left, since a phone number can be found from its hash. What came through them stays, without them."""
    rows = Row.objects.filter(Q(sharer__in=list(person_ids)) | Q(sharer_key__in=list(keys)))
    changed = 0
    for row in rows:
        changed += Row.objects.filter(pk=row.pk).update(
            sharer="", sharer_key="", same=secrets.token_hex(32), retired_at=row.retired_at or now
        )
    return changed


def held(person_ids: Collection[str], keys: Collection[str]) -> dict[str, Any]:
    """The codes that are kept of a person."""
    rows = Row.objects.filter(Q(sharer__in=list(person_ids)) | Q(sharer_key__in=list(keys)))
    return {"codes": list(rows.values("token", "campaign", "channel", "target", "created_at", "retired_at"))}


def _workspace() -> Workspace:
    import lianyi

    return lianyi.open(settings.WORKSPACE)


def _checked(wanted: Wanted) -> Wanted:
    for name, limit in (("campaign", 200), ("channel", 50)):
        text = getattr(wanted, name)
        if not text.strip() or len(text) > limit or "\x00" in text:
            raise InputError(f"{name}: {text[:80]!r} must be a text of 1 to {limit} characters")
    if len(wanted.target) > 2_000 or not checked_url(wanted.target, "target").lower().startswith(("https:", "http:")):
        raise InputError(f"target: {wanted.target[:80]!r} must be a web address of at most 2,000 characters")
    return wanted


def _rows(
    wanted: Wanted, sharers: Sequence[tuple[str, str]], *, by: str, now: datetime, parent: Row | None = None
) -> dict[str, Row]:
    """The codes of these sharers (person id and key), made where they are missing: key → row."""
    hashes = {wanted.same(key): (person, key) for person, key in sharers}
    missing = [name for name in hashes if name not in set(_known(hashes))]
    fresh = [
        Row(
            token=tokens.new_token(), campaign=wanted.campaign, channel=wanted.channel, sharer=hashes[name][0],
            sharer_key=hashes[name][1], target=wanted.target, landing=wanted.landing, carry=wanted.carry,
            parent=parent.token if parent else "", depth=parent.depth + 1 if parent else 0, same=name, by=by,
            created_at=now,
        )
        for name in missing
    ]  # fmt: skip
    if fresh:
        try:
            with transaction.atomic():
                Row.objects.bulk_create(fresh)
        except IntegrityError:  # somebody else made some of them meanwhile; what is still missing is made one by one
            _one_by_one(fresh)
    return {row.sharer_key: row for row in _found(hashes)}


def _one_by_one(fresh: Sequence[Row]) -> None:
    for row in fresh:
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            if not Row.objects.filter(same=row.same).exists():
                raise


def _found(hashes: Mapping[str, object]) -> Iterator[Row]:
    names = list(hashes)
    for start in range(0, len(names), PORTION):
        yield from Row.objects.filter(same__in=names[start : start + PORTION])


def _known(hashes: Mapping[str, object]) -> Iterator[str]:
    return (row.same for row in _found(hashes))
