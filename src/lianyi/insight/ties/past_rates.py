"""What came of it before: shares in the brand's own past, by how much there was to build on, with intervals.

The past is one horizon ago: who was tied then by first contact, what had been bought then, and what followed since.
"""

from __future__ import annotations

PAST_FRIENDS, MET_RATES, BOUGHT_RATES = "tie_past_friends", "tie_met_rates", "tie_bought_rates"
# More than this many friends in common, or buyers known, are told apart no further.
MOST = 3
# Friends per person that are looked at for friends of friends.
BEST = 8
Z = 1.96


def wilson(hits: str, tries: str, sign: str) -> str:
    """SQL: lower ('-') or upper ('+') end of Wilson's 95 % interval (1927) of a share."""
    root = f"sqrt(({hits}) * (1 - ({hits}) * 1e0 / ({tries})) + {Z * Z / 4}e0)"
    return f"((({hits}) + {Z * Z / 2}e0 {sign} {Z}e0 * {root}) / (({tries}) + {Z * Z}e0))"


def past_friends(then: str) -> str:
    """One row = a person and one of the BEST longest known people, as of `then` (no later contact is looked at)."""
    return f"""
    SELECT person_id, other_id FROM (
        SELECT person_id, other_id, row_number() OVER (PARTITION BY person_id ORDER BY first_at, other_id) AS place
        FROM person_ties WHERE first_at <= {then} AND last_at >= first_at
    ) AS known WHERE place <= {BEST}
    """


def met_rates(then: str, sample: str) -> str:
    """One row = a number of friends in common (1 to MOST and more): how many pairs of strangers had them, how many of
    these met within the horizon."""
    return f"""
    SELECT least(shared, {MOST}) AS shared, count(*) AS tries,
        count(*) FILTER (WHERE first_at IS NOT NULL) AS hits
    FROM (
        SELECT o.person_id, o.other_id, o.shared, t.first_at FROM (
            SELECT x.person_id, y.other_id, count(*) AS shared
            FROM (SELECT * FROM {PAST_FRIENDS} WHERE {sample}) AS x
            JOIN {PAST_FRIENDS} y ON y.person_id = x.other_id AND y.other_id > x.person_id
            GROUP BY x.person_id, y.other_id
        ) AS o LEFT JOIN person_ties t ON t.person_id = o.person_id AND t.other_id = o.other_id
        WHERE t.first_at IS NULL OR t.first_at > {then}
    ) AS strangers GROUP BY least(shared, {MOST})
    """


def bought_rates(then: str) -> str:
    """One row = how many buyers one knew (0 to MOST and more): people who had not bought then, and who did since."""
    return f"""
    SELECT buyers, count(*) AS tries, count(*) FILTER (WHERE first_order IS NOT NULL) AS hits FROM (
        SELECT p.person_id, p.first_order, least({MOST}, coalesce(k.buyers, 0)) AS buyers
        FROM (
            SELECT person_id, first_order FROM people
            WHERE (first_order IS NULL OR first_order > {then}) AND first_active <= {then}
        ) AS p LEFT JOIN (
            SELECT t.person_id, count(*) AS buyers FROM person_ties t JOIN people o ON o.person_id = t.other_id
            WHERE t.first_at <= {then} AND o.first_order <= {then} GROUP BY t.person_id
        ) AS k ON k.person_id = p.person_id
    ) AS open GROUP BY buyers
    """
