"""Since when a condition holds, where that follows from the events.

It does for what stays true once it has become true: there is an event (no window), a word was said, a first order. For
windows, shares and levels the log alone does not tell; then the first refresh that found the tag gives the time.
"""

from __future__ import annotations

from decimal import Decimal

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.sql import Compiler

# Columns that say when something first happened, by a column that counts it.
_FIRSTS = {"orders": "first_order", "frequency": "first_order"}


def since(node: s.Node, compiler: Compiler) -> str | None:
    """SQL of the moment since which a condition that holds has held; None where that can't be told."""
    if any(isinstance(part, s.Then | s.Related | s.To) for part in s.walk(node)):
        return None
    match node:
        case s.And():
            moments = [since(item, compiler) for item in node.items]
            return _joined("greatest", moments)
        case s.Aggregate(how="any") | s.Aggregate(how="first" | "last") if not node.selection.windows:
            return compiler.figures.first(node)
        case s.Says(windows=()):
            return compiler.figures.first(node)
        case s.Compare(op=">" | ">=", left=left, right=s.Number(value=number)) if _first_one(node.op, number):
            return _of_count(left, compiler)
    return None


def _first_one(op: str, number: Decimal) -> bool:
    """Whether the border is passed by the first event: > 0, or >= 1."""
    return number == (0 if op == ">" else 1)


def _of_count(node: s.Node, compiler: Compiler) -> str | None:
    match node:
        case s.Name(name=name):
            return _FIRSTS.get(name)
        case s.Aggregate(how="count" | "days") if not node.selection.windows:
            return compiler.figures.first(node)
        case s.Says(windows=()):
            return compiler.figures.first(node)
    return None


def _joined(function: str, moments: list[str | None]) -> str | None:
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        return None
    return f"{function}({', '.join(known)})"
