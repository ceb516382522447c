"""When people showed life: by person and day, by day, and how many there are to keep (inflow − evaporation = stock)."""

from __future__ import annotations

from lianyi.insight.activity import daily, person_days, stock
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (person_days.TABLE, daily.DAILY, daily.DAYS, stock.STOCK)
