"""Who stays: origins, cohorts, who is leaving, stock and flow by source and community with a forecast."""

from __future__ import annotations

from lianyi.insight.tables import Table
from lianyi.insight.value.retention import cohorts, flow, forecast, leaving, origins

TABLES: tuple[Table, ...] = (
    origins.TABLE,
    cohorts.TABLE,
    leaving.RATES,
    leaving.LEAVING,
    leaving.CHECKS,
    flow.TABLE,
    forecast.TABLE,
)
