"""What people do with the queue: pause and go on, let go what is held, take back, and say what became of contacts of
which no program can know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from lianyi.action.contacts.models import STOPPABLE, Contact, Pause, State
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError

What = Pause.What
By = User | str


def pause(what: str, name: str = "", *, by: By, now: datetime, why: str = "") -> Pause:
    """Send nothing of it until `go_on`: all, or the campaign, journey or channel of a name. What has been handed to a
    channel goes out."""
    if what not in What.values:
        raise InputError(f"{what!r} can't be paused; there are {', '.join(What.values)}")
    if (what == What.ALL) == bool(name):
        raise InputError(f"{what}: " + ("takes no name" if name else "name the one to pause"))
    row, new = Pause.objects.get_or_create(
        what=what, name=name, defaults={"by": _name(by), "at": now, "why": why.strip()[:300]}
    )
    if new:
        audit.note(by, "contacts.pause", f"{what} {name}".strip(), why=why.strip()[:300])
    return row


def go_on(what: str, name: str = "", *, by: By) -> int:
    """End a pause; returns how many contacts had been set aside for it."""
    gone, _ = Pause.objects.filter(what=what, name=name).delete()
    if not gone:
        raise InputError(f"{f'{what} {name}'.strip()} is not paused")
    audit.note(by, "contacts.go_on", f"{what} {name}".strip())
    aside = Contact.objects.filter(state=State.WAITING, paused=True)
    if what == What.CAMPAIGN:
        aside = aside.filter(campaign=name)
    elif what == What.JOURNEY:
        aside = aside.filter(journey=name)
    else:
        return 0
    return aside.update(paused=False)  # of those that something else still holds, the sender sets each aside again


def confirm(rows: QuerySet[Contact], *, by: By, now: datetime) -> int:
    """Let held contacts go; the gate looks at each once more. Returns how many."""
    name, which = _name(by), _which(rows)
    count = rows.filter(state=State.HELD).update(state=State.WAITING, ready=False, not_before=now, confirmed_by=name)
    audit.note(by, "contacts.confirm", "", contacts=count, **which)
    return count


def take_back(rows: QuerySet[Contact], *, by: By, now: datetime) -> int:
    """Cancel what has not been given to a channel. Returns how many."""
    which = _which(rows)
    stoppable = rows.filter(state__in=STOPPABLE)
    count = stoppable.update(state=State.CANCELLED, ended_at=now, told=False, reason=f"cancelled by {_name(by)}")
    audit.note(by, "contacts.cancel", "", contacts=count, **which)
    return count


def resolve(rows: QuerySet[Contact], *, went_out: bool, by: By, now: datetime) -> int:
    """Say of contacts of which it is unknown whether they went out that they did, or have them sent again. Only of
    those that no provider will tell about. Returns how many."""
    which = _which(rows)
    unknown = rows.filter(state=State.UNKNOWN, provider_id="")
    with transaction.atomic():
        if went_out:
            count = unknown.update(
                state=State.SENT, sent_at=F("given_at"), ended_at=now, worker="", told=False,
                reason=f"said by {_name(by)}",
            )  # fmt: skip
        else:
            count = unknown.update(
                state=State.WAITING, ready=False, not_before=now, worker="", ended_at=None, reason=""
            )  # fmt: skip
        audit.note(by, "contacts.resolve", "", contacts=count, went_out=went_out, **which)
    return count


def chosen(
    *, keys: Sequence[str] | None = None, campaign: str = "", journey: str = "", channel: str = "", state: str = ""
) -> QuerySet[Contact]:
    """The contacts that are meant. InputError where nothing narrows them down."""
    if not (keys or campaign or journey or channel):
        raise InputError("say which contacts: keys, a campaign, a journey or a channel")
    named: Mapping[str, Any] = {"campaign": campaign, "journey": journey, "channel": channel, "state": state}
    rows = Contact.objects.filter(**{name: value for name, value in named.items() if value})
    return rows.filter(key__in=list(keys)) if keys else rows


def _which(rows: QuerySet[Contact]) -> dict[str, Any]:
    """The campaigns that are meant, for the audit log."""
    return {"campaigns": list(rows.order_by("campaign").values_list("campaign", flat=True).distinct()[:10])}


def _name(by: By) -> str:
    return by.name if isinstance(by, User) else by
