"""What people need, in which scene, what to show them, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.demand.needs import table as needs
from lianyi.insight.demand.next_best import exploring, policies
from lianyi.insight.demand.next_best import table as next_best
from lianyi.insight.demand.recommending import table as recommendations
from lianyi.insight.demand.scenes import table as scenes
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    scenes.TABLE,
    needs.TABLE,
    recommendations.OBJECTS,
    recommendations.TABLE,
    next_best.TABLE,
    policies.TABLE,
)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: whether the brand explores."""
    return {"next_best": exploring.read(folder)}
