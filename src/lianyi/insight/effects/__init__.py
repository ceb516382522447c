"""What it truly brought: effects of campaigns and journeys with intervals, also where people influence each other."""

from __future__ import annotations

from lianyi.insight.effects import assignments, baselines, communities, doses, table
from lianyi.insight.effects.uplift import table as uplift
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    assignments.TABLE, *table.TABLES, doses.TABLE, baselines.TABLE, uplift.TABLE, communities.TABLE,
)  # fmt: skip
