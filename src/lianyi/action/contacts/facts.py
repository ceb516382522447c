"""What the gate must know of people, read for a page of contacts at once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.action.contacts.models import Contact, State
from lianyi.action.experiments import control
from lianyi.action.paging import in_pages
from lianyi.action.policy import consents, suppressing
from lianyi.action.policy.clock import zone_of
from lianyi.action.policy.deciding import Facts, Proposed, Rival, Said, Touch
from lianyi.action.policy.rules import Policy
from lianyi.errors import NotFound
from lianyi.workspace import Workspace

# Of a person's row: what the gate and templates use. Long lists that no message names are left where they are.
COLUMNS = (
    "person_id", "name", "gender", "birthday", "birth_month", "birth_day", "age", "country", "province", "city",
    "language", "company", "level", "attributes", "first_seen", "last_seen", "orders", "net_spend", "last_order",
    "consumption_level", "top_category", "brought", "brought_buyers", "consents", "keys",
)  # fmt: skip
# By which kinds of events people write to us.
HEARD = ("message", "reply")
SOURCE = "lianyi"
# Contacts that reached the person or may have; unknown ones count, because too few is better than too many.
REACHED = (State.SENT, State.DELIVERING, State.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Channels:
    """The channel accounts by name: under which names the policy knows each, and its word in consents and the log."""

    words: Mapping[str, str]
    kinds: Mapping[str, str]

    @classmethod
    def read(cls) -> Channels:
        """As they are set up now."""
        kinds = dict(Account.objects.values_list("name", "kind"))
        return cls(kinds=kinds, words={name: kind_of(kind).word for name, kind in kinds.items()})

    def word(self, name: str) -> str:
        """Of an account that is gone: its own name."""
        return self.words.get(name, name)

    def names(self, name: str) -> frozenset[str]:
        """The account's own, its kind's, its word."""
        return frozenset({name, self.kinds.get(name, name), self.word(name)})


@dataclass(frozen=True, kw_only=True)
class Known:
    """One person. row: of table `people`, without keys and consents. facts: for the gate."""

    person_id: str
    row: Mapping[str, Any]
    keys: Sequence[str]
    facts: Facts


@dataclass(kw_only=True)
class _Gathered:
    """What is being gathered of one person."""

    row: dict[str, Any]
    keys: list[str]
    said: list[Said] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    heard: dict[str, datetime] = field(default_factory=dict)


def proposed(contact: Contact, channels: Channels) -> Proposed:
    """The contact as the gate sees it."""
    return Proposed(
        channels=channels.names(contact.channel), word=channels.word(contact.channel), purpose=contact.purpose,
        number=contact.pk or 0, priority=contact.priority, transactional=contact.transactional,
        personal=contact.personal, confirm=contact.confirm, confirmed=bool(contact.confirmed_by),
        expires_at=contact.expires_at,
    )  # fmt: skip


def known(
    ws: Workspace, person_ids: Collection[str], policy: Policy, channels: Channels, now: datetime, *, hear: bool = True
) -> dict[str, Known]:
    """By the id that was asked for: what is known of each person who is there. An id that a merge has taken over leads
    to the person who has it now. hear: also when they last wrote to us, which only windows ask for."""
    current, people = _people(ws, sorted(set(person_ids)))
    by_key = {key: one for one in people.values() for key in one.keys}
    _say(ws, people, by_key)
    reach = _reach(policy)
    _add_ours(people, channels, now - reach)
    _add_foreign(ws, by_key, now - reach)
    if hear:
        _hear(ws, by_key)
    listed = suppressing.of_people(ws, {person: one.keys for person, one in people.items()})
    group = control.current()
    known_people = {
        person: Known(person_id=person, row=one.row, keys=one.keys, facts=Facts(
            zone=_zone(ws, one.row), consents=one.said, suppressions=listed.get(person, ()), touches=one.touches,
            heard=one.heard, control=group.share if group.holds(person) else 0.0,
        ))
        for person, one in people.items()
    }  # fmt: skip
    return {asked: known_people[person] for asked, person in current.items() if person in known_people}


def rivals(contacts: Sequence[Contact], now: datetime, *, open_channels: Collection[str]) -> dict[int, list[Rival]]:
    """By contact: others for the same person that are due and could go now."""
    mine = {contact.pk for contact in contacts}
    others = defaultdict(list)
    people = list({contact.person_id for contact in contacts})
    for page in in_pages(people):
        rows = Contact.objects.filter(
            person_id__in=page, state=State.WAITING, paused=False, not_before__lte=now, channel__in=list(open_channels)
        ).values_list("pk", "person_id", "priority", "campaign", "journey", "key")
        for pk, person, priority, campaign, journey, key in rows:
            if pk not in mine:
                others[person].append(Rival(priority=priority, number=pk, label=campaign or journey or key))
    return {contact.pk: others[contact.person_id] for contact in contacts if contact.person_id in others}


def _people(ws: Workspace, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, _Gathered]]:
    """By id asked for the id that holds; by that id the person."""
    if "people" not in ws.states():
        raise NotFound("table people is not built yet; run: lianyi refresh")
    people: dict[str, _Gathered] = {}
    current: dict[str, str] = {}
    for person in ws.look_up("people", ids, columns=COLUMNS).to_pylist():
        keys = list(person.pop("keys") or ())
        said = [
            Said(purpose=one["purpose"], channel=one["channel"], granted=one["granted"], at=one["since"])
            for one in person.pop("consents") or ()
        ]
        people[person["person_id"]] = _Gathered(row=person, keys=keys, said=said)
        current[person["person_id"]] = person["person_id"]
    gone = [one for one in ids if one not in people]
    if gone:
        moved = _moved(ws, gone)
        further = sorted(set(moved.values()) - set(people))
        if further:
            people.update(_people(ws, further)[1])
        current |= moved
    return current, people


def _moved(ws: Workspace, ids: Sequence[str]) -> dict[str, str]:
    """Ids given out before a merge, by the ids that hold now."""
    marks = ", ".join("?" for _ in ids)
    rows = ws.sql(f"SELECT key_id, person_id FROM keys WHERE key_id IN ({marks})", list(ids)).to_arrow_table()
    pairs = zip(rows["key_id"].to_pylist(), rows["person_id"].to_pylist(), strict=True)
    return {old: new for old, new in pairs if old != new}


def ids_of(keys: Iterable[str]) -> list[str]:
    """Every id by which a person with these keys may have been asked for (see insight.people.identity.keys)."""
    return ["p" + hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:16] for key in keys]


def _say(ws: Workspace, people: Mapping[str, _Gathered], by_key: Mapping[str, _Gathered]) -> None:
    """Add what was said on consent since the tables were made: in the log, and to us directly."""
    late = ws.sql(
        """SELECT actor_key, "at", channel, props FROM late_events
        WHERE kind = 'consent' AND actor_key IS NOT NULL AND received_at > ?""",
        [ws.states()["people"].as_of],
    ).to_arrow_table()
    for event in late.to_pylist():
        one = by_key.get(event["actor_key"])
        if one is not None:
            props = json.loads(event["props"] or "{}")
            # As insight.people.profile.trust reads it.
            channel = props.get("channel") if props.get("channel") is not None else event["channel"]
            granted = str(props.get("granted", "")).lower() == "true"
            said = Said(
                purpose=str(props.get("purpose") or ""), channel=str(channel or ""), granted=granted, at=event["at"]
            )
            one.said.append(said)
    ids = {old: one for one in people.values() for old in ids_of(one.keys)}
    for word in consents.waiting(list(ids)):
        said = Said(purpose=word.purpose, channel=word.channel, granted=word.granted, at=word.at)
        ids[word.person_id].said.append(said)


def _reach(policy: Policy) -> timedelta:
    """How far back earlier contacts can matter."""
    hours = [rule.hours for rule in policy.spacing] + [rule.hours for rule in policy.windows]
    return max(timedelta(days=33), timedelta(hours=max(hours, default=0.0)))


def _add_ours(people: Mapping[str, _Gathered], channels: Channels, since: datetime) -> None:
    ids = {old: one for one in people.values() for old in ids_of(one.keys)}
    for page in in_pages(list(ids)):
        rows = Contact.objects.filter(person_id__in=page, state__in=REACHED, given_at__gte=since).values_list(
            "person_id", "channel", "purpose", "transactional", "given_at", "sent_at"
        )
        for person, channel, purpose, transactional, given_at, sent_at in rows:
            assert given_at is not None  # noqa: S101  the condition
            touch = Touch(
                at=sent_at or given_at, channels=channels.names(channel), word=channels.word(channel),
                purpose=purpose, transactional=transactional,
            )  # fmt: skip
            ids[person].touches.append(touch)


def _add_foreign(ws: Workspace, by_key: Mapping[str, _Gathered], since: datetime) -> None:
    """Add what others have sent to them: other systems whose `sent` events are in the log."""
    columns = ["target_key", "at", "kind", "channel", "source"]
    tables = [ws.sql(
        """SELECT target_key, "at", kind, channel, source FROM late_events
        WHERE kind = 'sent' AND source <> ? AND "at" >= ? AND received_at > ?""",
        [SOURCE, since, ws.states()["people"].as_of],
    ).to_arrow_table()]  # fmt: skip
    if "received" in ws.states():
        tables.append(ws.look_up("received", list(by_key), columns=columns))
    for table in tables:
        for event in table.to_pylist():
            one = by_key.get(event["target_key"])
            if one is not None and event["kind"] == "sent" and event["source"] != SOURCE and event["at"] >= since:
                word = event["channel"] or ""
                one.touches.append(Touch(at=event["at"], channels=frozenset({word}), word=word))


def _hear(ws: Workspace, by_key: Mapping[str, _Gathered]) -> None:
    """When each last wrote to us, by channel."""
    events = ws.look_up("events", list(by_key), columns=["actor_key", "at", "kind", "channel"])
    for event in events.to_pylist():
        if event["kind"] in HEARD and event["channel"]:
            heard = by_key[event["actor_key"]].heard
            heard[event["channel"]] = max(event["at"], heard.get(event["channel"], event["at"]))


def _zone(ws: Workspace, row: Mapping[str, Any]) -> str:
    """The person's own zone where it is known and there is such a zone, else the brand's."""
    attributes = row.get("attributes")
    if attributes and "timezone" in attributes:
        name = json.loads(attributes).get("timezone")
        if isinstance(name, str) and zone_of(name) is not None:
            return name
    return ws.settings.timezone
