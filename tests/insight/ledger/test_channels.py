"""What a person kept cost by channel: inverse variances, ends that may be without end, unknown where a cost is."""

from __future__ import annotations

import pytest

from lianyi.insight.ledger.channels import NAMESPACES, pooled, told
from lianyi.memory.duckdb import DuckDB

ENTRIES = """
SELECT * FROM (VALUES ('a', 'cost.message', 'email', -10.0), ('a', 'cost.media', NULL, -30.0),
    ('b', 'cost.message', 'email', -20.0), ('b', 'revenue.order', 'shop', 900.0), ('c', 'cost.message', 'sms', NULL),
    ('d', 'cost.message', 'sms', -1.0), ('d', 'cost.message', 'email', -1.0), ('e', 'cost.message', 'sms', -5.0)
) AS e(campaign, account, channel, brand_amount)
"""
EFFECTS = """
SELECT concat('campaign/', campaign) AS experiment, 'kept' AS metric, TRUE AS main, estimate, se, 100 AS n_treated
FROM (VALUES ('a', 0.2, 0.1), ('b', 0.05, 0.05), ('c', 0.1, 0.1), ('d', 0.5, 0.1), ('f', 0.5, 0.1)
) AS e(campaign, estimate, se)
"""


def test_campaigns_of_one_channel_with_an_experiment_are_told() -> None:
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.run(ENTRIES, into="entries")
        engine.run(EFFECTS, into="effects")
        rows = engine.table(told()).to_pylist()
    assert [(row["campaign"], row["channel"], row["spent"]) for row in rows] == [
        ("a", "email", 40), ("b", "email", 20), ("c", "sms", None)
    ]  # fmt: skip


def test_the_surer_campaign_weighs_more_and_ends_follow_the_effect() -> None:
    rows = [{"estimate": 0.2, "se": 0.1, "people": 100, "spent": 40.0},
            {"estimate": 0.05, "se": 0.05, "people": 100, "spent": 20.0}]  # fmt: skip
    made = pooled("email", rows)
    kept, error = (100 * 0.2 + 400 * 0.05) / 500, 500**-0.5
    assert made["kept"] == pytest.approx(kept)
    assert made["kept_high"] - made["kept"] == pytest.approx(1.96 * error, rel=1e-4)
    assert made["cost"] == pytest.approx(0.3 / kept)
    assert made["cost_low"] == pytest.approx(0.3 / made["kept_high"])
    assert made["cost_high"] is None  # it may be that nobody was kept
    assert pooled("email", [{**rows[0], "spent": None}])["cost"] is None
    assert pooled("email", [{**rows[0], "estimate": -0.1}])["cost"] is None
    assert NAMESPACES["sms"] == {"phone"}
