"""Tables `people` (profiles with their tags) and `tags` (what there is to have)."""

from __future__ import annotations

from collections.abc import Iterator

from lianyi.insight.people.profile.columns import PROFILE_COLUMNS
from lianyi.insight.people.tags.likes import PREFIX
from lianyi.insight.people.tags.rules import Rule, shipped_rules
from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

LISTED = (
    "person_id", "name", "tags", "consumption_level", "orders", "net_spend", "last_seen", "channels", "first_seen",
    "days_active", "events", "gross_spend", "refunds", "monetary", "first_order", "last_order", "cycle_days",
    "preferred_hour", "groups",
)  # fmt: skip


def people(scope: Scope, here: str) -> str:
    """One row = one person in a range, as in profiles, with the list of tags."""
    d = scope.dialect
    return f"""
    SELECT {", ".join(f"p.{name}" for name in PROFILE_COLUMNS)}, coalesce(t.tags, {d.texts([])}) AS tags
    FROM (SELECT * FROM profiles WHERE {here}) AS p LEFT JOIN (
        SELECT person_id, {d.collect_distinct("tag")} AS tags FROM person_tags WHERE {here} GROUP BY person_id
    ) AS t ON t.person_id = p.person_id
    """


def tags(scope: Scope, rules: tuple[Rule, ...]) -> str:
    """One row = one tag: those with a rule, had by anybody or not, and all others that somebody has."""
    text = scope.dialect.text
    rows = ", ".join(
        f"({text(rule.tag)}, {text(rule.zh)}, {text(rule.en)}, {text(rule.source)}, {text(rule.condition)}, "
        f"{text(rule.about_zh)}, {text(rule.about_en)})"
        for rule in rules
    )
    defined = f"(VALUES {rows})" if rows else "(SELECT '', '', '', '', '', '', '' WHERE FALSE)"
    likes = f"WHEN h.source = 'preference' THEN concat('{{}}', substr(h.tag, {len(PREFIX) + 1}))"
    return f"""
    SELECT coalesce(r.tag, h.tag) AS tag,
        coalesce(r.zh, CASE {likes.format("偏好 ")} ELSE h.tag END) AS zh,
        coalesce(r.en, CASE {likes.format("Likes ")} ELSE h.tag END) AS en,
        coalesce(h.source, r.source) AS source, coalesce(r.rule, '') AS rule, coalesce(r.about_zh, '') AS about_zh,
        coalesce(r.about_en, '') AS about_en, coalesce(h.people, 0) AS people
    FROM (SELECT tag, source, count(*) AS people FROM person_tags GROUP BY tag, source) AS h
    FULL JOIN {defined} AS r(tag, zh, en, source, rule, about_zh, about_en) ON r.tag = h.tag AND r.source = h.source
    """


def _people(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    count = build.engine.table("SELECT count(*) AS people FROM profiles")["people"][0].as_py()
    yield from (people(scope, within("person_id", borders)) for borders in ranges(count))


def _tags(build: Build) -> str:
    return tags(Scope.of(build), build.parameters.get("tags", shipped_rules()))


PEOPLE = Table(
    name="people",
    en="One row = one person: who they are, what they did, bought and care for, and their tags.",
    zh="每行 = 一个人：资料、行为、消费、偏好与标签。",
    inputs=("profiles", "person_tags"),
    key=("person_id",),
    order=("person_id",),
    row_group=4_096,  # sixty columns wide
    listed=LISTED,
    searched=("name",),
    columns={
        **PROFILE_COLUMNS,
        "tags": Column(en="tags of the person; see person_tags for why", zh="标签，依据见 person_tags"),
    },
    build=_people,
)

TAGS = Table(
    name="tags",
    en="One row = one tag from one source: its names, its rule, and how many people have it.",
    zh="每行 = 一个来源的一个标签：名称、规则与人数。",
    inputs=("person_tags",),
    key=("tag", "source"),
    order=("tag", "source"),
    parameters=("tags",),
    columns={
        "tag": Column(en="the tag", zh="标签代号"),
        "zh": Column(en="its name in Chinese", zh="中文名"),
        "en": Column(en="its name in English", zh="英文名"),
        "source": Column(en="rule, keyword, compound, preference or manual", zh="来源"),
        "rule": Column(en="the condition, empty for tags set by hand", zh="规则，人工标签为空"),
        "about_zh": Column(en="what it is for, in Chinese", zh="说明（中文）"),
        "about_en": Column(en="what it is for, in English", zh="说明（英文）"),
        "people": Column(en="people who have it", zh="人数", unit="people"),
    },
    build=_tags,
)
