"""Table `picture_money`: what each generation of a campaign or a month earned and cost, day by day.

From the entries of the ledger, as they are booked. In a campaign, what is booked to it but to no generation of its own
ripple (messages, media, orders after a click) is generation 0's. In a month, what belongs to no ripple has no
generation.
"""

from __future__ import annotations

from lianyi.insight.ledger.accounts import ORDER, REFUND, SPENT
from lianyi.insight.picture.people import CAMPAIGN, MONTH
from lianyi.insight.tables import LOOKED_INTO, Build, Column, Table


def booked() -> str:
    """One row = one entry of money earned or spent, by campaign, month, own generation and generation."""
    return f"""
    SELECT e.campaign, substr(CAST(e.day AS STRING), 1, 7) AS month, e.day, e.generation,
        CASE WHEN e.ripple = s.ripple_id THEN coalesce(e.generation, 0) ELSE 0 END AS own, e.brand_amount AS amount,
        e.account IN ('{ORDER}', '{REFUND}') AS earned
    FROM entries e
    LEFT JOIN (SELECT name, min(ripple_id) AS ripple_id FROM ripples WHERE kind = 'campaign' GROUP BY name) AS s
        ON s.name = e.campaign
    WHERE e.account IN ('{ORDER}', '{REFUND}', {", ".join(f"'{name}'" for name in SPENT)})
    """


def money() -> str:
    """One row = one generation of a campaign or a month × day. Reads `picture_booked`."""
    sums = ", ".join(
        f"CAST(coalesce({sign}sum(amount) FILTER (WHERE {which}), 0) AS DECIMAL(38, 4)) AS {name}"
        for name, sign, which in (("revenue", "", "earned"), ("spent", "-", "NOT earned"))
    )
    unknown = ", ".join(
        f"count(*) FILTER (WHERE {which} AND amount IS NULL) AS {name}_unknown"
        for name, which in (("revenue", "earned"), ("spent", "NOT earned"))
    )
    return " UNION ALL ".join(
        f"""
        SELECT '{part}' AS part, {member} AS member, CAST({generation} AS INTEGER) AS generation, day, {sums}, {unknown}
        FROM picture_booked
        WHERE {member} IN (SELECT member FROM picture_cells WHERE part = '{part}')
        GROUP BY {member}, {generation}, day
        """
        for part, member, generation in ((CAMPAIGN, "campaign", "own"), (MONTH, "month", "generation"))
    )


def _build(build: Build) -> str:
    build.make("picture_booked", booked())
    return money()


TABLE = Table(
    name="picture_money",
    en="One row = one generation of a campaign or a month × day: net revenue and what was spent.",
    zh="每行 = 活动或月份的一代 × 日：净收入与支出。",
    rows_from=("picture_cells",),
    inputs=("entries", "ripples", "picture_cells"),
    key=("part", "member", "generation", "day"),
    order=("part", "member", "generation", "day"),
    row_group=LOOKED_INTO,
    columns={
        "part": Column(en="campaign or month", zh="活动（campaign）或月份（month）"),
        "member": Column(en="the campaign, or the month as 2026-10", zh="活动名，或月份如 2026-10"),
        "generation": Column(
            en="generation; of a month empty where the money belongs to no ripple", zh="代；月份中不属任何波纹者为空"
        ),
        "day": Column(en="day of booking", zh="记账日"),
        "revenue": Column(en="net revenue that is known", zh="已知净收入", unit="money"),
        "spent": Column(en="what was spent and is known, above 0", zh="已知支出（正）", unit="money"),
        "revenue_unknown": Column(en="unknown amounts in revenue", zh="收入中未知笔数"),
        "spent_unknown": Column(en="unknown amounts in spent", zh="支出中未知笔数"),
    },
    build=_build,
)
