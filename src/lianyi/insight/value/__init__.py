"""What people are worth and when they buy next: purchase clocks, spend, value, and how good these forecasts were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.tables import Table
from lianyi.insight.value import checks, models, order_days, purchase_clocks, retention, stages, values
from lianyi.insight.value.stages.rules import read_stages

TABLES: tuple[Table, ...] = (
    order_days.ORDER_DAYS,
    order_days.CATEGORY_DAYS,
    models.CLOCK_MODELS,
    models.SPEND_MODELS,
    purchase_clocks.PURCHASE_CLOCKS,
    purchase_clocks.CATEGORY_CLOCKS,
    values.VALUES,
    checks.CLOCK_CHECKS,
    checks.CLOCK_BINS,
    *retention.TABLES,
    *stages.TABLES,
)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: the brand's own stages."""
    return {"stages": read_stages(folder)}
