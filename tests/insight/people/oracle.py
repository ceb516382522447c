"""Profiles computed once more, in plain Python, person by person, without SQL."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from lianyi.memory.events import PASSIVE_KINDS, Event

Profile = dict[str, Any]
WEIGHTS = {
    "order": 8,
    "checkout": 4,
    "cart": 4,
    "collect": 4,
    "review": 4,
    "share": 4,
    "click": 1,
    "search": 1,
    "view": 1,
}


class Oracle:
    """The truth about a log, by brute force."""

    def __init__(
        self, events: Sequence[Event], keys: Mapping[str, str], *, as_of: datetime, zone: str, currency: str
    ) -> None:
        self.events = [event for event in events if event.at <= as_of]
        self.keys, self.as_of, self.zone, self.currency = keys, as_of, ZoneInfo(zone), currency
        self.ids = {event.id: event for event in events}

    def actor(self, event: Event) -> str | None:
        return self.keys.get(event.actor_key or "")

    def target(self, event: Event) -> str | None:
        return self.keys.get(event.target_key or "")

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def people(self) -> list[str]:
        return sorted({p for event in self.events for p in (self.actor(event), self.target(event)) if p})

    def done(self, person: str, *kinds: str) -> list[Event]:
        mine = [event for event in self.events if self.actor(event) == person]
        return [event for event in mine if not kinds or event.kind in kinds]

    def received(self, person: str) -> list[Event]:
        return [event for event in self.events if self.target(event) == person]

    def profiles(self) -> dict[str, Profile]:
        people = {person: self.alone(person) | {"brought": 0, "brought_buyers": 0} for person in self.people()}
        for came, (host, moment) in self.bringing().items():
            first_order = people[came]["first_order"]
            people[host]["brought"] += 1
            people[host]["brought_buyers"] += first_order is not None and first_order >= moment
        self.score(people)
        return people

    def alone(self, person: str) -> Profile:
        done, received = self.done(person), self.received(person)
        times = [event.at for event in done + received]
        return {
            "first_seen": min(times),
            "last_seen": max(times),
            "events": len(done),
            "counts": dict(Counter(event.kind for event in done)),
            "channels": sorted({event.channel for event in done if event.channel}),
            "groups": self.groups(done),
            **self.rhythm(done),
            **self.buying(person),
            **self.liking(done),
            **self.stated(done),
            **self.consented(done),
        }

    def groups(self, done: list[Event]) -> list[str]:
        found = []
        for group in sorted({event.group_key for event in done if event.group_key}):
            left = [e.at for e in done if e.group_key == group and e.kind == "leave"]
            stayed = [e.at for e in done if e.group_key == group and e.kind != "leave"]
            if not left or (stayed and max(stayed) > max(left)):
                found.append(group)
        return found

    def rhythm(self, done: list[Event]) -> Profile:
        slots = {(self.day(e.at), e.at.astimezone(self.zone).hour) for e in done if e.kind not in PASSIVE_KINDS}
        days = sorted({day for day, _ in slots})
        hours = Counter(hour for _, hour in slots)
        weekdays = Counter(day.isoweekday() for day in days)
        ranked = sorted(hours, key=lambda hour: (-hours[hour], hour))
        return {
            "days_active": len(days),
            "first_active": days[0] if days else None,
            "last_active": days[-1] if days else None,
            "preferred_hour": ranked[0] if ranked else None,
            "preferred_hours": ranked[:3] if ranked else None,
            "preferred_weekday": min(weekdays, key=lambda day: (-weekdays[day], day)) if days else None,
        }

    def money_back(self) -> dict[tuple[str | None, str | None], Decimal]:
        """(person, currency) -> refunds."""
        owners: dict[str, list[str]] = defaultdict(list)
        for event in self.events:
            if event.kind == "order":
                owner = self.actor(event)
                owners[event.parent_id or event.id] += [owner] if owner else []
        told: dict[tuple[str | None, str | None, str], list[Event]] = defaultdict(list)
        for event in (event for event in self.events if event.kind == "refund"):
            person = self.actor(event)
            if event.actor_key is None and event.parent_id:
                person = min(owners.get(event.parent_id, []), default=None)
            told[person, event.currency, event.parent_id or event.id].append(event)
        totals: dict[tuple[str | None, str | None], Decimal] = defaultdict(Decimal)
        for (person, currency, number), events in told.items():
            totals[person, currency] += self.given_back(number, currency, events)
        return totals

    def given_back(self, number: str, currency: str | None, events: list[Event]) -> Decimal:
        """What was refunded of one order, by all that was said on it."""
        acts, whole, lines = Decimal(0), Decimal(0), dict[str, Decimal]()
        for event in events:
            value = event.value or Decimal(0)
            line, mark, _ = event.id.rpartition("/refund/")
            subject = line if mark else event.object_key or number
            if (event.props or {}).get("cumulative") is not True:
                acts += value
            elif subject == number:
                whole = max(whole, value)
            else:
                lines[subject] = max(lines.get(subject, value), value)
        stated = max(whole, sum(lines.values(), Decimal(0)))
        paid = [
            event.value or Decimal(0)
            for event in self.events
            if event.kind == "order" and (event.parent_id or event.id) == number and event.currency == currency
        ]
        return max(acts, min(stated, sum(paid, Decimal(0))) if paid else stated)

    def buying(self, person: str) -> Profile:
        lines = self.done(person, "order")
        numbers: dict[str, datetime] = {}
        for line in lines:
            number = line.parent_id or line.id
            numbers[number] = min(numbers.get(number, line.at), line.at)
        gross: dict[str | None, Decimal] = defaultdict(Decimal)
        for line in lines:
            gross[line.currency] += line.value or Decimal(0)
        back = {currency: total for (who, currency), total in self.money_back().items() if who == person}
        net = {c: gross.get(c, Decimal(0)) - back.get(c, Decimal(0)) for c in {*gross, *back} if c}
        days = sorted({self.day(moment) for moment in numbers.values()})
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        mine = net.get(self.currency, Decimal(0))
        return {
            "orders": len(numbers),
            "order_days": len(days),
            "gross_spend": gross.get(self.currency, Decimal(0)),
            "refunds": back.get(self.currency, Decimal(0)),
            "net_spend": mine,
            "spend_by_currency": net or None,
            "first_order": min(numbers.values(), default=None),
            "last_order": max(numbers.values(), default=None),
            "recency_days": (self.day(self.as_of) - self.day(max(numbers.values()))).days if numbers else None,
            "cycle_days": float(median(gaps)) if gaps else None,
            "cycle_spread": spread(gaps),
        }

    def liking(self, done: list[Event]) -> Profile:
        weight: Counter[str] = Counter()
        orders: dict[str, set[str]] = defaultdict(set)
        for event in done:
            if event.category and event.kind == "order":
                orders[event.category].add(event.parent_id or event.id)
            elif event.category and event.kind in WEIGHTS:
                weight[event.category] += WEIGHTS[event.kind]
        for category, numbers in orders.items():
            weight[category] += WEIGHTS["order"] * len(numbers)
        ranked = sorted(weight, key=lambda category: (weight[category], category), reverse=True)
        return {"top_category": ranked[0] if ranked else None, "weights": {c: weight[c] for c in ranked[:5]}}

    def stated(self, done: list[Event]) -> Profile:
        said: dict[str, list[tuple[bool, datetime, str, str]]] = defaultdict(list)
        for event in done:
            if event.kind == "identify":
                for trait, value in (event.props or {}).items():
                    said[trait].append((event.source == "operator", event.at, event.id, value))
        return {
            "attributes": {trait: max(values)[3] for trait, values in said.items()},
            "conflicts": sum(len({value for *_, value in values}) > 1 for values in said.values()),
        }

    def consented(self, done: list[Event]) -> Profile:
        words: dict[tuple[str, str], tuple[datetime, str, bool]] = {}
        for event in (event for event in done if event.kind == "consent"):
            props = event.props or {}
            about = (props["purpose"], props["channel"])
            words[about] = max(words.get(about, (event.at, "", False)), (event.at, event.id, props["granted"]))
        return {"granted": {about: word[2] for about, word in words.items()}}

    def bringing(self) -> dict[str, tuple[str, datetime]]:
        """person -> who brought them first, and when."""
        first: dict[str, tuple[datetime, str, str]] = {}
        for event in (event for event in self.events if event.kind in {"arrive", "invite"}):
            came, host = self.actor(event), self.target(event)
            if event.kind == "invite":
                came, host = host, came
            if came and host and came != host:
                first[came] = min(first.get(came, (event.at, event.id, host)), (event.at, event.id, host))
        return {came: (host, moment) for came, (moment, _, host) in first.items()}

    def score(self, people: Mapping[str, Profile]) -> None:
        buyers = [row for row in people.values() if row["orders"]]
        quintiles = (Decimal("0.2"), Decimal("0.4"), Decimal("0.6"), Decimal("0.8"))
        edges = {
            c: [disc((row[c] for row in buyers), q) for q in quintiles] for c in ("recency_days", "orders", "net_spend")
        }
        paid = [row["net_spend"] for row in buyers if row["net_spend"] > 0]
        low, mid, high = (disc(paid, Decimal(share)) for share in ("0.5", "0.8", "0.95"))
        for row in people.values():
            level = None
            for name, border in (("high", high), ("mid", mid), ("low", low)):
                level = name if border is not None and row["net_spend"] <= border else level
            row["consumption_level"] = (level or "top") if row["orders"] and row["net_spend"] > 0 else "none"
            passed: Callable[[str], int] = lambda column, row=row: sum(row[column] > edge for edge in edges[column])  # type: ignore[misc]  # noqa: E731
            row["r_score"] = 5 - passed("recency_days") if row["orders"] else None
            row["f_score"] = 1 + passed("orders") if row["orders"] else None
            row["m_score"] = 1 + passed("net_spend") if row["orders"] else None


def disc(values: Iterable[Any], share: Decimal) -> Any:
    """The smallest value that at least this share of the values do not exceed."""
    ranked = sorted(values)
    return next((value for place, value in enumerate(ranked, 1) if place >= share * len(ranked)), None)


def spread(gaps: Sequence[int]) -> float | None:
    """The interquartile range with linear interpolation."""
    if len(gaps) < 2:
        return None
    first, _, third = quantiles(gaps, n=4, method="inclusive")
    return third - first


def comparable(row: Mapping[str, Any]) -> Profile:
    """A row of profiles in the oracle's form."""
    shown = dict(row)
    shown["attributes"] = json.loads(row["attributes"])
    shown["granted"] = {(c["purpose"], c["channel"]): c["granted"] for c in row["consents"] or ()}
    shown["weights"] = {c["category"]: c["weight"] for c in row["categories"] or ()}
    return shown
