"""Who fulfils a condition, and why, as one query over the relations of people: columns, events, and what stands beside
them (ties, memberships, arrivals). A condition on the other person of a tie is a query of the same kind inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.evidence import Evidence
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.conditions.phrases import Phrases
from lianyi.insight.conditions.sql import Compiler
from lianyi.insight.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Question:
    """Asks of the people of a scope (of those in scope.among, where that is set).

    people: the relation with one row per person. tag_sql, audience_sql: SQL that says whether the person has a tag, is
    in an audience. derived: columns that are worked out: name -> SQL.
    """

    scope: Scope
    tag_sql: Callable[[str], str]
    audience_sql: Callable[[str], str]
    people: str = "people"
    derived: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, tree: s.Node) -> str:
        """One row = one person who fulfils the condition: person_id."""
        figures, compiler = self._compiler()
        truth = compiler.truth(tree)
        return f"SELECT person_id FROM ({self._facts(figures)}) AS f WHERE {truth}"

    def tested(self, trees: Sequence[s.Node]) -> str:
        """One row = one person: person_id, and for each condition whether they fulfil it as t0, t1, …"""
        figures, compiler = self._compiler()
        truths = ", ".join(f"{compiler.truth(tree)} AS t{number}" for number, tree in enumerate(trees))
        return f"SELECT person_id, {truths} FROM ({self._facts(figures)}) AS f"

    def valued(self, trees: Sequence[s.Node]) -> str:
        """One row = one person: person_id, and the value of each figure or sum as t0, t1, …"""
        figures, compiler = self._compiler()
        values = ", ".join(f"{compiler.value(tree)} AS t{number}" for number, tree in enumerate(trees))
        return f"SELECT person_id, {values} FROM ({self._facts(figures)}) AS f"

    def reasons(self, tree: s.Node, phrases: Phrases, tag_name: Callable[[str], str] = lambda tag: tag) -> str:
        """One row = one person: person_id, and as `why` everything that the condition looked at, in words."""
        figures, compiler = self._compiler()
        why = Evidence(compiler=compiler, phrases=phrases, tag_name=tag_name).sql(tree)
        return f"SELECT person_id, {why} AS why FROM ({self._facts(figures)}) AS f"

    def _compiler(self) -> tuple[Figures, Compiler]:
        figures = Figures(scope=self.scope, others=self._others)
        return figures, Compiler(
            scope=self.scope, figures=figures, tag_sql=self.tag_sql, audience_sql=self.audience_sql,
            derived=self.derived,
        )  # fmt: skip

    def _others(self, tree: s.Node) -> str:
        """Who fulfils what is asked of the other person of a tie."""
        among = (
            self.scope.among and f"SELECT n.other_id FROM person_ties AS n WHERE n.person_id IN ({self.scope.among})"
        )
        return replace(self, scope=replace(self.scope, among=among)).chosen(tree)

    def _facts(self, figures: Figures) -> str:
        """One row = one person: the columns of people, and every figure that was asked for."""
        families = figures.families()
        read = "".join(
            f", coalesce({name}, 0) AS {name}" if zero else f", {name}" for name, zero in figures.names.items()
        )
        joins = " ".join(
            f"LEFT JOIN ({sql}) AS {name} ON {name}.person_id = p.person_id" for name, sql in families.items()
        )
        return f"SELECT p.*{read} FROM {self.people} AS p {joins} WHERE {self.scope.asked('p')}"
