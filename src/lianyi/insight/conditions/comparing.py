"""Tests and values that are written alike over a person and over an event; what stands in them comes from `of`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.checking import type_of
from lianyi.insight.scope import Scope
from lianyi.insight.zone import DAY

Value = Callable[[s.Node], str]


def holds(scope: Scope, node: s.Node, of: Value, *, among: words.Among = "person") -> str:
    """SQL of a test, never NULL. of: SQL of its parts. among: what it is about; hours of events go around."""
    match node:
        case s.Compare():
            op = "<>" if node.op == "!=" else node.op
            return f"coalesce({of(node.left)} {op} {_like(scope, node.left, node.right, of, among)}, FALSE)"
        case s.Between():
            return f"coalesce({_between(scope, node, of, among)}, FALSE)"
        case s.OneOf():
            options = ", ".join(_like(scope, node.value, option, of, among) for option in node.options)
            return f"coalesce({of(node.value)} IN ({options}), FALSE)"
        case s.Holds():
            lower = f"lower({of(node.value)})"
            found = " OR ".join(f"contains({lower}, {scope.dialect.text(o.value.lower())})" for o in node.options)
            return f"coalesce({found}, FALSE)"
        case s.Member():
            return f"coalesce({scope.dialect.has(of(node.list), of(node.value))}, FALSE)"
        case s.Known():
            return f"({of(node.value)} IS NOT NULL)"
    raise TypeError(f"no test in {type(node).__name__}")


def value(scope: Scope, node: s.Node, of: Value) -> str:
    """SQL of a number or text that is written out or worked out; division by zero is unknown."""
    match node:
        case s.Number():
            return f"{node.value:f}"
        case s.Text():
            return scope.dialect.text(node.value)
        case s.Negative():
            return f"(-{of(node.value)})"
        case s.Arithmetic():
            left, right = (f"CAST({of(part)} AS DOUBLE)" for part in (node.left, node.right))
            return f"({left} / nullif({right}, 0))" if node.op == "/" else f"({left} {node.op} {right})"
        case s.Between() | s.OneOf() | s.Holds() | s.Member() | s.Known():
            return holds(scope, node, of)
    raise TypeError(f"no SQL for {type(node).__name__}")


def since(scope: Scope, moment: str, kind: words.Type) -> str:
    """SQL: days from a moment to as_of; whole ones from a date."""
    if kind == "date":
        return f"CAST({scope.today} - {scope.dialect.day_number(moment)} AS DOUBLE)"
    micros = int(scope.as_of.timestamp()) * 1_000_000 + scope.as_of.microsecond
    return f"(CAST({micros} - {scope.dialect.micros(moment)} AS DOUBLE) / {DAY}.0)"


def _between(scope: Scope, node: s.Between, of: Value, among: words.Among) -> str:
    low, high = (_like(scope, node.value, part, of, among) for part in (node.low, node.high))
    inner = of(node.value)
    if among == "event" and isinstance(node.value, s.Name) and node.value.name in words.ROUND:
        around = f"({inner} >= {low} OR {inner} <= {high})"
        return f"CASE WHEN {low} <= {high} THEN {inner} BETWEEN {low} AND {high} ELSE {around} END"
    return f"{inner} BETWEEN {low} AND {high}"


def _like(scope: Scope, pattern: s.Node, node: s.Node, of: Value, among: words.Among) -> str:
    """SQL of a part that is compared with another: a text beside a moment is a day."""
    kind = type_of(pattern, among=among)
    if isinstance(node, s.Text) and kind in {"time", "date"}:
        day = date.fromisoformat(node.value)
        if kind == "date":
            return f"DATE '{day.isoformat()}'"
        return scope.dialect.time(datetime.combine(day, time(), tzinfo=ZoneInfo(scope.timezone)))
    return of(node)
