"""What the person page says of a person beside the timeline: facts, attributes with sources, history of merges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text
from lianyi.persons import Person
from lianyi.timelines import Timeline

ATTRIBUTES: Mapping[str, Text] = {
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "gender": _("Gender"),
    "birthday": _("Birthday"),
    "city": _("City"),
    "province": _("Province"),
    "country": _("Country"),
    "address": _("Address"),
    "company": _("Company"),
    "language": _("Language"),
    "timezone": _("Time zone"),
    "level": _("Member level"),
    "nickname": _("Nickname"),
    "remark": _("Remark"),
    "title": _("Position"),
}
GENDERS: Mapping[str, Text] = {"female": _("female"), "male": _("male")}
WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One thing known of a person, and where from."""

    title: Text
    value: str
    source: str


def attributes(person: Person) -> list[Attribute]:
    """All attributes, known ones first in our order, then the others by name."""
    sources = json.loads(person.profile.get("attribute_sources") or "{}")
    names = sorted(
        person.attributes, key=lambda name: (list(ATTRIBUTES).index(name) if name in ATTRIBUTES else 99, name)
    )
    return [
        Attribute(
            title=ATTRIBUTES.get(name, name),
            value=_said(name, person.attributes[name]),
            source=_source(sources.get(name)),
        )
        for name in names
        if person.attributes[name] not in (None, "", [], {}) and name != "avatar"
    ]


def _said(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return str(GENDERS.get(text, text)) if name == "gender" else text


def _source(said: Any) -> str:
    return str(said.get("source", "")) if isinstance(said, dict) else str(said or "")


def categories(person: Person) -> list[tuple[str, float]]:
    """What the person cares for, most first: (category, share of the weight of all acts)."""
    found: Sequence[Mapping[str, Any]] = person.profile.get("categories") or []
    return [(str(one["category"]), float(one["share"])) for one in found[:5]]


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The last word of a person on one purpose and channel ('' = said of none in particular), and what proves it.

    source, event: where it was said, and the id of the event in the log; empty in tables from before these columns.
    """

    purpose: str
    channel: str
    granted: bool
    since: datetime
    source: str
    event: str


def consents(person: Person) -> list[Consent]:
    """What the person allowed and withdrew, by purpose and channel."""
    found: Sequence[Mapping[str, Any]] = person.profile.get("consents") or []
    return [
        Consent(
            purpose=one["purpose"],
            channel=one["channel"],
            granted=one["granted"],
            since=one["since"],
            source=one.get("source") or "",
            event=one.get("event") or "",
        )
        for one in found
    ]


def weekday(number: int | None) -> Text | None:
    """The name of a weekday, 1 or 0 = Monday by the table's own count (ISO: 1 to 7)."""
    return WEEKDAYS[(number - 1) % 7] if number else None


def history(past: Timeline) -> list[dict[str, Any]]:
    """Merges and splits of the person by operators, newest first, with who and why."""
    return past.newest(limit=50, kinds=("merge", "unmerge"))
