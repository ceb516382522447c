"""Who sends what: contacts that are due are claimed by a conditional UPDATE, with a lease, and found again after a
crash."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from lianyi.action.channels.models import Account
from lianyi.action.contacts.lines import closed
from lianyi.action.contacts.models import Contact, Pause, State
from lianyi.action.paging import in_pages

LEASE = timedelta(seconds=60)
# Contacts that are seen to be due at a time: a write of about a tenth of a second.
PROMOTED = 5_000
PAGE = 500
CRASHED = "the sender died while it was being given; nobody can say whether it went out"


def due(now: datetime) -> bool:
    """Whether there is anything to do: contacts that are due, left by a dead worker, or ended and not told."""
    waiting = Contact.objects.filter(state=State.WAITING, paused=False)
    return (
        Contact.objects.filter(lease__isnull=False, lease__lt=now).exists()
        or Contact.objects.filter(told=False).exists()
        or waiting.filter(ready=False, not_before__lte=now).exists()
        or (not all_paused() and waiting.filter(ready=True).exclude(channel__in=shut(now)).exists())
    )


def all_paused() -> bool:
    """Whether nothing at all is sent for now."""
    return Pause.objects.filter(what=Pause.What.ALL).exists()


def shut(now: datetime) -> set[str]:
    """Channel accounts that nothing is given to for now: paused, resting after failures, or turned off."""
    paused = Pause.objects.filter(what=Pause.What.CHANNEL).values_list("name", flat=True)
    off = Account.objects.filter(is_on=False).values_list("name", flat=True)
    return {*closed(now), *paused, *off}


def promote(now: datetime) -> int:
    """See which waiting contacts have become due; returns how many did. Once all are seen it returns 0."""
    rows = Contact.objects.filter(state=State.WAITING, ready=False, paused=False, not_before__lte=now)
    pks = list(rows.order_by("not_before").values_list("pk", flat=True)[:PROMOTED])
    return sum(rows.filter(pk__in=page).update(ready=True) for page in in_pages(pks))


def ready_channels() -> list[str]:
    """The channel accounts for which contacts are ready."""
    rows = Contact.objects.filter(state=State.WAITING, ready=True, paused=False)
    return list(rows.order_by().values_list("channel", flat=True).distinct())


def claim(channel: str, worker: str, *, now: datetime, lease: timedelta = LEASE, most: int = PAGE) -> list[Contact]:
    """The most urgent contacts of a channel that are ready, now this worker's; at most one for each person, and none
    for a person to whom another is being given. Empty: nothing there, or others were faster."""
    chosen = _choose(channel, most)
    if not chosen:
        return []
    taken = Contact.objects.filter(person_id=OuterRef("person_id"), state__in=[State.CLAIMED, State.DELIVERING])
    rows = Contact.objects.filter(pk__in=chosen, state=State.WAITING, paused=False)
    try:
        with transaction.atomic():
            rows.filter(~Exists(taken)).update(state=State.CLAIMED, worker=worker, lease=now + lease)
    except IntegrityError:  # another worker claimed for one of these people between our look and our word
        return []
    mine = Contact.objects.filter(pk__in=chosen, state=State.CLAIMED, worker=worker)
    return list(mine.order_by("-priority", "id"))


def _choose(channel: str, most: int) -> list[int]:
    """Rows of the most urgent contacts, one for each person; what belongs to something paused is set aside."""
    ready = Contact.objects.filter(state=State.WAITING, ready=True, paused=False, channel=channel)
    paused = list(Pause.objects.values_list("what", "name"))
    campaigns = {name for what, name in paused if what == Pause.What.CAMPAIGN}
    journeys = {name for what, name in paused if what == Pause.What.JOURNEY}
    chosen: dict[str, int] = {}
    aside: list[int] = []
    rows = ready.order_by("-priority", "id").values_list("pk", "person_id", "campaign", "journey")[: 2 * most]
    for pk, person, campaign, journey in rows:
        if campaign in campaigns or journey in journeys:
            aside.append(pk)
        elif len(chosen) < most:
            chosen.setdefault(person, pk)
    for page in in_pages(aside):
        ready.filter(pk__in=page).update(paused=True, ready=False)
    return list(chosen.values()) if chosen or not aside else _choose(channel, most)


def renew(worker: str, *, now: datetime, lease: timedelta = LEASE) -> int:
    """Keep what this worker has; returns how many contacts that are."""
    return Contact.objects.filter(worker=worker, state__in=[State.CLAIMED, State.DELIVERING]).update(lease=now + lease)


def mark_given(pks: Sequence[int], worker: str, *, now: datetime, policy: int, lease: timedelta = LEASE) -> set[int]:
    """Write down, before it happens, that these are being given to the channel; returns those that still are ours."""
    mine = Contact.objects.filter(pk__in=pks, worker=worker, state=State.CLAIMED)
    changed = mine.update(
        state=State.DELIVERING, attempts=F("attempts") + 1, given_at=now, decided_at=now, policy=policy, rule="",
        values={}, lease=now + lease,
    )  # fmt: skip
    if changed == len(pks):
        return set(pks)
    rows = Contact.objects.filter(pk__in=pks, worker=worker, state=State.DELIVERING, given_at=now)
    return set(rows.values_list("pk", flat=True))


def give_back(pks: Collection[int], worker: str) -> None:
    """Let others have what was not given to the channel after all."""
    rows = Contact.objects.filter(pk__in=list(pks), worker=worker)
    free = {"state": State.WAITING, "ready": True, "worker": "", "lease": None}
    rows.filter(state=State.CLAIMED).update(**free)
    rows.filter(state=State.DELIVERING).update(attempts=F("attempts") - 1, **free)


def recover(now: datetime, *, keyed: Collection[str]) -> tuple[int, int]:
    """Take up what dead workers left (their lease is over). keyed: channel accounts that drop a second message with
    the same key. Returns how many contacts wait again, and of how many nobody can say whether they went out."""
    left = Contact.objects.filter(lease__isnull=False, lease__lt=now)
    again = Q(state=State.CLAIMED) | Q(state=State.DELIVERING, channel__in=list(keyed))
    waiting = left.filter(again).update(state=State.WAITING, ready=True, worker="", lease=None)
    # Who was given it keeps standing there: if it was only slow, its word still counts.
    unknown = left.filter(state=State.DELIVERING).update(
        state=State.UNKNOWN, lease=None, ended_at=now, reason=CRASHED
    )  # fmt: skip
    return waiting, unknown
