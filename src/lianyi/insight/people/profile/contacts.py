"""First and last seen, counts by kind, channels, groups, keys."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope


def done(scope: Scope) -> str:
    """One row = one person × kind: events they did, first and last time."""
    return f"""
    SELECT person_id, kind, CAST(count(*) AS BIGINT) AS events, min(moment) AS first_at, max(moment) AS last_at
    FROM {scope.done("e.kind", MOMENT)} AS d GROUP BY person_id, kind
    """


def undergone(scope: Scope) -> str:
    """One row = one person to whom something was done: first and last time."""
    return f"""
    SELECT person_id, min(moment) AS first_at, max(moment) AS last_at
    FROM {scope.received(MOMENT)} AS r GROUP BY person_id
    """


def counts(scope: Scope) -> str:
    """One row = one person who did something: events by kind and in all, first and last time."""
    d = scope.dialect
    return f"""
    SELECT person_id, CAST(sum(events) AS BIGINT) AS events, min(first_at) AS first_at, max(last_at) AS last_at,
        map_from_entries({d.collect(d.struct(kind="kind", events="events"))}) AS counts
    FROM done GROUP BY person_id
    """


def seen(scope: Scope) -> str:
    """One row = one person whom any event names: first and last time, counts of what they did."""
    return f"""
    SELECT coalesce(c.person_id, u.person_id) AS person_id, least(c.first_at, u.first_at) AS first_seen,
        greatest(c.last_at, u.last_at) AS last_seen, coalesce(c.events, 0) AS events,
        coalesce(c.counts, {scope.dialect.no_counts}) AS counts
    FROM counts AS c FULL JOIN undergone AS u ON u.person_id = c.person_id
    """


def channels(scope: Scope) -> str:
    """One row = one person and the channels they used."""
    used = scope.done("e.channel", where="e.channel IS NOT NULL")
    return f"""
    SELECT person_id, array_sort({scope.dialect.collect("channel")}) AS channels
    FROM (SELECT DISTINCT person_id, channel FROM {used} AS u) AS c
    GROUP BY person_id
    """


def memberships(scope: Scope) -> str:
    """One row = one person and the groups they are in: they did something there and have not left since."""
    d = scope.dialect
    return f"""
    SELECT person_id, {d.collect_distinct("group_key")} AS groups
    FROM (
        SELECT person_id, group_key, max(moment) FILTER (WHERE kind = 'leave') AS left_at,
            max(moment) FILTER (WHERE kind <> 'leave') AS stayed_at
        FROM {scope.done("e.group_key", "e.kind", MOMENT, where="e.group_key IS NOT NULL")} AS g
        GROUP BY person_id, group_key
    ) AS m
    WHERE left_at IS NULL OR stayed_at > left_at
    GROUP BY person_id
    """


def key_lists(scope: Scope) -> str:
    """One row = one person and all their keys."""
    return f"SELECT person_id, {scope.dialect.collect_distinct('key')} AS keys FROM keys GROUP BY person_id"
