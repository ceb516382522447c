"""Why a condition holds, in words made from the actual values: "3 orders of “母婴” in 60 days".

Everything that the condition looked at is said with its value; of an `or`, only what holds. The words are SQL over the
same row of facts that the condition is tested on, so the numbers are the ones that decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.checking import type_of
from lianyi.insight.conditions.phrases import Phrases
from lianyi.insight.conditions.sql import Compiler


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Writes evidence in one language. tag_name: what a tag is called in it."""

    compiler: Compiler
    phrases: Phrases
    tag_name: Callable[[str], str] = lambda tag: tag

    def sql(self, node: s.Node) -> str:
        """SQL of the evidence for a condition."""
        said = list(dict.fromkeys(self.parts(node)))
        return f"concat_ws({self._text(self.phrases.joint)}, {', '.join(said)})" if said else "''"

    def parts(self, node: s.Node) -> Iterator[str]:
        """SQL of each thing that the condition looked at."""
        match node:
            case s.And():
                for item in node.items:
                    yield from self.parts(item)
            case s.Or():
                for item in node.items:
                    yield f"CASE WHEN {self.compiler.truth(item)} THEN {self.sql(item)} END"
            case s.Not():
                yield from self.parts(node.item)
            case s.Arithmetic(op="/", left=s.Aggregate(how="count"), right=s.Aggregate(how="count")):
                yield self._ratio(node)
            case s.Aggregate():
                yield self._figure(node)
            case s.Says():
                yield self._said(node)
            case s.HasTag():
                yield self._text(self.phrases.tag(self.tag_name(node.tag)))
            case s.Name():
                yield self._column(node)
            case s.Attribute():
                value = self.compiler.value(node)
                yield f"concat({self._text(self.phrases.label(node.name))}, coalesce({value}, '—'))"
            case _:
                for part in _below(node):
                    yield from self.parts(part)

    def _figure(self, node: s.Aggregate) -> str:
        value = self.compiler.figures.column(node)
        if node.how in {"count", "any"}:
            return self._counted(value, node.selection)
        kind = type_of(node)
        wording = self.phrases.figure(node.how, node.field, node.selection)
        missing = self._text(self.phrases.none(node.selection))
        shown = f"concat({self._text(wording.before)}, {self._show(value, kind)}, {self._text(wording.after)})"
        return f"CASE WHEN {value} IS NULL THEN {missing} ELSE {shown} END"

    def _counted(self, value: str, selection: s.Selection) -> str:
        def shown(number: int) -> str:
            wording = self.phrases.counted(number, selection)
            return f"concat({self._text(wording.before)}, {self._show(value, 'count')}, {self._text(wording.after)})"

        none = self._text(self.phrases.none(selection))
        return f"CASE WHEN {value} = 0 THEN {none} WHEN {value} = 1 THEN {shown(1)} ELSE {shown(2)} END"

    def _said(self, node: s.Says) -> str:
        days, word = self.compiler.figures.said(node), self.compiler.figures.word(node)

        def shown(number: int) -> str:
            wording = self.phrases.said(number, node.windows)
            parts = (self._text(wording.before), word, self._text(wording.middle), self._show(days, "count"))
            return f"concat({', '.join(parts)}, {self._text(wording.after)})"

        none = self._text(self.phrases.unsaid(node))
        return f"CASE WHEN {days} = 0 THEN {none} WHEN {days} = 1 THEN {shown(1)} ELSE {shown(2)} END"

    def _ratio(self, node: s.Arithmetic) -> str:
        assert isinstance(node.left, s.Aggregate)  # noqa: S101  the only form that comes here
        assert isinstance(node.right, s.Aggregate)  # noqa: S101
        left, right = self._figure(node.left), self._figure(node.right)
        share = f"CAST(CAST(round(100 * {self.compiler.value(node)}) AS BIGINT) AS STRING)"
        first, second = (left, right) if self.phrases.part_first else (right, left)
        before, after = (self._text(part) for part in self.phrases.share)
        return f"concat({first}, {self._text(self.phrases.of)}, {second}, {before}, coalesce({share}, '0'), {after})"

    def _column(self, node: s.Name) -> str:
        word = words.PERSON[node.name]
        value = self._show(self.compiler.value(node), word.type)
        return f"concat({self._text(self.phrases.column(word))}, coalesce({value}, '—'))"

    def _show(self, value: str, kind: words.Type) -> str:
        """SQL of a value as people read it: whole numbers, cents, local dates."""
        scope = self.compiler.scope
        match kind:
            case "money":
                return f"CAST(CAST({value} AS DECIMAL(20, 2)) AS STRING)"
            case "real":
                whole = f"CAST(CAST({value} AS BIGINT) AS STRING)"
                return f"CASE WHEN {value} = floor({value}) THEN {whole} ELSE CAST(round(CAST({value} AS DOUBLE), 2) AS STRING) END"
            case "time":
                return f"CAST({scope.date(scope.day(value))} AS STRING)"
            case "list":
                return (
                    f"array_to_string({value}, ', ')"
                    if scope.dialect.name == "duckdb"
                    else f"array_join({value}, ', ')"
                )
        return f"CAST({value} AS STRING)"

    def _text(self, value: str) -> str:
        return self.compiler.scope.dialect.text(value)


def _below(node: s.Node) -> tuple[s.Node, ...]:
    """The parts of a test or sum that carry values of the person."""
    match node:
        case s.Compare() | s.Arithmetic():
            return node.left, node.right
        case s.Between() | s.OneOf() | s.Holds() | s.Known() | s.Negative():
            return (node.value,)
        case s.Member():
            return (node.list,)
        case s.DaysSince():
            return (node.moment,)
    return ()
