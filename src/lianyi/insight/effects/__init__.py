"""What it truly brought: effects of campaigns and journeys with intervals, also where people influence each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.effects import assignments, baselines, communities, doses, table, touches
from lianyi.insight.effects.uplift import table as uplift
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    assignments.TABLE, *table.TABLES, doses.TABLE, baselines.TABLE, uplift.TABLE, communities.TABLE,
    *touches.TABLES,
)  # fmt: skip


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: who is in which audience."""
    return {"audiences": touches.audiences(folder)}
