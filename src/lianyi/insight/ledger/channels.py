"""Table `channel_returns`: what keeping a person cost by the channel of a campaign, as its experiments say.

Each campaign whose messages went by one channel and that held people out says how many people more a treated one in
the mean stayed active (metric `kept`). Campaigns of a channel are weighed by the inverse of their variance (a fixed
effect: Cochran 1954), what was spent on them is summed. Cost per person kept is spent ÷ kept, its range from the ends
of the effect's 95 % range; without an upper end where the effect may be 0 or below, unknown where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from lianyi.insight.effects.words import CAMPAIGN, experiment_of
from lianyi.insight.ledger.accounts import MESSAGE, SPENT
from lianyi.insight.tables import Build, Column, Table

Z = 1.959964
# Keys that a channel can write to, where they are not called as it is.
NAMESPACES: Mapping[str, set[str]] = {"sms": {"phone"}, "wechat": {"openid", "unionid"}}
SCHEMA = pa.schema([
    ("channel", pa.string()), ("campaigns", pa.int64()), ("people", pa.int64()), ("spent", pa.float64()),
    *((name, pa.float64()) for name in ("kept", "kept_low", "kept_high", "cost", "cost_low", "cost_high")),
])  # fmt: skip


def told() -> str:
    """One row = one campaign with an experiment, whose messages went by one channel: what was spent (NULL: unknown),
    the effect on being kept a treated person, its standard error, and the treated."""
    accounts = ", ".join(f"'{name}'" for name in SPENT)
    return f"""
    SELECT c.channel, c.campaign, c.spent, e.estimate, e.se, e.n_treated AS people FROM (
        SELECT campaign, max(CASE WHEN account = '{MESSAGE}' THEN channel END) AS channel,
            CASE WHEN count(*) = count(brand_amount) THEN -sum(brand_amount) END AS spent
        FROM entries WHERE campaign IS NOT NULL AND account IN ({accounts}) GROUP BY campaign
        HAVING count(DISTINCT CASE WHEN account = '{MESSAGE}' THEN channel END) = 1
    ) AS c JOIN effects AS e ON e.experiment = concat('{experiment_of(CAMPAIGN, "")}', c.campaign)
    WHERE e.metric = 'kept' AND e.main AND e.estimate IS NOT NULL AND e.se > 0 ORDER BY c.channel, c.campaign
    """


def pooled(channel: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One channel from its campaigns."""
    weights = [1 / row["se"] ** 2 for row in rows]
    kept = sum(weight * row["estimate"] for weight, row in zip(weights, rows, strict=True)) / sum(weights)
    reach, people = Z / sum(weights) ** 0.5, sum(row["people"] for row in rows)
    spent = None if any(row["spent"] is None for row in rows) else float(sum(row["spent"] for row in rows))

    def each(effect: float) -> float | None:
        return spent / people / effect if spent is not None and people and effect > 0 else None

    low, high = kept - reach, kept + reach
    return {"channel": channel, "campaigns": len(rows), "people": people, "spent": spent, "kept": kept,
            "kept_low": low, "kept_high": high, "cost": each(kept), "cost_low": each(high),
            "cost_high": each(low)}  # fmt: skip


def _build(build: Build) -> str:
    by: dict[str, list[dict[str, Any]]] = {}
    for row in build.engine.table(told()).to_pylist():
        by.setdefault(row["channel"], []).append(row)
    rows = [pooled(channel, of_it) for channel, of_it in by.items()]
    build.engine.register("channel_return_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.make("channel_return", "SELECT * FROM channel_return_rows")
    build.drop("channel_return_rows")
    return "SELECT * FROM channel_return"


TABLE = Table(
    name="channel_returns",
    en="One row = one channel: what keeping a person by its campaigns cost, by their experiments.",
    zh="每行 = 一个渠道：其活动留住一个人的成本（来自实验）。",
    inputs=("entries", "effects"),
    rows_from=("effects",),
    key=("channel",),
    order=("channel",),
    columns={
        "channel": Column(en="the channel of their messages", zh="消息渠道"),
        "campaigns": Column(en="campaigns with an experiment, all of whose messages went by it", zh="有实验的活动数"),
        "people": Column(en="people of their treatment arms", zh="实验组人数", unit="people"),
        "spent": Column(en="what was spent on them; empty: unknown", zh="所付成本；未知为空", unit="money"),
        "kept": Column(en="people kept more by treating one", zh="每触达一人多留住的人数"),
        "kept_low": Column(en="its 95 % range, lower end", zh="95% 区间下限"),
        "kept_high": Column(en="upper end", zh="上限"),
        "cost": Column(en="spent for each person kept; empty: unknown, or nobody was kept", zh="每多留住一人的成本",
                       unit="money"),
        "cost_low": Column(en="its 95 % range, lower end", zh="95% 区间下限", unit="money"),
        "cost_high": Column(en="upper end; empty: none", zh="上限；空为无上限", unit="money"),
    },
    build=_build,
)  # fmt: skip
