"""What people are worth and when they buy next: purchase clocks, spend, value, and how good these forecasts were."""

from __future__ import annotations

from lianyi.insight.tables import Table
from lianyi.insight.value import checks, models, order_days, purchase_clocks, retention, values

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
)
