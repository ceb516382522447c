"""The picture of a campaign or a month: the funnel's stages downwards, the generations outwards, money on top."""

from __future__ import annotations

from lianyi.insight.picture import money, people
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (people.PEOPLE, people.CELLS, money.TABLE)
