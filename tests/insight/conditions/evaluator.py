"""Conditions evaluated once more in plain Python, one person at a time, straight from events and a row of profiles."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lianyi.insight.conditions import syntax as s
from lianyi.memory.events import PASSIVE_KINDS, Event

UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


@dataclass
class Around:
    """What stands beside people: rows of ties, memberships and arrivals, audiences as sets, and who everybody is."""

    ties: Sequence[Mapping[str, Any]] = ()
    memberships: Sequence[Mapping[str, Any]] = ()
    arrivals: Sequence[Mapping[str, Any]] = ()
    audiences: Mapping[str, set[str]] = field(default_factory=dict)
    everybody: dict[str, Evaluator] = field(default_factory=dict)


class Evaluator:
    """The truth of conditions on one person. None stands for unknown."""

    def __init__(
        self,
        row: Mapping[str, Any],
        done: Sequence[Event],
        received: Sequence[Event],
        *,
        as_of: datetime,
        zone: str,
        around: Around | None = None,
    ) -> None:
        self.row, self.done, self.received = row, done, received
        self.as_of, self.zone = as_of, ZoneInfo(zone)
        self.around = around or Around()

    def truth(self, node: s.Node) -> bool:
        match node:
            case s.And():
                return all(self.truth(item) for item in node.items)
            case s.Or():
                return any(self.truth(item) for item in node.items)
            case s.Not():
                return not self.truth(node.item)
            case s.Aggregate(how="any"):
                return self.count(node.selection) > 0
            case s.Aggregate():
                return self.value(node) is not None
            case s.Says(days=False):
                return self.said(node) > 0
            case s.Related():
                return self.beside(node) > 0
            case s.Bridges():
                mine = [row for row in self.mine(self.around.memberships) if row["how"] != "behaviour"]
                names = [{row["community_id"], row["name_en"], row["name_zh"]} for row in mine]
                return all(any(name in known for known in names) for name in (node.one, node.other))
            case s.InAudience():
                return self.row["person_id"] in self.around.audiences[node.name]
            case s.Consents():
                return self.consented(node.purpose, node.channel)
        return tested(node, self.value, zone=self.zone)

    def value(self, node: s.Node) -> Any:
        match node:
            case s.Name():
                return self.row[node.name]
            case s.Attribute():
                return json.loads(self.row["attributes"]).get(node.name)
            case s.Aggregate():
                return self.figure(node)
            case s.Says():
                return self.said(node)
            case s.Related():
                return self.beside(node)
            case s.DaysSince():
                return self.days_since(self.value(node.moment))
        return worked_out(node, self.value)

    def mine(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [row for row in rows if row["person_id"] == self.row["person_id"]]

    def beside(self, node: s.Related) -> int:
        match node.how:
            case "tied" | "ties":
                rows = self.mine(self.around.ties)
            case "member" | "memberships":
                asked = any(isinstance(part, s.Name) and part.name == "how" for part in s.walk(node))
                rows = [row for row in self.mine(self.around.memberships) if asked or row["how"] != "behaviour"]
            case _:
                rows = [row for row in self.mine(self.around.arrivals) if not row["flags"]]
        return sum(all(RowTester(row, self).truth(test) for test in node.tests) for row in rows)

    def consented(self, purpose: str, channel: str) -> bool:
        said = {(one["purpose"], one["channel"]): one["granted"] for one in self.row["consents"] or ()}
        if not channel:
            return any(granted for (about, _), granted in said.items() if about == purpose)
        return bool(said.get((purpose, channel), said.get((purpose, ""), False)))

    def days_since(self, moment: Any) -> float | None:
        if moment is None:
            return None
        if isinstance(moment, datetime):
            return ((self.as_of - moment) // timedelta(microseconds=1)) / 86_400_000_000
        return float((self.as_of.astimezone(self.zone).date() - moment).days)

    def chosen(self, selection: s.Selection) -> list[Event]:
        events = self.received if selection.received else self.done
        return [event for event in events if self.is_of(event, selection)]

    def is_of(self, event: Event, selection: s.Selection) -> bool:
        if selection.kinds == ("activity",):
            kind = event.kind not in PASSIVE_KINDS
        else:
            kind = selection.kinds == ("*",) or event.kind in selection.kinds
        tests = all(
            EventTester(event, self.zone, received=selection.received, person=self).truth(test)
            for test in selection.tests
        )
        return kind and self.within(event, selection.windows) and tests

    def within(self, event: Event, windows: Sequence[s.Window]) -> bool:
        edges = [(self.as_of - window.amount * UNITS[window.unit], window.older) for window in windows]
        return event.at <= self.as_of and all(event.at <= edge if older else event.at > edge for edge, older in edges)

    def count(self, selection: s.Selection) -> int:
        return len(
            {(e.parent_id or e.id, "order") if e.kind == "order" else (e.id, "") for e in self.chosen(selection)}
        )

    def day(self, event: Event) -> date:
        return event.at.astimezone(self.zone).date()

    def figure(self, node: s.Aggregate) -> Any:
        events = self.chosen(node.selection)
        if node.how in {"count", "any"}:
            return self.count(node.selection)
        if node.how == "days":
            return len({self.day(event) for event in events})
        if node.how in {"first", "last"}:
            return (min if node.how == "first" else max)((event.at for event in events), default=None)
        values = [
            EventTester(event, self.zone, received=node.selection.received).field(str(node.field)) for event in events
        ]
        if node.field == "value":
            values = [value for event, value in zip(events, values, strict=True) if event.currency == "CNY"]
        values = [value for value in values if value is not None]
        if node.how == "distinct":
            return len(set(values))
        if node.how == "sum":
            return sum(values) if values else 0
        if not values:
            return None
        if node.how == "avg":
            return float(sum(values)) / len(values)
        return max(values) if node.how == "max" else min(values)

    def said(self, node: s.Says) -> int:
        spoken = [e for e in self.done if e.kind in {"message", "reply", "review"} and self.within(e, node.windows)]
        return len({self.day(e) for e in spoken if any(word_in(word, e.text or "") for word in node.words)})


class EventTester:
    """The truth of conditions on one event."""

    def __init__(self, event: Event, zone: ZoneInfo, *, received: bool, person: Evaluator | None = None) -> None:
        self.event, self.zone, self.received, self.person = event, zone, received, person

    def truth(self, node: s.Node) -> bool:
        match node:
            case s.And():
                return all(self.truth(item) for item in node.items)
            case s.Or():
                return any(self.truth(item) for item in node.items)
            case s.Not():
                return not self.truth(node.item)
            case s.Between(value=s.Name(name="hour" | "weekday" as name)):
                low, high, value = (self.value(part) for part in (node.low, node.high, s.Name(name)))
                return bool(low <= value <= high if low <= high else value >= low or value <= high)
            case s.Then():
                return self.followed(node)
        return tested(node, self.value, zone=self.zone)

    def followed(self, node: s.Then) -> bool:
        assert self.person is not None
        span = node.window.amount * UNITS[node.window.unit]
        later = self.person.chosen(s.Selection(node.selection.kinds, node.selection.received, (), node.selection.tests))
        found = any(self.event.at < event.at <= self.event.at + span for event in later)
        return not found and self.event.at + span <= self.person.as_of if node.never else found

    def value(self, node: s.Node) -> Any:
        match node:
            case s.Name():
                return self.field(node.name)
            case s.Attribute():
                return as_text((self.event.props or {}).get(node.name))
        return worked_out(node, self.value)

    def field(self, name: str) -> Any:
        event, props = self.event, self.event.props or {}
        local = event.at.astimezone(self.zone)
        match name:
            case "hour" | "weekday" | "day_of_month":
                return {"hour": local.hour, "weekday": local.isoweekday(), "day_of_month": local.day}[name]
            case "quantity":
                return None if "quantity" not in props else float(props["quantity"])
            case "title":
                return as_text(props.get("title"))
            case "discount":
                full = float(props.get("price", 0)) * float(props.get("quantity", 1))
                return max(0.0, 1 - float(event.value) / full) if full > 0 and event.value is not None else None
        plain = {
            "group": event.group_key,
            "object": event.object_key,
            "other": event.actor_key if self.received else event.target_key,
        }
        return plain[name] if name in plain else getattr(event, name)


class RowTester:
    """The truth of conditions on one row beside a person."""

    NAMES: Mapping[str, tuple[str, ...]] = {
        "community": ("community_id", "name_en", "name_zh"), "ripple": ("ripple_id", "ripple_name"),
    }  # fmt: skip

    def __init__(self, row: Mapping[str, Any], person: Evaluator) -> None:
        self.row, self.person = row, person

    def truth(self, node: s.Node) -> bool:
        match node:
            case s.And():
                return all(self.truth(item) for item in node.items)
            case s.Or():
                return any(self.truth(item) for item in node.items)
            case s.Not():
                return not self.truth(node.item)
            case s.Name():
                return bool(self.row[node.name])
            case s.To():
                return self.person.around.everybody[self.row["other_id"]].truth(node.item)
            case s.Compare(op="!=", left=s.Name(name=name)) if name in self.NAMES:
                return not self.truth(s.Compare("=", node.left, node.right))
            case (
                s.Compare(op="=", left=s.Name(name=name))
                | s.OneOf(value=s.Name(name=name))
                | s.Holds(value=s.Name(name=name))
            ) if name in self.NAMES:
                return any(self.named(node, column) for column in self.NAMES[name])
        return tested(node, self.value, zone=self.person.zone)

    def named(self, node: s.Node, column: str) -> bool:
        def of(part: s.Node) -> Any:
            return self.row[column] if isinstance(part, s.Name) else worked_out(part, self.value)

        return tested(node, of, zone=self.person.zone)

    def value(self, node: s.Node) -> Any:
        match node:
            case s.Name():
                return self.row[self.NAMES.get(node.name, (node.name,))[-1]]
            case s.DaysSince():
                return self.person.days_since(self.value(node.moment))
        return worked_out(node, self.value)


def tested(node: s.Node, of: Callable[[s.Node], Any], *, zone: ZoneInfo) -> bool:
    """A test on values; what is unknown is false."""
    match node:
        case s.Truth():
            return node.value
        case s.Known():
            return of(node.value) is not None
        case s.Member():
            return of(node.value) in (of(node.list) or ())
        case s.Holds():
            text = of(node.value)
            return text is not None and any(option.value.lower() in text.lower() for option in node.options)
        case s.OneOf():
            found = of(node.value)
            return found is not None and found in [of(option) for option in node.options]
        case s.Compare():
            left, right = of(node.left), of(node.right)
            right = as_moment(left, right, zone)
            return left is not None and right is not None and OPERATORS[node.op](left, right)
        case s.Between():
            value, low, high = (of(part) for part in (node.value, node.low, node.high))
            return None not in (value, low, high) and bool(low <= value <= high)
    raise TypeError(type(node).__name__)


def worked_out(node: s.Node, of: Callable[[s.Node], Any]) -> Any:
    """Numbers and texts; arithmetic in floating point, division by zero unknown."""
    match node:
        case s.Number():
            return node.value
        case s.Text():
            return node.value
        case s.Negative():
            inner = of(node.value)
            return None if inner is None else -inner
        case s.Arithmetic():
            left, right = of(node.left), of(node.right)
            if left is None or right is None:
                return None
            one, other = float(left), float(right)
            if node.op == "/":
                return one / other if other else None
            return {"+": one + other, "-": one - other, "*": one * other}[node.op]
    raise TypeError(type(node).__name__)


def as_moment(left: Any, right: Any, zone: ZoneInfo) -> Any:
    """A day written as text beside a moment or a day."""
    if isinstance(right, str) and isinstance(left, date):
        day = date.fromisoformat(right)
        return datetime.combine(day, time(), tzinfo=zone) if isinstance(left, datetime) else day
    return right


def as_text(value: Any) -> str | None:
    """A member of props as text, as JSON writes it."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def word_in(word: str, text: str) -> bool:
    """Latin words stand alone, Chinese ones anywhere."""
    start = r"(?<![A-Za-z0-9_])" if re.match(r"[A-Za-z0-9_]", word) else ""
    end = r"(?![A-Za-z0-9_])" if re.search(r"[A-Za-z0-9_]\Z", word) else ""
    return re.search(start + re.escape(word) + end, text, re.IGNORECASE) is not None
