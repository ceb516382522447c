"""Orders and refunds as the log tells them: lines, order numbers, money given back.

An order is one event or one event per line; its number is the lines' parent, or the event's own id. A refund names the
order as its parent. An export states what was refunded of a line, or of the whole order, *so far* (props cumulative);
an API states single acts. The same money told in several ways counts once: of an order's refunds the largest of the
sum over its lines of their largest statements, the largest statement on the whole order, and the sum of the acts.
Statements never give back more than was paid for the order, where that is known.
"""

from __future__ import annotations

from lianyi.insight.scope import Scope

ORDER_NO = "coalesce(e.parent_id, e.id)"


def order_lines(scope: Scope) -> str:
    """One row = one order event: person_id (NULL where no buyer is known), order_no, moment, value, currency."""
    return f"""
    SELECT k.person_id, {ORDER_NO} AS order_no, e."at" AS moment, coalesce(e.value, 0) AS value, e.currency, e.category
    FROM {scope.events} e LEFT JOIN keys k ON e.actor_key = k.key
    WHERE e.kind = 'order' AND {scope.happened()}
    """


def refunds(scope: Scope) -> str:
    """One row = what was given back of one order in one currency: person_id, order_no, moment (of the last statement),
    value. Reads `order_lines`: a refund without an actor belongs to the order's buyer.
    """
    return f"""
    SELECT r.person_id, r.order_no, r.currency, r.moment,
        greatest(CASE WHEN g.gross < r.stated THEN g.gross ELSE r.stated END, r.acts) AS value
    FROM (
        SELECT person_id, order_no, currency, max(moment) AS moment,
            greatest(coalesce(max(stated) FILTER (WHERE subject = order_no), 0),
                coalesce(sum(stated) FILTER (WHERE subject <> order_no), 0)) AS stated,
            coalesce(sum(acts), 0) AS acts
        FROM (
            SELECT person_id, order_no, currency, subject, max(moment) AS moment,
                max(value) FILTER (WHERE so_far) AS stated, sum(value) FILTER (WHERE NOT so_far) AS acts
            FROM ({told(scope)}) AS t GROUP BY person_id, order_no, currency, subject
        ) AS s
        GROUP BY person_id, order_no, currency
    ) AS r
    LEFT JOIN (
        SELECT order_no, coalesce(currency, '') AS currency, sum(value) AS gross FROM order_lines
        GROUP BY order_no, coalesce(currency, '')
    ) AS g ON g.order_no = r.order_no AND g.currency = coalesce(r.currency, '')
    """


def told(scope: Scope, *more: str) -> str:
    """One row = one refund event; subject: the line or order that it is about (its id before `/refund/`). more: further
    columns of the log. Reads `order_lines`."""
    cumulative = scope.dialect.json_text("e.props", "cumulative") + " = 'true'"
    named = f"nullif({scope.dialect.extract('e.id', '^(.+)/refund/', 1)}, '')"
    return f"""
    SELECT coalesce(k.person_id, b.person_id) AS person_id, {ORDER_NO} AS order_no, e.currency, e."at" AS moment,
        coalesce({named}, e.object_key, {ORDER_NO}) AS subject, coalesce(e.value, 0) AS value,
        coalesce({cumulative}, FALSE) AS so_far{"".join(f", {column}" for column in more)}
    FROM {scope.events} e LEFT JOIN keys k ON e.actor_key = k.key
    LEFT JOIN (
        SELECT order_no, min(person_id) AS person_id FROM order_lines GROUP BY order_no
    ) AS b ON e.actor_key IS NULL AND b.order_no = e.parent_id
    WHERE e.kind = 'refund' AND {scope.happened()}
    """
