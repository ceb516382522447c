"""Tables `ledger_splits` and `ledger_people`: the entries summed by each dimension, ready for pages.

Every split sums to the whole: what belongs to no campaign (journey, group …) stands under the empty member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lianyi.insight.ledger.accounts import ORDER
from lianyi.insight.ledger.columns import PEOPLE as PEOPLE_COLUMNS
from lianyi.insight.ledger.columns import SPLITS as SPLIT_COLUMNS
from lianyi.insight.tables import Build, Table

# Dimension -> SQL over the columns of `entries` that gives its member as text, NULL where the entry has none.
DIMENSIONS: Mapping[str, str] = {
    "all": "'all'",
    "campaign": "campaign",
    "journey": "journey",
    "step": "CASE WHEN step IS NOT NULL THEN concat(coalesce(journey, ''), '/', step) END",
    "content": "content",
    "channel": "channel",
    "category": "category",
    "ripple": "ripple",
    "generation": "CAST(generation AS STRING)",
    "sharer": "sharer",
    "community": "community",
    "group": "group_key",
    "member": "member",
    "booked_by": "booked_by",
    "currency": "currency",
}
_KEPT = ("campaign", "journey", "step", "content", "channel", "category", "ripple", "generation", "sharer", "community",
         "group_key", "member", "booked_by", "currency")  # fmt: skip


# The months of an entry, as first days. The day that it is about, where unknown, is the day on which it was booked.
MONTHS = (
    "CAST(date_trunc('month', day) AS DATE) AS month, "
    "CAST(date_trunc('month', coalesce(of_day, day)) AS DATE) AS of_month"
)


def cube() -> str:
    """One row = all entries that have everything but event and person in common."""
    kept = ", ".join(_KEPT)
    return f"""
    SELECT month, of_month, account, {kept}, CAST(sum(brand_amount) AS DECIMAL(38, 4)) AS amount,
        CAST(sum(amount) AS DECIMAL(38, 4)) AS original, count(*) AS entries,
        count(*) FILTER (WHERE brand_amount IS NULL) AS unknown,
        count(*) FILTER (WHERE brand_amount IS NULL AND amount IS NOT NULL) AS without_rate,
        CAST(sum(units) AS DECIMAL(38, 4)) AS units
    FROM (SELECT {MONTHS}, account, {kept}, amount, brand_amount, units FROM entries) AS e
    GROUP BY month, of_month, account, {kept}
    """


def ordered() -> str:
    """One row = one line of an order, with the months in which it counts."""
    return f"SELECT {MONTHS}, order_no, {', '.join(_KEPT)} FROM entries WHERE account = '{ORDER}'"


def split(dimension: str) -> str:
    """One row = one member of the dimension × month × month that it is about × account."""
    member = f"coalesce({DIMENSIONS[dimension]}, '')"
    original = "CAST(sum(original) AS DECIMAL(38, 4))" if dimension == "currency" else "CAST(NULL AS DECIMAL(38, 4))"
    return f"""
    SELECT '{dimension}' AS dimension, s.member, s.month, s.of_month, s.account, s.amount, s.original, s.count,
        s.unknown, s.without_rate, s.units, o.orders
    FROM (
        SELECT {member} AS member, month, of_month, account, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount,
            {original} AS original, CAST(sum(entries) AS BIGINT) AS count, CAST(sum(unknown) AS BIGINT) AS unknown,
            CAST(sum(without_rate) AS BIGINT) AS without_rate,
            CAST(sum(units) AS DECIMAL(38, 4)) AS units
        FROM ledger_cube GROUP BY {member}, month, of_month, account
    ) AS s
    LEFT JOIN (
        SELECT {member} AS member, month, of_month, count(DISTINCT order_no) AS orders FROM ledger_ordered
        GROUP BY {member}, month, of_month
    ) AS o ON s.account = '{ORDER}' AND o.member = s.member AND o.month = s.month AND o.of_month = s.of_month
    """


def _splits(build: Build) -> Iterator[str]:
    build.make("ledger_cube", cube())
    build.make("ledger_ordered", ordered())
    for dimension in DIMENSIONS:
        yield split(dimension)


def people() -> str:
    """One row = one person and account."""
    return """
    SELECT person_id, account, CAST(sum(brand_amount) AS DECIMAL(38, 4)) AS amount, count(*) AS count,
        count(*) FILTER (WHERE brand_amount IS NULL) AS unknown, max(day) AS last_day
    FROM entries WHERE person_id IS NOT NULL GROUP BY person_id, account
    """


SPLITS = Table(
    name="ledger_splits",
    en="One row = one dimension × member × month × month that it is about × account: amount, entries, what is unknown.",
    zh="每行 = 一个维度成员 × 记账月 × 所属月 × 科目：金额、笔数与未知。",
    inputs=("entries",),
    key=("dimension", "member", "month", "of_month", "account"),
    order=("dimension", "member", "month", "of_month", "account"),
    columns=SPLIT_COLUMNS,
    build=_splits,
)
PEOPLE = Table(
    name="ledger_people",
    en="One row = one person × account: what came from them and what was spent on them.",
    zh="每行 = 一个人 × 科目：其带来的收入与为其所付的成本。",
    inputs=("entries",),
    key=("person_id", "account"),
    order=("person_id", "account"),
    columns=PEOPLE_COLUMNS,
    build=lambda _build: people(),
)
