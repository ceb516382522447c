"""Signing in, slowly for those who guess. Limits per name and address, per address, and per name."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Q, QuerySet

from lianyi.action.team import audit
from lianyi.action.team.models import Act, SignInAttempt, User

WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
# A name alone gets a wide limit, so that a stranger can't easily lock the owner out from elsewhere.
MAX_PER_NAME_AND_ADDRESS = 5
MAX_PER_ADDRESS = 20
MAX_PER_NAME = 50
# A hash takes 19 MiB and some ten milliseconds of a core; a flood of tries must not take them all.
HASHING = threading.BoundedSemaphore(3)
NAME = re.compile(r"\S{1,100}")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a try: the user, or nobody; `wait` says how long to wait before the next try."""

    user: User | None
    wait: timedelta | None = None


def sign_in(*, name: str, password: str, address: str, now: datetime) -> Outcome:
    """Check a password, unless there were too many failures lately. Tries that are under way count as failures, so
    that many at once get no further than many in turn."""
    name = name.strip()
    if not (NAME.fullmatch(name) and name.isprintable()):
        name = ""  # nobody's; what strangers type is kept nowhere
    with transaction.atomic():  # IMMEDIATE: nobody else can begin a try between the check and the record
        wait = _must_wait(name, address, now)
        if wait:
            _note_lock(name, address, now)
            return Outcome(user=None, wait=wait)
        SignInAttempt.objects.filter(at__lt=now - KEPT).delete()
        attempt = SignInAttempt.objects.create(name=name.lower(), address=address, at=now, ok=False)
    with HASHING:
        found = authenticate(username=name, password=password)
    user = found if isinstance(found, User) else None
    if user is not None:
        SignInAttempt.objects.filter(pk=attempt.pk).update(ok=True)
    return Outcome(user=user)


def _note_lock(name: str, address: str, now: datetime) -> None:
    """Write down that somebody must wait, once a window: nobody who is not signed in may fill the log of acts."""
    noted = Act.objects.filter(what="sign_in.locked", at__gte=now - WINDOW)
    if not noted.filter(Q(on=address) | Q(by=name or "?")).exists():
        audit.note(name or "?", "sign_in.locked", address)


def _must_wait(name: str, address: str, now: datetime) -> timedelta | None:
    recent = SignInAttempt.objects.filter(at__gte=now - WINDOW, ok=False)
    limits = (
        (recent.filter(name=name.lower(), address=address), MAX_PER_NAME_AND_ADDRESS),
        (recent.filter(address=address), MAX_PER_ADDRESS),
        (recent.filter(name=name.lower()), MAX_PER_NAME),
    )
    waits = [wait for tries, limit in limits if (wait := _wait(tries, limit, now))]
    return max(waits, default=None)


def _wait(tries: QuerySet[SignInAttempt], limit: int, now: datetime) -> timedelta | None:
    """Time until fewer than `limit` of the tries lie within the window."""
    latest = list(tries.order_by("-at").values_list("at", flat=True)[:limit])
    return latest[-1] + WINDOW - now if len(latest) == limit else None
