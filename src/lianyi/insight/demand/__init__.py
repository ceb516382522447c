"""What people need, in which scene, what to show them, and what to do next."""

from __future__ import annotations

from lianyi.insight.demand.needs import table as needs
from lianyi.insight.demand.next_best import table as next_best
from lianyi.insight.demand.recommending import table as recommendations
from lianyi.insight.demand.scenes import table as scenes
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (scenes.TABLE, needs.TABLE, recommendations.OBJECTS, recommendations.TABLE, next_best.TABLE)
