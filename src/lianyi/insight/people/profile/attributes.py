"""What is known of a person: the best value of each attribute, where it comes from, and how many others there are."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.zone import EPOCH

# Attributes with a column of their own; all of them, and all others, are in `attributes`.
NAMED = ("name", "avatar", "birthday", "country", "province", "city", "language", "company", "level")

_FEMALE = ("f", "female", "woman", "女", "女士", "女性")
_MALE = ("m", "male", "man", "男", "先生", "男性")


def checked(scope: Scope) -> str:
    """One row = one trait of one identify event whose value the source had checked (its alias event says so)."""
    d = scope.dialect
    return f"""
    SELECT DISTINCT {d.extract("e.id", "^(.*)/alias/[^/]+(/[0-9]+)?$", 1)} AS event_id,
        {d.extract(d.json_text("e.props", "how"), "^trait (.*)$", 1)} AS trait
    FROM events e
    WHERE e.kind = 'alias' AND {scope.happened()} AND {d.json_text("e.props", "verified")} = 'true'
    """


def statements(scope: Scope) -> str:
    """One row = one value stated of one attribute of one person at one time."""
    d = scope.dialect
    told = scope.done("e.id", MOMENT, "e.source", "e.props", where="e.kind = 'identify' AND e.props IS NOT NULL")
    return f"""
    SELECT s.person_id, s.entry.key AS trait, s.entry.value AS value, s.moment, s.source, s.id,
        s.source = 'operator' OR c.trait IS NOT NULL AS verified
    FROM (SELECT person_id, id, moment, source, {d.explode(d.json_entries("props"))} AS entry FROM {told} AS t) AS s
    LEFT JOIN checked AS c ON c.event_id = s.id AND c.trait = s.entry.key
    WHERE s.entry.value IS NOT NULL AND s.entry.value <> ''
    """


def values(scope: Scope) -> str:
    """One row = one value ever stated of one attribute of one person: the best statement of it."""
    d = scope.dialect
    rank = d.struct(verified="verified", moment="moment", id="id", source="source")
    return f"SELECT person_id, trait, value, max({rank}) AS said FROM statements GROUP BY person_id, trait, value"


def best(scope: Scope) -> str:
    """One row = one attribute of one person: the value that is verified, else the newest; how many different ones."""
    d = scope.dialect
    return f"""
    SELECT person_id, trait, top.value AS value, top.said.source AS source, top.said.moment AS moment,
        top.said.verified AS verified, different
    FROM (
        SELECT person_id, trait, max({d.struct(said="said", value="value")}) AS top, count(*) AS different
        FROM values_stated GROUP BY person_id, trait
    ) AS b
    """


def attributes(scope: Scope) -> str:
    """One row = one person of whom something is known: `attributes` and `attribute_sources` as JSON, named columns."""
    d = scope.dialect
    names = ", ".join(f"max(value) FILTER (WHERE trait = {d.text(name)}) AS {name}" for name in NAMED)
    quoted, source = d.json_string("trait"), d.json_string("source")
    seconds = f"CAST({d.quotient(d.micros('moment'), 1_000_000)} AS STRING)"
    origin = f"""concat('{{"at":', {seconds}, ',"source":', {source}, ',"values":', CAST(different AS STRING),
        ',"verified":', CAST(verified AS STRING), '}}')"""
    return f"""
    SELECT person_id, {names}, max(lower(trim(value))) FILTER (WHERE trait = 'gender') AS stated_gender,
        concat('{{', {d.join_sorted(f"concat({quoted}, ':', {d.json_string('value')})")}, '}}') AS attributes,
        concat('{{', {d.join_sorted(f"concat({quoted}, ':', {origin})")}, '}}') AS attribute_sources,
        CAST(count(*) FILTER (WHERE different > 1) AS BIGINT) AS conflicts
    FROM best GROUP BY person_id
    """


def gender(scope: Scope) -> str:
    """SQL: female, male, or NULL, from what was stated."""
    female, male = (", ".join(scope.dialect.text(word) for word in words) for words in (_FEMALE, _MALE))
    return f"CASE WHEN stated_gender IN ({female}) THEN 'female' WHEN stated_gender IN ({male}) THEN 'male' END"


def birth_part(scope: Scope, part: int) -> str:
    """SQL: year (1), month (2) or day (3) of a birthday: 1990-05-01, 1990/5/1, 19900501, 1990年5月1日, 05-01."""
    d = scope.dialect
    spaced = "^ *([0-9]{4})?[^0-9]*(1[0-2]|0?[1-9])[^0-9]+(3[01]|[12][0-9]|0?[1-9])(?:[^0-9].*)?$"
    packed = "^ *([0-9]{4})(1[0-2]|0[1-9])(3[01]|[12][0-9]|0[1-9])(?:[^0-9].*)?$"
    number = (
        f"CASE WHEN {d.matches('birthday', packed)} THEN {d.extract('birthday', packed, part)} "
        f"ELSE {d.extract('birthday', spaced, part)} END"
    )
    return f"TRY_CAST(nullif({number}, '') AS INTEGER)"


def age(scope: Scope) -> str:
    """SQL: whole years on the local day of as_of, from birth_year, birth_month, birth_day; NULL where unlikely."""
    today = EPOCH.date().fromordinal(EPOCH.date().toordinal() + scope.today)
    before = f"(birth_month > {today.month} OR (birth_month = {today.month} AND birth_day > {today.day}))"
    years = f"{today.year} - birth_year - CASE WHEN {before} THEN 1 ELSE 0 END"
    return f"CASE WHEN {years} BETWEEN 0 AND 120 THEN {years} END"
