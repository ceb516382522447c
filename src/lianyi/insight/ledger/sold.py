"""Orders and refunds one by one, and what each order is booked to.

An order is booked to the campaign that it names itself; else to the arrival by which its buyer came, as table
`ripples` counts it (the latest within 7 days, one of the order's own campaign first); else to the latest click of its
buyer in one of our messages within 7 days. That is book-keeping, so that every order stands in one place. It says
nothing about cause.
"""

from __future__ import annotations

from lianyi.insight.orders import ORDER_NO
from lianyi.insight.ripples.earned import WINDOW, WINDOW_DAYS
from lianyi.insight.scope import AT, Scope

CLICK_DAYS = WINDOW_DAYS
CONTENT = "content:"


def lines(scope: Scope) -> str:
    """One row = one order event: person_id (NULL where nobody knows), order_no, moment, day, value, amount (the value,
    NULL where it says none), what it says of itself."""
    return f"""
    SELECT e.id AS event_id, e.source, k.person_id, {ORDER_NO} AS order_no, {AT} AS moment, {scope.day(AT)} AS day,
        coalesce(e.value, 0) AS value, e.value AS amount, e.currency, e.category, e.campaign, e.channel, e.group_key
    FROM {scope.events} e LEFT JOIN keys k ON e.actor_key = k.key
    WHERE e.kind = 'order' AND {scope.happened()}
    """


def heads(scope: Scope) -> str:
    """One row = one order: buyer, first moment, campaign that it names. Reads `order_lines`."""
    return f"""
    SELECT order_no, min(person_id) AS person_id, min(moment) AS moment,
        {scope.dialect.micros("min(moment)")} AS micros, min(day) AS day, max(campaign) AS campaign
    FROM order_lines GROUP BY order_no
    """


def came(scope: Scope) -> str:
    """One row = one order whose buyer had arrived: ripple, generation, sharer; empty where that arrival is set apart.
    Reads `ledger_heads` and `arrivals`."""
    micros = scope.dialect.micros('a."at"')
    counts = f"{scope.dialect.size('flags')} = 0"
    return f"""
    SELECT order_no, ripple_id, generation, parent_person_id AS sharer, stone FROM (
        SELECT h.order_no, a.ripple_id, a.generation, a.parent_person_id, a.stone, a.flags, row_number() OVER (
            PARTITION BY h.order_no ORDER BY
                CASE WHEN a.stone = concat('campaign ', h.campaign) THEN 0 ELSE 1 END, {micros} DESC, a.ripple_id
        ) AS place
        FROM ledger_heads h JOIN arrivals a ON a.person_id = h.person_id
        WHERE a.how <> 'seed' AND {micros} <= h.micros AND h.micros < {micros} + {WINDOW}
    ) AS c WHERE place = 1 AND {counts}
    """


def clicked(scope: Scope) -> str:
    """One row = one order whose buyer had clicked in a message: campaign, content, and the sending. Reads
    `ledger_heads`."""
    micros = scope.dialect.micros("c.moment")
    clicks = scope.done(
        f"{AT} AS moment", "e.id", "e.campaign", "e.object_key", "e.parent_id", "e.channel", where="e.kind = 'click'"
    )
    return f"""
    SELECT order_no, campaign, object_key, parent_id, channel FROM (
        SELECT h.order_no, c.campaign, c.object_key, c.parent_id, c.channel, row_number() OVER (
            PARTITION BY h.order_no ORDER BY c.moment DESC, c.id DESC
        ) AS place
        FROM ledger_heads h JOIN {clicks} AS c ON c.person_id = h.person_id
        WHERE {micros} <= h.micros AND h.micros < {micros} + {CLICK_DAYS * 86_400_000_000}
    ) AS c WHERE place = 1
    """


def sendings(scope: Scope) -> str:
    """One row = one sending that an order's click belongs to: journey and step. Reads `ledger_clicked`."""
    d = scope.dialect
    return f"""
    SELECT e.id AS event_id, max({d.json_text("e.props", "journey")}) AS journey,
        max({d.json_text("e.props", "step")}) AS step
    FROM {scope.events} e JOIN (SELECT DISTINCT parent_id FROM ledger_clicked WHERE parent_id IS NOT NULL) AS c
        ON c.parent_id = e.id
    WHERE e.kind = 'sent' AND {scope.happened()} GROUP BY e.id
    """


def booked(scope: Scope) -> str:
    """One row = one order and what it is booked to. Reads all of the above."""
    d = scope.dialect
    content = f"CASE WHEN c.object_key LIKE '{CONTENT}%' THEN substr(c.object_key, {len(CONTENT) + 1}) END"
    stone = f"nullif({d.extract('a.stone', '^campaign (.+)$', 1)}, '')"
    other = "h.campaign IS NULL AND a.order_no IS NULL"

    def by_click(value: str) -> str:
        return f"CASE WHEN {other} OR c.campaign = coalesce(h.campaign, {stone}) THEN {value} END"

    return f"""
    SELECT h.order_no, h.day, h.moment,
        coalesce(h.campaign, {stone}, {by_click("c.campaign")}) AS campaign,
        CASE WHEN h.campaign IS NOT NULL THEN 'named' WHEN a.order_no IS NOT NULL THEN 'arrival'
            WHEN c.order_no IS NOT NULL THEN 'click' ELSE 'none' END AS booked_by,
        {by_click("s.journey")} AS journey, {by_click("s.step")} AS step, {by_click(content)} AS content,
        a.ripple_id AS ripple, a.generation, a.sharer
    FROM ledger_heads h LEFT JOIN ledger_came a ON a.order_no = h.order_no
    LEFT JOIN ledger_clicked c ON c.order_no = h.order_no LEFT JOIN ledger_sendings s ON s.event_id = c.parent_id
    """


def given_back() -> str:
    """One row = one refund event: what it adds to what was given back of its order before, so that the sum over an
    order's events is what `insight.orders.refunds` says. Statements of what was refunded so far add what is new in
    them, which can be nothing. Reads `ledger_told` (`orders.told`) and `order_lines`."""
    order = "PARTITION BY coalesce(person_id, ''), order_no, coalesce(currency, '') ORDER BY moment, event_id"
    before = f"OVER ({order} ROWS UNBOUNDED PRECEDING)"
    of_subject = order.replace(" ORDER", ", subject ORDER")
    return f"""
    SELECT *, back - coalesce(lag(back) OVER ({order}), 0) AS added FROM (
        SELECT s.*, greatest(CASE WHEN g.gross < s.stated THEN g.gross ELSE s.stated END, s.acts) AS back FROM (
            SELECT *, greatest(
                    coalesce(max(CASE WHEN so_far AND subject = order_no THEN value END) {before}, 0),
                    coalesce(sum(CASE WHEN so_far AND subject <> order_no THEN more END) {before}, 0)
                ) AS stated,
                coalesce(sum(CASE WHEN NOT so_far THEN value END) {before}, 0) AS acts
            FROM (
                SELECT *, most - coalesce(lag(most) OVER ({of_subject}), 0) AS more FROM (
                    SELECT t.*, coalesce(max(CASE WHEN so_far THEN value END)
                        OVER ({of_subject} ROWS UNBOUNDED PRECEDING), 0) AS most
                    FROM ledger_told t
                ) AS m
            ) AS n
        ) AS s
        LEFT JOIN (
            SELECT order_no, coalesce(currency, '') AS currency, sum(value) AS gross FROM order_lines
            GROUP BY order_no, coalesce(currency, '')
        ) AS g ON g.order_no = s.order_no AND g.currency = coalesce(s.currency, '')
    ) AS b
    """
