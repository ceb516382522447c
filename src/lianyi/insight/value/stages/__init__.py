"""Stages: attention, interest, desire, memory, action, repurchase, advocacy, as a state machine over events."""

from __future__ import annotations

from lianyi.insight.tables import Table
from lianyi.insight.value.stages import tables

TABLES: tuple[Table, ...] = (tables.MOVES, tables.STAGES, tables.WAYS, tables.MOVERS)
