"""Costs: as they were entered, rewards as they were granted, and messages by the price list."""

from __future__ import annotations

from lianyi.insight.ledger.accounts import GIFT, INCENTIVE, LABOUR, MESSAGE, OTHER, SETTLED, WHAT
from lianyi.insight.ledger.sold import CONTENT
from lianyi.insight.scope import AT, Scope


def priced_channels() -> str:
    """One row = one channel of which something is known: priced (message by message) or invoiced."""
    return """
    SELECT channel, max(CASE WHEN price IS NOT NULL THEN 1 ELSE 0 END) AS priced FROM (
        SELECT channel, price FROM ledger_prices
        UNION ALL SELECT channel, NULL FROM ledger_costs WHERE account = 'cost.message' AND channel IS NOT NULL
    ) AS c GROUP BY channel
    """


def costs(scope: Scope) -> str:
    """One row = one cost or reward event: account, what is known of it, minutes, and the amount that it says, below 0
    where a reward was taken back."""
    d = scope.dialect
    what = d.json_text("e.props", "what")
    by_what = " ".join(f"WHEN {d.text(word)} THEN '{account}'" for word, account in WHAT.items())
    back = f"e.kind = 'reward' AND coalesce({d.json_text('e.props', 'back')}, 'false') = 'true'"
    reward = f"CASE WHEN {d.json_text('e.props', 'form')} = 'gift' THEN '{GIFT}' ELSE '{INCENTIVE}' END"
    return f"""
    SELECT e.id AS event_id, e.kind, e.source, {AT} AS moment, {scope.day(AT)} AS day, k.person_id, e.currency,
        CASE WHEN {back} THEN -e.value ELSE e.value END AS value, e.campaign, e.channel, e.category,
        e.group_key, {CONTENT_OF.format("e")} AS content,
        CASE WHEN e.kind = 'reward' THEN {reward} ELSE CASE lower({what}) {by_what} ELSE '{OTHER}' END END AS account,
        {d.json_text("e.props", "journey")} AS journey, {d.json_text("e.props", "step")} AS step,
        {d.json_text("e.props", "member")} AS member, {d.json_text("e.props", "community")} AS community,
        TRY_CAST({d.json_text("e.props", "minutes")} AS DECIMAL(18, 4)) AS minutes
    FROM {scope.events} e LEFT JOIN keys k ON k.key = coalesce(e.target_key, e.actor_key)
    WHERE e.kind IN ('cost', 'reward') AND {scope.happened()}
    """


CONTENT_OF = f"CASE WHEN {{0}}.object_key LIKE '{CONTENT}%' THEN substr({{0}}.object_key, {len(CONTENT) + 1}) END"


def charged() -> str:
    """One row = one cost or reward event with its amount: what it says, else minutes × the hourly rate of the day; NULL
    where neither is known. Invoices of a channel that is priced message by message settle, they do not cost again.
    Reads `ledger_costs`, `ledger_channels` and the book."""
    own, any_ = "w.per_hour", "x.per_hour"
    hours = f"c.minutes / 60 * coalesce({own}, {any_})"
    return f"""
    SELECT c.event_id, c.kind, c.source, c.moment, c.day, c.person_id, c.campaign, c.channel, c.category, c.group_key,
        c.content, c.journey, c.step, c.member, c.community, c.minutes,
        CASE WHEN c.account = '{MESSAGE}' AND p.priced = 1 THEN '{SETTLED}' ELSE c.account END AS account,
        CAST(CASE WHEN c.value IS NULL AND c.account = '{LABOUR}' THEN {hours} ELSE c.value END AS DECIMAL(18, 4))
            AS amount,
        CASE WHEN c.value IS NULL AND c.account = '{LABOUR}' THEN coalesce(w.currency, x.currency) ELSE c.currency END
            AS currency
    FROM ledger_costs c LEFT JOIN ledger_channels p ON p.channel = c.channel
    LEFT JOIN ledger_wages w ON w.member = c.member AND c.day >= w.from_day AND c.day < w.to_day
    LEFT JOIN ledger_wages x ON x.member = '*' AND c.day >= x.from_day AND c.day < x.to_day
    """


def sent(scope: Scope) -> str:
    """One row = one message that was sent and is to be paid for: its price (NULL: nobody said). Messages of channels
    that are paid by invoice are not here. Reads `ledger_channels` and the book."""
    d = scope.dialect
    on = "AND m.day >= {0}.from_day AND m.day < {0}.to_day"
    return f"""
    SELECT m.*, coalesce(p.price, q.price) AS price, coalesce(p.currency, q.currency) AS currency FROM (
        SELECT e.id AS event_id, e.source, {AT} AS moment, {scope.day(AT)} AS day, k.person_id, e.campaign, e.channel,
            e.group_key, {CONTENT_OF.format("e")} AS content, {d.json_text("e.props", "account")} AS account,
            {d.json_text("e.props", "journey")} AS journey, {d.json_text("e.props", "step")} AS step
        FROM {scope.events} e LEFT JOIN keys k ON k.key = e.target_key
        WHERE e.kind = 'sent' AND {scope.happened()}
            AND coalesce(e.channel, '') NOT IN (SELECT channel FROM ledger_channels WHERE priced = 0)
    ) AS m
    LEFT JOIN ledger_prices p ON p.channel = m.channel AND p.account = m.account {on.format("p")}
    LEFT JOIN ledger_prices q ON q.channel = m.channel AND q.account = '' {on.format("q")}
    WHERE coalesce(p.channel, q.channel) IS NULL OR coalesce(p.price, q.price) IS NOT NULL
    """
