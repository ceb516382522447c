"""Table `ledger_parts`: the money of a ripple by generation and by sharer, and of a campaign by community, beside who
came and who is still here. What returns are told from (`lianyi.roi`)."""

from __future__ import annotations

from lianyi.insight.activity.stock import STOCK_DAYS
from lianyi.insight.ledger.accounts import GOODS, ORDER, REFUND, SPENT
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

GENERATION, SHARER, COMMUNITY = "generation", "sharer", "community"


def sums() -> str:
    """One row = the entries that have campaign, ripple, generation, sharer and community in common."""
    spent = ", ".join(f"'{name}'" for name in SPENT)
    accounts = {"booked": f"'{ORDER}', '{REFUND}'", "goods": f"'{GOODS}'", "spent": spent}
    columns = ", ".join(
        f"sum(brand_amount) FILTER (WHERE account IN ({names})) AS {name}, "
        f"count(*) FILTER (WHERE account IN ({names}) AND brand_amount IS NULL) AS {name}_unknown"
        for name, names in accounts.items()
    )
    return f"""
    SELECT campaign, ripple, generation, sharer, community, {columns} FROM entries
    WHERE ripple IS NOT NULL OR community IS NOT NULL GROUP BY campaign, ripple, generation, sharer, community
    """


def came(scope: Scope) -> str:
    """One row = one ripple, generation and sharer: newcomers who came so, and those of them who are still here."""
    here = f"{scope.dialect.day_number('p.last_active')} > {scope.today - STOCK_DAYS}"
    return f"""
    SELECT a.ripple_id, a.generation, a.parent_person_id AS sharer, count(*) AS came,
        count(*) FILTER (WHERE {here}) AS stay
    FROM arrivals a JOIN people p ON p.person_id = a.person_id
    WHERE a.newcomer AND a.how <> 'seed' AND {scope.dialect.size("a.flags")} = 0
    GROUP BY a.ripple_id, a.generation, a.parent_person_id
    """


def part(dimension: str) -> str:
    """One row = one member of a dimension within its ripple (or campaign; '' for all of them). Reads the two above."""
    within = "ripple" if dimension in {GENERATION, SHARER} else "coalesce(campaign, '')"
    member = f"CAST({dimension} AS STRING)"
    amounts = ", ".join(
        f"CAST({sql} AS DECIMAL(38, 4)) AS {name}"
        for name, sql in (("booked", "coalesce(sum(booked), 0)"), ("goods", "sum(goods)"),
                          ("spent", "coalesce(-sum(spent), 0)"))
    )  # fmt: skip
    unknown = ", ".join(
        f"CAST(sum({name}_unknown) AS BIGINT) AS {name}_unknown" for name in ("booked", "goods", "spent")
    )
    money = f"""
    SELECT {within} AS part_of, {member} AS member, {amounts}, {unknown} FROM ledger_part_sums
    WHERE {dimension} IS NOT NULL AND {within} IS NOT NULL GROUP BY {within}, {member}
    """
    if dimension == COMMUNITY:
        everything = f"""
        SELECT '' AS part_of, {member} AS member, {amounts}, {unknown} FROM ledger_part_sums
        WHERE community IS NOT NULL GROUP BY {member}
        """
        money = f"SELECT * FROM ({money}) AS c WHERE part_of <> '' UNION ALL {everything}"
        return f"""
        SELECT '{dimension}' AS dimension, m.*, CAST(NULL AS BIGINT) AS came, CAST(NULL AS BIGINT) AS stay
        FROM ({money}) AS m
        """
    return f"""
    SELECT '{dimension}' AS dimension, coalesce(m.part_of, c.part_of) AS part_of,
        coalesce(m.member, c.member) AS member,
        coalesce(m.booked, 0) AS booked, m.goods, coalesce(m.spent, 0) AS spent,
        coalesce(m.booked_unknown, 0) AS booked_unknown, coalesce(m.goods_unknown, 0) AS goods_unknown,
        coalesce(m.spent_unknown, 0) AS spent_unknown, coalesce(c.came, 0) AS came, coalesce(c.stay, 0) AS stay
    FROM ({money}) AS m FULL JOIN (
        SELECT ripple_id AS part_of, {member} AS member, CAST(sum(came) AS BIGINT) AS came,
            CAST(sum(stay) AS BIGINT) AS stay
        FROM ledger_part_came WHERE {dimension} IS NOT NULL GROUP BY ripple_id, {member}
    ) AS c ON c.part_of = m.part_of AND c.member = m.member
    """


def _build(build: Build) -> str:
    build.make("ledger_part_sums", sums())
    build.make("ledger_part_came", came(Scope.of(build)))
    return " UNION ALL ".join(f"SELECT * FROM ({part(one)}) AS p" for one in (GENERATION, SHARER, COMMUNITY))


TABLE = Table(
    name="ledger_parts",
    en="One row = a generation or sharer within a ripple, or a community within a campaign: its money, who came, who "
    "stayed.",
    zh="每行 = 波纹内的一代或一位分享者，或活动内的一个社群：金额、带来与留下的人数。",
    rows_from=("entries", "arrivals"),
    inputs=("entries", "arrivals", "people"),
    key=("dimension", "part_of", "member"),
    order=("dimension", "part_of", "member"),
    columns={
        "dimension": Column(en="generation, sharer or community", zh="维度：代、分享者或社群"),
        "part_of": Column(
            en="the ripple; of a community the campaign, empty: everything", zh="所属波纹；社群为活动，空为全部"
        ),
        "member": Column(en="the generation, sharer or community", zh="代、分享者或社群"),
        "booked": Column(en="revenue less refunds that is booked there", zh="记入的净收入", unit="money"),
        "goods": Column(
            en="what the goods cost, below 0; empty: no margins are known", zh="商品成本（负），空为未知", unit="money"
        ),
        "spent": Column(en="what was spent there, above 0", zh="所付成本（正）", unit="money"),
        "booked_unknown": Column(en="unknown amounts in booked", zh="收入中未知笔数"),
        "goods_unknown": Column(en="unknown amounts in goods", zh="商品成本中未知笔数"),
        "spent_unknown": Column(en="unknown amounts in spent", zh="成本中未知笔数"),
        "came": Column(en="newcomers who came so", zh="带来的新人数", unit="people"),
        "stay": Column(
            en=f"those of them who were active within the last {STOCK_DAYS} days",
            zh=f"其中近 {STOCK_DAYS} 天内仍活跃者", unit="people",
        ),
    },
    build=_build,
)  # fmt: skip
