"""Consents of one person: what holds now, and a new word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lianyi.action.contacts import facts
from lianyi.action.policy import consents
from lianyi.action.policy.rules import Policy
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError
from lianyi.workspace import Workspace

# What people are asked about, whatever else there is.
PURPOSES = ("marketing", "service", "personalisation")


def held(ws: Workspace, key_or_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """The last word on each purpose and channel ("" = all), those of this minute included: purpose, channel, granted,
    at. Sorted by purpose and channel."""
    person = ws.person(key_or_id)
    known = facts.known(ws, [person.person_id], Policy(), facts.Channels.read(), now, hear=False)
    last: dict[tuple[str, str], dict[str, Any]] = {}
    one = known.get(person.person_id)
    for said in sorted(one.facts.consents if one else (), key=lambda said: (said.at, not said.granted)):
        row = {"purpose": said.purpose, "channel": said.channel, "granted": said.granted, "at": said.at}
        last[said.purpose, said.channel] = row
    return [last[key] for key in sorted(last)]


def say(
    ws: Workspace, key_or_id: str, *, purpose: str, channel: str, granted: bool, by: User | str, now: datetime,
    proof: str = "", source: str = "operator",
) -> None:  # fmt: skip
    """Take down what a person said to a member of the team. A consent that is given needs a proof: where and how."""
    if not purpose.strip():
        raise InputError("purpose: is missing; write what it is for, e.g. marketing")
    if granted and not proof.strip():
        raise InputError("proof: is missing; write where and how the person agreed")
    person = ws.person(key_or_id)
    if not person.keys:
        raise InputError("this person has no key to write it down by")
    name = by.name if isinstance(by, User) else by
    consents.say(
        ws, person_id=person.person_id, key=person.key_names[0], purpose=purpose.strip(), channel=channel.strip(),
        granted=granted, source=source, now=now, by=name, proof=proof.strip()[:1000],
    )  # fmt: skip
    audit.note(by, "consent.say", person.person_id, purpose=purpose, channel=channel, granted=granted)
