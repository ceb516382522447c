"""What journeys and campaigns ask of the rooms beside: audiences, contents, channels, contacts, rewards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

import pyarrow as pa

from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace


def room(name: str) -> Any:
    """A module of a room beside, imported when it is needed."""
    return import_module(f"lianyi.action.{name}")


# --- audiences ------------------------------------------------------------------------------------------------------


def audience(name: str) -> Any:
    """The audience of this name. NotFound lists what there is."""
    rows = room("audiences.models").Audience.objects
    found = rows.filter(name=name).first()
    if found is None:
        known = ", ".join(rows.order_by("name").values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"there is no audience {name!r}; there are: {known}")
    return found


def audiences() -> list[str]:
    """The names of all audiences."""
    return list(room("audiences.models").Audience.objects.order_by("name").values_list("name", flat=True))


def members(workspace: Workspace, name: str) -> tuple[pa.Array, datetime]:
    """Who is in an audience now: sorted ids, and the as-of time."""
    found = room("audiences.members").of(workspace, audience(name))
    return found.ids(), found.as_of


def changes(audience_id: int, after: int, limit: int) -> Sequence[Any]:
    """Who entered and left an audience: changes with seq, person_id, entered, at."""
    found: Sequence[Any] = room("audiences.members").changes(audience_id, after, limit)
    return found


def matching(workspace: Workspace, condition: str, people: Sequence[str]) -> set[str]:
    """Which of these people fulfil a condition now."""
    found: set[str] = room("audiences.members").matching(workspace, condition, people)
    return found


# --- contents and channels ------------------------------------------------------------------------------------------


def content_version(name: str) -> int:
    """The current version of a content. NotFound lists what there is."""
    rows = room("content.models").Content.objects.filter(archived_at__isnull=True)
    found = rows.filter(name=name).first()
    if found is None:
        known = ", ".join(rows.order_by("name").values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"there is no content {name!r}; there are: {known}")
    return int(found.current.pk)


def contents() -> list[str]:
    """The names of all contents that are not put away."""
    rows = room("content.models").Content.objects.filter(archived_at__isnull=True)
    return list(rows.order_by("name").values_list("name", flat=True))


def channels() -> list[str]:
    """The names of the channel accounts."""
    return list(room("channels.accounts").names())


# --- contacts -------------------------------------------------------------------------------------------------------


def asks(rows: Iterable[Mapping[str, Any]], *, now: datetime) -> int:
    """Put contacts into the outbox; how many are new."""
    asking = room("contacts.asking")
    return int(asking.ask([asking.Ask(**row) for row in rows], now=now))


def take_back(*, campaign: str | None = None, journey: str | None = None, keys: Sequence[str] | None = None,
              now: datetime) -> int:  # fmt: skip
    """Cancel contacts that were not given to a channel yet."""
    return int(room("contacts.asking").cancel(campaign=campaign, journey=journey, keys=keys, now=now))


def outcomes(*, campaign: str = "", journey: str = "") -> list[dict[str, Any]]:
    """How many contacts of a campaign or journey are how: step, state, rule, contacts."""
    from django.db.models import Count

    contacts = room("contacts.models").Contact.objects
    rows = contacts.filter(campaign=campaign) if campaign else contacts.filter(journey=journey)
    return list(rows.order_by().values("step", "state", "rule").annotate(contacts=Count("id")))


# --- rewards --------------------------------------------------------------------------------------------------------


def reward_rules() -> list[str]:
    """The names of the reward rules that are not closed."""
    from lianyi.action.rewards.models import Rule

    return list(Rule.objects.filter(closed_at__isnull=True).order_by("name").values_list("name", flat=True))


def grant(rule: str, *, person_id: str, order: str, by: str, now: datetime) -> str:
    """Grant the fixed amount of a rule to a person for an order, once; `granted`, or why not. InputError: there is no
    such rule, or no order that proves a purchase."""
    from lianyi.action.rewards import posting
    from lianyi.action.rewards.models import Rule

    found = Rule.objects.filter(name=rule).first()
    if found is None or not found.fixed:
        raise InputError(f"there is no reward rule {rule!r} with a fixed amount")
    if not order:
        raise InputError("a reward is for a proven purchase; let the journey begin with an order")
    claim = posting.Claim(person=person_id, invited=person_id, order_no=order, level=0, amount=found.fixed, at=now)
    said = posting.grant(found, claim, now=now, by=by)
    if said in {"cap", "budget"}:
        posting.refuse(found, claim, said, now=now, by=by)
    return said


def must_be(name: str, *, known: Iterable[str], what: str) -> None:
    """InputError where there is no such thing, with those that there are."""
    names = list(known)
    if name not in names:
        raise InputError(f"there is no {what} {name!r}; there are: {', '.join(names[:20]) or 'none yet'}")
