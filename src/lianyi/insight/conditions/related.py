"""What is asked of rows beside a person: their ties, the communities they belong to, the ripples through which they
came. Each question becomes a relation of its own, one row per person with any such row.

Members are those who belong by ties or declaration; who only behaves alike (how = "behaviour") counts where the
condition says so. Comings that are flagged (link scanners, bursts, rings) never count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.comparing import holds, since, value
from lianyi.insight.scope import Scope

NEVER_JOINED = "behaviour"
# SQL of the rows: the columns of the vocabulary and what names stand for.
_ROWS: Mapping[words.Among, str] = {
    "tie": "person_ties",
    "belonging": "(SELECT m.*, c.height, c.name_en, c.name_zh FROM memberships AS m "
    "LEFT JOIN communities AS c ON c.community_id = m.community_id)",
    "coming": "(SELECT a.*, r.kind, r.name AS ripple_name, r.depth, coalesce(b.buyers, 0) AS brought_buyers "
    "FROM arrivals AS a LEFT JOIN ripples AS r ON r.ripple_id = a.ripple_id LEFT JOIN ("
    "SELECT ripple_id, parent_person_id, count(*) AS buyers FROM arrivals "
    "WHERE orders > 0 AND coalesce({flags}, 0) = 0 AND parent_person_id IS NOT NULL "
    "GROUP BY ripple_id, parent_person_id"
    ") AS b ON b.ripple_id = a.ripple_id AND b.parent_person_id = a.person_id "
    "WHERE coalesce({flags}, 0) = 0)",
}


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Compiles one question. others: SQL of a relation with the person_id of everybody who fulfils a condition."""

    scope: Scope
    others: Callable[[s.Node], str]

    def sql(self, node: s.Related | s.Bridges, name: str) -> str:
        """One row = one person with such rows: person_id, and how many in a column of this name."""
        if isinstance(node, s.Bridges):
            return self._bridges(node, name)
        among = words.RELATED[node.how].among
        tests = tuple(s.replaced(test, by_name) for test in node.tests)
        joins, known = self._others(tests)
        where = [self._test(test, among, known) for test in tests]
        if among == "belonging" and not any(_asks(test, "how") for test in tests):
            where.append(f"x.how <> {self.scope.dialect.text(NEVER_JOINED)}")
        return (
            f"SELECT x.person_id, CAST(count(*) AS BIGINT) AS {name} FROM {self.rows(among)} AS x {joins} "
            f"WHERE {' AND '.join([self.scope.asked('x'), *where])} GROUP BY x.person_id"
        )

    def rows(self, among: words.Among) -> str:
        """SQL of the rows beside people, with the columns of the vocabulary and what names stand for."""
        return _ROWS[among].replace("{flags}", self.scope.dialect.size("flags"))

    def _bridges(self, node: s.Bridges, name: str) -> str:
        one, other = (
            self._test(by_name(s.Compare("=", s.Name("community"), s.Text(text))) or s.Truth(value=False),
                       "belonging", {})
            for text in (node.one, node.other)
        )  # fmt: skip
        return (
            f"SELECT x.person_id, CAST(CASE WHEN bool_or({one}) AND bool_or({other}) THEN 1 ELSE 0 END AS BIGINT) "
            f"AS {name} FROM {self.rows('belonging')} AS x "
            f"WHERE {self.scope.asked('x')} AND x.how <> {self.scope.dialect.text(NEVER_JOINED)} "
            f"AND ({one} OR {other}) GROUP BY x.person_id"
        )

    def _others(self, tests: tuple[s.Node, ...]) -> tuple[str, dict[s.Node, str]]:
        """Joins with those of the other persons who fulfil what is asked of them; SQL of each such question's truth."""
        asked = dict.fromkeys(part for test in tests for part in _outer(test) if isinstance(part, s.To))
        joins = ""
        known: dict[s.Node, str] = {}
        for number, part in enumerate(asked):
            kind, known[part] = ("", "TRUE") if part in tests else ("LEFT ", f"(o{number}.person_id IS NOT NULL)")
            joins += f"{kind}JOIN ({self.others(part.item)}) AS o{number} ON o{number}.person_id = x.other_id "
        return joins, known

    def _test(self, node: s.Node, among: words.Among, known: Mapping[s.Node, str]) -> str:
        def test(inner: s.Node) -> str:
            return self._test(inner, among, known)

        def of(inner: s.Node) -> str:
            match inner:
                case s.Name():
                    return f'x."{inner.name}"'
                case s.DaysSince():
                    return since(self.scope, of(inner.moment), "time")
                case s.And() | s.Or() | s.Not() | s.Compare() | s.Truth() | s.To():
                    return test(inner)
            return value(self.scope, inner, of)

        match node:
            case s.And() | s.Or():
                return "(" + (" AND " if isinstance(node, s.And) else " OR ").join(map(test, node.items)) + ")"
            case s.Not():
                return f"(NOT {test(node.item)})"
            case s.Truth():
                return "TRUE" if node.value else "FALSE"
            case s.Name():
                return f"coalesce({of(node)}, FALSE)"
            case s.To():
                return known[node]
        return holds(self.scope, node, of, among=among)


def by_name(node: s.Node) -> s.Node | None:
    """A test on a community or ripple as tests on its id and its names; None for any other part."""
    match node:
        case s.To():
            return node  # what is asked of the other person is compiled for itself
        case s.Compare(op=op, left=s.Name(name=name), right=s.Text()) if name in words.NAMED and op in {"=", "!="}:
            found = _any(name, lambda column: s.Compare("=", column, node.right))
            return found if op == "=" else s.Not(found)
        case s.OneOf(value=s.Name(name=name)) if name in words.NAMED:
            return _any(name, lambda column: s.OneOf(column, node.options))
        case s.Holds(value=s.Name(name=name)) if name in words.NAMED:
            return _any(name, lambda column: s.Holds(column, node.options))
        case s.Name(name=name) if name in words.NAMED:
            return s.Name(words.NAMED[name][-1], place=node.place)
    return None


def _any(name: str, make: Callable[[s.Name], s.Node]) -> s.Node:
    return s.Or(tuple(make(s.Name(column)) for column in words.NAMED[name]))


def _outer(node: s.Node) -> list[s.Node]:
    """The parts of a test, without what is below a condition on the other person."""
    if isinstance(node, s.To):
        return [node]
    below = node.items if isinstance(node, s.And | s.Or) else (node.item,) if isinstance(node, s.Not) else ()
    return [node, *(part for item in below for part in _outer(item))]


def _asks(test: s.Node, name: str) -> bool:
    return any(isinstance(part, s.Name) and part.name == name for part in s.walk(test))
