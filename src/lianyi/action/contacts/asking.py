"""The way into the outbox: ask for contacts, look what became of them, take them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from lianyi.action.contacts.models import STOPPABLE, Contact, State
from lianyi.action.paging import in_pages
from lianyi.errors import InputError

# Rows of one statement: PostgreSQL and SQLite both take so many parameters.
PAGE = 500
# The texts of an Ask and how long they may be.
LONGEST = {
    "key": 200, "person_id": 64, "channel": 50, "purpose": 60, "by": 100, "campaign": 200, "journey": 200, "step": 200,
}  # fmt: skip
NEEDED = ("key", "person_id", "channel", "purpose", "by")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One contact that somebody wants.

    key: yours, unique for all time; asked twice, it is one contact. channel: name of a channel account. purpose: what
    it is for, as consents say it (marketing, service, …). content: id of a content version; else body: subject, text,
    html, props, headers. variables: for the content's templates. priority: the higher goes first where several compete
    for one person. not_before, expires_at: when it may go at the earliest, and when it is worth nothing any more.
    transactional: the person is owed it (an order's confirmation); see action.policy for which rules still hold.
    personal: whom or what was chosen by what is known of the person. confirm: a human must let it go.
    """

    key: str
    person_id: str
    channel: str
    purpose: str
    by: str
    content: int | None = None
    body: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    campaign: str = ""
    journey: str = ""
    step: str = ""
    priority: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    transactional: bool = False
    personal: bool = True
    confirm: bool = False


def ask(asks: Iterable[Ask], *, now: datetime) -> int:
    """Put contacts into the outbox; returns how many are new. A key that is there already changes nothing. InputError
    names the first that can't be used; then those of its page (500) are not kept."""
    new, rest = 0, iter(asks)
    while page := list(islice(rest, PAGE)):
        rows = {each.key: _row(each, now) for each in page}
        known = set(Contact.objects.filter(key__in=list(rows)).values_list("key", flat=True))
        fresh = [row for key, row in rows.items() if key not in known]
        # Somebody may put the same in between: what is there already is left as it is.
        Contact.objects.bulk_create(fresh, ignore_conflicts=True)
        new += len(fresh)
    return new


def states(keys: Sequence[str]) -> dict[str, str]:
    """What became of contacts, by key: waiting, held, claimed (a worker has it), sent, failed, refused, expired,
    cancelled, unknown. Keys that nobody asked for are left out."""
    found: dict[str, str] = {}
    for page in in_pages(keys):
        found.update(Contact.objects.filter(key__in=page).values_list("key", "state"))
    return {key: "claimed" if state == State.DELIVERING else state for key, state in found.items()}


def cancel(
    *, campaign: str | None = None, journey: str | None = None, keys: Sequence[str] | None = None, now: datetime
) -> int:
    """Take back what has not been given to a channel, of a campaign or a journey or by keys (of both where both are
    named); returns how many. What a worker has claimed is not among them: it may be on its way."""
    if campaign is None and journey is None and keys is None:
        raise InputError("cancel: name a campaign, a journey or keys; to stop everything, pause it")
    rows = Contact.objects.filter(state__in=STOPPABLE)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if journey is not None:
        rows = rows.filter(journey=journey)
    over = {"state": State.CANCELLED, "ended_at": now, "told": False}
    if keys is None:
        return rows.update(**over)
    return sum(rows.filter(key__in=page).update(**over) for page in in_pages(keys))


def _row(each: Ask, now: datetime) -> Contact:
    _check(each)
    return Contact(
        **{name: getattr(each, name) for name in LONGEST}, content=each.content,
        body=None if each.body is None else dict(each.body), variables=dict(each.variables), priority=each.priority,
        not_before=max(each.not_before or now, now), expires_at=each.expires_at, transactional=each.transactional,
        personal=each.personal, confirm=each.confirm, created_at=now,
    )  # fmt: skip


def _check(each: Ask) -> None:
    for name in NEEDED:
        if not getattr(each, name):
            raise InputError(f"{name}: is empty in the contact {each.key!r}")
    for name, most in LONGEST.items():
        if len(getattr(each, name)) > most:
            raise InputError(f"{name}: {getattr(each, name)[:40]!r}… is longer than {most} characters")
    if (each.content is None) == (each.body is None):
        raise InputError(f"{each.key}: give either a content version or a body")
    if each.expires_at and each.not_before and each.expires_at <= each.not_before:
        raise InputError(f"{each.key}: expires_at is not after not_before; it could never be sent")
