"""What happened in each group, week by week: acts with whom they were meant for, in the shape that health is made of.

The figures of a group are those of a community (insight.communities.health), with the group as the community, its
members as members and a week as the period. Whom a message answers is read from `reply_links`: declared answers, and
guessed ones that are more probable than not.
"""

from __future__ import annotations

from lianyi.insight.communities.acts import MEMBERS, PLACED
from lianyi.insight.conversations.rooms import DAYS
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.tables import Build

WEEK, WEEKS = 7, DAYS // 7
# Week −1 is the last four weeks together: the ground of verdicts.
WHOLE_WEEKS = 4
LIKELY = 0.5
COUNTED, MOVES = "group_counted", "group_moves"


def members(scope: Scope) -> str:
    """One row = one person who is in a group now; a group is called community_id as in the figures of communities."""
    return f"""
    SELECT DISTINCT g.group_key AS community_id, g.person_id
    FROM (SELECT person_id, {scope.dialect.explode("groups")} AS group_key FROM profiles) AS g
    """


def counted(scope: Scope) -> str:
    """One row = one message with its week, and what it answers where that is told or more probable than not."""
    answers = f"how = 'declared' OR (how = 'guessed' AND probability >= {LIKELY})"
    return f"""
    SELECT message_id, group_key, "at" AS moment, person_id, question, {_week(scope, '"at"')} AS week,
        CASE WHEN {answers} THEN answers_id END AS answers_id,
        CASE WHEN {answers} THEN other_id END AS other_id, CASE WHEN {answers} THEN seconds END AS seconds
    FROM reply_links WHERE {scope.day('"at"')} > {scope.today - WEEK * WEEKS}
    """


def placed(scope: Scope) -> str:
    """One row = one act in a group: message, reply, mention or reaction; inner_act: towards somebody else; answered:
    somebody answered or reacted to it."""
    touched = scope.done(
        MOMENT, "e.group_key", "e.kind", "e.target_key", "e.parent_id",
        where=f"e.group_key IS NOT NULL AND e.kind IN ('mention', 'reaction') "
        f"AND {scope.day(AT)} > {scope.today - WEEK * WEEKS}",
    )  # fmt: skip
    return f"""
    SELECT c.group_key AS community_id, c.person_id, c.other_id,
        CASE WHEN c.answers_id IS NULL THEN 'message' ELSE 'reply' END AS kind, c.moment, c.week AS period, c.group_key,
        c.other_id IS NOT NULL AND c.other_id <> c.person_id AS inner_act, a.id IS NOT NULL AS answered
    FROM {COUNTED} c LEFT JOIN (
        SELECT answers_id AS id FROM {COUNTED} WHERE answers_id IS NOT NULL
        UNION SELECT e.parent_id AS id FROM {scope.events} e
        WHERE e.kind = 'reaction' AND e.parent_id IS NOT NULL AND e.group_key IS NOT NULL AND {scope.happened()}
    ) AS a ON a.id = c.message_id
    UNION ALL
    SELECT t.group_key, t.person_id, k.person_id, t.kind, t.moment, {_week(scope, "t.moment")}, t.group_key,
        k.person_id IS NOT NULL AND k.person_id <> t.person_id, FALSE
    FROM {touched} AS t LEFT JOIN keys k ON k.key = t.target_key
    """


def firsts(scope: Scope) -> str:
    """One row = one newcomer: the first thing a person ever said in the group, its week, and hours until somebody first
    turned to him there (NULL: nobody did)."""
    d = scope.dialect
    said = scope.done(
        MOMENT, "e.group_key", where="e.group_key IS NOT NULL AND e.kind IN ('message', 'reply', 'share')"
    )
    return f"""
    SELECT f.community_id, f.person_id, f.period, min({d.micros("a.moment")} - {d.micros("f.moment")}) / 3600000000.0
        AS hours
    FROM (
        SELECT group_key AS community_id, person_id, min(moment) AS moment, {_week(scope, "min(moment)")} AS period
        FROM {said} AS s GROUP BY group_key, person_id
    ) AS f LEFT JOIN {PLACED} AS a ON a.community_id = f.community_id AND a.other_id = f.person_id
        AND a.person_id <> f.person_id AND a.moment > f.moment
    WHERE f.period < {WEEKS} GROUP BY f.community_id, f.person_id, f.period
    """


def moves(scope: Scope) -> str:
    """One row = one week of one group in which people joined or left."""
    done = scope.done(MOMENT, "e.group_key", "e.kind", where="e.group_key IS NOT NULL AND e.kind IN ('join', 'leave')")
    return f"""
    SELECT group_key, {_week(scope, "moment")} AS week,
        count(DISTINCT person_id) FILTER (WHERE kind = 'join') AS joined,
        count(DISTINCT person_id) FILTER (WHERE kind = 'leave') AS gone
    FROM {done} AS m GROUP BY 1, 2
    """


def make(build: Build, scope: Scope) -> None:
    """Make MEMBERS, COUNTED, PLACED and MOVES."""
    build.make(MEMBERS, members(scope))
    build.make(COUNTED, counted(scope))
    build.make(PLACED, placed(scope))
    build.make(MOVES, moves(scope))


def _week(scope: Scope, time: str) -> str:
    return f"CAST({scope.dialect.quotient(f'{scope.today} - {scope.day(time)}', WEEK)} AS INTEGER)"
