"""The figures of a group of entries, from rows of `ledger_splits` or `ledger_people`, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lianyi.insight.ledger.accounts import GOODS, ORDER, REFUND, SPENT


def _sum(account: str | Sequence[str], column: str = "amount") -> str:
    names = [account] if isinstance(account, str) else account
    listed = ", ".join(f"'{name}'" for name in names)
    return f"sum({column}) FILTER (WHERE account IN ({listed}))"


def sums(*, orders: str) -> str:
    """SQL: the figures of a group of rows of splits."""
    return f"""
        CAST(coalesce({_sum(ORDER)}, 0) AS DECIMAL(38, 4)) AS ordered,
        CAST(coalesce({_sum(REFUND)}, 0) AS DECIMAL(38, 4)) AS refunded,
        CAST(coalesce({_sum(SPENT)}, 0) AS DECIMAL(38, 4)) AS spent,
        CAST({_sum(GOODS)} AS DECIMAL(38, 4)) AS goods,
        CAST(coalesce({_sum((ORDER, REFUND), "unknown")}, 0) AS BIGINT) AS revenue_unknown,
        CAST(coalesce({_sum(SPENT, "unknown")}, 0) AS BIGINT) AS spent_unknown,
        CAST(coalesce({_sum(GOODS, "unknown")}, 0) AS BIGINT) AS goods_unknown,
        CAST(coalesce({_sum(SPENT, "count")}, 0) AS BIGINT) AS costs, {orders} AS orders"""


ORDERS = "CAST(coalesce(sum(orders), 0) AS BIGINT)"


def finished(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of sums with what follows from them: revenue (net of refunds), result (revenue less what was spent), margin
    (revenue less goods), after_goods (result less goods). None where an amount in it is unknown; margin and after_goods
    also while the price book knows no margins."""
    revenue, known = row["ordered"] + row["refunded"], not row["revenue_unknown"]
    spent_known = known and not row["spent_unknown"]
    sold = bool(row["ordered"] or row["refunded"])
    goods_known = (row["goods"] is not None and not row["goods_unknown"]) or not sold
    goods = row["goods"] or Decimal(0)
    return {
        **row,
        "revenue": revenue,
        "result": revenue + row["spent"] if spent_known else None,
        "margin": revenue + goods if known and goods_known else None,
        "after_goods": revenue + row["spent"] + goods if spent_known and goods_known else None,
    }


def of_people() -> str:
    """One row = one person with the sums of `_sums`."""
    return f"SELECT person_id AS member, {sums(orders='CAST(NULL AS BIGINT)')} FROM ledger_people GROUP BY person_id"


def nothing() -> dict[str, Any]:
    """Sums of no entries."""
    counts = ("revenue_unknown", "spent_unknown", "goods_unknown", "costs", "orders")
    amounts = ("ordered", "refunded", "spent")
    return {**dict.fromkeys(amounts, Decimal(0)), "goods": None, **dict.fromkeys(counts, 0), "accounts": []}
