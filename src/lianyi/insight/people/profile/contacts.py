"""First and last seen, counts by kind, channels, groups, keys."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope


def contacts(scope: Scope) -> str:
    """One row = one person × role (did it, or it was done to them) × kind: events, first and last time."""
    figures = "kind, CAST(count(*) AS BIGINT) AS events, min(moment) AS first_at, max(moment) AS last_at"
    return f"""
    SELECT person_id, TRUE AS did, {figures} FROM {scope.done("e.kind", MOMENT)} AS d GROUP BY person_id, kind
    UNION ALL
    SELECT person_id, FALSE AS did, {figures} FROM {scope.received("e.kind", MOMENT)} AS r GROUP BY person_id, kind
    """


def seen(scope: Scope) -> str:
    """One row = one person whom any event names: first and last time, counts of what they did and received."""
    d = scope.dialect
    counted = d.struct(kind="kind", events="events")
    done, received = (f"array_sort({d.collect_where(counted, side)})" for side in ("did", "NOT did"))
    return f"""
    SELECT person_id, min(first_at) AS first_seen, max(last_at) AS last_seen,
        CAST(coalesce(sum(events) FILTER (WHERE did), 0) AS BIGINT) AS events,
        coalesce(map_from_entries({done}), {d.no_counts}) AS counts,
        coalesce(map_from_entries({received}), {d.no_counts}) AS received
    FROM contacts GROUP BY person_id
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
