"""Orders and refunds as the log tells them: lines, order numbers, money given back.

An order is one event or one event per line; its number is the lines' parent, or the event's own id. A refund names the
order as its parent. An export states what was refunded of a line *so far* (props cumulative), an API states single
acts: of one thing in one order the refund is the larger of the largest statement and the sum of the acts, so that the
same money told in both ways counts once.
"""

from __future__ import annotations

from lianyi.insight.scope import Scope

ORDER_NO = "coalesce(e.parent_id, e.id)"


def order_lines(scope: Scope) -> str:
    """One row = one order event: person_id (NULL where no buyer is known), order_no, moment, value, currency."""
    return f"""
    SELECT k.person_id, {ORDER_NO} AS order_no, e."at" AS moment, coalesce(e.value, 0) AS value, e.currency, e.category
    FROM events e LEFT JOIN keys k ON e.actor_key = k.key
    WHERE e.kind = 'order' AND {scope.happened()}
    """


def refunds(scope: Scope) -> str:
    """One row = what was given back of one thing in one order and currency: person_id, order_no, moment (of the last
    statement), value. Reads `order_lines`: a refund without an actor belongs to the order's buyer.
    """
    cumulative = scope.dialect.json_text("e.props", "cumulative") + " = 'true'"
    return f"""
    SELECT person_id, order_no, currency, max(moment) AS moment,
        greatest(coalesce(max(value) FILTER (WHERE so_far), 0), coalesce(sum(value) FILTER (WHERE NOT so_far), 0)) AS value
    FROM (
        SELECT coalesce(k.person_id, b.person_id) AS person_id, {ORDER_NO} AS order_no, e.object_key, e.currency,
            e."at" AS moment, coalesce(e.value, 0) AS value, coalesce({cumulative}, FALSE) AS so_far
        FROM events e LEFT JOIN keys k ON e.actor_key = k.key
        LEFT JOIN (
            SELECT order_no, min(person_id) AS person_id FROM order_lines GROUP BY order_no
        ) AS b ON e.actor_key IS NULL AND b.order_no = e.parent_id
        WHERE e.kind = 'refund' AND {scope.happened()}
    ) AS r
    GROUP BY person_id, order_no, object_key, currency
    """
