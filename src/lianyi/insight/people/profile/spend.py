"""Orders, money, recency/frequency/monetary, purchase cycle, consumption level."""

from __future__ import annotations

from lianyi.insight.scope import Scope

# Borders between the consumption levels: shares of the people with net spend above zero.
LEVELS = (("low", 0.5), ("mid", 0.8), ("high", 0.95))
TOP_LEVEL = "top"
QUINTILES = (0.2, 0.4, 0.6, 0.8)


def money() -> str:
    """One row = one person × currency: paid and given back."""
    return """
    SELECT person_id, currency, CAST(sum(gross) AS DECIMAL(18, 4)) AS gross, CAST(sum(back) AS DECIMAL(18, 4)) AS back
    FROM (
        SELECT person_id, currency, value AS gross, 0 AS back FROM order_lines WHERE person_id IS NOT NULL
        UNION ALL
        SELECT person_id, currency, 0 AS gross, value AS back FROM refunds WHERE person_id IS NOT NULL
    ) AS m
    WHERE currency IS NOT NULL
    GROUP BY person_id, currency
    """


def balance(scope: Scope) -> str:
    """One row = one person who ever paid or got money back: sums in the brand's currency, net by currency."""
    d = scope.dialect
    mine = f"currency = {d.text(scope.currency)}"
    net = d.struct(currency="currency", net="CAST(gross - back AS DECIMAL(18, 4))")
    return f"""
    SELECT person_id, coalesce(max(gross) FILTER (WHERE {mine}), 0) AS gross_spend,
        coalesce(max(back) FILTER (WHERE {mine}), 0) AS refunds,
        CAST(coalesce(max(gross - back) FILTER (WHERE {mine}), 0) AS DECIMAL(18, 4)) AS net_spend,
        map_from_entries({d.collect(net)}) AS spend_by_currency
    FROM money GROUP BY person_id
    """


def purchases() -> str:
    """One row = one person × order: when it was made."""
    return """
    SELECT person_id, order_no, min(moment) AS moment
    FROM order_lines WHERE person_id IS NOT NULL GROUP BY person_id, order_no
    """


def buyers(scope: Scope) -> str:
    """One row = one person with an order: number of orders, first and last, days since the last."""
    return f"""
    SELECT person_id, count(*) AS orders, min(moment) AS first_order, max(moment) AS last_order,
        CAST({scope.today} - {scope.day("max(moment)")} AS BIGINT) AS recency_days
    FROM purchases GROUP BY person_id
    """


def order_days(scope: Scope) -> str:
    """One row = one person × local day with an order, and the days since the order day before."""
    return f"""
    SELECT person_id, day, day - lag(day) OVER (PARTITION BY person_id ORDER BY day) AS gap
    FROM (SELECT DISTINCT person_id, {scope.day("moment")} AS day FROM purchases) AS d
    """


def cycles() -> str:
    """One row = one person with an order: order days, median gap between them, and its interquartile range.

    One gap has a median and no spread.
    """
    quartile = "percentile_cont({}) WITHIN GROUP (ORDER BY gap)"
    return f"""
    SELECT person_id, count(*) AS order_days, CAST({quartile.format(0.5)} AS DOUBLE) AS cycle_days,
        CASE WHEN count(gap) > 1
            THEN CAST({quartile.format(0.75)} - {quartile.format(0.25)} AS DOUBLE) END AS cycle_spread
    FROM order_days GROUP BY person_id
    """


def borders() -> str:
    """One row in all: quintiles of buyers by recency, orders and net spend; borders of the consumption levels."""

    def at(share: float, column: str) -> str:
        return f"percentile_disc({share}) WITHIN GROUP (ORDER BY {column})"

    quintiles = [
        f"{at(share, column)} AS {letter}{number}"
        for letter, column in (("r", "recency_days"), ("f", "orders"), ("m", "net_spend"))
        for number, share in enumerate(QUINTILES)
    ]
    levels = [f"{at(share, 'CASE WHEN net_spend > 0 THEN net_spend END')} AS level_{name}" for name, share in LEVELS]
    return f"SELECT {', '.join([*quintiles, *levels])} FROM spenders"


def spenders() -> str:
    """One row = one person with an order: orders and net spend side by side."""
    return """
    SELECT b.person_id, b.orders, b.recency_days, coalesce(m.net_spend, 0) AS net_spend
    FROM buyers AS b LEFT JOIN balance AS m ON m.person_id = b.person_id
    """


def scores() -> str:
    """One row = one person with an order: RFM scores 1 (worst) to 5 (best), and the consumption level.

    A score counts the quintile borders of the brand's buyers that the value lies beyond, so equal values score alike.
    """

    def beyond(letter: str, column: str) -> str:
        return " + ".join(
            f"CASE WHEN {column} > {letter}{number} THEN 1 ELSE 0 END" for number in range(len(QUINTILES))
        )

    levels = " ".join(f"WHEN net_spend <= level_{name} THEN '{name}'" for name, _ in LEVELS)
    return f"""
    SELECT person_id, 5 - ({beyond("r", "recency_days")}) AS r_score, 1 + {beyond("f", "orders")} AS f_score,
        1 + {beyond("m", "net_spend")} AS m_score,
        CASE WHEN net_spend <= 0 THEN 'none' {levels} ELSE '{TOP_LEVEL}' END AS consumption_level
    FROM spenders CROSS JOIN borders
    """
