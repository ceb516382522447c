"""What is known of a person's need of a category at a moment: own acts, rhythm, words, people around and alike.

Steps carry numbers of people (in the order of their ids) and of categories, not texts: most that is done here is
joining, grouping and sorting by them.
"""

from __future__ import annotations

from lianyi.insight.scope import AT, MOMENT, Scope

CATEGORIES = 50  # those with most buyers
HALF_LIFE = 30.0  # days after which an act says half as much
FEATURES = ("bought", "looked", "due", "said", "community", "ties", "beside", "popular")
ACTS = ("order", "checkout", "cart", "collect", "search", "click", "view")
LOOKED = {"checkout": 3, "cart": 3, "collect": 2, "search": 2}  # how much each act says, the others 1
HEARD_DAYS, RECENT_DAYS = 60, 90  # days up to a moment in which what was said, and what others bought, counts
NUMBERED = "need_keys"  # keys with numbers of people
LEAST_SHARE = 1.5  # times the usual, from which people around or alike make a need of their own


def numbered() -> str:
    """One row = one person with their number, in the order of person ids."""
    return """
    SELECT person_id, CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) AS person
    FROM (SELECT DISTINCT person_id FROM keys) AS k
    """


def numbered_keys() -> str:
    """One row = one key and the number of the person whose it is, as person_id."""
    return "SELECT k.key, p.person AS person_id FROM keys AS k JOIN need_people AS p ON p.person_id = k.person_id"


def _acting(scope: Scope) -> str:
    kinds = ", ".join(scope.dialect.text(kind) for kind in ACTS)
    return f"e.kind IN ({kinds}) AND e.category IS NOT NULL AND e.category <> ''"


def named(scope: Scope) -> str:
    """One row = one category that acts name, with its number in the order of names."""
    return f"""
    SELECT category AS name, CAST(row_number() OVER (ORDER BY category) AS INTEGER) AS category
    FROM (SELECT DISTINCT e.category FROM {scope.events} AS e WHERE {scope.happened()} AND {_acting(scope)}) AS c
    """


def acts(scope: Scope) -> str:
    """One row = one person × category × day with acts on it: whether they bought, and the weight of looking."""
    weights = " ".join(f"WHEN a.kind = '{kind}' THEN {weight}" for kind, weight in LOOKED.items())
    done = scope.done("e.kind", "e.category", MOMENT, where=_acting(scope))
    return f"""
    SELECT person, category, day, max(bought) AS bought, CAST(sum(looked) AS INTEGER) AS looked FROM (
        SELECT a.person_id AS person, n.category, CAST({scope.day("a.moment")} AS INTEGER) AS day,
            CASE WHEN a.kind = 'order' THEN 1 ELSE 0 END AS bought,
            CASE WHEN a.kind = 'order' THEN 0 {weights} ELSE 1 END AS looked
        FROM {done} AS a JOIN need_named AS n ON n.name = a.category
    ) AS d GROUP BY person, category, day
    """


def categories() -> str:
    """One row = one category of which needs are sought, its name and its buyers."""
    return f"""
    SELECT b.category, n.name, b.buyers FROM (
        SELECT category, count(DISTINCT person) AS buyers FROM need_acts WHERE bought = 1 GROUP BY category
    ) AS b JOIN need_named AS n ON n.category = b.category ORDER BY b.buyers DESC, n.name LIMIT {CATEGORIES}
    """


def words(scope: Scope, since: int) -> str:
    """One row = one person × category × day after `since` on which they named it (its last level, at least two
    characters long)."""
    leaf = scope.dialect.extract("c.name", "([^>]+)$", 1)
    said = scope.done(
        "e.text", MOMENT,
        where=f"e.kind IN ('message', 'reply', 'review') AND e.text IS NOT NULL AND {scope.day(AT)} > {since}",
    )  # fmt: skip
    return f"""
    SELECT DISTINCT s.person_id AS person, c.category, {scope.day("s.moment")} AS day
    FROM (SELECT person_id, lower(text) AS text, moment FROM {said} AS w) AS s JOIN (
        SELECT category, lower(trim({leaf})) AS leaf FROM need_categories AS c
    ) AS c ON length(c.leaf) >= 2 AND contains(s.text, c.leaf)
    """


def known(day: int, among: str) -> str:
    """One row = one person × category with acts up to a day: purchases and looks decayed by age, days since the last
    purchase, and how many purchases. among: SQL condition on a.person."""
    return f"""
    SELECT person, category, sum(bought * weight) AS bought, sum(looked * weight) AS looked,
        CAST(sum(bought) AS BIGINT) AS orders, max(CASE WHEN bought = 1 THEN day END) AS last_day
    FROM (
        SELECT a.person, a.category, a.bought, a.looked, a.day, power(0.5, ({day} - a.day) / {HALF_LIFE}) AS weight
        FROM need_acts AS a JOIN need_categories AS c ON c.category = a.category WHERE a.day <= {day} AND {among}
    ) AS w GROUP BY person, category
    """


def cycles() -> str:
    """One row = one category: median days between two purchases of it by one person (its replenishment cycle)."""
    return """
    SELECT category, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS cycle FROM (
        SELECT category, day - lag(day) OVER (PARTITION BY person, category ORDER BY day) AS gap
        FROM need_acts WHERE bought = 1
    ) AS g WHERE gap IS NOT NULL GROUP BY category
    """


def around() -> str:
    """One row = one community × category: share of its people who bought it in RECENT_DAYS days, relative to all people
    (log), and the number."""
    return """
    SELECT c.community_id, c.category, ln((c.buyers + 5.0) / (s.people * w.share + 5.0)) AS community, c.buyers
    FROM (
        SELECT m.community_id, r.category, count(*) AS buyers FROM need_main AS m
        JOIN need_recent AS r ON r.person = m.person WHERE m.community_id IS NOT NULL
        GROUP BY m.community_id, r.category
    ) AS c
    JOIN (SELECT community_id, count(*) AS people FROM need_main GROUP BY community_id) AS s
        ON s.community_id = c.community_id
    JOIN need_shares AS w ON w.category = c.category
    """


def near() -> str:
    """One row = one person and one tied to them (strong or medium)."""
    return """
    SELECT a.person, b.person AS other FROM person_ties AS t JOIN need_people AS a ON a.person_id = t.person_id
    JOIN need_people AS b ON b.person_id = t.other_id WHERE t.band <> 'weak'
    """


def tied(among: str) -> str:
    """One row = one person × category: people tied to them who bought it in RECENT_DAYS days. among: on a.person."""
    return f"""
    SELECT a.person, r.category, count(*) AS tied FROM need_near AS a JOIN need_recent AS r ON r.person = a.other
    WHERE {among} GROUP BY a.person, r.category
    """


def recent(day: int) -> str:
    """One row = one person × category bought in the RECENT_DAYS days up to a day."""
    return f"""
    SELECT DISTINCT person, category FROM need_acts WHERE bought = 1 AND day <= {day} AND day > {day - RECENT_DAYS}
    """


def shares() -> str:
    """One row = one category: share of all people who bought it in RECENT_DAYS days."""
    return """
    SELECT c.category, coalesce(r.buyers, 0) / greatest((SELECT count(*) FROM need_main), 1.0) AS share
    FROM need_categories AS c LEFT JOIN (
        SELECT category, count(*) AS buyers FROM need_recent GROUP BY category
    ) AS r ON r.category = c.category
    """


def ever(day: int) -> str:
    """One row = one person × category that they had bought up to a day."""
    return f"SELECT DISTINCT person, category FROM need_acts WHERE bought = 1 AND day <= {day}"


def pairs() -> str:
    """One row = one pair of categories: how much more often who ever bought `other` also bought `category` (log)."""
    return """
    SELECT p.other, p.category, ln((p.both + 5.0) / (o.buyers * c.buyers / n.people + 5.0)) AS beside
    FROM (
        SELECT a.category AS other, b.category, count(*) AS both FROM need_ever AS a JOIN need_ever AS b
        ON b.person = a.person AND b.category <> a.category GROUP BY a.category, b.category
    ) AS p
    JOIN (SELECT category, count(*) AS buyers FROM need_ever GROUP BY category) AS o ON o.category = p.other
    JOIN (SELECT category, count(*) AS buyers FROM need_ever GROUP BY category) AS c ON c.category = p.category
    CROSS JOIN (SELECT greatest(count(DISTINCT person), 1) AS people FROM need_ever) AS n
    """


def similar() -> str:
    """One row = one person × category: the category of theirs that speaks most for it, and how much (log)."""
    return """
    SELECT k.person, p.category, max(p.beside) AS beside, max_by(p.other, p.beside) AS other
    FROM need_known AS k JOIN need_pairs AS p ON p.other = k.category WHERE k.orders > 0
    GROUP BY k.person, p.category
    """


def whole(day: int, among: str) -> str:
    """One row = one person × category for which there is anything to say, with the features of FEATURES and what the
    evidence needs. among: SQL condition on k.person, to go by ranges."""
    least = f"ln({LEAST_SHARE})"
    return f"""
    SELECT k.person, k.category, ln(1 + coalesce(n.bought, 0)) AS bought, ln(1 + coalesce(n.looked, 0)) AS looked,
        CASE WHEN n.last_day IS NULL OR y.cycle IS NULL THEN 0.0
            ELSE exp(-abs(ln(({day} - n.last_day + 1.0) / (y.cycle + 1.0)))) END AS due,
        ln(1 + coalesce(w.said, 0)) AS said, coalesce(c.community, 0.0) AS community,
        ln(1 + coalesce(t.tied, 0)) AS ties,
        CASE WHEN coalesce(n.orders, 0) > 0 THEN 0.0 ELSE coalesce(b.beside, 0.0) END AS beside,
        ln(s.share + 0.0001) AS popular, coalesce(n.orders, 0) AS orders, n.last_day, y.cycle,
        coalesce(t.tied, 0) AS tied,
        coalesce(c.buyers, 0) AS buyers, b.other, coalesce(w.said, 0) AS mentions,
        coalesce(n.orders, 0) = 0 AND coalesce(n.looked, 0) < 0.05 AND w.said IS NULL AS latent
    FROM (
        SELECT person, category FROM need_known WHERE bought + looked > 0.05 OR orders > 0
        UNION SELECT person, category FROM need_said
        UNION SELECT m.person, c.category FROM need_main AS m
            JOIN need_around AS c ON c.community_id = m.community_id WHERE c.community >= {least}
        UNION SELECT person, category FROM need_tied
        UNION SELECT person, category FROM need_similar WHERE beside >= {least}
    ) AS k
    JOIN need_shares AS s ON s.category = k.category
    LEFT JOIN need_main AS m ON m.person = k.person
    LEFT JOIN need_known AS n ON n.person = k.person AND n.category = k.category
    LEFT JOIN need_said AS w ON w.person = k.person AND w.category = k.category
    LEFT JOIN need_around AS c ON c.community_id = m.community_id AND c.category = k.category
    LEFT JOIN need_tied AS t ON t.person = k.person AND t.category = k.category
    LEFT JOIN need_similar AS b ON b.person = k.person AND b.category = k.category
    LEFT JOIN need_cycles AS y ON y.category = k.category
    WHERE {among}
    """


def said(day: int) -> str:
    """One row = one person × category that they named in the HEARD_DAYS days up to a day."""
    return f"""
    SELECT person, category, count(*) AS said FROM need_words WHERE day <= {day} AND day > {day - HEARD_DAYS}
    GROUP BY person, category
    """


def main() -> str:
    """One row = one person with the community of most weight."""
    return """
    SELECT n.person, m.community_id FROM profiles AS p JOIN need_people AS n ON n.person_id = p.person_id LEFT JOIN (
        SELECT person_id, max_by(community_id, weight) AS community_id FROM memberships GROUP BY person_id
    ) AS m ON m.person_id = p.person_id
    """
