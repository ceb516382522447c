"""What arrivals brought in: each order once, with the latest arrival of its buyer within WINDOW before it.

Of several ripples that reached the buyer, one of the order's own campaign comes first. Net of refunds, in the brand's
currency. Seeds came by themselves: their orders are nobody's.
"""

from __future__ import annotations

from lianyi.insight.scope import Scope

WINDOW_DAYS = 7
WINDOW = WINDOW_DAYS * 86_400_000_000


def bought(scope: Scope) -> str:
    """One row = one order of a known buyer: moment, microseconds, campaign, net value (NULL: in no currency of ours).
    Reads `order_lines` and `refunds`."""
    d = scope.dialect
    mine = f"currency = {d.text(scope.currency)}"
    return f"""
    SELECT o.order_no, o.person_id, o.moment, {d.micros("o.moment")} AS micros, c.campaign,
        CAST(o.gross - coalesce(b.back, 0) AS DECIMAL(18, 4)) AS net
    FROM (
        SELECT order_no, min(person_id) AS person_id, min(moment) AS moment, sum(value) FILTER (WHERE {mine}) AS gross
        FROM order_lines WHERE person_id IS NOT NULL GROUP BY order_no
    ) AS o
    LEFT JOIN (
        SELECT order_no, sum(value) FILTER (WHERE {mine}) AS back FROM refunds GROUP BY order_no
    ) AS b ON b.order_no = o.order_no
    LEFT JOIN (
        SELECT coalesce(e.parent_id, e.id) AS order_no, max(e.campaign) AS campaign FROM {scope.events} e
        WHERE e.kind = 'order' AND e.campaign IS NOT NULL AND {scope.happened()} GROUP BY 1
    ) AS c ON c.order_no = o.order_no
    """


def earned() -> str:
    """One row = one arrival that orders count for: first of them, how many, net value. Reads `reached` and `bought`."""
    return f"""
    SELECT ripple_id, person_id, min(moment) AS converted_at, count(*) AS orders,
        CAST(sum(net) AS DECIMAL(18, 4)) AS revenue
    FROM (
        SELECT r.ripple_id, r.person_id, b.moment, b.net, row_number() OVER (
            PARTITION BY b.order_no ORDER BY
                CASE WHEN r.scope = concat('campaign ', b.campaign) THEN 0 ELSE 1 END, r.micros DESC, r.ripple_id
        ) AS place
        FROM bought AS b JOIN reached AS r ON r.person_id = b.person_id
        WHERE r.how <> 'seed' AND r.micros <= b.micros AND b.micros < r.micros + {WINDOW}
    ) AS c WHERE place = 1 GROUP BY ripple_id, person_id
    """
