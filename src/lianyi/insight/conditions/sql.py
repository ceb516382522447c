"""From trees to SQL: truth over one row of facts per person. NULL never leaves a test: what is unknown is false.

A condition reads the columns of `profiles` and figures about events. `Figures` hands out a column for every figure
asked for, the same one for the same question, and compiles all of them into one scan of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.checking import type_of
from lianyi.insight.conditions.comparing import holds, value
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.scope import Scope
from lianyi.insight.zone import DAY


def _no_tags(tag: str) -> str:
    raise KeyError(f"tag {tag!r} is asked for where there are no tags")


@dataclass(frozen=True, kw_only=True)
class Compiler:
    """Compiles conditions on a person. tag_sql: SQL that says whether the person has a tag, by the tag as written."""

    scope: Scope
    figures: Figures
    tag_sql: Callable[[str], str] = _no_tags

    def truth(self, node: s.Node) -> str:
        """SQL that is TRUE or FALSE for each person."""
        match node:
            case s.And():
                return "(" + " AND ".join(self.truth(item) for item in node.items) + ")"
            case s.Or():
                return "(" + " OR ".join(self.truth(item) for item in node.items) + ")"
            case s.Not():
                return f"(NOT {self.truth(node.item)})"
            case s.Truth():
                return "TRUE" if node.value else "FALSE"
            case s.HasTag():
                return self.tag_sql(node.tag)
            case s.Says():
                return f"({self.figures.said(node)} > 0)"
            case s.Aggregate():
                return self.some(node)
            case _:
                return holds(self.scope, node, self.value)

    def some(self, node: s.Aggregate) -> str:
        """SQL for `any(…)`, and for a first or last time that stands for "there is one"."""
        column = self.figures.column(node)
        return f"({column} > 0)" if node.how == "any" else f"({column} IS NOT NULL)"

    def value(self, node: s.Node) -> str:
        """SQL of a number, text, moment or list; NULL where unknown."""
        match node:
            case s.Name():
                return self.column(node.name)
            case s.Attribute():
                return self.scope.dialect.json_text("attributes", node.name)
            case s.Aggregate():
                return self.figures.column(node) if node.how != "any" else self.some(node)
            case s.Says():
                return self.figures.said(node) if node.days else self.truth(node)
            case s.DaysSince():
                return self.days_since(node)
            case s.Truth() | s.HasTag() | s.And() | s.Or() | s.Not() | s.Compare():
                return self.truth(node)
            case _:
                return value(self.scope, node, self.value)

    def column(self, name: str) -> str:
        """SQL of a column of the vocabulary."""
        d = self.scope.dialect
        derived = {
            "top_share": f"categories[{d.first}].share",
            "group_count": f"coalesce({d.size('groups')}, 0)",
            "channel_count": f"coalesce({d.size('channels')}, 0)",
            "this_month": str(self.scope.as_of.astimezone(ZoneInfo(self.scope.timezone)).month),
        }
        return derived.get(name, name)

    def days_since(self, node: s.DaysSince) -> str:
        """SQL: days up to as_of; whole ones from a date."""
        moment = self.value(node.moment)
        if type_of(node.moment) == "date":
            return f"CAST({self.scope.today} - {self.scope.dialect.day_number(moment)} AS DOUBLE)"
        micros = int(self.scope.as_of.timestamp()) * 1_000_000 + self.scope.as_of.microsecond
        return f"(CAST({micros} - {self.scope.dialect.micros(moment)} AS DOUBLE) / {DAY}.0)"
