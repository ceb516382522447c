"""Table `person_tags`: all rules over one row of facts per person, with evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.evidence import Evidence
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.conditions.phrases import CHINESE, ENGLISH, Phrases
from lianyi.insight.conditions.since import since
from lianyi.insight.conditions.sql import Compiler
from lianyi.insight.conditions.vocabulary import COLUMNS
from lianyi.insight.people.tags import likes, manual
from lianyi.insight.people.tags.rules import Rule, names_of, shipped_rules
from lianyi.insight.people.tags.sensitive import CHILD_AGE
from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

FACTS = "tag_facts"
# Stands in the SQL of the facts where the range of people is to be put.
RANGE = "<range>"


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """All rules as SQL.

    steps: (name, SQL) of relations to make first. facts: of one row per person, to be made as FACTS; RANGE stands in it
    for a range of people. tags: by rule, the column of the facts that says whether it holds, and SQL of its rows.
    """

    steps: Sequence[tuple[str, str]]
    facts: str
    tags: Mapping[str, str]


def compiled(rules: Sequence[Rule], scope: Scope) -> Compiled:
    """The rules, each after those it asks for, as figures, one row of facts per person, and one select per rule."""
    named = names_of(rules)
    holds = {rule.tag: f"holds_{number}" for number, rule in enumerate(rules)}
    figures = Figures(scope=scope)
    compiler = Compiler(scope=scope, figures=figures, tag_sql=lambda tag: _has(tag, named, holds, scope))
    truths = {rule.tag: _truth(rule, compiler) for rule in rules}
    selects = {holds[rule.tag]: _select(rule, holds[rule.tag], compiler, named) for rule in rules}
    levels = _levels(rules, named)
    facts = _facts(rules, figures)
    for level in levels:
        columns = ", ".join(f"{truths[tag]} AS {holds[tag]}" for tag in level)
        facts = f"SELECT *, {columns} FROM ({facts}) AS facts_of_{holds[level[0]]}"
    steps = [*figures.families().items(), *((name, step(scope)) for name, step in _MANUAL.items())]
    return Compiled(steps=steps, facts=facts, tags=selects)


_MANUAL = {"tag_acts": manual.tag_acts, "tag_states": manual.tag_states, "tag_lists": manual.tag_lists}


def _levels(rules: Sequence[Rule], named: Mapping[str, Rule]) -> list[list[str]]:
    """Tags by how many others must be known before them."""
    depth: dict[str, int] = {}
    for rule in rules:
        below = [depth[named[tag].tag] for tag in s.tags_in(rule.when) if tag in named]
        depth[rule.tag] = max(below, default=-1) + 1
    return [
        [tag for tag, level in depth.items() if level == wanted]
        for wanted in range(max(depth.values(), default=-1) + 1)
    ]


def _truth(rule: Rule, compiler: Compiler) -> str:
    """SQL: the rule holds, no operator took the tag back, the person is no child, and consents where it must."""
    d = compiler.scope.dialect
    parts = [compiler.truth(rule.when), "grown", f"NOT {_listed('taken_tags', rule.names, scope=compiler.scope)}"]
    if rule.consent:
        granted = f"c.granted AND c.purpose = {d.text(rule.consent)}"
        parts.append(f"coalesce({d.size(d.only('consents', 'c', granted))}, 0) > 0")
    return "(" + " AND ".join(parts) + ")"


def _has(tag: str, named: Mapping[str, Rule], holds: Mapping[str, str], scope: Scope) -> str:
    """SQL: the person has the tag, by rule or by hand."""
    d = scope.dialect
    if tag.startswith(likes.PREFIX):
        liked = f"{likes.liked('c')} AND c.category = {d.text(tag.removeprefix(likes.PREFIX))}"
        return f"(coalesce({d.size(d.only('categories', 'c', liked))}, 0) > 0)"
    rule = named.get(tag)
    names = rule.names if rule else (tag,)
    by_hand = _listed("set_tags", names, scope=scope)
    return f"({holds[rule.tag]} OR {by_hand})" if rule else by_hand


def _listed(tags: str, names: Sequence[str], *, scope: Scope) -> str:
    """SQL: one of the names stands in an operator's list. CASE, not OR: most people have no list to be searched."""
    d = scope.dialect
    found = " OR ".join(d.has(tags, d.text(name)) for name in names)
    return f"(CASE WHEN {tags} IS NULL THEN FALSE ELSE {found} END)"


def _facts(rules: Sequence[Rule], figures: Figures) -> str:
    """One row = one person: the columns and figures that some rule reads, and the operators' tags."""
    read = [f"coalesce({name}, 0) AS {name}" if zero else name for name, zero in figures.names.items()]
    columns = ", ".join([*(f"p.{name}" for name in _columns(rules)), *read, "m.set_tags", "m.taken_tags"])
    joins = " ".join(
        f"LEFT JOIN (SELECT * FROM {name} WHERE {RANGE}) AS {name} ON {name}.person_id = p.person_id"
        for name in figures.families()
    )
    return f"""
    SELECT p.person_id, coalesce(p.age, {CHILD_AGE}) >= {CHILD_AGE} AS grown, {columns}
    FROM (SELECT * FROM profiles WHERE {RANGE}) AS p {joins}
    LEFT JOIN (SELECT * FROM tag_lists WHERE {RANGE}) AS m ON m.person_id = p.person_id
    """


def _columns(rules: Sequence[Rule]) -> list[str]:
    """The columns of profiles that some rule reads."""
    behind = {"top_share": "categories", "group_count": "groups", "channel_count": "channels"}
    found = {"age", "first_order"}
    for rule in rules:
        found |= {"consents"} if rule.consent else set()
        for condition in (rule.when, rule.weight):
            for part in s.walk(condition) if condition else ():
                if isinstance(part, s.Name) and (part.name in COLUMNS or part.name in behind):
                    found.add(behind.get(part.name, part.name))
                elif isinstance(part, s.HasTag) and part.tag.startswith(likes.PREFIX):
                    found.add("categories")
                elif isinstance(part, s.Attribute):
                    found.add("attributes")
                elif isinstance(part, s.Consents):
                    found.add("consents")
    return sorted(found)


def _select(rule: Rule, holds: str, compiler: Compiler, named: Mapping[str, Rule]) -> str:
    """One row = one person with this tag."""
    d = compiler.scope.dialect

    def words(phrases: Phrases, language: str) -> str:
        return _evidence(compiler, phrases, language, named).sql(rule.when)

    weight = "1.0"
    if rule.weight is not None:
        weight = f"least(1.0, greatest(0.0, coalesce(CAST({compiler.value(rule.weight)} AS DOUBLE), 0.0)))"
    began = since(rule.when, compiler) or d.no_time
    return (
        f"SELECT person_id, {d.text(rule.tag)} AS tag, '{rule.source}' AS source, "
        f"{words(ENGLISH, 'en')} AS evidence_en, {words(CHINESE, 'zh')} AS evidence_zh, "
        f"CAST({weight} AS DOUBLE) AS weight, {began} AS since FROM {FACTS} WHERE {holds}"
    )


def _evidence(compiler: Compiler, phrases: Phrases, language: str, named: Mapping[str, Rule]) -> Evidence:
    def name(tag: str) -> str:
        return str(getattr(named[tag], language)) if tag in named else tag

    def why(tag: str) -> str:
        return evidence.sql(named[tag].when) if tag in named else ""

    evidence = Evidence(compiler=compiler, phrases=phrases, tag_name=name, tag_evidence=why)
    return evidence


def build(build: Build) -> Iterator[str]:
    """Make the figures, then range by range the facts, and from these the rows."""
    rules: tuple[Rule, ...] = build.parameters.get("tags", shipped_rules())
    scope = Scope.of(build)
    plan = compiled(rules, scope)
    for name, sql in plan.steps:
        build.say(f"{len(rules)} rules: {name.replace('_', ' ')}")
        build.make(name, sql)
    people = build.engine.table("SELECT count(*) AS people FROM profiles")["people"][0].as_py()
    for borders in ranges(people):
        here = within("person_id", borders)
        build.make(FACTS, plan.facts.replace(RANGE, here))
        parts = [*_held(build, plan), manual.manual_tags(scope, here), likes.likes(scope, here)]
        yield dated(" UNION ALL ".join(parts), build.previous, scope, here)


def _held(build: Build, plan: Compiled) -> list[str]:
    """SQL of the rules that hold for anybody. To read and plan the text of one takes longer than to run it on a few
    people, and in a small brand most hold for nobody."""
    asked = ", ".join(f"coalesce(bool_or({name}), FALSE) AS {name}" for name in plan.tags)
    if not asked:
        return []
    held = build.engine.table(f"SELECT {asked} FROM {FACTS}").to_pylist()[0]
    return [sql for name, sql in plan.tags.items() if held[name]]


def dated(rows: str, previous: str | None, scope: Scope, here: str) -> str:
    """One row = one tag on one person, with a time since when it holds: told by the events, else by the refresh before
    this one where it had the tag already, else as_of. here: SQL of the range of people.
    """
    now = scope.dialect.time(scope.as_of)
    before, moments = "", f"n.since, {now}"
    if previous is not None:
        before = (
            f"LEFT JOIN (SELECT * FROM {previous} WHERE {here}) AS o "
            f"ON n.since IS NULL AND o.person_id = n.person_id AND o.tag = n.tag AND o.source = n.source "
            f"AND o.since <= {now}"
        )
        moments = f"n.since, o.since, {now}"
    columns = "n.person_id, n.tag, n.source, n.evidence_en, n.evidence_zh, n.weight"
    return f"SELECT {columns}, coalesce({moments}) AS since FROM ({rows}) AS n {before}"


TABLE = Table(
    name="person_tags",
    en="One row = one tag on one person, with where it comes from and why.",
    zh="每行 = 一个人的一个标签，含来源与依据。",
    inputs=(EVENTS, "keys", "profiles"),
    key=("person_id", "tag", "source"),
    order=("person_id", "tag"),
    row_group=LOOKED_INTO,
    parameters=("tags",),
    remembers=True,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "tag": Column(en="the tag; names in both languages stand in table tags", zh="标签代号，中英文名见 tags 表"),
        "source": Column(
            en="rule, keyword (what they say), compound (other tags), preference (category), manual (operator)",
            zh="来源：rule 规则、keyword 发言关键词、compound 组合、preference 类目偏好、manual 人工",
        ),
        "evidence_en": Column(en="why, with the numbers that decided, in English", zh="依据（英文），含判定所用数字"),
        "evidence_zh": Column(en="why, with the numbers that decided, in Chinese", zh="依据（中文），含判定所用数字"),
        "weight": Column(en="how strongly, 0 to 1", zh="强度 0–1"),
        "since": Column(
            en="since when it holds, where that can be told from the events; else the first refresh that found it",
            zh="成立起始时间：可由事件推出则为该时间，否则为首次发现它的刷新时间",
        ),
    },
    build=build,
)
