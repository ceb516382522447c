"""What people need, in which scene, what to show them, and what to do next."""

from __future__ import annotations

from lianyi.insight.demand.scenes import table as scenes
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (scenes.TABLE,)
