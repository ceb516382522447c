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
from lianyi.insight.conditions.phrases import Phrases, Wording
from lianyi.insight.conditions.sql import Compiler


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Writes evidence in one language.

    tag_name: what a tag is called in it. tag_evidence: SQL of the evidence for a tag that the condition asks for, ''
    where there is none.
    """

    compiler: Compiler
    phrases: Phrases
    tag_name: Callable[[str], str] = lambda tag: tag
    tag_evidence: Callable[[str], str] = lambda _tag: ""

    def sql(self, node: s.Node) -> str:
        """SQL of the evidence for a condition."""
        said = list(dict.fromkeys(self.parts(node)))
        return f"concat_ws({self._text(self.phrases.joint)}, {', '.join(said)})" if said else "''"

    def parts(self, node: s.Node) -> Iterator[str]:
        """SQL of each thing that the condition looked at."""
        match node:
            case s.And() | s.Not():
                for item in node.items if isinstance(node, s.And) else (node.item,):
                    yield from self.parts(item)
            case s.Or():
                for item in node.items:
                    yield f"CASE WHEN {self.compiler.truth(item)} THEN {self.sql(item)} END"
            case s.Arithmetic(op="/", left=s.Aggregate(how=how), right=s.Aggregate(how=other)) if (
                how == other and how in {"count", "days"}
            ):
                yield self._ratio(node)
            case s.Aggregate() | s.Says() | s.HasTag() | s.Name() | s.Attribute():
                yield self._leaf(node)
            case s.Related() | s.Bridges() | s.Consents() | s.InAudience():
                yield self._beside(node)
            case _:
                for part in _below(node):
                    yield from self.parts(part)

    def _leaf(self, node: s.Node) -> str:
        match node:
            case s.Aggregate():
                return self._figure(node)
            case s.Says():
                return self._said(node)
            case s.HasTag():
                return self._tag(node)
            case s.Name():
                return self._column(node)
        assert isinstance(node, s.Attribute)  # noqa: S101  the last of the leaves
        value = self.compiler.value(node)
        return f"concat({self._text(self.phrases.label(node.name))}, coalesce({value}, '—'))"

    def _beside(self, node: s.Related | s.Bridges | s.Consents | s.InAudience) -> str:
        if isinstance(node, s.Related):
            value = self.compiler.figures.related(node)
            wordings = [self.phrases.related(number, node) for number in (1, 2)]
            one, many = (
                f"concat({self._text(said.before)}, {self._show(value, 'count')}, {self._text(said.after)})"
                for said in wordings
            )
            none = self._text(self.phrases.unrelated(node))
            return f"CASE WHEN {value} = 0 THEN {none} WHEN {value} = 1 THEN {one} ELSE {many} END"
        yes, no = self.phrases.stated(node)
        return f"CASE WHEN {self.compiler.truth(node)} THEN {self._text(yes)} ELSE {self._text(no)} END"

    def _tag(self, node: s.HasTag) -> str:
        name, inner = self.tag_name(node.tag), self.tag_evidence(node.tag)
        said, unsaid = (self._text(words) for words in (self.phrases.tag(name), self.phrases.no_tag(name)))
        if inner:
            before, after = (self._text(part) for part in self.phrases.brackets)
            said = f"concat({said}, CASE WHEN ({inner}) <> '' THEN concat({before}, {inner}, {after}) ELSE '' END)"
        return f"CASE WHEN {self.compiler.truth(node)} THEN {said} ELSE {unsaid} END"

    def _figure(self, node: s.Aggregate) -> str:
        value = self.compiler.figures.column(node)
        if node.how in {"count", "any"}:
            return self._counted(value, lambda number: self.phrases.counted(number, node.selection), node.selection)
        if node.how == "days":
            return self._counted(value, lambda number: self.phrases.days(number, node.selection), node.selection)
        wording = self.phrases.figure(node.how, node.field, node.selection)
        missing = self._text(self.phrases.none(node.selection))
        shown = f"concat({self._text(wording.before)}, {self._show(value, type_of(node))}, {self._text(wording.after)})"
        return f"CASE WHEN {value} IS NULL THEN {missing} ELSE {shown} END"

    def _counted(self, value: str, wording: Callable[[int], Wording], selection: s.Selection) -> str:
        def shown(number: int) -> str:
            said = wording(number)
            return f"concat({self._text(said.before)}, {self._show(value, 'count')}, {self._text(said.after)})"

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
        value = self.compiler.value(node)
        shown = f"CASE WHEN {value} IS NULL THEN '—' ELSE {self._show(value, word.type)} END"
        return f"concat({self._text(self.phrases.column(word))}, {shown})"

    def _show(self, value: str, kind: words.Type) -> str:
        """SQL of a value as people read it: whole numbers, cents, local dates."""
        scope = self.compiler.scope
        match kind:
            case "money":
                return f"concat(CAST(CAST({value} AS DECIMAL(20, 2)) AS STRING), {self._text(' ' + scope.currency)})"
            case "real":
                whole = f"CAST(CAST({value} AS BIGINT) AS STRING)"
                rounded = f"CAST(round(CAST({value} AS DOUBLE), 2) AS STRING)"
                return f"CASE WHEN {value} = floor({value}) THEN {whole} ELSE {rounded} END"
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
