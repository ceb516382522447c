"""Who took which object: what a recommender learns from."""

from __future__ import annotations

from lianyi.insight.scope import AT, MOMENT, Scope

KINDS = ("order", "checkout", "cart", "collect", "review", "share", "click", "view")
OBJECTS = 1_000  # those with most people; the rest is too rare to say what goes with it
DAYS = 365
OWNED_DAYS = 30  # what was bought so lately is not shown again
PERSONALISATION = "personalisation"


def _acting(scope: Scope) -> str:
    """SQL condition: an event of the year before as_of with which its actor took an object."""
    kinds = ", ".join(scope.dialect.text(kind) for kind in KINDS)
    return f"e.kind IN ({kinds}) AND e.object_key IS NOT NULL AND {scope.day(AT)} > {scope.today - DAYS}"


def taken(scope: Scope) -> str:
    """One row = one person × object that can be recommended (numbers): when last, and when last bought (microseconds).
    Reads `rec_objects`, `rec_people`."""
    micros = scope.dialect.micros(AT)
    return f"""
    SELECT p.person, o.object, max({micros}) AS last_at, max({micros}) FILTER (WHERE e.kind = 'order') AS bought_at
    FROM {scope.events} AS e JOIN rec_objects AS o ON o.object_key = e.object_key
    JOIN rec_keys AS p ON p.key = e.actor_key
    WHERE {scope.happened()} AND {_acting(scope)} GROUP BY p.person, o.object
    """


def numbered_keys() -> str:
    """One row = one key and the number of the person whose it is. Reads `rec_people`."""
    return "SELECT k.key, p.person FROM keys AS k JOIN rec_people AS p ON p.person_id = k.person_id"


def objects(scope: Scope) -> str:
    """One row = one object that can be recommended: the title and category of the latest event that gives one, and how
    many people took it."""
    title = f"nullif(trim({scope.dialect.json_text('e.props', 'title')}), '')"
    return f"""
    SELECT o.object_key, n.title, n.category, o.people, o.buyers FROM object_counts AS o LEFT JOIN (
        SELECT object_key, max_by(title, moment) FILTER (WHERE title IS NOT NULL) AS title,
            max_by(category, moment) FILTER (WHERE category IS NOT NULL) AS category
        FROM (
            SELECT e.object_key, e.category, {title} AS title, {MOMENT} FROM {scope.events} AS e
            WHERE e.object_key IN (SELECT object_key FROM object_counts) AND {scope.happened()}
        ) AS a GROUP BY object_key
    ) AS n ON n.object_key = o.object_key
    """


def counted(scope: Scope) -> str:
    """One row = one object that can be recommended: people who took it in the year before as_of, and who bought it."""
    acts = scope.done("e.kind", "e.object_key", where=_acting(scope))
    return f"""
    SELECT object_key, count(*) AS people, CAST(sum(bought) AS BIGINT) AS buyers FROM (
        SELECT person_id, object_key, max(CASE WHEN kind = 'order' THEN 1 ELSE 0 END) AS bought
        FROM {acts} AS a GROUP BY person_id, object_key
    ) AS t GROUP BY object_key ORDER BY people DESC, object_key LIMIT {OBJECTS}
    """


def numbered() -> str:
    """One row = one object, with a number, those with most people first."""
    return """
    SELECT object_key, row_number() OVER (ORDER BY people DESC, object_key) - 1 AS object,
        coalesce(category, '') AS category FROM objects
    """


def people(scope: Scope) -> str:
    """One row = one person, with a number in order of the id, the community of most weight, the category they like, and
    whether they asked not to be looked at when things are chosen for them."""
    d = scope.dialect
    refused = d.only(
        "p.consents", "c", f"c.purpose = {d.text(PERSONALISATION)} AND NOT c.granted"
    )  # fmt: skip
    return f"""
    SELECT p.person_id, row_number() OVER (ORDER BY p.person_id) - 1 AS person, m.community_id, p.top_category,
        coalesce({d.size(refused)}, 0) > 0 AS plain
    FROM profiles AS p LEFT JOIN (
        SELECT person_id, max_by(community_id, weight) AS community_id FROM memberships GROUP BY person_id
    ) AS m ON m.person_id = p.person_id
    """


def history(scope: Scope) -> str:
    """One row = one person's object (numbers), in order of person and time; age: objects the person took after it;
    owned: bought in the last OWNED_DAYS days."""
    bought = scope.day(scope.dialect.moment("bought_at"))
    return f"""
    SELECT person, object, row_number() OVER (PARTITION BY person ORDER BY last_at DESC, object) - 1 AS age,
        coalesce({bought} > {scope.today - OWNED_DAYS}, FALSE) AS owned
    FROM rec_taken ORDER BY person, age
    """


def ties() -> str:
    """One row = one tie from a person to another (numbers)."""
    return """
    SELECT a.person AS person, b.person AS other, t.strength FROM person_ties AS t
    JOIN rec_people AS a ON a.person_id = t.person_id JOIN rec_people AS b ON b.person_id = t.other_id
    WHERE t.strength > 0 ORDER BY 1, 2
    """
