"""What may be compared of two people (name, birthday, place …), and which pairs of people are worth comparing."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS
from lianyi.memory.dialect import Dialect
from lianyi.memory.engine import Engine
from lianyi.memory.keys import is_role_sql

ATTRIBUTES, CANDIDATES = "identity_attributes", "identity_candidates"

# Traits that are read from identify events (names of memory.identify).
TRAITS = ("name", "first_name", "last_name", "birthday", "city", "postcode", "address", "email", "phone")

COLUMNS = ("given", "family", "full_name", "birthday", "city", "postcode", "address", "email_local", "phone_tail")
# Of these a person must have two or more to be compared at all.
_COUNTED = ("full_name", "birthday", "city", "postcode", "address", "email_local", "phone_tail")

# People who agree on all columns of one of these sets are compared, as long as not too many agree.
BLOCKS = (
    ("full_name",), ("given", "birthday"), ("family", "birthday"), ("email_local",), ("phone_tail", "family"),
    ("phone_tail", "given"), ("phone_tail", "birthday"), ("address",), ("postcode", "given"), ("postcode", "family"),
    ("birthday", "city"), ("birthday",), ("city", "given"), ("city", "family"),
)  # fmt: skip

# Birthdays that forms fill in by themselves.
_NO_BIRTHDAYS = ("19000101", "19700101", "20000101", "00010101")
_MARKS = ".,;:·•'’‘\"“”()（）-_/\\"


def prepare(engine: Engine, scope: Scope) -> None:
    """Make the relations ATTRIBUTES and CANDIDATES, from `events` and `keys`."""
    engine.run(latest_traits(scope), into="identity_traits")
    engine.run(key_parts(scope), into="identity_key_parts")
    engine.run(compared("identity_traits", "identity_key_parts", scope.dialect), into=ATTRIBUTES)
    people = engine.table(f"SELECT count(*) AS people FROM {ATTRIBUTES}")["people"][0].as_py()
    engine.run(candidates(ATTRIBUTES, budget=max(200_000, min(people, 1_000_000))), into=CANDIDATES)
    for name in ("identity_traits", "identity_key_parts"):
        engine.drop(name)


def latest_traits(scope: Scope) -> str:
    """One row = one person with the latest value of each trait."""
    dialect = scope.dialect
    read = ", ".join(f"{dialect.json_text('e.props', trait)} AS {trait}" for trait in TRAITS)
    latest = ", ".join(
        f"max({dialect.struct(moment='moment', id='id', value=trait)}) FILTER (WHERE {trait} <> '') AS {trait}"
        for trait in TRAITS
    )
    return f"""
    WITH stated AS (
        SELECT k.person_id, e."at" AS moment, e.id, {read}
        FROM {EVENTS} AS e JOIN keys AS k ON k.key = e.actor_key
        WHERE e.kind = 'identify' AND e.props IS NOT NULL AND NOT k.shared AND {scope.happened()}
    ), latest AS (
        SELECT person_id, {latest} FROM stated GROUP BY person_id
    )
    SELECT person_id, {", ".join(f"{trait}.value AS {trait}" for trait in TRAITS)} FROM latest
    """


def key_parts(scope: Scope) -> str:
    """One row = one person with a phone key and an e-mail key that are his alone."""
    return f"""
    SELECT person_id, max(key) FILTER (WHERE namespace = 'phone') AS phone_key,
        max(key) FILTER (WHERE namespace = 'email' AND NOT {is_role_sql("key", scope.dialect)}) AS email_key
    FROM keys WHERE namespace IN ('phone', 'email') AND NOT shared GROUP BY person_id
    """


def compared(traits: str, key_parts: str, dialect: Dialect) -> str:
    """One row = one person of whom at least two things are known, in the form in which they are compared."""
    birth = [
        dialect.extract("birthday", "^[^0-9]*([0-9]{4})[^0-9]*([0-9]{1,2})[^0-9]*([0-9]{1,2})", part)
        for part in (1, 2, 3)
    ]
    chinese, two_words = dialect.matches("plain", "^[一-龥]{2,4}$"), "contains(plain, ' ')"
    last_word = dialect.extract("plain", "([^ ]+)$", 1)
    known = " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in _COUNTED)
    return f"""
    WITH cleaned AS (
        SELECT coalesce(t.person_id, k.person_id) AS person_id, {_plain("t.name")} AS plain,
            {_plain("t.first_name")} AS first_name, {_plain("t.last_name")} AS last_name, t.birthday,
            {_plain("t.city")} AS city, nullif(translate(lower(t.postcode), ' -', ''), '') AS postcode,
            {_plain("t.address")} AS address,
            coalesce(t.phone, k.phone_key) AS phone, lower(coalesce(t.email, substr(k.email_key, 7))) AS email
        FROM {traits} AS t FULL JOIN {key_parts} AS k ON k.person_id = t.person_id
    ), parted AS (
        SELECT person_id, city, postcode, address,
            coalesce(first_name, CASE WHEN {chinese} THEN substr(plain, 2)
                WHEN {two_words} THEN split_part(plain, ' ', 1) ELSE plain END) AS given,
            coalesce(last_name, CASE WHEN {chinese} THEN substr(plain, 1, 1)
                WHEN {two_words} THEN {last_word} END) AS family,
            nullif({birth[0]} || lpad({birth[1]}, 2, '0') || lpad({birth[2]}, 2, '0'), '0000') AS birthday,
            nullif({dialect.extract("phone", "([0-9]{4})[^0-9]*$", 1)}, '') AS phone_tail,
            CASE WHEN contains(email, '@') AND NOT {is_role_sql("'email:' || email", dialect)}
                THEN nullif(split_part(email, '@', 1), '') END AS email_local
        FROM cleaned
    ), named AS (
        SELECT person_id, given, family, nullif(concat_ws(' ', given, family), '') AS full_name,
            CASE WHEN birthday NOT IN ({", ".join(dialect.text(day) for day in _NO_BIRTHDAYS)}) THEN birthday END
                AS birthday, city, postcode, address, email_local, phone_tail
        FROM parted
    )
    SELECT * FROM named WHERE {known} >= 2
    """


def _plain(text: str) -> str:
    """SQL: lower case, without marks and outer blanks; NULL where it is empty or masked."""
    bare = f"nullif(trim(translate(lower({text}), {_quoted(_MARKS)}, '')), '')"
    return f"CASE WHEN NOT contains({text}, '*') THEN {bare} END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def candidates(attributes: str, *, budget: int) -> str:
    """One row = two people worth comparing (join_key_l < join_key_r): they agree on a set of BLOCKS.

    Of each set the smallest groups of people who agree are taken, as many as make at most `budget` pairs: a rare name
    tells more than a frequent one, and the work stays bounded.
    """
    blocks = " UNION ".join(f"({_pairs(attributes, columns, budget)})" for columns in BLOCKS)
    return f"SELECT join_key_l, join_key_r, '0' AS match_key FROM ({blocks}) AS pairs"


def _pairs(attributes: str, columns: tuple[str, ...], budget: int) -> str:
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return f"""
    WITH valued AS (
        SELECT person_id, concat_ws('|', {", ".join(columns)}) AS value FROM {attributes} WHERE {present}
    ), sized AS (
        SELECT value, count(*) AS size FROM valued GROUP BY value HAVING count(*) > 1
    ), running AS (
        SELECT size, sum(count(*) * size * (size - 1) / 2) OVER (ORDER BY size) AS pairs FROM sized GROUP BY size
    ), small AS (
        SELECT value FROM sized WHERE size <= (SELECT max(size) FROM running WHERE pairs <= {budget})
    )
    SELECT l.person_id AS join_key_l, r.person_id AS join_key_r
    FROM small JOIN valued AS l ON l.value = small.value JOIN valued AS r ON r.value = small.value
    WHERE l.person_id < r.person_id
    """
