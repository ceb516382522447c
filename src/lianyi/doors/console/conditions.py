"""Conditions in the words of tag rules, over the tables as they stand: who fulfils one right now."""

from __future__ import annotations

from dataclasses import dataclass

from lianyi.action.audiences.conditions import whole
from lianyi.action.audiences.members import folder_of
from lianyi.action.audiences.models import Audience
from lianyi.errors import InputError
from lianyi.insight.conditions import parse
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.asking import Question
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.conditions.sql import Compiler
from lianyi.insight.people.tags import Rule
from lianyi.insight.people.tags.rules import not_late
from lianyi.insight.scope import Scope
from lianyi.memory.engine import literal
from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Matching:
    """SQL that is true of the people (rows of `people`) who fulfil a condition. scans_log: it must look at events."""

    sql: str
    scans_log: bool


def matching(ws: Workspace, text: str, rules: tuple[Rule, ...], *, for_tag: bool = False) -> Matching:
    """Compile a condition for the as-of time of the tables. BadRule shows the place that can't be read. for_tag: what
    is only known after the tags is refused."""
    states = ws.states()
    if "people" not in states:
        raise InputError("the tables are not built yet; refresh first")
    tree = parse(text)
    if for_tag:
        not_late(tree, text)
    one = whole(ws, tree, text)
    scope = Scope(as_of=states["people"].as_of, timezone=ws.settings.timezone, currency=ws.settings.currency)
    question = Question(
        scope=scope, tag_sql=lambda name: _tagged(name, rules), audience_sql=lambda name: _listed(ws, name)
    )
    plain = all(isinstance(part, _PLAIN) for part in s.walk(one.whole))
    if plain:  # a test of the row itself
        figures = Figures(scope=scope)
        compiler = Compiler(scope=scope, figures=figures, tag_sql=question.tag_sql, audience_sql=question.audience_sql)
        return Matching(sql=compiler.truth(one.whole), scans_log=False)
    return Matching(sql=f"person_id IN ({question.chosen(one.whole)})", scans_log=True)


_PLAIN = (
    s.And, s.Or, s.Not, s.Truth, s.Compare, s.Between, s.OneOf, s.Holds, s.Member, s.Known, s.Number, s.Text, s.Name,
    s.Attribute, s.HasTag, s.DaysSince, s.Negative, s.Arithmetic, s.Consents, s.InAudience,
)  # fmt: skip


def _tagged(name: str, rules: tuple[Rule, ...]) -> str:
    """SQL: the person has the tag, called by its id or by its name in either language."""
    tag = next((rule.tag for rule in rules if name in rule.names), name)
    return f"person_id IN (SELECT person_id FROM person_tags WHERE tag = {literal(tag)})"


def _listed(ws: Workspace, name: str) -> str:
    """SQL: the person is in an audience that is a list; its file is read as it lies."""
    one = Audience.objects.get(name=name)
    path = folder_of(ws.folder, one.pk) / f"members-{one.build}.parquet"
    return f"person_id IN (SELECT person_id FROM read_parquet([{literal(str(path))}]))"
