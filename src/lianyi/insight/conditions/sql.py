"""From trees to SQL: truth over one row of facts per person. NULL never leaves a test: what is unknown is false.

A condition reads the columns of `profiles` and figures about events. `Figures` hands out a column for every figure
asked for, the same one for the same question, and compiles all of them into one scan of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.checking import type_of
from lianyi.insight.conditions.comparing import holds, since, value
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.scope import Scope


def _no_audiences(name: str) -> str:
    raise KeyError(f"audience {name!r} is asked for where there are no audiences")


def _no_tags(tag: str) -> str:
    raise KeyError(f"tag {tag!r} is asked for where there are no tags")


@dataclass(frozen=True, kw_only=True)
class Compiler:
    """Compiles conditions on a person. tag_sql: SQL that says whether the person has a tag, by the tag as written.
    audience_sql: the same of an audience. derived: further columns that are worked out: name -> SQL."""

    scope: Scope
    figures: Figures
    tag_sql: Callable[[str], str] = _no_tags
    audience_sql: Callable[[str], str] = _no_audiences
    derived: Mapping[str, str] = field(default_factory=dict)

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
            case s.Name():
                return f"coalesce({self.column(node.name)}, FALSE)"
            case s.HasTag():
                return self.tag_sql(node.tag)
            case s.InAudience():
                return self.audience_sql(node.name)
            case s.Consents():
                return self.consents(node)
            case s.Related() | s.Bridges():
                return f"({self.figures.related(node)} > 0)"
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
            case s.Related() if words.RELATED[node.how].counts:
                return self.figures.related(node)
            case s.Related() | s.Bridges() | s.Consents() | s.InAudience():
                return self.truth(node)
            case s.Truth() | s.HasTag() | s.And() | s.Or() | s.Not() | s.Compare():
                return self.truth(node)
            case _:
                return value(self.scope, node, self.value)

    def column(self, name: str) -> str:
        """SQL of a column of the vocabulary."""
        if name in words.LATE_COLUMNS:
            return self.figures.late_column(name)
        d = self.scope.dialect
        derived = {
            "top_share": f"categories[{d.first}].share",
            "group_count": f"coalesce({d.size('groups')}, 0)",
            "channel_count": f"coalesce({d.size('channels')}, 0)",
            "this_month": str(self.scope.as_of.astimezone(ZoneInfo(self.scope.timezone)).month),
        }
        return self.derived.get(name) or derived.get(name, name)

    def days_since(self, node: s.DaysSince) -> str:
        """SQL: days up to as_of; whole ones from a date."""
        return since(self.scope, self.value(node.moment), type_of(node.moment))

    def consents(self, node: s.Consents) -> str:
        """SQL: the last word on the purpose is yes: on this channel, else on all of them; without a channel on any."""
        d = self.scope.dialect

        def some(condition: str) -> str:
            of = f"c.purpose = {d.text(node.purpose)} AND {condition}"
            return f"(coalesce({d.size(d.only('consents', 'c', of))}, 0) > 0)"

        if not node.channel:
            return some("c.granted")
        here, general = f"c.channel = {d.text(node.channel)}", some("c.channel = '' AND c.granted")
        return f"(CASE WHEN {some(here)} THEN {some(f'{here} AND c.granted')} ELSE {general} END)"
