"""How things travel from person to person: share trees, spread probabilities, simulation, whom to ask first."""

from __future__ import annotations

from lianyi.insight.ripples import arrivals, generations, overlaps, table, things
from lianyi.insight.ripples.forecasting import table as forecasting
from lianyi.insight.ripples.influence import table as influence
from lianyi.insight.ripples.learning import tables as learning
from lianyi.insight.ripples.next_people.table import NEXT_PEOPLE
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    arrivals.ARRIVALS,
    table.RIPPLES,
    generations.GENERATIONS,
    overlaps.OVERLAPS,
    things.THINGS,
    forecasting.FORECASTS,
    NEXT_PEOPLE,
    *learning.TABLES,
    *influence.TABLES,
)
