"""Looking into the outbox: which contacts, why not, what goes out on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from lianyi.action.contacts import facts, gate
from lianyi.action.contacts.claiming import CRASHED
from lianyi.action.contacts.models import Contact, State
from lianyi.action.policy import keeping, words
from lianyi.action.policy.deciding import Decision, Verdict
from lianyi.errors import InputError
from lianyi.workspace import Workspace

SAID: Mapping[str, tuple[str, str]] = {
    State.WAITING: ("等待发送", "waits to be sent"), State.HELD: ("等待人工确认", "waits for a human"),
    State.CLAIMED: ("即将发送", "about to be sent"), State.DELIVERING: ("正在发送", "is being sent"),
    State.SENT: ("已发送", "sent"), State.FAILED: ("发送失败", "failed"), State.REFUSED: ("未发送", "not sent"),
    State.EXPIRED: ("未发送（已过期）", "not sent, too late"), State.CANCELLED: ("已取消", "cancelled"),
    State.UNKNOWN: ("结果未知", "unknown"),
}  # fmt: skip
CRASHED_ZH = "发送程序在交给渠道时中断，无法判断是否已发出"


@dataclass(frozen=True, kw_only=True)
class Day:
    """What waits for one day of the brand's calendar: of a campaign or journey, by a channel, how many contacts; how
    many of them are held until a human confirms."""

    day: date
    campaign: str
    journey: str
    channel: str
    contacts: int
    held: int


def search(
    *, person_ids: Sequence[str] = (), campaign: str = "", journey: str = "", channel: str = "", state: str = "",
    rule: str = "",
) -> QuerySet[Contact]:  # fmt: skip
    """Contacts, the newest first. InputError: no such state."""
    if state and state not in State.values:
        raise InputError(f"state: {state!r} is none of {', '.join(State.values)}")
    asked = {"campaign": campaign, "journey": journey, "channel": channel, "state": state, "rule": rule}
    rows = Contact.objects.filter(**{name: value for name, value in asked.items() if value})
    return rows.filter(person_id__in=list(person_ids)) if person_ids else rows


def ids_of_person(ws: Workspace, key_or_id: str) -> list[str]:
    """Every id under which contacts of a person may stand. NotFound: nobody is known so."""
    person = ws.person(key_or_id)
    return sorted({person.person_id, *facts.ids_of(person.key_names)})


def sentence(contact: Contact, *, zone: str, language: str) -> str:
    """What became of it and why, like "not sent: 3rd message this week, cap 2"."""
    zh = language.startswith("zh")
    said = SAID[contact.state][0 if zh else 1]
    why = reason(contact, zone=zone, language=language)
    return f"{said}{'：' if zh else ': '}{why}" if why else said


def reason(contact: Contact, *, zone: str, language: str) -> str:
    """Why it stands as it does, "" where there is nothing to say."""
    zh = language.startswith("zh")
    if contact.state == State.SENT:
        return ""
    if contact.state == State.WAITING and contact.paused:
        return "已暂停" if zh else "paused"
    if contact.rule:
        return words.reason(contact.rule, contact.values, zone=zone, language=language)
    if contact.reason == CRASHED:
        return CRASHED_ZH if zh else CRASHED
    return contact.reason


def described(contact: Contact, *, zone: str, language: str) -> dict[str, Any]:
    """A contact as plain data for all doors; no name, no address."""
    return {
        "key": contact.key, "person_id": contact.person_id, "channel": contact.channel, "purpose": contact.purpose,
        "campaign": contact.campaign, "journey": contact.journey, "step": contact.step, "priority": contact.priority,
        "transactional": contact.transactional, "state": contact.state, "paused": contact.paused,
        "said": sentence(contact, zone=zone, language=language), "rule": contact.rule, "values": contact.values,
        "policy": contact.policy, "decided_at": contact.decided_at,
        "not_before": contact.not_before if contact.state == State.WAITING else None,
        "expires_at": contact.expires_at, "attempts": contact.attempts, "reason": contact.reason,
        "confirmed_by": contact.confirmed_by, "by": contact.by, "created_at": contact.created_at,
        "sent_at": contact.sent_at, "ended_at": contact.ended_at,
    }  # fmt: skip


def counts(rows: QuerySet[Contact]) -> dict[str, int]:
    """How many contacts there are in each state."""
    found = rows.order_by().values_list("state").annotate(n=Count("pk"))
    return dict(sorted(found, key=lambda pair: list(State.values).index(pair[0])))


def reasons(rows: QuerySet[Contact]) -> dict[str, int]:
    """By which rules contacts were not sent, the most frequent first."""
    found = rows.filter(state__in=[State.REFUSED, State.EXPIRED]).order_by().values_list("rule").annotate(n=Count("pk"))
    return dict(sorted(found, key=lambda pair: -pair[1]))


def calendar(*, now: datetime, zone: str, days: int = 28) -> list[Day]:
    """What waits for each of the coming days, by campaign, journey and channel. What is due already counts for today;
    what the gate will say then nobody knows yet."""
    place = ZoneInfo(zone)
    last = datetime.combine(now.astimezone(place).date() + timedelta(days=days), datetime.min.time(), place)
    rows = (
        Contact.objects.filter(state__in=[State.WAITING, State.HELD], not_before__lt=last)
        .order_by()
        .annotate(day=TruncDate("not_before", tzinfo=place))
        .values("day", "campaign", "journey", "channel", "state")
        .annotate(n=Count("pk"))
    )
    today = now.astimezone(place).date()
    found: dict[tuple[date, str, str, str], list[int]] = {}
    for row in rows:
        key = max(row["day"], today), row["campaign"], row["journey"], row["channel"]
        both = found.setdefault(key, [0, 0])
        both[0] += row["n"]
        both[1] += row["n"] if row["state"] == State.HELD else 0
    return [
        Day(day=day, campaign=campaign, journey=journey, channel=channel, contacts=both[0], held=both[1])
        for (day, campaign, journey, channel), both in sorted(found.items())
    ]


def would(
    ws: Workspace, key_or_id: str, *, channel: str, purpose: str, now: datetime, transactional: bool = False,
    personal: bool = True,
) -> tuple[Decision, keeping.Current]:  # fmt: skip
    """What the gate would say now of a contact that nobody has asked for, and by which version of the policy."""
    person = ws.person(key_or_id)
    policy, channels = keeping.current(), facts.Channels.read()
    if channel not in channels.words:
        raise InputError(f"no channel {channel!r}; there are {', '.join(sorted(channels.words)) or 'none yet'}")
    known = facts.known(ws, [person.person_id], policy.policy, channels, now).get(person.person_id)
    contact = Contact(
        pk=0, key="", person_id=person.person_id, channel=channel, purpose=purpose, transactional=transactional,
        personal=personal, not_before=now, by="",
    )  # fmt: skip
    decision, _to = gate.look(contact, known, policy, channels, now=now)
    return decision, policy


def verdict_in_words(decision: Decision, *, zone: str, language: str) -> str:
    """A decision as a sentence."""
    zh = language.startswith("zh")
    said = {
        Verdict.SEND: ("可以发送", "would be sent"), Verdict.WAIT: ("需等待", "would wait"),
        Verdict.REFUSE: ("不会发送", "would not be sent"), Verdict.CONFIRM: ("需人工确认", "would wait for a human"),
    }[decision.verdict][0 if zh else 1]  # fmt: skip
    why = words.reason(decision.rule, decision.values, zone=zone, language=language)
    until = ""
    if decision.until is not None:
        at = decision.until.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        until = f"（至 {at}）" if zh else f" (until {at})"
    return f"{said}{until}{'：' if zh else ': '}{why}" if why else f"{said}{until}"
