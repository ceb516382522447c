"""What is known of a person's need of a category at a moment: own acts, rhythm, words, people around and alike."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope

CATEGORIES = 50  # those with most buyers
HALF_LIFE = 30.0  # days after which an act says half as much
FEATURES = ("bought", "looked", "due", "said", "community", "ties", "beside", "popular")
ACTS = ("order", "checkout", "cart", "collect", "search", "click", "view")
LOOKED = {"checkout": 3, "cart": 3, "collect": 2, "search": 2}  # how much each act says, the others 1
LEAST_SHARE = 1.5  # times the usual, from which people around or alike make a need of their own


def acts(scope: Scope) -> str:
    """One row = one person × category × day with acts on it: whether they bought, and the weight of looking."""
    kinds = ", ".join(scope.dialect.text(kind) for kind in ACTS)
    weights = " ".join(f"WHEN kind = '{kind}' THEN {weight}" for kind, weight in LOOKED.items())
    done = scope.done(
        "e.kind", "e.category", MOMENT, where=f"e.kind IN ({kinds}) AND e.category IS NOT NULL AND e.category <> ''"
    )
    return f"""
    SELECT person_id, category, day, max(CASE WHEN kind = 'order' THEN 1 ELSE 0 END) AS bought,
        sum(CASE WHEN kind = 'order' THEN 0 {weights} ELSE 1 END) AS looked
    FROM (SELECT person_id, category, kind, {scope.day("moment")} AS day FROM {done} AS a) AS d
    GROUP BY person_id, category, day
    """


def categories() -> str:
    """One row = one category of which needs are sought, and its buyers."""
    return f"""
    SELECT category, count(DISTINCT person_id) AS buyers FROM need_acts WHERE bought = 1
    GROUP BY category ORDER BY buyers DESC, category LIMIT {CATEGORIES}
    """


def words(scope: Scope) -> str:
    """One row = one person × category × day on which they named it (its last level, at least two characters long)."""
    leaf = scope.dialect.extract("c.category", "([^>]+)$", 1)
    said = scope.done("e.text", MOMENT, where="e.kind IN ('message', 'reply', 'review') AND e.text IS NOT NULL")
    return f"""
    SELECT DISTINCT s.person_id, c.category, {scope.day("s.moment")} AS day
    FROM {said} AS s JOIN (
        SELECT category, lower(trim({leaf})) AS leaf FROM need_categories AS c
    ) AS c ON length(c.leaf) >= 2 AND contains(lower(s.text), c.leaf)
    """


def known(day: int) -> str:
    """One row = one person × category with acts up to a day: purchases and looks decayed by age, days since the last
    purchase, and how many purchases."""
    return f"""
    SELECT a.person_id, a.category, sum(a.bought * power(0.5, ({day} - a.day) / {HALF_LIFE})) AS bought,
        sum(a.looked * power(0.5, ({day} - a.day) / {HALF_LIFE})) AS looked,
        CAST(sum(a.bought) AS BIGINT) AS orders, max(CASE WHEN a.bought = 1 THEN a.day END) AS last_day,
        min(CASE WHEN a.bought = 1 THEN a.day END) AS first_day
    FROM need_acts AS a JOIN need_categories AS c ON c.category = a.category
    WHERE a.day <= {day} GROUP BY a.person_id, a.category
    """


def cycles() -> str:
    """One row = one category: median days between two purchases of it by one person (its replenishment cycle)."""
    return """
    SELECT category, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS cycle FROM (
        SELECT category, day - lag(day) OVER (PARTITION BY person_id, category ORDER BY day) AS gap
        FROM need_acts WHERE bought = 1
    ) AS g WHERE gap IS NOT NULL GROUP BY category
    """


def around(day: int) -> str:
    """One row = one person × category: share of the people of their community who bought it in 90 days, relative to
    all people (log), and the number."""
    return f"""
    SELECT m.person_id, c.category, ln((c.buyers + 5.0) / (s.people * w.share + 5.0)) AS community, c.buyers
    FROM need_main AS m JOIN (
        SELECT m.community_id, r.category, count(*) AS buyers FROM need_main AS m
        JOIN need_recent AS r ON r.person_id = m.person_id GROUP BY m.community_id, r.category
    ) AS c ON c.community_id = m.community_id
    JOIN (SELECT community_id, count(*) AS people FROM need_main GROUP BY community_id) AS s
        ON s.community_id = m.community_id
    JOIN need_shares AS w ON w.category = c.category
    WHERE {day} >= 0
    """


def tied() -> str:
    """One row = one person × category: people tied to them (strong or medium) who bought it in 90 days."""
    return """
    SELECT t.person_id, r.category, count(*) AS tied FROM person_ties AS t
    JOIN need_recent AS r ON r.person_id = t.other_id WHERE t.band <> 'weak' GROUP BY t.person_id, r.category
    """


def recent(day: int) -> str:
    """One row = one person × category bought in the 90 days up to a day."""
    return f"SELECT DISTINCT person_id, category FROM need_acts WHERE bought = 1 AND day <= {day} AND day > {day - 90}"


def shares() -> str:
    """One row = one category: share of all people who bought it in 90 days."""
    return """
    SELECT c.category, coalesce(r.buyers, 0) / greatest((SELECT count(*) FROM need_main), 1.0) AS share
    FROM need_categories AS c LEFT JOIN (
        SELECT category, count(*) AS buyers FROM need_recent GROUP BY category
    ) AS r ON r.category = c.category
    """


def pairs(day: int) -> str:
    """One row = one pair of categories: how much more often who ever bought `other` also bought `category` (log)."""
    ever = f"SELECT DISTINCT person_id, category FROM need_acts WHERE bought = 1 AND day <= {day}"
    return f"""
    SELECT p.other, p.category, ln((p.both + 5.0) / (o.buyers * c.buyers / n.people + 5.0)) AS beside
    FROM (
        SELECT a.category AS other, b.category, count(*) AS both FROM ({ever}) AS a JOIN ({ever}) AS b
        ON b.person_id = a.person_id AND b.category <> a.category GROUP BY a.category, b.category
    ) AS p
    JOIN (SELECT category, count(*) AS buyers FROM ({ever}) AS e GROUP BY category) AS o ON o.category = p.other
    JOIN (SELECT category, count(*) AS buyers FROM ({ever}) AS e GROUP BY category) AS c ON c.category = p.category
    CROSS JOIN (SELECT greatest(count(DISTINCT person_id), 1) AS people FROM ({ever}) AS e) AS n
    """


def similar() -> str:
    """One row = one person × category: the category of theirs that speaks most for it, and how much (log)."""
    return """
    SELECT k.person_id, p.category, max(p.beside) AS beside, max_by(p.other, p.beside) AS other
    FROM need_known AS k JOIN need_pairs AS p ON p.other = k.category WHERE k.orders > 0
    GROUP BY k.person_id, p.category
    """


def whole(day: int, person: str) -> str:
    """One row = one person × category for which there is anything to say, with the features of FEATURES and what the
    evidence needs. person: SQL condition on k.person_id, to go by ranges."""
    least = f"ln({LEAST_SHARE})"
    return f"""
    SELECT k.person_id, k.category, ln(1 + coalesce(n.bought, 0)) AS bought, ln(1 + coalesce(n.looked, 0)) AS looked,
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
        SELECT person_id, category FROM need_known WHERE bought + looked > 0.05 OR orders > 0
        UNION SELECT person_id, category FROM need_said
        UNION SELECT person_id, category FROM need_around WHERE community >= {least}
        UNION SELECT person_id, category FROM need_tied
        UNION SELECT person_id, category FROM need_similar WHERE beside >= {least}
    ) AS k
    JOIN need_shares AS s ON s.category = k.category
    LEFT JOIN need_known AS n ON n.person_id = k.person_id AND n.category = k.category
    LEFT JOIN need_said AS w ON w.person_id = k.person_id AND w.category = k.category
    LEFT JOIN need_around AS c ON c.person_id = k.person_id AND c.category = k.category
    LEFT JOIN need_tied AS t ON t.person_id = k.person_id AND t.category = k.category
    LEFT JOIN need_similar AS b ON b.person_id = k.person_id AND b.category = k.category
    LEFT JOIN need_cycles AS y ON y.category = k.category
    WHERE {person}
    """


def said(day: int) -> str:
    """One row = one person × category that they named in the 60 days up to a day."""
    return f"""
    SELECT person_id, category, count(*) AS said FROM need_words WHERE day <= {day} AND day > {day - 60}
    GROUP BY person_id, category
    """


def main() -> str:
    """One row = one person with the community of most weight."""
    return """
    SELECT p.person_id, m.community_id FROM profiles AS p LEFT JOIN (
        SELECT person_id, max_by(community_id, weight) AS community_id FROM memberships GROUP BY person_id
    ) AS m ON m.person_id = p.person_id
    """
