"""Both sides of every entry: the trial balance of the accounts and their contra accounts."""

from __future__ import annotations


def sides(entries: str = "entries") -> str:
    """One row = one event × account or contra account × currency: its sum. Over all accounts of an event they are 0."""
    return f"""
    SELECT event_id, account, currency, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount FROM (
        SELECT event_id, account, currency, amount FROM {entries}
        UNION ALL SELECT event_id, concat('contra.', contra), currency, -amount FROM {entries}
    ) AS s GROUP BY event_id, account, currency
    """


def trial(entries: str = "entries") -> str:
    """One row = one account or contra account × currency: events, and the sum of what is known. Together they are 0."""
    return f"""
    SELECT account, currency, count(*) AS count, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount
    FROM ({sides(entries)}) AS s GROUP BY account, currency ORDER BY account, currency
    """
