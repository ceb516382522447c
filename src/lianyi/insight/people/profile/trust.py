"""What a person allowed, and whom they brought."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope


def consents(scope: Scope) -> str:
    """One row = one person who ever gave or withdrew a consent: the last word on each purpose and channel."""
    d = scope.dialect
    told = scope.done("e.id", MOMENT, "e.channel", "e.source", "e.props", where="e.kind = 'consent'")
    word = d.struct(moment="moment", id="id", granted="granted", source="source")
    last = d.struct(
        purpose="purpose", channel="channel", granted="word.granted", since="word.moment", source="word.source",
        event="word.id",
    )  # fmt: skip
    return f"""
    SELECT person_id, array_sort({d.collect(last)}) AS consents
    FROM (
        SELECT person_id, purpose, channel, max({word}) AS word
        FROM (
            SELECT person_id, id, moment, source, coalesce({d.json_text("props", "purpose")}, '') AS purpose,
                coalesce({d.json_text("props", "channel")}, channel, '') AS channel,
                coalesce({d.json_text("props", "granted")} = 'true', FALSE) AS granted
            FROM {told} AS c
        ) AS t
        GROUP BY person_id, purpose, channel
    ) AS w
    GROUP BY person_id
    """


def brought(scope: Scope) -> str:
    """One row = one person who came through another: by whom first, and when (a share's arrival or an invitation)."""
    d = scope.dialect
    first = d.struct(moment="moment", id="id", by_person="by_person")
    return f"""
    SELECT person_id, first.by_person AS by_person, first.moment AS moment
    FROM (
        SELECT person_id, min({first}) AS first
        FROM (
            SELECT come.person_id, e.id, e."at" AS moment, host.person_id AS by_person
            FROM {scope.events} e
            JOIN keys AS come ON e.actor_key = come.key JOIN keys AS host ON e.target_key = host.key
            WHERE e.kind = 'arrive' AND {scope.happened()} AND come.person_id <> host.person_id
            UNION ALL
            SELECT come.person_id, e.id, e."at" AS moment, host.person_id AS by_person
            FROM {scope.events} e
            JOIN keys AS host ON e.actor_key = host.key JOIN keys AS come ON e.target_key = come.key
            WHERE e.kind = 'invite' AND {scope.happened()} AND come.person_id <> host.person_id
        ) AS b
        GROUP BY person_id
    ) AS f
    """


def bringers() -> str:
    """One row = one person who brought others: how many, and how many of them made their first order afterwards."""
    return """
    SELECT b.by_person AS person_id, count(*) AS brought,
        count(*) FILTER (WHERE o.first_order >= b.moment) AS brought_buyers
    FROM brought AS b LEFT JOIN buyers AS o ON o.person_id = b.person_id
    GROUP BY b.by_person
    """
