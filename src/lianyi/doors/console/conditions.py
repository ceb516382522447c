"""Conditions in the words of tag rules, over the tables as they stand: who fulfils one right now."""

from __future__ import annotations

from dataclasses import dataclass

from lianyi.errors import InputError
from lianyi.insight.conditions import parse
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.conditions.sql import Compiler
from lianyi.insight.people.tags import Rule
from lianyi.insight.scope import Scope
from lianyi.memory.engine import literal
from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Matching:
    """SQL that is true of the people (rows of `people`) who fulfil a condition. scans_log: it must look at events."""

    sql: str
    scans_log: bool


def matching(ws: Workspace, text: str, rules: tuple[Rule, ...]) -> Matching:
    """Compile a condition for the as-of time of the tables. BadRule shows the place that can't be read."""
    states = ws.states()
    if "people" not in states:
        raise InputError("the tables are not built yet; refresh first")
    scope = Scope(as_of=states["people"].as_of, timezone=ws.settings.timezone, currency=ws.settings.currency)
    figures = Figures(scope=scope)
    truth = Compiler(scope=scope, figures=figures, tag_sql=lambda name: _tagged(name, rules)).truth(parse(text))
    if not figures.asked:
        return Matching(sql=truth, scans_log=False)
    columns = ", ".join(f"coalesce({name}, 0) AS {name}" if zero else name for name, zero in figures.names.items())
    joins = " ".join(
        f"LEFT JOIN ({sql}) AS {name} ON {name}.person_id = p.person_id" for name, sql in figures.families().items()
    )
    facts = f"SELECT p.*, {columns} FROM people p {joins}"
    return Matching(sql=f"person_id IN (SELECT person_id FROM ({facts}) AS facts WHERE {truth})", scans_log=True)


def _tagged(name: str, rules: tuple[Rule, ...]) -> str:
    """SQL: the person has the tag, called by its id or by its name in either language."""
    tag = next((rule.tag for rule in rules if name in rule.names), name)
    return f"person_id IN (SELECT person_id FROM person_tags WHERE tag = {literal(tag)})"
