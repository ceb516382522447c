"""The days go by: each process acts in turn, and the day's events leave in order of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lianyi.memory.events import SCHEMA
from lianyi.world.campaigns import Campaigns, campaigns_of_day
from lianyi.world.comings import Gates, comings_of_day, withdrawals_of_day
from lianyi.world.conversation import Talk, plan_bursts, speeds, talk_of_day
from lianyi.world.desk import desk_of_day
from lianyi.world.life import Life, Nature
from lianyi.world.outings import outings_of_day
from lianyi.world.profiles import profiles_of_day
from lianyi.world.ripples import rewards_of_day, ripples_of_day
from lianyi.world.rows import by_time
from lianyi.world.settings import DAY, MONTH
from lianyi.world.shop import Shop
from lianyi.world.shopping import shopping_of_day


class Simulation:
    """One run through all days. `days()` yields one table per day; the record is complete when it has ended."""

    def __init__(self, nature: Nature) -> None:
        self.nature = nature
        self.life = Life.begin(nature)
        self.gates = Gates(self.life)
        self.shop = Shop(self.life)
        self.campaigns = Campaigns(self.life, self.shop)
        self.willing = np.cumsum(nature.people.sharing, dtype=np.float64)
        self.ended = False

    def days(self) -> Iterator[pa.Table]:
        """The events of each day in order of time; what spills over midnight goes to the next day, beyond the end it
        is left out."""
        plan_bursts(self.life)
        talk = speeds(self.life, 0)
        held = SCHEMA.empty_table()
        for day in range(self.nature.settings.days):
            self.life.day = day
            if day // MONTH != talk.month:
                talk = speeds(self.life, day // MONTH)
                pa.default_memory_pool().release_unused()  # Arrow keeps what busy days took
            self._live(talk)
            table = by_time([held, *self.life.tables])
            self.life.tables.clear()
            today, held = _cut(table, self.life.midnight + DAY)
            yield today
        self.ended = True

    def _live(self, talk: Talk) -> None:
        """One day, process by process. Profiles come last: some are told on the day of an arrival."""
        life, shop = self.life, self.shop
        comings_of_day(life, self.gates)
        withdrawals_of_day(life)
        campaigns_of_day(life, shop, self.campaigns)
        shopping_of_day(life, shop)
        ripples_of_day(life, shop, self.willing)
        rewards_of_day(life, shop)
        outings_of_day(life, shop)
        desk_of_day(life)
        talk_of_day(life, talk)
        profiles_of_day(life)


def _cut(table: pa.Table, moment: int) -> tuple[pa.Table, pa.Table]:
    """Rows before the moment and the rest; the table is in order of time."""
    at = table["at"].combine_chunks().view(pa.int64()).to_numpy()
    place = int(np.searchsorted(at, moment, side="left"))
    return table.slice(0, place), table.slice(place)
