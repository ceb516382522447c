"""Contacts: one row per act between two people, from the events of the log, as numbers that take little memory.

Who turns to whom is the event's actor and target; where the event names no target, the author of the event that it
answers. Messages next to each other in a room, and people who checked in at the same event, are contacts without
direction.
"""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build
from lianyi.insight.ties.kinds import BROADCAST, CODES, CROWD, NEAR_SECONDS, UNASKED

PEOPLE, GROUPS, CHANNELS, CONTACTS, BLASTS = "tie_people", "tie_groups", "tie_channels", "tie_contacts", "tie_blasts"
DIRECTED, HEARD, MET, STATED = "tie_directed", "tie_heard", "tie_met", "tie_stated"
MOST_CHANNELS = 60
_TO_TARGET = ("reply", "mention", "reaction", "message", "share", "arrive", "invite", "follow")
_TO_AUTHOR = ("reply", "reaction", "arrive")
# All kinds of events that contact is read from.
CONTACT_KINDS = (*_TO_TARGET, "check_in", "relate")
# A person's own tasks and points are collected alone, whoever else does so on the day.
_PLACES = ("event:", "place:", "meeting:")


def people() -> str:
    """One row = one key: number of the person whose it is (in the order of person ids)."""
    return "SELECT key, person_id, CAST(dense_rank() OVER (ORDER BY person_id) - 1 AS INTEGER) AS number FROM keys"


def groups(scope: Scope) -> str:
    """One row = one room, numbered from 1."""
    return f"""
    SELECT group_key, CAST(row_number() OVER (ORDER BY group_key) AS INTEGER) AS number
    FROM (SELECT DISTINCT e.group_key FROM {EVENTS} e WHERE e.group_key IS NOT NULL AND {scope.happened()}) AS g
    """


def channels(scope: Scope) -> str:
    """One row = one channel and its bit; the MOST_CHANNELS most used ones have one."""
    return f"""
    SELECT channel, CAST(power(2, number - 1) AS BIGINT) AS mark FROM (
        SELECT channel, row_number() OVER (ORDER BY n DESC, channel) AS number FROM (
            SELECT e.channel, count(*) AS n FROM {EVENTS} e
            WHERE e.channel IS NOT NULL AND {scope.happened()} GROUP BY e.channel
        ) AS c
    ) AS r WHERE number <= {MOST_CHANNELS}
    """


def directed(scope: Scope) -> str:
    """One row = one act of one person towards another: source, target, kind, moment, room, channel.

    An arrival is the sharer's act: he brought who arrives.
    """
    d, codes = scope.dialect, _codes(scope)
    listed = ", ".join(d.text(kind) for kind in _TO_TARGET)
    answers = ", ".join(d.text(kind) for kind in _TO_AUTHOR)
    columns = 'e.kind, e."at" AS moment, e.group_key, e.channel'
    return f"""
    SELECT CASE WHEN kind = 'arrive' THEN other ELSE actor END AS source,
        CASE WHEN kind = 'arrive' THEN actor ELSE other END AS target,
        {codes} AS kind, moment, group_key, channel
    FROM (
        SELECT s.number AS actor, t.number AS other, {columns}
        FROM {EVENTS} e JOIN {PEOPLE} s ON s.key = e.actor_key JOIN {PEOPLE} t ON t.key = e.target_key
        WHERE e.kind IN ({listed}) AND {scope.happened()}
        UNION ALL
        SELECT s.number AS actor, t.number AS other, {columns}
        FROM {EVENTS} e JOIN {PEOPLE} s ON s.key = e.actor_key
        JOIN {EVENTS} p ON p.id = e.parent_id JOIN {PEOPLE} t ON t.key = p.actor_key
        WHERE e.kind IN ({answers}) AND e.target_key IS NULL AND {scope.happened()}
    ) AS acts
    WHERE actor <> other
    """


def heard(scope: Scope) -> str:
    """One row = one thing said to a whole room shortly after somebody else said something: the two, moment, room."""
    d = scope.dialect
    return f"""
    SELECT source, target, {CODES["near"]} AS kind, moment, group_key, channel FROM (
        SELECT number AS source, lag(number) OVER w AS target, lag({d.micros("moment")}) OVER w AS earlier,
            kind, answers, moment, group_key, channel
        FROM (
            SELECT t.number, e.kind, e."at" AS moment, e.id, e.group_key, e.channel,
                e.target_key IS NOT NULL OR e.parent_id IS NOT NULL AS answers
            FROM {EVENTS} e JOIN {PEOPLE} t ON t.key = e.actor_key
            WHERE e.kind IN ('message', 'reply') AND e.group_key IS NOT NULL AND {scope.happened()}
        ) AS said
        WINDOW w AS (PARTITION BY group_key ORDER BY moment, id)
    ) AS turns
    WHERE kind = 'message' AND NOT answers AND target <> source
        AND {d.micros("moment")} - earlier <= {NEAR_SECONDS * 1_000_000}
    """


def met(scope: Scope) -> str:
    """One row = two people who checked in at the same thing on the same day: the two, moment of the later one.

    Things with more than CROWD people tie nobody; points and tasks, which people do alone, are no meetings.
    """
    places = " OR ".join(f"e.object_key LIKE '{place}%'" for place in _PLACES)
    return f"""
    WITH there AS (
        SELECT number, object_key, day, min(moment) AS moment, min(group_key) AS group_key, min(channel) AS channel
        FROM (
            SELECT t.number, e.object_key, {scope.day('e."at"')} AS day, e."at" AS moment, e.group_key, e.channel
            FROM {EVENTS} e JOIN {PEOPLE} t ON t.key = e.actor_key
            WHERE e.kind = 'check_in' AND (e.channel = 'offline' OR {places}) AND e.object_key IS NOT NULL
                AND {scope.happened()}
        ) AS c GROUP BY number, object_key, day
    ), size AS (
        SELECT object_key, day FROM there GROUP BY object_key, day HAVING count(*) BETWEEN 2 AND {CROWD}
    ), small AS (
        SELECT t.* FROM there t JOIN size s ON s.object_key = t.object_key AND s.day = t.day
    )
    SELECT x.number AS source, y.number AS target, {CODES["together"]} AS kind,
        greatest(x.moment, y.moment) AS moment, x.group_key, x.channel
    FROM small x JOIN small y ON x.object_key = y.object_key AND x.day = y.day AND x.number < y.number
    """


def stated(scope: Scope) -> str:
    """One row = two people whose relation was stated and not taken back: the newest `relate` event of the two."""
    d = scope.dialect
    newest = d.struct(moment="moment", id="id", removed="removed", relation="relation", channel="channel")
    return f"""
    SELECT source, target, {CODES["relate"]} AS kind, newest.moment AS moment, newest.channel AS channel,
        newest.relation AS relation
    FROM (
        SELECT source, target, max({newest}) AS newest FROM (
            SELECT least(s.number, t.number) AS source, greatest(s.number, t.number) AS target, e."at" AS moment, e.id,
                coalesce({d.json_text("e.props", "remove")} = 'true', FALSE) AS removed,
                coalesce({d.json_text("e.props", "relation")}, '') AS relation, coalesce(e.channel, '') AS channel
            FROM {EVENTS} e JOIN {PEOPLE} s ON s.key = e.actor_key JOIN {PEOPLE} t ON t.key = e.target_key
            WHERE e.kind = 'relate' AND s.number <> t.number AND {scope.happened()}
        ) AS told GROUP BY source, target
    ) AS last WHERE NOT newest.removed
    """


def blasts(scope: Scope) -> str:
    """One row = one person on one day who turned to more than BROADCAST people unasked."""
    return f"""
    SELECT source, day FROM (
        SELECT source, {scope.day("moment")} AS day, target FROM {DIRECTED}
        WHERE kind IN ({", ".join(map(str, UNASKED))})
    ) AS unasked GROUP BY source, day HAVING count(DISTINCT target) > {BROADCAST}
    """


def contacts(scope: Scope) -> str:
    """One row = one contact of a pair a < b: kind, direction (1 a to b, -1 b to a, 0 none), age (microseconds before
    as_of), day, room, channel."""
    d = scope.dialect
    unasked = ", ".join(map(str, UNASKED))
    undirected = f"kind IN ({CODES['together']}, {CODES['near']}, {CODES['relate']})"
    now, day = d.micros(d.time(scope.as_of)), scope.day("moment")
    return f"""
    SELECT CAST(least(source, target) AS INTEGER) AS a, CAST(greatest(source, target) AS INTEGER) AS b,
        CAST(kind AS TINYINT) AS kind,
        CAST(CASE WHEN {undirected} THEN 0 WHEN source < target THEN 1 ELSE -1 END AS TINYINT) AS way,
        {now} - {d.micros("moment")} AS age, moment AS time_at, CAST(day AS INTEGER) AS day,
        g.number AS room, coalesce(c.mark, 0) AS mark
    FROM (
        SELECT x.source, x.target, x.kind, x.moment, x.day, x.group_key, x.channel
        FROM (SELECT *, {day} AS day FROM {DIRECTED}) AS x
        LEFT JOIN {BLASTS} AS m ON m.source = x.source AND m.day = x.day AND x.kind IN ({unasked})
        WHERE m.source IS NULL
        UNION ALL SELECT source, target, kind, moment, {day}, group_key, channel FROM {HEARD}
        UNION ALL SELECT source, target, kind, moment, {day}, group_key, channel FROM {MET}
        UNION ALL SELECT source, target, kind, moment, {day}, CAST(NULL AS STRING), channel FROM {STATED}
    ) AS every
    LEFT JOIN {GROUPS} g ON g.group_key = every.group_key LEFT JOIN {CHANNELS} c ON c.channel = every.channel
    """


def make(build: Build, scope: Scope) -> None:
    """Make CONTACTS and what names its numbers: PEOPLE, GROUPS, CHANNELS, STATED."""
    for name, sql in (
        (PEOPLE, people()), (GROUPS, groups(scope)), (CHANNELS, channels(scope)), (DIRECTED, directed(scope)),
        (HEARD, heard(scope)), (MET, met(scope)), (STATED, stated(scope)), (BLASTS, blasts(scope)),
        (CONTACTS, contacts(scope)),
    ):  # fmt: skip
        build.make(name, sql)
    build.drop(DIRECTED, HEARD, MET, BLASTS)


def _codes(scope: Scope) -> str:
    branches = " ".join(f"WHEN kind = {scope.dialect.text(name)} THEN {CODES[name]}" for name in _TO_TARGET)
    return f"CASE {branches} END"
